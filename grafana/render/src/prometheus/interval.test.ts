import assert from 'node:assert/strict';
import { test } from 'node:test';

import { intervalVariables, queryStep } from './interval.ts';

const hours = (count: number) => ({ from: 0, to: count * 3_600_000 });

test('a step is a round time, never shorter than the scrape interval, nor finer than Prometheus allows', () => {
  assert.equal(queryStep(hours(1), 720, 15_000), 15_000);
  assert.equal(queryStep(hours(1), 119, 15_000), 30_000);
  assert.equal(queryStep(hours(6000), 100_000, 1_000), 1_964_000);
});

test('the window of a rate holds four scrapes, and the step with one more', () => {
  assert.deepEqual(intervalVariables(15_000, 15_000), {
    __interval: '15000ms',
    __interval_ms: '15000',
    __rate_interval: '60000ms',
  });
  assert.equal(intervalVariables(300_000, 15_000).__rate_interval, '315000ms');
});
