import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createDataFrame, dateTime, FieldType } from '@grafana/data';

import { graphFrames } from './graphFrames.ts';

const STEP = 10;
const timeRange = { from: dateTime(0), to: dateTime(40), raw: { from: 'now-1m', to: 'now' } };

const series = (...points: [time: number, value: number][]) =>
  createDataFrame({
    fields: [
      { name: 'Time', type: FieldType.time, config: { interval: STEP }, values: points.map(([time]) => time) },
      { name: 'Value', type: FieldType.number, values: points.map(([, value]) => value) },
    ],
  });
const drawn = (...frames: ReturnType<typeof series>[]) =>
  graphFrames(frames, timeRange).map(({ fields: [time, value] }) =>
    time!.values.map((at: number, index) => [at, value!.values[index]]),
  );

test('a line is broken where values are missing, in every series', () => {
  const whole = series([0, 1], [10, 1], [20, 1], [30, 1], [40, 1]);
  const [, ...others] = drawn(whole, series([0, 1], [30, 2], [40, 3]), series([20, 4]));
  assert.deepEqual(others, [
    [
      [0, 1],
      [10, null],
      [20, null],
      [30, 2],
      [40, 3],
    ],
    [
      [0, null],
      [10, null],
      [20, 4],
      [30, null],
    ],
  ]);
});

test('infinity and what is not a number are gaps', () => {
  const [values] = drawn(series([0, Infinity], [10, NaN], [20, 1], [30, -Infinity], [40, 2]));
  assert.deepEqual(values, [
    [0, null],
    [10, null],
    [20, 1],
    [30, null],
    [40, 2],
  ]);
});

test('a frame without numbers over time is no graph', () => {
  const text = createDataFrame({ fields: [{ name: 'Time', type: FieldType.time, values: [1] }] });
  assert.deepEqual(graphFrames([text], timeRange), []);
});
