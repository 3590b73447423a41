import { FieldType } from '@grafana/data';
import type { VizLegendOptions } from '@grafana/schema';
import { TimeSeries } from '@grafana/ui';

import { EventMarks } from './EventMarks.tsx';
import { NoData } from './NoData.tsx';
import type { PanelProps } from './props.ts';

export interface TimeSeriesOptions {
  legend: VizLegendOptions;
}

/** Lines, bars, areas and stacks over time, with thresholds, annotations and a legend. */
export function TimeSeriesPanel(props: PanelProps<TimeSeriesOptions>) {
  const { frames, options, events, width, height, timeRange, timeZone } = props;
  const drawn = frames.filter(({ fields }) =>
    [FieldType.time, FieldType.number].every((wanted) => fields.some(({ type }) => type === wanted)),
  );
  if (drawn.length === 0) {
    return <NoData {...props} />;
  }
  return (
    <TimeSeries
      frames={drawn}
      options={options}
      legend={options.legend}
      width={width}
      height={height}
      timeRange={timeRange}
      timeZone={timeZone}
    >
      {(config) => <EventMarks config={config} events={events} />}
    </TimeSeries>
  );
}
