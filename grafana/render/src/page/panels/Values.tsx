import {
  type FieldDisplay,
  getDisplayValueAlignmentFactors,
  getFieldDisplayValues,
  type ReduceDataOptions,
  type VizOrientation,
} from '@grafana/data';
import { useTheme2, VizRepeater } from '@grafana/ui';
import type { ComponentProps } from 'react';

import type { PanelProps } from './props.ts';

export interface ValuesOptions {
  reduceOptions: ReduceDataOptions;
  orientation: VizOrientation;
}

type AlignmentFactors = ReturnType<typeof getDisplayValueAlignmentFactors> | undefined;
type RepeaterProps = ComponentProps<typeof VizRepeater<FieldDisplay, AlignmentFactors>>;
type Spaces = 'itemSpacing' | 'autoGrid' | 'minVizWidth' | 'minVizHeight' | 'maxVizHeight';

interface Props extends Pick<RepeaterProps, 'renderValue' | Spaces> {
  panel: PanelProps<ValuesOptions>;
  /** What values have besides their text and colour. */
  sparkline?: boolean;
  percentChange?: boolean;
}

/** The values of a panel that reduces each series to one. */
export function Values({ panel, sparkline, percentChange, renderValue, ...spaces }: Props) {
  const { frames, options, fieldConfig, width, height, timeZone, replaceVariables } = panel;
  const theme = useTheme2();
  const { reduceOptions, orientation } = options;
  const settings = { data: frames, fieldConfig, reduceOptions, replaceVariables, theme, timeZone };
  return (
    <VizRepeater<FieldDisplay, AlignmentFactors>
      getValues={() => getFieldDisplayValues({ ...settings, sparkline, percentChange })}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderValue={({ count, alignmentFactors, ...props }) =>
        // A single value has nothing to be aligned with.
        renderValue({ ...props, count, alignmentFactors: count > 1 ? alignmentFactors : undefined })
      }
      source={frames}
      renderCounter={0}
      orientation={orientation}
      width={width}
      height={height}
      {...spaces}
    />
  );
}
