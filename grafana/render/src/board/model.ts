// The classic dashboard JSON, typed by Grafana's own schema.

import type { Dashboard, DataQuery, GridPos, Panel, RowPanel, VariableModel } from '@grafana/schema';

export type { Dashboard, GridPos, Panel, RowPanel, VariableModel };

/** A query of a panel for a Prometheus data source. */
export interface PrometheusTarget extends DataQuery {
  expr: string;
  /** Asks for the values of now, and not for those of a range. */
  instant?: boolean;
  format?: 'time_series' | 'table';
  legendFormat?: string;
}

export function isRow(panel: Panel | RowPanel): panel is RowPanel {
  return panel.type === 'row';
}

export function variablesOf({ templating }: Dashboard): VariableModel[] {
  return templating?.list ?? [];
}

export function targetsOf(panel: Panel): PrometheusTarget[] {
  return (panel.targets ?? []) as unknown[] as PrometheusTarget[];
}
