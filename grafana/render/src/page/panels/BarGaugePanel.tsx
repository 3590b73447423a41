import {
  type FieldDisplay,
  getDisplayValueAlignmentFactors,
  getFieldDisplayValues,
  type ReduceDataOptions,
  type VizOrientation,
} from '@grafana/data';
import {
  BarGaugeDisplayMode,
  type BarGaugeNamePlacement,
  BarGaugeSizing,
  type BarGaugeValueMode,
  type VizTextDisplayOptions,
} from '@grafana/schema';
import { BarGauge, useTheme2, VizRepeater } from '@grafana/ui';

import type { PanelProps } from './props.ts';

export interface BarGaugeOptions {
  reduceOptions: ReduceDataOptions;
  orientation: VizOrientation;
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

/** A bar for each series. */
export function BarGaugePanel(props: PanelProps<BarGaugeOptions>) {
  const { frames, options, fieldConfig, width, height, timeZone, replaceVariables } = props;
  const theme = useTheme2();
  const isManual = options.sizing === BarGaugeSizing.Manual;
  return (
    <VizRepeater<FieldDisplay, ReturnType<typeof getDisplayValueAlignmentFactors>>
      getValues={() =>
        getFieldDisplayValues({
          data: frames,
          fieldConfig,
          reduceOptions: options.reduceOptions,
          replaceVariables,
          theme,
          timeZone,
        })
      }
      getAlignmentFactors={getDisplayValueAlignmentFactors}
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
          itemSpacing={options.displayMode === BarGaugeDisplayMode.Lcd ? 2 : 10}
          alignmentFactors={count > 1 ? alignmentFactors : undefined}
          text={options.text}
          orientation={orientation}
          width={width}
          height={height}
          theme={theme}
        />
      )}
      source={frames}
      renderCounter={0}
      minVizWidth={isManual ? options.minVizWidth : 8}
      minVizHeight={isManual ? options.minVizHeight : 16}
      maxVizHeight={isManual ? options.maxVizHeight : 300}
      itemSpacing={options.displayMode === BarGaugeDisplayMode.Lcd ? 2 : 10}
      orientation={options.orientation}
      width={width}
      height={height}
    />
  );
}
