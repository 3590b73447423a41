import assert from 'node:assert/strict';
import { test } from 'node:test';

import { heightOf, layout } from './layout.ts';
import type { Panel, RowPanel } from './model.ts';

const panel = (title: string, x: number, y: number, w: number, h: number) =>
  ({ type: 'stat', title, gridPos: { x, y, w, h } }) as Panel;
const row = (title: string, y: number, panels: Panel[]) =>
  ({
    type: 'row',
    title,
    collapsed: panels.length > 0,
    panels,
    gridPos: { x: 0, y, w: 24, h: 1 },
  }) as unknown as RowPanel;

const board = [
  panel('first', 0, 0, 12, 4),
  row('closed', 4, [panel('inside', 0, 5, 24, 3)]),
  row('next', 5, []),
  panel('last', 0, 6, 6, 2),
];
const tops = (rows: 'expanded' | 'as-saved') => layout(board, 2392, rows).map(({ panel, y }) => [panel.title, y / 38]);

test('panels lie on 24 columns with gaps between them', () => {
  const [first] = layout([panel('wide', 12, 0, 12, 2)], 2392, 'expanded');
  assert.deepEqual({ ...first, panel: undefined }, { panel: undefined, x: 1200, y: 0, width: 1192, height: 68 });
});

test('an opened row pushes down what is below it', () => {
  assert.deepEqual(tops('expanded'), [
    ['first', 0],
    ['closed', 4],
    ['inside', 5],
    ['next', 8],
    ['last', 9],
  ]);
});

test('a gap is closed, but no panel passes another', () => {
  const places = layout([panel('a', 0, 3, 6, 2), panel('b', 6, 9, 6, 1), panel('c', 0, 9, 12, 1)], 2392, 'expanded');
  assert.deepEqual(
    places.map(({ panel, y }) => [panel.title, y / 38]),
    [
      ['a', 0],
      ['c', 2],
      ['b', 3],
    ],
  );
});

test('a closed row stays one line', () => {
  assert.deepEqual(tops('as-saved'), [
    ['first', 0],
    ['closed', 4],
    ['next', 5],
    ['last', 6],
  ]);
  assert.equal(heightOf(layout(board, 2392, 'as-saved')), 6 * 38 + 68);
});
