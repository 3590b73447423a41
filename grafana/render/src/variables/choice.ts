// Which of its options a variable has: what the caller chose, else All, else what is saved, else the first.

import type { VariableModel } from '@grafana/schema';

import type { Variable } from './interpolate.ts';
import type { Option } from './options.ts';

export function choose(
  model: Pick<VariableModel, 'multi' | 'includeAll' | 'allValue' | 'current'>,
  base: Pick<Variable, 'name' | 'label' | 'isMulti' | 'isHidden'>,
  options: Option[],
  chosen: string[] | undefined,
): Variable {
  if (chosen && !chosen.includes('All')) {
    // The empty value chooses what lacks the label.
    const text = (value: string) => options.find((option) => option.value === value)?.text ?? (value || 'none');
    return { ...base, text: chosen.map(text).join(' + '), value: model.multi ? chosen : chosen[0]! };
  }
  if (model.includeAll) {
    return model.allValue
      ? { ...base, text: 'All', value: model.allValue, isAllValue: true }
      : { ...base, text: 'All', value: options.map((option) => option.value) };
  }
  const saved = options.find((option) => option.value === [model.current?.value ?? []].flat()[0]);
  const first = saved ?? options[0] ?? { text: 'None', value: '' };
  return { ...base, text: first.text, value: model.multi ? [first.value] : first.value };
}
