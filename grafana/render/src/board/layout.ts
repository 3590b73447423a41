// Places a dashboard's panels on Grafana's grid of 24 columns.

import { type GridPos, isRow, type Panel, type RowPanel } from './model.ts';

const COLUMNS = 24;
const ROW_HEIGHT = 30;
const GAP = 8;

/** A panel, or the header of a row, and its place in pixels. */
export interface Placed {
  panel: Panel | RowPanel;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** What is drawn of collapsed rows. */
export type Rows = 'expanded' | 'as-saved';

/** The panels in reading order with their places. */
export function layout(panels: (Panel | RowPanel)[], width: number, rows: Rows): Placed[] {
  return flatten(panels, rows).map((panel) => place(panel, panel.gridPos, width));
}

/** The height of all that is placed. */
export function heightOf(placed: Placed[]): number {
  return Math.max(0, ...placed.map(({ y, height }) => y + height));
}

type WithPlace<P> = P & { gridPos: GridPos };

/** Opens the collapsed rows, which pushes down what is below them, and moves all up as far as it goes. */
function flatten(panels: (Panel | RowPanel)[], rows: Rows): WithPlace<Panel | RowPanel>[] {
  let shift = 0;
  const open = panels
    .filter(hasPlace)
    .sort(byPlace)
    .flatMap((panel) => {
      const moved = moveDown(panel, shift);
      if (!isRow(moved) || !moved.collapsed || moved.panels.length === 0 || rows === 'as-saved') {
        return [moved];
      }
      const inside = moved.panels.filter(hasPlace);
      const top = Math.min(...inside.map(({ gridPos }) => gridPos.y));
      const opened = inside.map((child) => moveDown(child, moved.gridPos.y + 1 - top));
      shift += Math.max(...opened.map(bottomOf)) - (moved.gridPos.y + 1);
      return [{ ...moved, collapsed: false }, ...opened];
    });
  return compact(open);
}

/** Grafana's grid has no vertical gaps: what is saved with one floats up until it meets another panel. */
function compact(panels: WithPlace<Panel | RowPanel>[]): WithPlace<Panel | RowPanel>[] {
  const settled: WithPlace<Panel | RowPanel>[] = [];
  for (const panel of [...panels].sort(byPlace)) {
    const above = settled.filter(
      ({ gridPos: { x, w } }) => x < panel.gridPos.x + panel.gridPos.w && panel.gridPos.x < x + w,
    );
    const y = Math.max(0, ...above.map(bottomOf));
    settled.push({ ...panel, gridPos: { ...panel.gridPos, y } });
  }
  return settled;
}

const byPlace = (a: WithPlace<unknown>, b: WithPlace<unknown>): number =>
  a.gridPos.y - b.gridPos.y || a.gridPos.x - b.gridPos.x;

const bottomOf = ({ gridPos: { y, h } }: WithPlace<unknown>): number => y + h;

function hasPlace<P extends Panel | RowPanel>(panel: P): panel is WithPlace<P> {
  return panel.gridPos !== undefined;
}

function moveDown<P extends Panel | RowPanel>(panel: WithPlace<P>, by: number): WithPlace<P> {
  return { ...panel, gridPos: { ...panel.gridPos, y: panel.gridPos.y + by } };
}

function place(panel: Panel | RowPanel, { x, y, w, h }: GridPos, width: number): Placed {
  const column = (width - GAP * (COLUMNS - 1)) / COLUMNS;
  return {
    panel,
    x: Math.round(x * (column + GAP)),
    y: y * (ROW_HEIGHT + GAP),
    width: Math.round(w * column + (w - 1) * GAP),
    height: h * ROW_HEIGHT + (h - 1) * GAP,
  };
}
