// How Grafana's Prometheus data source writes values into a query.

/** A value inside a PromQL string that is matched by `=`. */
export function escapeString(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/"/g, '\\"');
}

/** Values inside a PromQL string that is matched by `=~`. */
export function regexOf(values: string[]): string {
  const escaped = values.map(escapeRegex);
  return escaped.length === 1 ? escaped[0]! : `(${escaped.join('|')})`;
}

/** A backslash has to pass the string and the expression. */
function escapeRegex(value: string): string {
  return value
    .replace(/\\/g, '\\\\\\\\')
    .replace(/"/g, '\\"')
    .replace(/[$^*{}[\]+?.()|]/g, '\\\\$&');
}
