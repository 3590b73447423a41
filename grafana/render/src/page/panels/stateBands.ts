// The bands of a state timeline: what a field shows from when to when.

import { type Field, formattedValueToString } from '@grafana/data';

/** A stretch of time in which a value stays the same. In milliseconds. */
export interface Band {
  from: number;
  to: number;
  text: string;
  color: string;
}

/** The bands of a field, equal ones that follow each other as one. Without a value for longer than `gap` there is none. */
export function bandsOf(times: number[], field: Field, gap: number, end: number): Band[] {
  const bands: Band[] = [];
  times.forEach((from, at) => {
    const value: unknown = field.values[at];
    if (value === null || value === undefined) {
      return;
    }
    const next = times[at + 1] ?? end;
    const to = next - from > gap ? from + gap : next;
    const shown = field.display!(value);
    const text = formattedValueToString(shown);
    const last = bands.at(-1);
    if (last && last.to === from && last.text === text) {
      last.to = to;
    } else {
      bands.push({ from, to, text, color: shown.color ?? '#808080' });
    }
  });
  return bands;
}
