import assert from 'node:assert/strict';
import { test } from 'node:test';

import { interpolateQuery, interpolateText, withTexts } from './interpolate.ts';

test('both ways to name a variable are understood, and unknown names and links stay', () => {
  const scope = withTexts(new Map(), { a: '1', __range: '3h' });
  assert.equal(interpolateQuery('$a ${a} $__range $b ${b} ${a:queryparam}', scope), '1 1 3h $b ${b} ${a:queryparam}');
});

test('a longer name is not taken for a shorter one', () => {
  const scope = withTexts(new Map(), { __interval: '15s', __interval_ms: '15000' });
  assert.equal(interpolateQuery('$__interval_ms/$__interval', scope), '15000/15s');
});

test('a title says what is chosen, where a query has an expression', () => {
  const scope = new Map([['topic', { text: 'All', promql: '.+' }]]);
  assert.equal(interpolateText('Lag of $topic', scope), 'Lag of All');
  assert.equal(interpolateQuery('{topic=~"$topic"}', scope), '{topic=~".+"}');
});
