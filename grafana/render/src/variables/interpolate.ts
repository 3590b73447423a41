// Writes variables into texts: `$name`, `${name}`, `${name:format}` and `[[name]]`.

import { escapeString, type Format, formats, prometheusFormat, type Value } from './formats.ts';

/** A variable of a dashboard with what is chosen. */
export interface Variable {
  name: string;
  label?: string;
  /** What is shown in the picker, `All` for instance. */
  text: string;
  value: Value;
  /** Whether the value is the dashboard's own expression for All, which is never escaped. */
  isAllValue?: boolean;
  /** Whether several values can be chosen: then queries match it as a regular expression. */
  isMulti?: boolean;
  isHidden?: boolean;
}

/** Variables by name. */
export type Scope = ReadonlyMap<string, Variable>;

const REFERENCE = /\$(\w+)|\$\{(\w+)(?:\.[^:^}]+)?(?::([^}]+))?\}|\[\[(\w+)(?::(\w+))?\]\]/g;

/** Replaces the references to variables of `scope`; others stay as they are. */
export function interpolate(text: string, scope: Scope, format: (variable: Variable) => string): string {
  return text.replace(REFERENCE, (reference, plain, braced, bracedFormat, bracketed, bracketedFormat) => {
    const variable = scope.get(plain ?? braced ?? bracketed);
    if (!variable) {
      return reference;
    }
    const named = bracedFormat ?? bracketedFormat;
    return named ? inNamedFormat(variable, named) : format(variable);
  });
}

function inNamedFormat(variable: Variable, name: string): string {
  if (name === 'text') {
    return variable.text;
  }
  if (name === 'queryparam') {
    const values = Array.isArray(variable.value) ? variable.value : [variable.value];
    return values.map((value) => `var-${variable.name}=${encodeURIComponent(value)}`).join('&');
  }
  const format: Format | undefined = formats[name];
  if (!format) {
    throw new Error(`unknown format \${${variable.name}:${name}}`);
  }
  return variable.isAllValue ? formats.raw!(variable.value) : format(variable.value);
}

/** `text` as a PromQL expression. */
export function interpolateQuery(text: string, scope: Scope): string {
  return interpolate(text, scope, (variable) => {
    if (variable.isAllValue) {
      return formats.raw!(variable.value);
    }
    if (variable.isMulti || Array.isArray(variable.value)) {
      return prometheusFormat(variable.value);
    }
    return escapeString(variable.value);
  });
}

/** `text` as a title, a description or Markdown. */
export function interpolateText(text: string, scope: Scope): string {
  return interpolate(text, scope, (variable) => variable.text);
}

/** Variables that hold plain text, such as `__interval`. */
export function plainVariables(values: Record<string, string>): Variable[] {
  return Object.entries(values).map(([name, value]) => ({ name, text: value, value, isAllValue: true }));
}

/** `scope` with `added` variables, which hide those of the same name. */
export function withVariables(scope: Scope, added: Variable[]): Scope {
  return new Map([...scope, ...added.map((variable) => [variable.name, variable] as const)]);
}
