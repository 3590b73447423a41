// Writes variables into texts: `$name` and `${name}`.

/** What is written for a variable. */
export interface Variable {
  /** In titles, and in the header: what is chosen. */
  text: string;
  /** In queries. */
  promql: string;
}

/** Variables by name. */
export type Scope = ReadonlyMap<string, Variable>;

/** Not `${name:format}`: only links have these, and nobody follows a link in a picture. */
const REFERENCE = /\$(?:(\w+)|\{(\w+)\})/g;

/** Replaces the references to variables of `scope`; others stay as they are. */
function interpolate(text: string, scope: Scope, kind: keyof Variable): string {
  return text.replace(
    REFERENCE,
    (reference, plain?: string, braced?: string) => scope.get(plain ?? braced ?? '')?.[kind] ?? reference,
  );
}

/** `text` as a PromQL expression. */
export const interpolateQuery = (text: string, scope: Scope): string => interpolate(text, scope, 'promql');

/** `text` as a title or a name. */
export const interpolateText = (text: string, scope: Scope): string => interpolate(text, scope, 'text');

/** `scope` with variables of plain text, such as `__interval`. */
export function withTexts(scope: Scope, texts: Record<string, string>): Scope {
  return new Map([...scope, ...Object.entries(texts).map(([name, text]) => [name, { text, promql: text }] as const)]);
}
