import { css } from '@emotion/css';
import { type GrafanaTheme2, rangeUtil, type RawTimeRange } from '@grafana/data';
import { Icon, useStyles2, useTheme2 } from '@grafana/ui';

import type { Dashboard } from '../board/model.ts';

interface Props {
  board: Dashboard;
  time: RawTimeRange;
  variables: { label: string; text: string | undefined }[];
  /** Names and colours of the annotations that are on. */
  annotations: { name: string; iconColor: string }[];
}

/** The dashboard's title, what is chosen, and the time that is shown. */
export function Header({ board, time, variables, annotations }: Props) {
  const styles = useStyles2(getStyles);
  const theme = useTheme2();
  return (
    <header className={styles.header}>
      <div className={styles.line}>
        <span className={styles.secondary}>Dashboards</span>
        <Icon name="angle-right" />
        <h1 className={styles.title}>{board.title}</h1>
        <span className={styles.space} />
        {(board.links ?? []).map(({ title }) => (
          <span key={title} className={styles.value}>
            <Icon name="bars" /> {title}
          </span>
        ))}
        <span className={styles.value}>
          <Icon name="clock-nine" /> {rangeUtil.describeTimeRange(time)} <Icon name="angle-down" />
        </span>
        {board.refresh && (
          <span className={styles.value}>
            <Icon name="sync" /> {board.refresh}
          </span>
        )}
      </div>
      <div className={styles.line}>
        {variables.map(({ label, text }) => (
          <span key={label} className={styles.variable}>
            <span className={styles.label}>{label}</span>
            <span className={styles.value}>
              {text} <Icon name="angle-down" />
            </span>
          </span>
        ))}
        {annotations.map(({ name, iconColor }) => (
          <span key={name} className={styles.variable}>
            <span className={styles.label}>{name}</span>
            <span className={styles.value}>
              <span className={styles.dot} style={{ background: theme.visualization.getColorByName(iconColor) }} />
            </span>
          </span>
        ))}
      </div>
    </header>
  );
}

const getStyles = (theme: GrafanaTheme2) => {
  const box = {
    display: 'inline-flex',
    alignItems: 'center',
    gap: theme.spacing(0.5),
    height: theme.spacing(theme.components.height.md),
    padding: theme.spacing(0, 1),
    border: `1px solid ${theme.components.input.borderColor}`,
    borderRadius: theme.shape.radius.default,
  };
  return {
    header: css({ display: 'flex', flexDirection: 'column', gap: theme.spacing(1), marginBottom: theme.spacing(2) }),
    line: css({ display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: theme.spacing(1) }),
    space: css({ flexGrow: 1 }),
    secondary: css({ color: theme.colors.text.secondary }),
    title: css({ ...theme.typography.h5, margin: 0 }),
    variable: css({ display: 'inline-flex' }),
    label: css({
      ...box,
      fontSize: theme.typography.size.sm,
      fontWeight: theme.typography.fontWeightMedium,
      background: theme.colors.background.secondary,
      borderRightWidth: 0,
      borderTopRightRadius: 0,
      borderBottomRightRadius: 0,
    }),
    value: css({ ...box, background: theme.components.input.background }),
    dot: css({ width: 10, height: 10, borderRadius: theme.shape.radius.circle }),
  };
};
