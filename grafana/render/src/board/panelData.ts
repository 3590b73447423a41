// Runs a panel's queries and transformations.

import { type DataFrame, type DataTransformerConfig, rangeUtil, type TimeRange } from '@grafana/data';

import { queryInstant, queryRange } from '../prometheus/client.ts';
import { tableFrame, timeSeriesFrames } from '../prometheus/frames.ts';
import { queryStep, rateInterval } from '../prometheus/interval.ts';
import {
  interpolateQuery,
  interpolateText,
  plainVariables,
  type Scope,
  withVariables,
} from '../variables/interpolate.ts';
import { type Panel, type PrometheusTarget, targetsOf } from './model.ts';
import { transform } from './transformations.ts';

/** What all panels of a board have in common. */
export interface Context {
  scope: Scope;
  timeRange: TimeRange;
  /** The data source's scrape interval in milliseconds. */
  scrapeInterval: number;
}

/** The panel's data before its field configuration. `width` is in pixels. */
export async function panelData(panel: Panel, context: Context, width: number): Promise<DataFrame[]> {
  const targets = targetsOf(panel);
  const tables = targets.filter(({ format }) => format === 'table').length;
  const frames = await Promise.all(targets.map((target) => run(target, panel, context, width, tables > 1)));
  const transformations = (panel.transformations ?? []) as DataTransformerConfig[];
  return transform(frames.flat(), transformations, (text) => interpolateText(text, context.scope));
}

async function run(
  target: PrometheusTarget,
  panel: Panel,
  { scope, timeRange, scrapeInterval }: Context,
  width: number,
  namesValues: boolean,
): Promise<DataFrame[]> {
  const from = timeRange.from.valueOf();
  const to = timeRange.to.valueOf();
  const least = [target.interval, panel.interval].flatMap((text) =>
    text ? rangeUtil.intervalToMs(interpolateText(text, scope).replace(/^>/, '')) : [],
  );
  const rounded = rangeUtil.roundInterval((to - from) / (panel.maxDataPoints || width));
  const shortest = least[0] ?? scrapeInterval;
  const step = queryStep(to - from, rounded, shortest) * (target.intervalFactor || 1);
  const window = rateInterval(step, shortest);
  const seconds = (milliseconds: number) => rangeUtil.secondsToHms(milliseconds / 1000);
  const expression = interpolateQuery(
    target.expr!,
    withVariables(
      scope,
      plainVariables({
        __interval: seconds(step),
        __interval_ms: String(step),
        __rate_interval: seconds(window),
        __rate_interval_ms: String(window),
      }),
    ),
  );
  const isInstant = target.instant === true;
  const isRange = target.range === true || !isInstant;
  // Grafana rounds the ends of the range to steps, so that a refresh does not move the points.
  const series = isRange ? await queryRange(expression, floor(from, step), floor(to, step), step) : [];
  const current = isInstant ? await queryInstant(expression, to) : [];
  const refId = target.refId;
  if (target.format === 'table') {
    return [tableFrame([...series, ...current], refId, namesValues ? `Value #${refId}` : 'Value')];
  }
  const options = {
    refId,
    expression,
    legendFormat: target.legendFormat && interpolateText(target.legendFormat, scope),
  };
  return [
    ...timeSeriesFrames(series, { ...options, step }),
    ...timeSeriesFrames(current, { ...options, step: undefined }),
  ];
}

const floor = (time: number, step: number): number => Math.floor(time / step) * step;

/** Whether there is a value to show. */
export function hasData(frames: DataFrame[]): boolean {
  return frames.some((frame) => frame.length > 0 && frame.fields.length > 0);
}
