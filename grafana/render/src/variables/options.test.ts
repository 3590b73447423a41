import assert from 'node:assert/strict';
import { test } from 'node:test';

import { choose } from './choice.ts';
import { customOptions, optionsByRegex, sortOptions } from './options.ts';
import { parseVariableQuery } from './query.ts';

const values = (options: { value: string }[]) => options.map(({ value }) => value);
const options = [
  { text: 'a', value: 'a' },
  { text: 'b', value: 'b' },
];
const base = { name: 'topic', isMulti: true };

test('a regex filters the values, and its groups take parts of them', () => {
  assert.deepEqual(values(optionsByRegex(['a', '__b', 'a'], '/^(?!__)/')), ['a']);
  assert.deepEqual(values(optionsByRegex(['x{job="k"} 1'], '/job="([^"]+)"/')), ['k']);
  assert.deepEqual(optionsByRegex(['1:one'], '/(?<value>.+):(?<text>.+)/'), [{ value: '1', text: 'one' }]);
});

test('values are sorted as the variable says', () => {
  const found = optionsByRegex(['10', '9', '1'], undefined);
  assert.deepEqual(values(sortOptions(found, 0)), ['10', '9', '1']);
  assert.deepEqual(values(sortOptions(found, 1)), ['1', '10', '9']);
  assert.deepEqual(values(sortOptions(found, 3)), ['1', '9', '10']);
});

test('custom variables have values with and without texts', () => {
  assert.deepEqual(customOptions('0.5, p99 : 0.99'), [
    { text: '0.5', value: '0.5' },
    { text: 'p99', value: '0.99' },
  ]);
});

test('queries of variables are read, also where the selector has commas', () => {
  assert.deepEqual(parseVariableQuery('label_values(m{a="1",b=~"$c"}, topic)'), {
    kind: 'label_values',
    selector: 'm{a="1",b=~"$c"}',
    label: 'topic',
  });
  assert.deepEqual(parseVariableQuery('label_values(job)'), { kind: 'label_values', selector: '', label: 'job' });
  assert.deepEqual(parseVariableQuery('query_result(topk(1, m))'), { kind: 'query_result', expression: 'topk(1, m)' });
  assert.throws(() => parseVariableQuery('tag_values(x)'), /not understood/);
});

test('without a choice a variable is All where it can be, else the saved value', () => {
  assert.equal(choose({ includeAll: true, allValue: '.*' }, base, options, undefined).value, '.*');
  assert.deepEqual(choose({ includeAll: true }, base, options, undefined).value, ['a', 'b']);
  assert.equal(choose({ current: { text: 'b', value: 'b' } }, base, options, undefined).value, 'b');
  assert.equal(choose({}, base, options, undefined).value, 'a');
});

test('a choice wins', () => {
  assert.deepEqual(choose({ includeAll: true, multi: true }, base, options, ['b']).value, ['b']);
  assert.deepEqual(choose({ includeAll: true, multi: true }, base, options, ['']), {
    ...base,
    text: 'none',
    value: [''],
  });
  assert.equal(choose({ includeAll: true, allValue: '.+' }, base, options, ['All']).text, 'All');
});
