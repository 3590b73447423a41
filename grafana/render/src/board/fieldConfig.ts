// Applies a panel's field configuration and overrides to its data, by Grafana's own rules.

import {
  applyFieldOverrides,
  cacheFieldDisplayNames,
  type DataFrame,
  displayNameOverrideProcessor,
  FieldConfigOptionsRegistry,
  type FieldConfigPropertyItem,
  type FieldConfigSource,
  type GrafanaTheme2,
  identityOverrideProcessor,
  type InterpolateFunction,
  numberOverrideProcessor,
  thresholdsOverrideProcessor,
} from '@grafana/data';

const STANDARD: Record<string, FieldConfigPropertyItem['process']> = {
  unit: identityOverrideProcessor,
  min: numberOverrideProcessor,
  max: numberOverrideProcessor,
  fieldMinMax: identityOverrideProcessor,
  decimals: numberOverrideProcessor,
  displayName: displayNameOverrideProcessor as FieldConfigPropertyItem['process'],
  noValue: identityOverrideProcessor,
  color: identityOverrideProcessor,
  thresholds: thresholdsOverrideProcessor as FieldConfigPropertyItem['process'],
  mappings: identityOverrideProcessor,
  links: identityOverrideProcessor,
  filterable: identityOverrideProcessor,
};

const CUSTOM = 'custom.';

/** The standard options, and those of the panel itself that it names: Grafana applies no others. */
function registryFor({ defaults, overrides }: FieldConfigSource): FieldConfigOptionsRegistry {
  const overridden = overrides
    .flatMap(({ properties }) => properties.map(({ id }) => id))
    .filter((id) => id.startsWith(CUSTOM))
    .map((id) => id.slice(CUSTOM.length));
  const custom = new Set([...Object.keys(defaults.custom ?? {}), ...overridden]);
  return new FieldConfigOptionsRegistry(() => [
    ...Object.entries(STANDARD).map(([id, process]) => item({ id, path: id, process })),
    ...[...custom].map((path) => item({ id: CUSTOM + path, path, process: identityOverrideProcessor, isCustom: true })),
  ]);
}

function item(given: Pick<FieldConfigPropertyItem, 'id' | 'path' | 'process' | 'isCustom'>): FieldConfigPropertyItem {
  const noEditor = () => null;
  return { ...given, name: given.id, editor: noEditor, override: noEditor, shouldApply: () => true };
}

/** A copy of `data` with units, names, colours, thresholds and links. */
export function configureFields(
  data: DataFrame[],
  fieldConfig: FieldConfigSource,
  theme: GrafanaTheme2,
  timeZone: string,
  replaceVariables: InterpolateFunction,
): DataFrame[] {
  const configured = applyFieldOverrides({
    data,
    fieldConfig,
    fieldConfigRegistry: registryFor(fieldConfig),
    replaceVariables,
    theme,
    timeZone,
  });
  // The table reads no other names than these.
  cacheFieldDisplayNames(configured);
  return configured;
}
