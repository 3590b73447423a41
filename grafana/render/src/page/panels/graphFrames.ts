// What a graph draws of its data.

import { type DataFrame, FieldType, type TimeRange } from '@grafana/data';

import { withGaps } from './withGaps.ts';

/** The frames that have a line to draw, with gaps where values are missing. */
export function graphFrames(frames: DataFrame[], timeRange: TimeRange): DataFrame[] {
  return frames.filter(isGraph).map((frame) => withoutInfinities(withGaps(frame, timeRange)));
}

function isGraph({ fields }: DataFrame): boolean {
  return [FieldType.time, FieldType.number].every((wanted) => fields.some(({ type }) => type === wanted));
}

/** No axis can show infinity or what is not a number: Grafana leaves a gap for it. */
function withoutInfinities(frame: DataFrame): DataFrame {
  const fields = frame.fields.map((field) =>
    field.type === FieldType.number
      ? { ...field, values: field.values.map((value: number | null) => (Number.isFinite(value) ? value : null)) }
      : field,
  );
  return { ...frame, fields };
}
