// The queries of variables: `label_values(...)`, `label_names()`, `metrics(...)` and `query_result(...)`.

/** What a variable asks Prometheus for. */
export type VariableQuery =
  | { kind: 'label_values'; label: string; selector: string }
  | { kind: 'label_names' }
  | { kind: 'metrics'; regex: string }
  | { kind: 'query_result'; expression: string };

/** Reads the query as Grafana's Prometheus data source does. */
export function parseVariableQuery(text: string): VariableQuery {
  const query = text.trim();
  if (/^label_names\(\s*\)$/.test(query)) {
    return { kind: 'label_names' };
  }
  const labelValues = /^label_values\((?:(.+),\s*)?([a-zA-Z_$][\w$]*)\s*\)$/s.exec(query);
  if (labelValues) {
    return { kind: 'label_values', selector: labelValues[1]?.trim() ?? '', label: labelValues[2]! };
  }
  const metrics = /^metrics\((.+)\)$/s.exec(query);
  if (metrics) {
    return { kind: 'metrics', regex: metrics[1]! };
  }
  const queryResult = /^query_result\((.+)\)$/s.exec(query);
  if (queryResult) {
    return { kind: 'query_result', expression: queryResult[1]! };
  }
  throw new Error(`a variable's query that is not understood: ${text}`);
}
