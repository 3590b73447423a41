// Draws one dashboard into the page and says what became of its panels. Called by the command through the browser.

import { dateMath, rangeUtil, type RawTimeRange, type TimeRange } from '@grafana/data';

import { annotationsOf, queryEvents } from '../board/annotations.ts';
import type { Context } from '../board/context.ts';
import type { Event } from '../board/events.ts';
import { layout, type Rows } from '../board/layout.ts';
import { type Dashboard, isRow, type Panel, variablesOf } from '../board/model.ts';
import { hasData, panelData } from '../board/panelData.ts';
import { refuseUnsupported } from '../board/unsupported.ts';
import { messageOf } from '../messageOf.ts';
import { scrapeIntervals } from '../prometheus/client.ts';
import { withTexts } from '../variables/interpolate.ts';
import { resolveVariables } from '../variables/resolve.ts';
import { Board, type Loaded, PAGE_PADDING } from './Board.tsx';
import { show } from './show.tsx';

/** What the caller chooses. */
export interface Settings {
  width: number;
  rows: Rows;
  /** Values of variables by name. */
  variables: Record<string, string[]>;
  /** The time to show instead of the dashboard's own, such as `now-15m`. */
  from?: string;
  /** The data source's scrape interval, such as `15s`; without it the longest one of Prometheus' targets. */
  scrapeInterval?: string;
}

/** What became of a panel, or of an annotation that failed. */
export interface PanelResult {
  title: string;
  state: 'drawn' | 'no data' | 'error';
  message?: string;
}

const TIME_ZONE = 'browser';
/** What a panel's frame takes from its width. */
const PANEL_PADDING = 18;

/** Draws `board`, and is done when all of it is on the page. */
export async function renderBoard(board: Dashboard, settings: Settings): Promise<PanelResult[]> {
  refuseUnsupported(board);
  const timeRange = timeRangeOf(settings.from ? { from: settings.from, to: 'now' } : board.time);
  const range = { from: timeRange.from.valueOf(), to: timeRange.to.valueOf() };
  const variables = await resolveVariables(variablesOf(board), settings.variables, range);
  const context: Context = {
    scope: withTexts(variables, { __range: `${range.to - range.from}ms` }),
    range,
    scrapeInterval: rangeUtil.intervalToMs(settings.scrapeInterval ?? (await longestScrapeInterval())),
  };
  const placed = layout(board.panels ?? [], settings.width - 2 * PAGE_PADDING, settings.rows);
  const panels = placed.flatMap(({ panel, width }) => (isRow(panel) ? [] : [{ panel, width: width - PANEL_PADDING }]));
  const loading = panels.map(async ({ panel, width }) => [panel, await load(panel, context, width)] as const);
  const loaded = new Map(await Promise.all(loading));
  const { events, failed } = await loadEvents(board, context);
  const drawErrors = new Map<Panel, string>();
  await show(
    <Board
      board={board}
      placed={placed}
      loaded={loaded}
      events={events}
      scope={context.scope}
      timeRange={timeRange}
      timeZone={TIME_ZONE}
      onPanelError={(panel, message) => drawErrors.set(panel, message)}
    />,
  );
  return [...failed, ...[...loaded].map(([panel, result]) => resultOf(panel, result, drawErrors.get(panel)))];
}

function timeRangeOf(raw: RawTimeRange = { from: 'now-6h', to: 'now' }): TimeRange {
  const from = dateMath.toDateTime(raw.from, { roundUp: false });
  const to = dateMath.toDateTime(raw.to, { roundUp: true });
  if (!from?.isValid() || !to?.isValid()) {
    throw new Error(`not a range of time: ${raw.from} to ${raw.to}`);
  }
  return { from, to, raw };
}

async function longestScrapeInterval(): Promise<string> {
  const intervals = await scrapeIntervals();
  const longest = intervals.sort((a, b) => rangeUtil.intervalToMs(b) - rangeUtil.intervalToMs(a))[0];
  return longest ?? '15s';
}

async function load(panel: Panel, context: Context, width: number): Promise<Loaded> {
  try {
    return { frames: await panelData(panel, context, width) };
  } catch (error) {
    return { frames: [], error: messageOf(error) };
  }
}

/** The annotations' events, and which annotations failed. */
async function loadEvents(board: Dashboard, context: Context): Promise<{ events: Event[]; failed: PanelResult[] }> {
  const events: Event[] = [];
  const failed: PanelResult[] = [];
  for (const annotation of annotationsOf(board)) {
    try {
      events.push(...(await queryEvents(annotation, context)));
    } catch (error) {
      failed.push({ title: `annotation ${annotation.name}`, state: 'error', message: messageOf(error) });
    }
  }
  return { events, failed };
}

function resultOf(panel: Panel, { frames, error }: Loaded, drawError: string | undefined): PanelResult {
  const title = panel.title ?? panel.type;
  const message = error ?? drawError;
  if (message !== undefined) {
    return { title, state: 'error', message };
  }
  return { title, state: hasData(frames) ? 'drawn' : 'no data' };
}
