import type { DataFrame, FieldConfigSource, InterpolateFunction, TimeRange } from '@grafana/data';

import type { Event } from '../../board/events.ts';

/** What every drawing of a panel gets. */
export interface PanelProps<Options> {
  title: string;
  frames: DataFrame[];
  options: Options;
  fieldConfig: FieldConfigSource;
  width: number;
  height: number;
  timeRange: TimeRange;
  timeZone: string;
  events: Event[];
  replaceVariables: InterpolateFunction;
}
