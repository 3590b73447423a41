// Draws dashboards from live data, one PNG each, and says which panels had no data or an error.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { messageOf } from '../messageOf.ts';
import { type Arguments, HELP, parseArguments, UsageError } from './arguments.ts';
import { draw, type Drawing, startBrowser } from './browser.ts';
import { bundlePage } from './bundle.ts';
import { readDashboards } from './dashboards.ts';
import { serve } from './server.ts';

/** Returns whether all went well. */
async function render(args: Arguments): Promise<boolean> {
  const { settings, camera } = args;
  const boards = await readDashboards(args.dashboards, args.boards);
  await mkdir(args.out, { recursive: true });
  const server = await serve(await bundlePage(), args.prometheus);
  try {
    const browser = await startBrowser(args.chromium);
    try {
      let isGood = true;
      for (const board of boards) {
        const path = join(args.out, board.uid!);
        const drawing = await draw(browser, server.url, { board, settings, camera, path });
        console.log(report(path, drawing));
        isGood &&= drawing.errors.length === 0 && drawing.panels.every(({ state }) => state !== 'error');
      }
      return isGood;
    } finally {
      await browser.close();
    }
  } finally {
    server.close();
  }
}

function report(path: string, { panels, errors }: Drawing): string {
  const drawn = panels.filter(({ state }) => state === 'drawn').length;
  const others = panels.filter(({ state }) => state !== 'drawn');
  return [
    panels.length > 0 ? `${path}.png: ${drawn} of ${panels.length} panels have data` : `${path}.png: not drawn`,
    ...others.map(({ title, state, message }) => `  ${state}: ${title}${message ? `: ${message}` : ''}`),
    ...errors.map((error) => `  error: ${error}`),
  ].join('\n');
}

try {
  const args = parseArguments(process.argv.slice(2));
  if (args === 'help') {
    process.stdout.write(HELP);
  } else {
    process.exitCode = (await render(args)) ? 0 : 1;
  }
} catch (error) {
  console.error(`render: ${messageOf(error)}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
