import assert from 'node:assert/strict';
import { test } from 'node:test';

import { queryStep, rateInterval } from './interval.ts';

test('a step is never shorter than the scrape interval, nor finer than Prometheus allows', () => {
  assert.equal(queryStep(3_600_000, 5_000, 15_000), 15_000);
  assert.equal(queryStep(3_600_000, 30_000, 15_000), 30_000);
  assert.equal(queryStep(22_000_000_000, 1_000, 1_000), 2_000_000);
});

test('the window of a rate holds four scrapes, and the step with one more', () => {
  assert.equal(rateInterval(15_000, 15_000), 60_000);
  assert.equal(rateInterval(300_000, 15_000), 315_000);
});
