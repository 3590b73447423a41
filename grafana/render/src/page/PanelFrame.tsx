import { type DataFrame, LoadingState, type TimeRange } from '@grafana/data';
import { ErrorBoundary, PanelChrome, useTheme2 } from '@grafana/ui';
import { type ReactElement, useMemo } from 'react';

import type { Event } from '../board/events.ts';
import { fieldConfigOf, optionsOf } from '../board/defaults.ts';
import { configureFields } from '../board/fieldConfig.ts';
import type { Panel } from '../board/model.ts';
import { replacer } from '../board/replace.ts';
import type { Scope } from '../variables/interpolate.ts';
import { BarGaugePanel, type BarGaugeOptions } from './panels/BarGaugePanel.tsx';
import type { PanelProps } from './panels/props.ts';
import { StateTimelinePanel, type StateTimelineOptions } from './panels/StateTimelinePanel.tsx';
import { StatPanel, type StatOptions } from './panels/StatPanel.tsx';
import { TablePanel, type TableOptions } from './panels/TablePanel.tsx';
import { TextPanel, type TextOptions } from './panels/TextPanel.tsx';
import { TimeSeriesPanel, type TimeSeriesOptions } from './panels/TimeSeriesPanel.tsx';

interface Props {
  panel: Panel;
  frames: DataFrame[];
  /** Why there are no data. */
  error?: string;
  events: Event[];
  scope: Scope;
  width: number;
  height: number;
  timeRange: TimeRange;
  timeZone: string;
  /** Told when a component of the panel fails. */
  onError: (message: string) => void;
}

/** Types of panels that reach to the edges of their frame. */
const WITHOUT_PADDING = new Set(['stat', 'table']);

/** A panel: its frame with title and description, and what it shows. */
export function PanelFrame(props: Props) {
  const { panel, error, scope, width, height, onError } = props;
  const replaceVariables = useMemo(() => replacer(scope), [scope]);
  return (
    <PanelChrome
      title={replaceVariables(panel.title ?? '')}
      description={panel.description ? replaceVariables(panel.description) : ''}
      displayMode={panel.transparent ? 'transparent' : 'default'}
      padding={WITHOUT_PADDING.has(panel.type) ? 'none' : 'md'}
      loadingState={error ? LoadingState.Error : LoadingState.Done}
      statusMessage={error}
      width={width}
      height={height}
    >
      {(innerWidth, innerHeight) => (
        <ErrorBoundary onError={({ message }) => onError(message)}>
          {({ error }) =>
            error ? <>{error.message}</> : <Content {...props} width={innerWidth} height={innerHeight} />
          }
        </ErrorBoundary>
      )}
    </PanelChrome>
  );
}

function Content({ panel, frames, events, scope, width, height, timeRange, timeZone }: Props) {
  const theme = useTheme2();
  const props = useMemo(() => {
    const replaceVariables = replacer(scope);
    const fieldConfig = fieldConfigOf(panel);
    return {
      title: panel.title ?? '',
      isTransparent: panel.transparent ?? false,
      frames: configureFields(frames, fieldConfig, theme, timeZone, replaceVariables),
      options: optionsOf<unknown>(panel),
      fieldConfig,
      events,
      timeRange,
      timeZone,
      replaceVariables,
    };
  }, [panel, frames, events, scope, theme, timeRange, timeZone]);
  return draw(panel.type, { ...props, width, height });
}

function draw(type: string, props: PanelProps<unknown>): ReactElement {
  switch (type) {
    case 'timeseries':
      return <TimeSeriesPanel {...(props as PanelProps<TimeSeriesOptions>)} />;
    case 'stat':
      return <StatPanel {...(props as PanelProps<StatOptions>)} />;
    case 'bargauge':
      return <BarGaugePanel {...(props as PanelProps<BarGaugeOptions>)} />;
    case 'table':
      return <TablePanel {...(props as PanelProps<TableOptions>)} />;
    case 'state-timeline':
      return <StateTimelinePanel {...(props as PanelProps<StateTimelineOptions>)} />;
    case 'text':
      return <TextPanel {...(props as PanelProps<TextOptions>)} />;
    default:
      throw new Error(`panels of type ${type} cannot be drawn`);
  }
}
