import { css } from '@emotion/css';
import type { DataFrame, GrafanaTheme2, TimeRange } from '@grafana/data';
import { VariableHide } from '@grafana/schema';
import { useStyles2 } from '@grafana/ui';

import { annotationsOf } from '../board/annotations.ts';
import type { Event } from '../board/events.ts';
import { heightOf, type Placed } from '../board/layout.ts';
import { type Dashboard, isRow, type Panel, variablesOf } from '../board/model.ts';
import { interpolateText, type Scope } from '../variables/interpolate.ts';
import { Header } from './Header.tsx';
import { PanelFrame } from './PanelFrame.tsx';
import { RowHeader } from './RowHeader.tsx';

/** What became of a panel's queries. */
export interface Loaded {
  frames: DataFrame[];
  error?: string;
}

interface Props {
  board: Dashboard;
  placed: Placed[];
  loaded: ReadonlyMap<Panel, Loaded>;
  events: Event[];
  scope: Scope;
  timeRange: TimeRange;
  timeZone: string;
  onPanelError: (panel: Panel, message: string) => void;
}

/** A whole dashboard with all its panels in their places. */
export function Board({ board, placed, loaded, events, scope, timeRange, timeZone, onPanelError }: Props) {
  const styles = useStyles2(getStyles);
  const shown = variablesOf(board).filter(({ hide }) => hide !== VariableHide.hideVariable);
  const variables = shown.map(({ name, label }) => ({ label: label || name, text: scope.get(name)?.text }));
  return (
    <main className={styles.page}>
      <Header board={board} time={timeRange.raw} variables={variables} annotations={annotationsOf(board)} />
      <div style={{ position: 'relative', height: heightOf(placed) }}>
        {placed.map(({ panel, x, y, width, height }, at) => (
          <div key={at} data-panel={panel.type} style={{ position: 'absolute', left: x, top: y, width, height }}>
            {isRow(panel) ? (
              <RowHeader
                title={interpolateText(panel.title ?? '', scope)}
                isCollapsed={panel.collapsed}
                hidden={panel.panels.length}
              />
            ) : (
              <PanelFrame
                panel={panel}
                frames={loaded.get(panel)?.frames ?? []}
                error={loaded.get(panel)?.error}
                events={events}
                scope={scope}
                width={width}
                height={height}
                timeRange={timeRange}
                timeZone={timeZone}
                onError={(message) => onPanelError(panel, message)}
              />
            )}
          </div>
        ))}
      </div>
    </main>
  );
}

/** The space around the panels. */
export const PAGE_PADDING = 16;

const getStyles = (theme: GrafanaTheme2) => ({
  page: css({ padding: PAGE_PADDING, background: theme.colors.background.canvas }),
});
