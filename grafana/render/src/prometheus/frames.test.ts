import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Series } from './client.ts';
import { tableFrame, timeSeriesFrames } from './frames.ts';

const series: Series[] = [
  { metric: { topic: 'orders' }, values: [[1, '+Inf']] },
  { metric: { topic: 'clicks', broker: '1' }, values: [[1, '2.5']] },
];

test('a table has a row for each sample, and a label that a series lacks is empty', () => {
  const { fields } = tableFrame(series, 'A', 'Value');
  assert.deepEqual(
    fields.map(({ name, values }) => [name, values]),
    [
      ['Time', [1000, 1000]],
      ['broker', ['', '1']],
      ['topic', ['orders', 'clicks']],
      ['Value', [Infinity, 2.5]],
    ],
  );
});

test('a graph has a frame for each series, which knows its step', () => {
  const options = { refId: 'A', expression: 'm', legendFormat: '{{topic}}', step: 15_000 };
  const frames = timeSeriesFrames(series, options);
  assert.deepEqual(
    frames.map(({ name, fields: [time, value] }) => [name, time?.config.interval, value?.values]),
    [
      ['orders', 15_000, [Infinity]],
      ['clicks', 15_000, [2.5]],
    ],
  );
});
