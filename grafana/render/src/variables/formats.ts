// The formats of `${variable:format}`, and how the Prometheus data source writes a value into a query.

/** What a variable holds: one value or several. */
export type Value = string | string[];

/** Turns what a variable holds into text. */
export type Format = (value: Value) => string;

/** A value inside a PromQL string that is matched by `=`. */
export function escapeString(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/"/g, '\\"');
}

/** A value inside a PromQL string that is matched by `=~`: a backslash has to pass the string and the expression. */
export function escapeRegex(value: string): string {
  return value
    .replace(/\\/g, '\\\\\\\\')
    .replace(/"/g, '\\"')
    .replace(/[$^*{}[\]+?.()|]/g, '\\\\$&');
}

/** How a variable that can hold several values is written into a query where no format is given. */
export function prometheusFormat(value: Value): string {
  if (!Array.isArray(value)) {
    return escapeRegex(value);
  }
  const escaped = value.map(escapeRegex);
  return escaped.length === 1 ? escaped[0]! : `(${escaped.join('|')})`;
}

const list = (value: Value): string[] => (Array.isArray(value) ? value : [value]);

/** Names as in `${variable:name}`. */
export const formats: Record<string, Format> = {
  raw: (value) => list(value).join(','),
  csv: (value) => list(value).join(','),
  pipe: (value) => list(value).join('|'),
  glob: (value) => (list(value).length === 1 ? list(value)[0]! : `{${list(value).join(',')}}`),
  text: (value) => list(value).join(' + '),
  json: (value) => JSON.stringify(value),
  singlequote: (value) =>
    list(value)
      .map((one) => `'${one.replace(/'/g, "\\'")}'`)
      .join(','),
  doublequote: (value) =>
    list(value)
      .map((one) => `"${one.replace(/"/g, '\\"')}"`)
      .join(','),
  percentencode: (value) => encodeURIComponent(list(value).join(',')),
  regex: (value) => {
    const escaped = list(value).map((one) => one.replace(/[\\^$*+?.()|[\]{}/]/g, '\\$&'));
    return escaped.length === 1 ? escaped[0]! : `(${escaped.join('|')})`;
  },
};
