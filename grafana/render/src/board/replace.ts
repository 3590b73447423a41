// What the components of Grafana call to write variables into titles, names and links.

import {
  type DataFrame,
  type Field,
  getFieldDisplayName,
  type InterpolateFunction,
  type ScopedVars,
} from '@grafana/data';

import { interpolateText, type Scope } from '../variables/interpolate.ts';

interface DataContext {
  frame: DataFrame;
  field: Field;
  data?: DataFrame[];
  rowIndex?: number;
}

/** Variables of the dashboard and those of data links and names: `__field`, `__series`, `__data` and `__value`. */
export function replacer(scope: Scope): InterpolateFunction {
  return (text, scopedVars) => interpolateText(replaceFields(text ?? '', scopedVars), scope);
}

function replaceFields(text: string, scopedVars: ScopedVars | undefined): string {
  const context = scopedVars?.__dataContext?.value as DataContext | undefined;
  return text.replace(/\$\{(__(?:field|series|data|value)[^}]*)\}/g, (reference, path: string) => {
    const value = context ? lookUp(path.split(':')[0]!, context) : scopedVars?.[path]?.value;
    return value === undefined ? reference : String(value);
  });
}

function lookUp(path: string, { frame, field, data, rowIndex = 0 }: DataContext): unknown {
  const label = /^__field\.labels\.(.+)$/.exec(path)?.[1] ?? /^__field\.labels\["(.+)"\]$/.exec(path)?.[1];
  if (label) {
    return field.labels?.[label] ?? '';
  }
  const column = /^__data\.fields(?:\.(.+)|\["?([^"\]]+)"?\])$/.exec(path);
  if (column) {
    const name = (column[1] ?? column[2])!;
    const found = frame.fields.find((one) => one.name === name || getFieldDisplayName(one, frame, data) === name);
    return (found ?? frame.fields[Number(name)])?.values[rowIndex] ?? '';
  }
  switch (path) {
    case '__field.name':
    case '__field.displayName':
      return getFieldDisplayName(field, frame, data);
    case '__series.name':
      return frame.name ?? '';
    case '__value.raw':
    case '__value.numeric':
    case '__value.text':
      return field.values[rowIndex];
    default:
      return undefined;
  }
}
