// A dashboard's annotations from Prometheus queries.

import { rangeUtil } from '@grafana/data';
import type { AnnotationQuery } from '@grafana/schema';

import { queryRange } from '../prometheus/client.ts';
import { queryStep } from '../prometheus/interval.ts';
import { interpolateQuery, plainVariables, withVariables } from '../variables/interpolate.ts';
import { type Event, eventsAtValues, eventsOf } from './events.ts';
import type { Context } from './panelData.ts';

interface PrometheusAnnotation extends AnnotationQuery {
  expr?: string;
  /** The shortest step of its query. */
  step?: string;
  /** A value is the time of its event, in milliseconds. */
  useValueForTime?: boolean;
}

/** The annotations that are on and ask Prometheus. */
export function annotationQueries(annotations: AnnotationQuery[]): PrometheusAnnotation[] {
  return (annotations as PrometheusAnnotation[]).filter(({ enable, expr }) => enable && expr);
}

/** The shortest step where the annotation has none. */
const STEP = '60s';
/** Annotations are asked for with the steps of a graph that is this wide. */
const POINTS = 100;

/** The events of a query: the times that it tells, or the times at which it is not 0. */
export async function queryEvents(annotation: PrometheusAnnotation, context: Context): Promise<Event[]> {
  const { scope, timeRange } = context;
  const from = timeRange.from.valueOf();
  const to = timeRange.to.valueOf();
  const rounded = rangeUtil.roundInterval((to - from) / POINTS);
  const step = queryStep(to - from, rounded, rangeUtil.intervalToMs(annotation.step || STEP));
  const builtIn = plainVariables({ __interval: `${step / 1000}s`, __interval_ms: String(step) });
  const expression = interpolateQuery(annotation.expr!, withVariables(scope, builtIn));
  const found = await queryRange(expression, from - (from % step), to - (to % step), step);
  const events = annotation.useValueForTime ? eventsAtValues(found, from, to) : eventsOf(found, step);
  return events.map((event) => ({ ...event, color: annotation.iconColor }));
}
