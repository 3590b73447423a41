import assert from 'node:assert/strict';
import { test } from 'node:test';

import { choose } from './choice.ts';

const values = ['a', 'b.c'];

test('without a choice a variable is All where it can be', () => {
  assert.deepEqual(choose({ includeAll: true, allValue: '.*' }, values, undefined), { text: 'All', promql: '.*' });
  assert.deepEqual(choose({ includeAll: true }, values, undefined), { text: 'All', promql: '(a|b\\\\.c)' });
});

test('else it is the saved value where that is found, else the first', () => {
  const saved = (value: string) => choose({ current: { text: value, value } }, values, undefined);
  assert.deepEqual(saved('b.c'), { text: 'b.c', promql: 'b.c' });
  assert.deepEqual(saved('gone'), { text: 'a', promql: 'a' });
  assert.deepEqual(choose({}, [], undefined), { text: 'none', promql: '' });
});

test('a choice wins', () => {
  const several = { multi: true, includeAll: true, allValue: '.+' };
  assert.deepEqual(choose(several, values, ['a', 'b.c']), { text: 'a + b.c', promql: '(a|b\\\\.c)' });
  assert.deepEqual(choose(several, values, ['']), { text: 'none', promql: '' });
  assert.deepEqual(choose(several, values, ['All']), { text: 'All', promql: '.+' });
  assert.deepEqual(choose({}, values, ['b.c']), { text: 'b.c', promql: 'b.c' });
});
