import {
  type FieldDisplay,
  getDisplayValueAlignmentFactors,
  getFieldDisplayValues,
  type ReduceDataOptions,
  type VizOrientation,
} from '@grafana/data';
import type { PercentChangeColorMode, VizTextDisplayOptions } from '@grafana/schema';
import {
  BigValue,
  type BigValueColorMode,
  BigValueGraphMode,
  type BigValueJustifyMode,
  BigValueTextMode,
  useTheme2,
  VizRepeater,
} from '@grafana/ui';

import type { PanelProps } from './props.ts';

export interface StatOptions {
  reduceOptions: ReduceDataOptions;
  orientation: VizOrientation;
  colorMode: BigValueColorMode;
  graphMode: BigValueGraphMode;
  justifyMode: BigValueJustifyMode;
  textMode: BigValueTextMode;
  wideLayout: boolean;
  showPercentChange: boolean;
  percentChangeColorMode: PercentChangeColorMode;
  text: VizTextDisplayOptions;
}

/** One big value, or one for each series. */
export function StatPanel(props: PanelProps<StatOptions>) {
  const { frames, options, fieldConfig, width, height, timeRange, timeZone, replaceVariables } = props;
  const theme = useTheme2();
  const getValues = () =>
    getFieldDisplayValues({
      data: frames,
      fieldConfig,
      reduceOptions: options.reduceOptions,
      replaceVariables,
      theme,
      timeZone,
      sparkline: options.graphMode !== BigValueGraphMode.None,
      percentChange: options.showPercentChange,
    });
  return (
    <VizRepeater<FieldDisplay, ReturnType<typeof getDisplayValueAlignmentFactors>>
      getValues={getValues}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderValue={({ value, width, height, count, alignmentFactors }) => {
        const sparkline = value.sparkline && { ...value.sparkline, timeRange };
        return (
          <BigValue
            value={value.display}
            sparkline={sparkline}
            count={count}
            colorMode={options.colorMode}
            graphMode={options.graphMode}
            justifyMode={options.justifyMode}
            textMode={textMode(options.textMode, props)}
            alignmentFactors={count > 1 ? alignmentFactors : undefined}
            text={options.text}
            percentChangeColorMode={options.percentChangeColorMode}
            disableWideLayout={!options.wideLayout}
            width={width}
            height={height}
            theme={theme}
          />
        );
      }}
      source={frames}
      renderCounter={0}
      itemSpacing={3}
      autoGrid
      orientation={options.orientation}
      width={width}
      height={height}
    />
  );
}

/** A name that is set is worth showing, also where there is but one value; and there has to be some title. */
function textMode(mode: BigValueTextMode, { title, fieldConfig }: PanelProps<StatOptions>): BigValueTextMode {
  const showsName = Boolean(fieldConfig.defaults.displayName) || title === '';
  return mode === BigValueTextMode.Auto && showsName ? BigValueTextMode.ValueAndName : mode;
}
