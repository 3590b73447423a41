import assert from 'node:assert/strict';
import { test } from 'node:test';

import { interpolateQuery, interpolateText, plainVariables, type Variable, withVariables } from './interpolate.ts';

const several = (value: string[]): Variable => ({ name: 'topic', text: value.join(' + '), value, isMulti: true });
const scope = (...variables: Variable[]) => withVariables(new Map(), variables);

test('all ways to name a variable are understood, and unknown names stay', () => {
  const variables = scope(...plainVariables({ a: '1', __range: '3h' }));
  assert.equal(interpolateQuery('$a ${a} [[a]] $__range $b ${b}', variables), '1 1 1 3h $b ${b}');
});

test('a longer name is not taken for a shorter one', () => {
  const variables = scope(...plainVariables({ __interval: '15s', __interval_ms: '15000' }));
  assert.equal(interpolateQuery('$__interval_ms/$__interval', variables), '15000/15s');
});

test('several values become one regular expression, escaped for a PromQL string', () => {
  assert.equal(interpolateQuery('{topic=~"$topic"}', scope(several(['a.b', 'c+"']))), '{topic=~"(a\\\\.b|c\\\\+\\")"}');
  assert.equal(interpolateQuery('{topic=~"$topic"}', scope(several(['a-b']))), '{topic=~"a-b"}');
});

test('a single value is matched as it is', () => {
  const one: Variable = { name: 'topic', text: 'a.b', value: 'a.b' };
  assert.equal(interpolateQuery('{topic="$topic"}', scope(one)), '{topic="a.b"}');
});

test("a dashboard's own expression for All is not escaped", () => {
  const all: Variable = { name: 'topic', text: 'All', value: '.+', isAllValue: true, isMulti: true };
  assert.equal(interpolateQuery('{topic=~"$topic"}', scope(all)), '{topic=~".+"}');
  assert.equal(interpolateQuery('{topic=~"${topic:regex}"}', scope(all)), '{topic=~".+"}');
  assert.equal(interpolateText('Lag of $topic', scope(all)), 'Lag of All');
});

test('formats write values as Grafana does', () => {
  const formatted = (format: string) => interpolateQuery(`\${topic:${format}}`, scope(several(['a.b', 'c'])));
  assert.equal(formatted('regex'), '(a\\.b|c)');
  assert.equal(formatted('pipe'), 'a.b|c');
  assert.equal(formatted('csv'), 'a.b,c');
  assert.equal(formatted('glob'), '{a.b,c}');
  assert.equal(formatted('doublequote'), '"a.b","c"');
  assert.equal(formatted('queryparam'), 'var-topic=a.b&var-topic=c');
  assert.equal(formatted('text'), 'a.b + c');
  assert.throws(() => formatted('nonsense'), /unknown format/);
});
