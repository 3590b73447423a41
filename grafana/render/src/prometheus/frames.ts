// Turns what Prometheus answers into Grafana's data frames, in the shapes of Grafana's Prometheus data source.

import { createDataFrame, type DataFrame, FieldType } from '@grafana/data';

import type { Series } from './client.ts';
import { legend } from './legend.ts';

/** What of a query shapes its frames. */
export interface FrameOptions {
  refId: string;
  expression: string;
  legendFormat: string | undefined;
  /** The step in milliseconds, by which a gap is told from a line. */
  step: number | undefined;
}

/** Prometheus writes numbers as text, and infinity in its own way. */
function parseNumber(text: string): number {
  switch (text) {
    case '+Inf':
      return Infinity;
    case '-Inf':
      return -Infinity;
    default:
      return Number(text);
  }
}

/** A frame for each series. */
export function timeSeriesFrames(series: Series[], options: FrameOptions): DataFrame[] {
  return series.map(({ metric, values }) => {
    const name = legend(options.legendFormat, metric, options.expression);
    return createDataFrame({
      refId: options.refId,
      ...(name === undefined ? {} : { name }),
      fields: [
        {
          name: 'Time',
          type: FieldType.time,
          config: options.step === undefined ? {} : { interval: options.step },
          values: values.map(([time]) => time * 1000),
        },
        {
          name: 'Value',
          type: FieldType.number,
          labels: metric,
          config: name === undefined ? {} : { displayNameFromDS: name },
          values: values.map(([, value]) => parseNumber(value)),
        },
      ],
    });
  });
}

/** One frame with a row for each sample and a column for each label. `valueName` is `Value`, or `Value #A`. */
export function tableFrame(series: Series[], refId: string, valueName: string): DataFrame {
  const labels = [...new Set(series.flatMap(({ metric }) => Object.keys(metric)))].sort();
  const rows = series.flatMap(({ metric, values }) => values.map((sample) => ({ metric, sample })));
  if (rows.length === 0) {
    return createDataFrame({ refId, fields: [] });
  }
  return createDataFrame({
    refId,
    fields: [
      { name: 'Time', type: FieldType.time, config: {}, values: rows.map(({ sample: [time] }) => time * 1000) },
      ...labels.map((label) => ({
        name: label,
        type: FieldType.string,
        config: { filterable: true },
        values: rows.map(({ metric }) => metric[label] ?? ''),
      })),
      {
        name: valueName,
        type: FieldType.number,
        config: {},
        values: rows.map(({ sample: [, value] }) => parseNumber(value)),
      },
    ],
  });
}
