import type { PercentChangeColorMode, VizTextDisplayOptions } from '@grafana/schema';
import {
  BigValue,
  type BigValueColorMode,
  BigValueGraphMode,
  type BigValueJustifyMode,
  BigValueTextMode,
  useTheme2,
} from '@grafana/ui';

import type { PanelProps } from './props.ts';
import { Values, type ValuesOptions } from './Values.tsx';

export interface StatOptions extends ValuesOptions {
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
  const { options, timeRange } = props;
  const theme = useTheme2();
  return (
    <Values
      panel={props}
      sparkline={options.graphMode !== BigValueGraphMode.None}
      percentChange={options.showPercentChange}
      itemSpacing={3}
      autoGrid
      renderValue={({ value, width, height, count, alignmentFactors }) => (
        <BigValue
          value={value.display}
          sparkline={value.sparkline && { ...value.sparkline, timeRange }}
          count={count}
          colorMode={options.colorMode}
          graphMode={options.graphMode}
          justifyMode={options.justifyMode}
          textMode={textMode(props)}
          alignmentFactors={alignmentFactors}
          text={options.text}
          percentChangeColorMode={options.percentChangeColorMode}
          disableWideLayout={!options.wideLayout}
          width={width}
          height={height}
          theme={theme}
        />
      )}
    />
  );
}

/** A name that is set is worth showing, also where there is but one value; and there has to be some title. */
function textMode({ title, options, fieldConfig }: PanelProps<StatOptions>): BigValueTextMode {
  const showsName = Boolean(fieldConfig.defaults.displayName) || title === '';
  return options.textMode === BigValueTextMode.Auto && showsName ? BigValueTextMode.ValueAndName : options.textMode;
}
