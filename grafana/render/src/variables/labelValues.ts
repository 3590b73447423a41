// The values that a variable can have: those of a label among the series that a selector finds.

import { VariableSort } from '@grafana/schema';

export interface LabelValues {
  selector: string;
  label: string;
}

/** Reads a variable's query, `label_values(selector, label)`. */
export function parseLabelValues(query: string): LabelValues {
  const [, selector, label] = /^\s*label_values\((.+),\s*(\w+)\s*\)\s*$/s.exec(query) ?? [];
  if (selector === undefined || label === undefined) {
    throw new Error(`a query that is not label_values(selector, label): ${query}`);
  }
  return { selector, label };
}

/** Sorts as the variable's `sort` says. `values` come from Prometheus, which sorts them as text. */
export function sortValues(values: string[], sort: VariableSort | undefined): string[] {
  switch (sort) {
    case undefined:
    case VariableSort.disabled:
    case VariableSort.alphabeticalAsc:
      return values;
    case VariableSort.numericalAsc:
      return [...values].sort((a, b) => firstNumber(a) - firstNumber(b));
    default:
      throw new Error(`sorted in a way that is not known here: ${sort}`);
  }
}

const firstNumber = (text: string): number => Number(/\d+(?:\.\d+)?/.exec(text)?.[0] ?? -1);
