// Annotations as events: what Prometheus found, to what is marked on a plot.

import type { Range, Series } from '../prometheus/client.ts';

/** Something that happened: at one time, or for a while. */
export interface Event extends Range {
  color: string;
}

/** The times at which a series is not 0, those one step apart joined. */
export function timesOf(found: Series[], step: number): Range[] {
  return found.flatMap(({ values }) => {
    const times: Range[] = [];
    for (const [seconds, value] of values) {
      const time = seconds * 1000;
      const last = times.at(-1);
      if (Number(value) === 0) {
        continue;
      }
      if (last && time - last.to <= step) {
        last.to = time;
      } else {
        times.push({ from: time, to: time });
      }
    }
    return times;
  });
}

/** The times that the values are, each once, as far as they are within the range. */
export function timesInValues(found: Series[], { from, to }: Range): Range[] {
  const times = new Set(found.flatMap(({ values }) => values.map(([, value]) => Math.floor(Number(value)))));
  return [...times].filter((time) => from <= time && time <= to).map((time) => ({ from: time, to: time }));
}
