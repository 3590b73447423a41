import assert from 'node:assert/strict';
import { test } from 'node:test';

import { escapeString, regexOf } from './promql.ts';

test('several values become one regular expression, escaped for a PromQL string', () => {
  assert.equal(regexOf(['a.b', 'c+"', 'd\\']), '(a\\\\.b|c\\\\+\\"|d\\\\\\\\)');
  assert.equal(regexOf(['a-b']), 'a-b');
});

test('a single value is matched as it is', () => {
  assert.equal(escapeString('a.b"\\'), 'a.b\\"\\\\');
});
