// Runs a panel's queries and transformations.

import type { DataFrame, DataTransformerConfig } from '@grafana/data';

import { queryInstant, queryRange } from '../prometheus/client.ts';
import { tableFrame, timeSeriesFrames } from '../prometheus/frames.ts';
import { intervalVariables, queryStep } from '../prometheus/interval.ts';
import { interpolateQuery, interpolateText, withTexts } from '../variables/interpolate.ts';
import type { Context } from './context.ts';
import { type Panel, type PrometheusTarget, targetsOf } from './model.ts';
import { transform } from './transformations.ts';

/** The panel's data before its field configuration. `width` is in pixels. */
export async function panelData(panel: Panel, context: Context, width: number): Promise<DataFrame[]> {
  const targets = targetsOf(panel);
  // Columns of several tables need names of their own, to be merged.
  const namesValues = targets.filter(({ format }) => format === 'table').length > 1;
  const frames = await Promise.all(targets.map((target) => run(target, context, width, namesValues)));
  const transformations = (panel.transformations ?? []) as DataTransformerConfig[];
  return transform(frames.flat(), transformations, (text) => interpolateText(text, context.scope));
}

async function run(
  target: PrometheusTarget,
  { scope, range, scrapeInterval }: Context,
  width: number,
  namesValues: boolean,
): Promise<DataFrame[]> {
  const { refId, expr, instant, format, legendFormat } = target;
  const step = queryStep(range, width, scrapeInterval);
  const expression = interpolateQuery(expr, withTexts(scope, intervalVariables(step, scrapeInterval)));
  const series = instant ? await queryInstant(expression, range.to) : await queryRange(expression, range, step);
  if (format === 'table') {
    return [tableFrame(series, refId, namesValues ? `Value #${refId}` : 'Value')];
  }
  return timeSeriesFrames(series, {
    refId,
    expression,
    legendFormat: legendFormat && interpolateText(legendFormat, scope),
    step: instant ? undefined : step,
  });
}

/** Whether there is a value to show. */
export function hasData(frames: DataFrame[]): boolean {
  return frames.some((frame) => frame.length > 0 && frame.fields.length > 0);
}
