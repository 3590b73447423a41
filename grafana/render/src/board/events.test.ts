import assert from 'node:assert/strict';
import { test } from 'node:test';

import { timesInValues, timesOf } from './events.ts';

test('values that follow each other are one event, and 0 is none', () => {
  const values = [60, 120, 180, 300, 360].map((time) => [time, time === 300 ? '0' : '1'] as [number, string]);
  assert.deepEqual(timesOf([{ metric: {}, values }], 60_000), [
    { from: 60_000, to: 180_000 },
    { from: 360_000, to: 360_000 },
  ]);
});

test('values that are times are one event each, however often they are told', () => {
  const values = ['5000', '5000', '90000', '700'].map((value, at) => [at, value] as [number, string]);
  assert.deepEqual(timesInValues([{ metric: {}, values }], { from: 1000, to: 10_000 }), [{ from: 5000, to: 5000 }]);
});
