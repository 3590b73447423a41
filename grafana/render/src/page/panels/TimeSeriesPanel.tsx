import { type DataFrame, FieldType } from '@grafana/data';
import type { VizLegendOptions } from '@grafana/schema';
import { TimeSeries } from '@grafana/ui';
import { useMemo } from 'react';

import { EventMarks } from './EventMarks.tsx';
import { NoData } from './NoData.tsx';
import type { PanelProps } from './props.ts';

export interface TimeSeriesOptions {
  legend: VizLegendOptions;
}

/** Lines, bars, areas and stacks over time, with thresholds, annotations and a legend. */
export function TimeSeriesPanel(props: PanelProps<TimeSeriesOptions>) {
  const { frames, options, events, width, height, timeRange, timeZone } = props;
  const drawn = useMemo(() => frames.filter(isGraph).map(withoutInfinities), [frames]);
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

function isGraph({ fields }: DataFrame): boolean {
  return [FieldType.time, FieldType.number].every((wanted) => fields.some(({ type }) => type === wanted));
}

/** No axis can show infinity or what is not a number: Grafana leaves a gap for it. */
function withoutInfinities(frame: DataFrame): DataFrame {
  const fields = frame.fields.map((field) =>
    field.type === FieldType.number && !field.values.every(Number.isFinite)
      ? { ...field, values: field.values.map((value: number) => (Number.isFinite(value) ? value : null)) }
      : field,
  );
  return { ...frame, fields };
}
