// A dashboard's annotations from Prometheus queries.

import type { AnnotationQuery } from '@grafana/schema';

import { queryRange, type Series } from '../prometheus/client.ts';
import { interpolateQuery, plainVariables, withVariables } from '../variables/interpolate.ts';
import type { Context } from './panelData.ts';

/** Something that happened: at one time, or for a while. In milliseconds. */
export interface Event {
  from: number;
  to: number;
  color: string;
}

interface PrometheusAnnotation extends AnnotationQuery {
  expr?: string;
}

/** The annotations that are on and ask Prometheus. */
export function annotationQueries(annotations: AnnotationQuery[]): PrometheusAnnotation[] {
  return (annotations as PrometheusAnnotation[]).filter(({ enable, expr }) => enable && expr);
}

const STEP = 60_000;

/** The events of a query: a value that is not 0 is one, and those that follow each other step by step are one. */
export async function queryEvents(annotation: PrometheusAnnotation, context: Context): Promise<Event[]> {
  const { scope, timeRange } = context;
  const from = timeRange.from.valueOf();
  const step = Math.max(STEP, context.scrapeInterval);
  const builtIn = plainVariables({ __interval: `${step / 1000}s`, __interval_ms: String(step) });
  const expression = interpolateQuery(annotation.expr!, withVariables(scope, builtIn));
  const found = await queryRange(expression, from - (from % step), timeRange.to.valueOf(), step);
  return eventsOf(found, step).map((event) => ({ ...event, color: annotation.iconColor }));
}

/** The times at which a series is not 0, those one step apart joined. */
export function eventsOf(found: Series[], step: number): { from: number; to: number }[] {
  return found.flatMap(({ values }) => {
    const events: { from: number; to: number }[] = [];
    for (const [seconds, value] of values) {
      const time = seconds * 1000;
      const last = events.at(-1);
      if (Number(value) === 0) {
        continue;
      }
      if (last && time - last.to <= step) {
        last.to = time;
      } else {
        events.push({ from: time, to: time });
      }
    }
    return events;
  });
}
