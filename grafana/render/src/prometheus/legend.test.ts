import assert from 'node:assert/strict';
import { test } from 'node:test';

import { legend } from './legend.ts';

const labels = { __name__: 'm', topic: 'orders', partition: '0' };

test('a legend format takes labels, and a label that is absent is empty', () => {
  assert.equal(legend('{{topic}}/{{ partition }} {{broker}}', labels, 'm'), 'orders/0 ');
});

test('without a format the series is written as in PromQL', () => {
  assert.equal(legend('', labels, 'm'), 'm{partition="0", topic="orders"}');
  assert.equal(legend(undefined, {}, 'sum(m)'), 'sum(m)');
});

test('an automatic legend is left to Grafana where there are labels', () => {
  assert.equal(legend('__auto', labels, 'm'), undefined);
  assert.equal(legend('__auto', {}, 'sum(m)'), 'sum(m)');
});
