import assert from 'node:assert/strict';
import { test } from 'node:test';

import { bandsOf } from './stateBands.ts';

const show = (value: unknown) => ({ text: String(value), color: 'green' });

test('equal values are one band, up to the next value or the end', () => {
  assert.deepEqual(bandsOf([0, 10, 20], [1, 1, 2], show, 15, 30), [
    { from: 0, to: 20, text: '1', color: 'green' },
    { from: 20, to: 30, text: '2', color: 'green' },
  ]);
});

test('missing data leave a hole', () => {
  assert.deepEqual(
    bandsOf([0, 50, 60], [1, 1, null], show, 15, 70).map(({ from, to }) => [from, to]),
    [
      [0, 15],
      [50, 60],
    ],
  );
});
