import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseLabelValues, sortValues } from './labelValues.ts';

test('the query of a variable is read, also where the selector has commas', () => {
  assert.deepEqual(parseLabelValues('label_values(m{a="1",b=~"$c"}, topic)'), {
    selector: 'm{a="1",b=~"$c"}',
    label: 'topic',
  });
});

test('another query of a variable is an error', () => {
  assert.throws(() => parseLabelValues('query_result(topk(1, m))'), /not label_values/);
});

test('values are sorted as the variable says, and an unknown order is an error', () => {
  const values = ['1', '10', '9', 'x'];
  assert.deepEqual(sortValues(values, 0), values);
  assert.deepEqual(sortValues(values, 1), values);
  assert.deepEqual(sortValues(values, 3), ['x', '1', '9', '10']);
  assert.throws(() => sortValues(values, 4), /sorted/);
});
