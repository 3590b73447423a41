import {
  BarGaugeDisplayMode,
  type BarGaugeNamePlacement,
  BarGaugeSizing,
  type BarGaugeValueMode,
  type VizTextDisplayOptions,
} from '@grafana/schema';
import { BarGauge, useTheme2 } from '@grafana/ui';

import type { PanelProps } from './props.ts';
import { Values, type ValuesOptions } from './Values.tsx';

export interface BarGaugeOptions extends ValuesOptions {
  displayMode: BarGaugeDisplayMode;
  valueMode: BarGaugeValueMode;
  namePlacement: BarGaugeNamePlacement;
  showUnfilled: boolean;
  sizing: BarGaugeSizing;
  minVizWidth: number;
  minVizHeight: number;
  maxVizHeight: number;
  text: VizTextDisplayOptions;
}

const AUTOMATIC_SIZES = { minVizWidth: 8, minVizHeight: 16, maxVizHeight: 300 };

/** A bar for each series. */
export function BarGaugePanel(props: PanelProps<BarGaugeOptions>) {
  const { options, fieldConfig } = props;
  const theme = useTheme2();
  const { minVizWidth, minVizHeight, maxVizHeight } =
    options.sizing === BarGaugeSizing.Manual ? options : AUTOMATIC_SIZES;
  const itemSpacing = options.displayMode === BarGaugeDisplayMode.Lcd ? 2 : 10;
  return (
    <Values
      panel={props}
      itemSpacing={itemSpacing}
      minVizWidth={minVizWidth}
      minVizHeight={minVizHeight}
      maxVizHeight={maxVizHeight}
      renderValue={({ value, width, height, orientation, count, alignmentFactors }) => (
        <BarGauge
          value={count > 1 || fieldConfig.defaults.displayName ? value.display : { ...value.display, title: undefined }}
          field={value.field}
          display={
            value.view && value.colIndex !== undefined ? value.view.getFieldDisplayProcessor(value.colIndex) : undefined
          }
          displayMode={options.displayMode}
          valueDisplayMode={options.valueMode}
          namePlacement={options.namePlacement}
          showUnfilled={options.showUnfilled}
          itemSpacing={itemSpacing}
          alignmentFactors={alignmentFactors}
          text={options.text}
          orientation={orientation}
          width={width}
          height={height}
          theme={theme}
        />
      )}
    />
  );
}
