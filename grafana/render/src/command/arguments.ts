// The command line.

import { parseArgs } from 'node:util';

import { messageOf } from '../messageOf.ts';
import type { Settings } from '../page/renderBoard.tsx';
import type { Camera } from './browser.ts';

export const HELP = `\
Usage: render --prometheus URL [OPTION...] [BOARD...]

Draws dashboards from live data, one PNG each. BOARD is the uid of a dashboard; without any, all are drawn.

  --prometheus URL       where the data are
  --dashboards DIR       the folder of dashboard JSON (default: ../dashboards)
  --out DIR              the folder for the pictures (default: pictures)
  --var NAME=VALUE,...   chooses values of a variable (default: All); can be repeated
  --from TIME            what to show instead of each dashboard's own time, such as now-15m
  --width PIXELS         (default: 1600)
  --scale NUMBER         pixels of the picture per pixel of the page (default: 1)
  --page-height PIXELS   also cuts each picture into pages of about this height, BOARD-1.png and so on
  --scrape-interval TIME what Grafana's data source would be set to (default: the longest one of Prometheus' targets)
  --rows HOW             expanded (default), or as-saved: collapsed rows stay closed
  --chromium PATH        (default: chromium)
`;

export interface Arguments {
  prometheus: string;
  dashboards: string;
  out: string;
  camera: Camera;
  chromium: string;
  boards: string[];
  settings: Settings;
}

/** A mistake on the command line. */
export class UsageError extends Error {}

export function parseArguments(args: string[]): Arguments | 'help' {
  const { values, positionals } = parse(args);
  if (values.help) {
    return 'help';
  }
  const { prometheus, rows } = values;
  if (rows !== 'expanded' && rows !== 'as-saved') {
    throw new UsageError(`--rows is expanded or as-saved, not ${rows}`);
  }
  if (!prometheus) {
    throw new UsageError('--prometheus is missing');
  }
  return {
    prometheus,
    dashboards: values.dashboards,
    out: values.out,
    camera: {
      scale: number('--scale', values.scale),
      pageHeight: values['page-height'] === undefined ? undefined : number('--page-height', values['page-height']),
    },
    chromium: values.chromium,
    boards: positionals,
    settings: {
      width: number('--width', values.width),
      rows,
      variables: Object.fromEntries(values.var.map(variable)),
      from: values.from,
      scrapeInterval: values['scrape-interval'],
    },
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        prometheus: { type: 'string' },
        dashboards: { type: 'string', default: '../dashboards' },
        out: { type: 'string', default: 'pictures' },
        var: { type: 'string', multiple: true, default: [] },
        from: { type: 'string' },
        width: { type: 'string', default: '1600' },
        scale: { type: 'string', default: '1' },
        'page-height': { type: 'string' },
        'scrape-interval': { type: 'string' },
        rows: { type: 'string', default: 'expanded' },
        chromium: { type: 'string', default: 'chromium' },
      },
    });
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) {
    throw new UsageError(`${name} is a number above 0, not ${text}`);
  }
  return value;
}

function variable(text: string): [name: string, values: string[]] {
  const [, name, values] = /^(\w+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || values === undefined) {
    throw new UsageError(`--var is NAME=VALUE,..., not ${text}`);
  }
  return [name, values.split(',')];
}
