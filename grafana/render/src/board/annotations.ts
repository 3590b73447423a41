// A dashboard's annotations from Prometheus queries.

import { rangeUtil } from '@grafana/data';
import type { AnnotationQuery } from '@grafana/schema';

import { queryRange } from '../prometheus/client.ts';
import { intervalVariables, queryStep } from '../prometheus/interval.ts';
import { interpolateQuery, withTexts } from '../variables/interpolate.ts';
import type { Context } from './context.ts';
import { type Event, timesInValues, timesOf } from './events.ts';
import type { Dashboard } from './model.ts';

interface PrometheusAnnotation extends AnnotationQuery {
  expr: string;
  /** The shortest step of its query. */
  step?: string;
  /** A value is the time of its event, in milliseconds. */
  useValueForTime?: boolean;
}

/** The annotations that are on and ask Prometheus. */
export function annotationsOf({ annotations }: Dashboard): PrometheusAnnotation[] {
  return ((annotations?.list ?? []) as PrometheusAnnotation[]).filter(({ enable, expr }) => enable && expr);
}

/** The shortest step where the annotation has none. */
const STEP = '60s';
/** Annotations are asked for with the steps of a graph that is this wide. */
const POINTS = 100;

/** The events of a query: the times that it tells, or the times at which it is not 0. */
export async function queryEvents(
  { expr, step: least, useValueForTime, iconColor }: PrometheusAnnotation,
  { scope, range, scrapeInterval }: Context,
): Promise<Event[]> {
  const step = queryStep(range, POINTS, rangeUtil.intervalToMs(least || STEP));
  const expression = interpolateQuery(expr, withTexts(scope, intervalVariables(step, scrapeInterval)));
  const found = await queryRange(expression, range, step);
  const times = useValueForTime ? timesInValues(found, range) : timesOf(found, step);
  return times.map((time) => ({ ...time, color: iconColor }));
}
