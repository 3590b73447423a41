// What a graph draws of its data.

import { applyNullInsertThreshold, type DataFrame, FieldType, type TimeRange } from '@grafana/data';

/** The frames that have a line to draw, with gaps where values are missing. */
export function graphFrames(frames: DataFrame[], timeRange: TimeRange): DataFrame[] {
  return frames.filter(isGraph).map((frame) => withoutInfinities(withGaps(frame, timeRange)));
}

function isGraph({ fields }: DataFrame): boolean {
  return [FieldType.time, FieldType.number].every((wanted) => fields.some(({ type }) => type === wanted));
}

/** Grafana's panel does this to each frame: its component, which is used here, only to the first one. */
function withGaps(frame: DataFrame, { from, to }: TimeRange): DataFrame {
  return applyNullInsertThreshold({ frame, refFieldPseudoMin: from.valueOf(), refFieldPseudoMax: to.valueOf() });
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
