// Turns what a variable's query finds into the values of its picker: regex and sort of the dashboard JSON.

import { VariableSort } from '@grafana/schema';

export interface Option {
  text: string;
  value: string;
}

/** The options of a custom variable, `a, b` or `text : value, ...`; a comma can be escaped. */
export function customOptions(query: string): Option[] {
  return (query.match(/(?:\\,|[^,])+/g) ?? []).map((part) => {
    const [, text, value] = /^\s*(.+?)\s+:\s+(.+?)\s*$/s.exec(part) ?? [undefined, part.trim(), part.trim()];
    return { text: text!.replaceAll('\\,', ','), value: value!.replaceAll('\\,', ',') };
  });
}

/** Keeps what the variable's regex finds: its groups named `value` and `text`, its first group, or the whole value. */
export function optionsByRegex(found: string[], regex: string | undefined): Option[] {
  const unique = (options: Option[]) => [...new Map(options.map((option) => [option.value, option])).values()];
  if (!regex) {
    return unique(found.map((value) => ({ text: value, value })));
  }
  const pattern = toRegExp(regex);
  return unique(
    found.flatMap((text) => {
      const match = pattern.exec(text);
      if (!match) {
        return [];
      }
      const value = match.groups?.value ?? match.groups?.text ?? match[1] ?? text;
      return [{ value, text: match.groups?.text ?? value }];
    }),
  );
}

/** `/expression/flags`, or the whole value matched by the expression. */
function toRegExp(text: string): RegExp {
  const parts = /^\/(.*)\/([a-z]*)$/s.exec(text);
  return parts ? new RegExp(parts[1]!, parts[2]!.replace('g', '')) : new RegExp(`^${text}$`);
}

/** Sorts as the variable's `sort` says; the order of Prometheus is kept without one. */
export function sortOptions(options: Option[], sort: VariableSort | undefined): Option[] {
  const number = ({ text }: Option) => Number(/\d+(?:\.\d+)?/.exec(text)?.[0] ?? -1);
  const compare: Partial<Record<VariableSort, (a: Option, b: Option) => number>> = {
    [VariableSort.alphabeticalAsc]: (a, b) => (a.text < b.text ? -1 : 1),
    [VariableSort.alphabeticalDesc]: (a, b) => (a.text < b.text ? 1 : -1),
    [VariableSort.numericalAsc]: (a, b) => number(a) - number(b),
    [VariableSort.numericalDesc]: (a, b) => number(b) - number(a),
    [VariableSort.alphabeticalCaseInsensitiveAsc]: (a, b) => a.text.localeCompare(b.text, 'en'),
    [VariableSort.alphabeticalCaseInsensitiveDesc]: (a, b) => b.text.localeCompare(a.text, 'en'),
    [VariableSort.naturalAsc]: (a, b) => a.text.localeCompare(b.text, 'en', { numeric: true }),
    [VariableSort.naturalDesc]: (a, b) => b.text.localeCompare(a.text, 'en', { numeric: true }),
  };
  const comparison = sort === undefined ? undefined : compare[sort];
  return comparison ? [...options].sort(comparison) : options;
}
