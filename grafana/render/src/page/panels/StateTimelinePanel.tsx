import {
  type DataFrame,
  type Field,
  FieldType,
  formattedValueToString,
  getFieldDisplayName,
  type GrafanaTheme2,
  type TimeRange,
} from '@grafana/data';
import { AxisPlacement, ScaleDirection, ScaleOrientation, type VizLegendOptions } from '@grafana/schema';
import {
  getTextColorForAlphaBackground,
  UPLOT_AXIS_FONT_SIZE,
  UPlotChart,
  UPlotConfigBuilder,
  useTheme2,
  VizLayout,
  VizLegend,
} from '@grafana/ui';
import { useMemo } from 'react';
import type uPlot from 'uplot';

import { NoData } from './NoData.tsx';
import type { PanelProps } from './props.ts';
import { type Band, bandsOf, type Shown } from './stateBands.ts';
import { withGaps } from './withGaps.ts';

export interface StateTimelineOptions {
  showValue: 'auto' | 'always' | 'never';
  alignValue: 'left' | 'center' | 'right';
  rowHeight: number;
  legend: VizLegendOptions;
}

interface Lane {
  name: string;
  bands: Band[];
}

/** A lane of coloured bands for each series. The library has no such component: drawn here on its plot and axes. */
export function StateTimelinePanel(props: PanelProps<StateTimelineOptions>) {
  const { frames, options, fieldConfig, width, height, timeRange, timeZone } = props;
  const theme = useTheme2();
  const lanes = useMemo(() => lanesOf(frames, timeRange), [frames, timeRange]);
  const opacity = Number(fieldConfig.defaults.custom?.fillOpacity ?? 70) / 100;
  const config = useMemo(
    () => configOf(lanes, options, opacity, theme, timeRange, timeZone),
    [lanes, options, opacity, theme, timeRange, timeZone],
  );
  if (lanes.length === 0) {
    return <NoData {...props} />;
  }
  const states = new Map(lanes.flatMap(({ bands }) => bands.map(({ text, color }) => [text, color] as const)));
  const legend = options.legend.showLegend ? (
    <VizLayout.Legend placement={options.legend.placement}>
      <VizLegend
        displayMode={options.legend.displayMode}
        placement={options.legend.placement}
        items={[...states].map(([label, color]) => ({ label, color, yAxis: 1 }))}
      />
    </VizLayout.Legend>
  ) : null;
  const ends = [timeRange.from.valueOf(), timeRange.to.valueOf()];
  return (
    <VizLayout width={width} height={height} legend={legend}>
      {(plotWidth: number, plotHeight: number) => (
        <UPlotChart config={config} data={[ends, [0, lanes.length]]} width={plotWidth} height={plotHeight} />
      )}
    </VizLayout>
  );
}

function lanesOf(frames: DataFrame[], timeRange: TimeRange): Lane[] {
  return frames.flatMap((frame) => {
    const { fields } = withGaps(frame, timeRange);
    const time = fields.find(({ type }) => type === FieldType.time);
    if (!time) {
      return [];
    }
    return fields
      .filter((field) => field !== time)
      .map((field) => ({
        name: getFieldDisplayName(field, frame, frames),
        bands: bandsOf(time.values, field.values, showBy(field), timeRange.to.valueOf()),
      }));
  });
}

function showBy(field: Field): (value: unknown) => Shown {
  return (value) => {
    const shown = field.display!(value);
    return { text: formattedValueToString(shown), color: shown.color ?? 'gray' };
  };
}

function configOf(
  lanes: Lane[],
  options: StateTimelineOptions,
  opacity: number,
  theme: GrafanaTheme2,
  timeRange: TimeRange,
  timeZone: string,
): UPlotConfigBuilder {
  const builder = new UPlotConfigBuilder(timeZone);
  builder.addScale({
    scaleKey: 'x',
    isTime: true,
    orientation: ScaleOrientation.Horizontal,
    direction: ScaleDirection.Right,
    range: () => [timeRange.from.valueOf(), timeRange.to.valueOf()],
  });
  // The first lane is on top.
  builder.addScale({
    scaleKey: 'y',
    orientation: ScaleOrientation.Vertical,
    direction: ScaleDirection.Down,
    range: () => [0, lanes.length],
  });
  builder.addAxis({
    scaleKey: 'x',
    isTime: true,
    placement: AxisPlacement.Bottom,
    timeZone,
    theme,
    grid: { show: true },
  });
  builder.addAxis({
    scaleKey: 'y',
    placement: AxisPlacement.Left,
    theme,
    grid: { show: false },
    ticks: { show: false },
    splits: () => lanes.map((_, at) => at + 0.5),
    values: () => lanes.map(({ name }) => name),
  });
  builder.addSeries({ scaleKey: 'y', theme, pathBuilder: () => null, pointsBuilder: () => undefined, show: true });
  builder.addHook('draw', (plot) => lanes.forEach((lane, at) => drawLane(plot, lane, at, options, opacity, theme)));
  return builder;
}

function drawLane(
  { ctx, bbox, valToPos }: uPlot,
  { bands }: Lane,
  at: number,
  { rowHeight, showValue, alignValue }: StateTimelineOptions,
  opacity: number,
  theme: GrafanaTheme2,
) {
  const padding = 4 * devicePixelRatio;
  const top = valToPos(at + 0.5 - rowHeight / 2, 'y', true);
  const height = valToPos(at + 0.5 + rowHeight / 2, 'y', true) - top;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.font = `${UPLOT_AXIS_FONT_SIZE * devicePixelRatio}px ${theme.typography.fontFamily}`;
  ctx.textBaseline = 'middle';
  ctx.textAlign = alignValue;
  for (const { from, to, text, color } of bands) {
    const left = Math.max(valToPos(from, 'x', true), bbox.left);
    const width = valToPos(to, 'x', true) - left;
    const fill = theme.visualization.getColorByName(color);
    ctx.globalAlpha = opacity;
    ctx.fillStyle = fill;
    ctx.fillRect(left, top, width, height);
    ctx.globalAlpha = 1;
    const fits = ctx.measureText(text).width + 2 * padding < width;
    if (showValue === 'always' || (showValue === 'auto' && fits)) {
      const x = { left: left + padding, center: left + width / 2, right: left + width - padding }[alignValue];
      ctx.fillStyle = getTextColorForAlphaBackground(fill, theme.isDark);
      ctx.fillText(text, x, top + height / 2);
    }
  }
  ctx.restore();
}
