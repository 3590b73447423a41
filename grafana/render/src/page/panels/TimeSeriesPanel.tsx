import type { VizLegendOptions } from '@grafana/schema';
import { TimeSeries } from '@grafana/ui';
import { useMemo } from 'react';

import { EventMarks } from './EventMarks.tsx';
import { graphFrames } from './graphFrames.ts';
import { NoData } from './NoData.tsx';
import type { PanelProps } from './props.ts';

export interface TimeSeriesOptions {
  legend: VizLegendOptions;
}

/** Lines, bars, areas and stacks over time, with thresholds, annotations and a legend. */
export function TimeSeriesPanel(props: PanelProps<TimeSeriesOptions>) {
  const { frames, options, events, width, height, timeRange, timeZone } = props;
  const drawn = useMemo(() => graphFrames(frames, timeRange), [frames, timeRange]);
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
