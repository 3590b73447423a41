import { type DataFrame, LoadingState, type TimeRange } from '@grafana/data';
import { ErrorBoundary, PanelChrome, useTheme2 } from '@grafana/ui';
import { type ReactElement, useMemo } from 'react';

import { fieldConfigOf, optionsOf, type PanelType, typeOf } from '../board/defaults.ts';
import type { Event } from '../board/events.ts';
import { configureFields } from '../board/fieldConfig.ts';
import type { Panel } from '../board/model.ts';
import { interpolateText, type Scope } from '../variables/interpolate.ts';
import { BarGaugePanel } from './panels/BarGaugePanel.tsx';
import type { PanelProps } from './panels/props.ts';
import { StateTimelinePanel } from './panels/StateTimelinePanel.tsx';
import { StatPanel } from './panels/StatPanel.tsx';
import { TablePanel } from './panels/TablePanel.tsx';
import { TimeSeriesPanel } from './panels/TimeSeriesPanel.tsx';

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
  return (
    <PanelChrome
      title={interpolateText(panel.title ?? '', scope)}
      description={interpolateText(panel.description ?? '', scope)}
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

const COMPONENTS: Record<PanelType, (props: PanelProps<never>) => ReactElement> = {
  timeseries: TimeSeriesPanel,
  stat: StatPanel,
  bargauge: BarGaugePanel,
  table: TablePanel,
  'state-timeline': StateTimelinePanel,
};

function Content({ panel, frames, events, scope, width, height, timeRange, timeZone }: Props) {
  const theme = useTheme2();
  const Component = COMPONENTS[typeOf(panel)];
  const props = useMemo(() => {
    const replaceVariables = (text: string) => interpolateText(text, scope);
    const fieldConfig = fieldConfigOf(panel);
    return {
      title: panel.title ?? '',
      frames: configureFields(frames, fieldConfig, theme, timeZone, replaceVariables),
      options: optionsOf(panel) as never,
      fieldConfig,
      events,
      timeRange,
      timeZone,
      replaceVariables,
    };
  }, [panel, frames, events, scope, theme, timeRange, timeZone]);
  return <Component {...props} width={width} height={height} />;
}
