// The bands of a state timeline: what a series shows from when to when.

/** How a value is shown. */
export interface Shown {
  text: string;
  color: string;
}

/** A stretch of time in which that stays the same. In milliseconds. */
export interface Band extends Shown {
  from: number;
  to: number;
}

/**
 * The bands of a series, equal ones that follow each other as one. A value holds until the next one, but not for longer
 * than `longest`: after that, data are missing.
 */
export function bandsOf(
  times: number[],
  values: unknown[],
  show: (value: unknown) => Shown,
  longest: number,
  end: number,
): Band[] {
  const bands: Band[] = [];
  times.forEach((from, at) => {
    const value = values[at];
    if (value === null || value === undefined) {
      return;
    }
    const to = Math.min(times[at + 1] ?? end, from + longest);
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
