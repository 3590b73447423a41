// What Grafana's panels take for options that the JSON leaves out.

import type { FieldConfigSource } from '@grafana/data';

import type { Panel } from './model.ts';

interface Defaults {
  options: Record<string, unknown>;
  /** The panel's own field options, `custom` in the JSON. */
  custom?: Record<string, unknown>;
  /** How series are coloured. */
  colorMode: string;
}

const REDUCED = { reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false }, orientation: 'auto', text: {} };

/** What can be drawn. */
export type PanelType = 'timeseries' | 'stat' | 'bargauge' | 'table' | 'state-timeline';

const DEFAULTS: Record<PanelType, Defaults> = {
  timeseries: {
    options: { legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] } },
    custom: {
      drawStyle: 'line',
      lineInterpolation: 'linear',
      lineWidth: 1,
      fillOpacity: 0,
      gradientMode: 'none',
      showPoints: 'auto',
      pointSize: 5,
      spanNulls: false,
      stacking: { mode: 'none', group: 'A' },
      axisPlacement: 'auto',
      axisLabel: '',
      axisColorMode: 'text',
      axisBorderShow: false,
      axisCenteredZero: false,
      barAlignment: 0,
      barWidthFactor: 0.6,
      scaleDistribution: { type: 'linear' },
      thresholdsStyle: { mode: 'off' },
      hideFrom: { tooltip: false, viz: false, legend: false },
    },
    colorMode: 'palette-classic',
  },
  stat: {
    options: {
      ...REDUCED,
      colorMode: 'value',
      graphMode: 'area',
      justifyMode: 'auto',
      textMode: 'auto',
      wideLayout: true,
      showPercentChange: false,
      percentChangeColorMode: 'standard',
    },
    colorMode: 'thresholds',
  },
  bargauge: {
    options: {
      ...REDUCED,
      displayMode: 'gradient',
      valueMode: 'color',
      namePlacement: 'auto',
      showUnfilled: true,
      sizing: 'auto',
      minVizWidth: 8,
      minVizHeight: 16,
      maxVizHeight: 300,
    },
    colorMode: 'thresholds',
  },
  table: {
    options: { showHeader: true, frameIndex: 0, cellHeight: 'sm', sortBy: [] },
    custom: { align: 'auto', cellOptions: { type: 'auto' }, inspect: false },
    colorMode: 'thresholds',
  },
  'state-timeline': {
    options: {
      mergeValues: true,
      showValue: 'auto',
      alignValue: 'left',
      rowHeight: 0.9,
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
    },
    custom: { lineWidth: 0, fillOpacity: 70, spanNulls: false },
    colorMode: 'thresholds',
  },
};

export function typeOf({ type }: Panel): PanelType {
  if (!Object.hasOwn(DEFAULTS, type)) {
    throw new Error(`panels of type ${type} cannot be drawn, only ${Object.keys(DEFAULTS).join(', ')}`);
  }
  return type as PanelType;
}

/** The panel's options, complete: those of its component. */
export function optionsOf(panel: Panel): unknown {
  return merge(DEFAULTS[typeOf(panel)].options, panel.options ?? {});
}

/** The panel's field configuration, complete. */
export function fieldConfigOf(panel: Panel): FieldConfigSource {
  const { custom = {}, colorMode } = DEFAULTS[typeOf(panel)];
  const { defaults = {}, overrides = [] } = (panel.fieldConfig ?? {}) as Partial<FieldConfigSource>;
  const thresholds = defaults.thresholds ?? {
    mode: 'absolute',
    steps: [
      { color: 'green', value: null },
      { color: 'red', value: 80 },
    ],
  };
  return {
    defaults: {
      ...defaults,
      color: defaults.color ?? { mode: colorMode },
      thresholds: {
        ...thresholds,
        // JSON has no infinity; the first step begins there.
        steps: thresholds.steps.map((step, index) => (index === 0 ? { ...step, value: -Infinity } : step)),
      } as FieldConfigSource['defaults']['thresholds'],
      custom: merge(custom, defaults.custom ?? {}),
    },
    overrides: overrides as FieldConfigSource['overrides'],
  };
}

type Tree = Record<string, unknown>;

const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

/** `given` over `defaults`, objects within objects too. */
function merge(defaults: Tree, given: Tree): Tree {
  const merged = { ...defaults };
  for (const [key, value] of Object.entries(given)) {
    const before = defaults[key];
    if (value !== undefined && value !== null) {
      merged[key] = isTree(before) && isTree(value) ? merge(before, value) : value;
    }
  }
  return merged;
}
