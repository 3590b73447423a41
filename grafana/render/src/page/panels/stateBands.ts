// The bands of a state timeline: what a series shows from when to when.

import type { Range } from '../../prometheus/client.ts';

/** How a value is shown. */
export interface Shown {
  text: string;
  color: string;
}

/** A stretch of time in which that stays the same. */
export interface Band extends Range, Shown {}

/** The bands of a series, equal neighbours as one. A value holds until the next one; `null` shows nothing. */
export function bandsOf(times: number[], values: unknown[], show: (value: unknown) => Shown, end: number): Band[] {
  const bands: Band[] = [];
  times.forEach((from, at) => {
    const value = values[at];
    if (value === null) {
      return;
    }
    const to = times[at + 1] ?? end;
    const { text, color } = show(value);
    const last = bands.at(-1);
    if (last && last.to === from && last.text === text && last.color === color) {
      last.to = to;
    } else {
      bands.push({ from, to, text, color });
    }
  });
  return bands;
}
