// Gives every variable of a dashboard its value.

import type { VariableModel } from '@grafana/schema';

import { messageOf } from '../messageOf.ts';
import { labelValues, type Range } from '../prometheus/client.ts';
import { choose } from './choice.ts';
import { interpolateQuery, type Scope, type Variable } from './interpolate.ts';
import { parseLabelValues, sortValues } from './labelValues.ts';

/** Resolves `models` in their order, so that each can refer to those before it. `chosen` are values by name. */
export async function resolveVariables(
  models: VariableModel[],
  chosen: Record<string, string[]>,
  range: Range,
): Promise<Scope> {
  const scope = new Map<string, Variable>();
  for (const model of models) {
    try {
      scope.set(model.name, await resolve(model, scope, chosen[model.name], range));
    } catch (error) {
      throw new Error(`variable ${model.name}: ${messageOf(error)}`, { cause: error });
    }
  }
  return scope;
}

async function resolve(
  model: VariableModel,
  scope: Scope,
  chosen: string[] | undefined,
  range: Range,
): Promise<Variable> {
  switch (model.type) {
    case 'datasource':
      return { text: 'Prometheus', promql: 'prometheus' };
    case 'query': {
      const { label, selector } = parseLabelValues(interpolateQuery(queryText(model), scope));
      return choose(model, sortValues(await labelValues(label, selector, range), model.sort), chosen);
    }
    default:
      throw new Error(`its type, ${model.type}, is not known here`);
  }
}

/** A query is text, or an object that holds it. */
function queryText({ query }: VariableModel): string {
  return typeof query === 'string' ? query : String(query?.query ?? '');
}
