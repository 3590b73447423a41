// Annotations as events: what Prometheus found, to what is marked on a plot.

import type { Series } from '../prometheus/client.ts';

/** Something that happened: at one time, or for a while. In milliseconds. */
export interface Event {
  from: number;
  to: number;
  color: string;
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
