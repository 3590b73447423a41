// What a dashboard may not have, so that no picture differs from Grafana in silence.

import { type Dashboard, isRow, targetsOf, variablesOf } from './model.ts';

/** Options that change what Grafana shows, and that nothing here reads. */
const PANEL = ['repeat', 'interval', 'maxDataPoints', 'timeFrom', 'timeShift', 'transparent'];
const TARGET = ['hide', 'interval', 'intervalFactor'];
const VARIABLE = ['regex'];

/** Throws when `board` has one of them. */
export function refuseUnsupported(board: Dashboard): void {
  const all = (board.panels ?? []).flatMap((panel) => (isRow(panel) ? [panel, ...panel.panels] : [panel]));
  for (const panel of all) {
    refuse(`"${panel.title}"`, panel, PANEL);
    for (const target of isRow(panel) ? [] : targetsOf(panel)) {
      refuse(`"${panel.title}", query ${target.refId},`, target, TARGET);
    }
  }
  for (const variable of variablesOf(board)) {
    refuse(`variable ${variable.name}`, variable, VARIABLE);
  }
}

function refuse(what: string, options: object, unsupported: string[]): void {
  const found = Object.entries(options).find(([name, value]) => value && unsupported.includes(name));
  if (found) {
    throw new Error(`${what} has the option ${found[0]}, which cannot be drawn`);
  }
}
