import assert from 'node:assert/strict';
import { test } from 'node:test';

import { bandsOf } from './stateBands.ts';

const show = (value: unknown) => ({ text: String(value), color: 'green' });

test('equal values are one band, up to the next value or the end', () => {
  assert.deepEqual(bandsOf([0, 10, 20], [1, 1, 2], show, 30), [
    { from: 0, to: 20, text: '1', color: 'green' },
    { from: 20, to: 30, text: '2', color: 'green' },
  ]);
});

test('missing data leave a hole', () => {
  assert.deepEqual(
    bandsOf([0, 10, 20, 30], [1, null, 1, null], show, 40).map(({ from, to }) => [from, to]),
    [
      [0, 10],
      [20, 30],
    ],
  );
});
