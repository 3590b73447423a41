// Gives every variable of a dashboard its value: what the caller chose, else All, else the first one.

import { type VariableModel, VariableHide } from '@grafana/schema';

import { labelNames, labelValues, queryInstant } from '../prometheus/client.ts';
import { seriesText } from '../prometheus/legend.ts';
import { choose } from './choice.ts';
import { interpolateQuery, type Scope, type Variable, withVariables } from './interpolate.ts';
import { customOptions, type Option, optionsByRegex, sortOptions } from './options.ts';
import { parseVariableQuery } from './query.ts';

/** The range in milliseconds that variables are looked up in. */
export interface Range {
  from: number;
  to: number;
}

/** Resolves `models` in their order, so that each can refer to those before it. */
export async function resolveVariables(
  models: VariableModel[],
  builtIn: Variable[],
  chosen: Record<string, string[]>,
  range: Range,
): Promise<Scope> {
  let scope = withVariables(new Map(), builtIn);
  for (const model of models) {
    const resolved = await resolve(model, scope, chosen[model.name], range).catch((error: Error) => {
      throw new Error(`variable ${model.name}: ${error.message}`, { cause: error });
    });
    scope = withVariables(scope, [resolved]);
  }
  return scope;
}

async function resolve(model: VariableModel, scope: Scope, chosen: string[] | undefined, range: Range) {
  const base = {
    name: model.name,
    label: model.label || model.name,
    isMulti: Boolean(model.multi || model.includeAll),
    isHidden: model.hide === VariableHide.hideVariable,
  };
  switch (model.type) {
    case 'datasource':
      return { ...base, isMulti: false, text: 'Prometheus', value: 'prometheus' };
    case 'constant':
    case 'textbox': {
      const text = chosen?.[0] ?? queryText(model);
      return { ...base, isMulti: false, text, value: text, isHidden: base.isHidden || model.type === 'constant' };
    }
    case 'custom':
    case 'interval':
      return choose(model, base, customOptions(queryText(model)), chosen);
    case 'query':
      return choose(model, base, await queriedOptions(model, scope, range), chosen);
    default:
      throw new Error(`variables of type ${model.type} cannot be drawn ($${model.name})`);
  }
}

/** A query is text, or an object that holds it. */
function queryText(model: VariableModel): string {
  const query: unknown = model.query;
  return typeof query === 'object' && query !== null && 'query' in query ? String(query.query) : String(query ?? '');
}

async function queriedOptions(model: VariableModel, scope: Scope, range: Range): Promise<Option[]> {
  const query = parseVariableQuery(interpolateQuery(queryText(model), scope));
  const regex = model.regex ? interpolateQuery(model.regex, scope) : undefined;
  return sortOptions(optionsByRegex(await ask(query, range), regex), model.sort);
}

async function ask(query: ReturnType<typeof parseVariableQuery>, { from, to }: Range): Promise<string[]> {
  switch (query.kind) {
    case 'label_values':
      return labelValues(query.label, query.selector, from, to);
    case 'label_names':
      return labelNames(from, to);
    case 'metrics':
      return (await labelValues('__name__', '', from, to)).filter((name) => new RegExp(query.regex).test(name));
    case 'query_result': {
      const series = await queryInstant(query.expression, to);
      return series.map(({ metric, values: [sample] }) => `${seriesText(metric)} ${sample![1]} ${sample![0] * 1000}`);
    }
  }
}
