// Cuts a tall picture into pages, between panels.

/** From and to, in pixels from the top. */
export type Span = [from: number, to: number];

/** Pages of `height` that are no taller than `limit` where the panels, whose places are `panels`, allow it. */
export function pages(height: number, panels: Span[], limit: number): Span[] {
  const isBetweenPanels = (y: number) => panels.every(([from, to]) => y <= from || to <= y);
  const cuts = [...new Set(panels.map(([from]) => from))].filter(isBetweenPanels).sort((a, b) => a - b);
  const found: Span[] = [];
  let top = 0;
  while (height - top > limit) {
    const below = cuts.filter((y) => y > top);
    const cut = below.filter((y) => y <= top + limit).at(-1) ?? below[0];
    if (cut === undefined) {
      break;
    }
    found.push([top, cut]);
    top = cut;
  }
  return [...found, [top, height]];
}
