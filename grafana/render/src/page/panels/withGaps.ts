import { applyNullInsertThreshold, type DataFrame, type TimeRange } from '@grafana/data';

/**
 * A frame with nulls where steps of its query have no value. Grafana's panels do this to each frame; its graph, which is
 * used here, only to the first.
 */
export function withGaps(frame: DataFrame, { from, to }: TimeRange): DataFrame {
  return applyNullInsertThreshold({ frame, refFieldPseudoMin: from.valueOf(), refFieldPseudoMax: to.valueOf() });
}
