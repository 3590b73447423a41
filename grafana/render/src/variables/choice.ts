// What is chosen of a variable's values: what the caller says, else All, else what is saved, else the first.

import type { VariableModel } from '@grafana/schema';

import type { Variable } from './interpolate.ts';
import { escapeString, regexOf } from './promql.ts';

type Model = Pick<VariableModel, 'multi' | 'includeAll' | 'allValue' | 'current'>;

export function choose(model: Model, values: string[], chosen: string[] | undefined): Variable {
  if (chosen && !chosen.includes('All')) {
    return variable(model, model.multi ? chosen : chosen.slice(0, 1));
  }
  if (model.includeAll) {
    // The dashboard's own expression for All is one: it is not escaped.
    return { text: 'All', promql: model.allValue || regexOf(values) };
  }
  const saved = values.find((value) => value === [model.current?.value ?? []].flat()[0]);
  return variable(model, [saved ?? values[0] ?? '']);
}

function variable({ multi, includeAll }: Model, chosen: string[]): Variable {
  return {
    // The empty value chooses what lacks the label.
    text: chosen.map((value) => value || 'none').join(' + '),
    promql: multi || includeAll ? regexOf(chosen) : escapeString(chosen[0]!),
  };
}
