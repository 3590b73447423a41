// Debian's Chromium, without a window.

import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

import { type Browser, chromium, type Page } from 'playwright-core';

import type { Dashboard } from '../board/model.ts';
import type { PanelResult, Settings } from '../page/renderBoard.tsx';
import { pages, type Span } from './pages.ts';

/** Starts the browser of this name or path. */
export async function startBrowser(name: string): Promise<Browser> {
  return chromium.launch({
    executablePath: find(name),
    args: ['--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-component-update'],
    // Chromium refuses its sandbox to root.
    chromiumSandbox: process.getuid?.() !== 0,
  });
}

function find(name: string): string {
  const folders = name.includes('/') ? [''] : (process.env.PATH ?? '').split(delimiter);
  const found = folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
  if (!found) {
    throw new Error(`no ${name}; install Debian's package chromium`);
  }
  return found;
}

/** What one dashboard came to. */
export interface Drawing {
  panels: PanelResult[];
  /** What went wrong besides; without panels there is no picture. */
  errors: string[];
}

/** How pictures are taken. */
export interface Camera {
  /** Pixels of the picture per pixel of the page. */
  scale: number;
  /** The height in pixels of the page at which a picture is cut. */
  pageHeight: number | undefined;
}

export interface Order {
  board: Dashboard;
  settings: Settings;
  camera: Camera;
  /** Where the pictures go: `<path>.png`, and its pages `<path>-1.png` and so on. */
  path: string;
}

/** Draws a dashboard in the page at `url`. */
export async function draw(browser: Browser, url: string, order: Order): Promise<Drawing> {
  const { board, settings, camera, path } = order;
  const { scale, pageHeight } = camera;
  const viewport = { width: settings.width, height: 1000 };
  const context = await browser.newContext({ viewport, deviceScaleFactor: scale, timezoneId: 'UTC', locale: 'en-US' });
  try {
    const page = await context.newPage();
    const errors = collectErrors(page);
    await page.goto(url);
    await page.waitForFunction(() => 'renderBoard' in window);
    const answer = await page.evaluate(drawInPage, { board, settings });
    if ('failure' in answer) {
      return { panels: [], errors: [answer.failure] };
    }
    // Tables draw the rows that are in view: all of the board has to be.
    const height = await page.evaluate(() => document.getElementById('root')!.offsetHeight);
    await page.setViewportSize({ width: settings.width, height });
    await page.waitForLoadState('networkidle');
    const spans = pageHeight === undefined ? [] : pages(height, await panelSpans(page), pageHeight);
    await page.screenshot({ path: `${path}.png`, animations: 'disabled' });
    for (const [at, [from, to]] of spans.entries()) {
      const clip = { x: 0, y: from, width: settings.width, height: to - from };
      await page.screenshot({ path: `${path}-${at + 1}.png`, animations: 'disabled', clip });
    }
    return { panels: answer.panels, errors };
  } finally {
    await context.close();
  }
}

type Answer = { panels: PanelResult[] } | { failure: string };

/** Runs in the page, where nothing of this file is. */
async function drawInPage({ board, settings }: { board: Dashboard; settings: Settings }): Promise<Answer> {
  try {
    return { panels: await window.renderBoard(board, settings) };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

async function panelSpans(page: Page): Promise<Span[]> {
  return page.$$eval('[data-panel]', (panels) =>
    panels.map((panel) => {
      const { top, bottom } = panel.getBoundingClientRect();
      // The heading of a row stays with what is below it.
      const next = panel.getAttribute('data-panel') === 'row' ? panel.nextElementSibling : null;
      return [Math.floor(top), Math.ceil(next?.getBoundingClientRect().bottom ?? bottom)] as [number, number];
    }),
  );
}

function collectErrors(page: Page): string[] {
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    // What Prometheus refused is told with the panel that asked.
    if (message.type() === 'error' && !message.location().url.includes('/prometheus/')) {
      errors.push(message.text());
    }
  });
  return errors;
}
