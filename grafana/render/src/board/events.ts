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

/** The times that the values are, each once, as far as they are within the range. */
export function eventsAtValues(found: Series[], from: number, to: number): { from: number; to: number }[] {
  const times = new Set(found.flatMap(({ values }) => values.map(([, value]) => Math.floor(Number(value)))));
  return [...times].filter((time) => from <= time && time <= to).map((time) => ({ from: time, to: time }));
}
