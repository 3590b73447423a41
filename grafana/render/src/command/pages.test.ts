import assert from 'node:assert/strict';
import { test } from 'node:test';

import { pages, type Span } from './pages.ts';

const panels: Span[] = [
  [0, 40],
  [0, 90],
  [50, 90],
  [100, 140],
  [150, 190],
];

test('a picture is cut above a panel, never through one', () => {
  assert.deepEqual(pages(200, panels, 120), [
    [0, 100],
    [100, 200],
  ]);
});

test('a panel that is taller than a page has one of its own', () => {
  assert.deepEqual(pages(200, panels, 60), [
    [0, 100],
    [100, 150],
    [150, 200],
  ]);
});

test('a small picture is one page', () => {
  assert.deepEqual(pages(200, panels, 200), [[0, 200]]);
});
