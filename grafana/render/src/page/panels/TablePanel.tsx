import type { TableSortByFieldState } from '@grafana/ui';
import type { TableCellHeight } from '@grafana/schema';
import { TableNG } from '@grafana/ui/unstable';

import { NoData } from './NoData.tsx';
import type { PanelProps } from './props.ts';

export interface TableOptions {
  showHeader: boolean;
  frameIndex: number;
  cellHeight: TableCellHeight;
  sortBy: TableSortByFieldState[];
  enablePagination?: boolean;
}

/** Rows and columns, by the component of Grafana's table panel. */
export function TablePanel(props: PanelProps<TableOptions>) {
  const { frames, options, fieldConfig, width, height, timeRange } = props;
  const data = frames[options.frameIndex] ?? frames[0];
  if (!data || data.fields.length === 0) {
    return <NoData {...props} />;
  }
  return (
    <TableNG
      data={data}
      width={width}
      height={height}
      noHeader={!options.showHeader}
      noValue={fieldConfig.defaults.noValue}
      showTypeIcons={false}
      resizable={false}
      sortBy={options.sortBy}
      cellHeight={options.cellHeight}
      enablePagination={options.enablePagination}
      fieldConfig={fieldConfig}
      timeRange={timeRange}
    />
  );
}
