// The names of series: a query's legend format as Grafana's Prometheus data source fills it in.

export type Labels = Record<string, string>;

/** `name{label="value"}` as PromQL writes it. */
function seriesText(labels: Labels): string {
  const { __name__: name = '', ...others } = labels;
  const pairs = Object.entries(others).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${name}{${pairs.map(([label, value]) => `${label}=${JSON.stringify(value)}`).join(', ')}}`;
}

/**
 * The name of one series, or nothing where Grafana is to name it by the labels that tell it from the others.
 * A label that the series lacks is empty text.
 */
export function legend(format: string | undefined, labels: Labels, expression: string): string | undefined {
  if (format === '__auto') {
    return Object.keys(labels).length > 0 ? undefined : expression;
  }
  const text = format
    ? format.replace(/\{\{\s*(.+?)\s*\}\}/g, (_, label: string) => labels[label] ?? '')
    : seriesText(labels);
  return text === '{}' ? expression : text;
}
