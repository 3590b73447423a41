import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Icon, useStyles2 } from '@grafana/ui';

interface Props {
  title: string;
  isCollapsed: boolean;
  /** How many panels a collapsed row hides. */
  hidden: number;
}

/** The heading of a row of panels. */
export function RowHeader({ title, isCollapsed, hidden }: Props) {
  const styles = useStyles2(getStyles);
  return (
    <div className={styles.row}>
      <Icon name={isCollapsed ? 'angle-right' : 'angle-down'} />
      <h2 className={styles.title}>{title}</h2>
      {isCollapsed && hidden > 0 && <span className={styles.hidden}>({hidden} panels)</span>}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  row: css({ display: 'flex', alignItems: 'center', gap: theme.spacing(1), height: '100%' }),
  title: css({ ...theme.typography.h5, fontWeight: theme.typography.fontWeightMedium, margin: 0 }),
  hidden: css({ color: theme.colors.text.secondary, fontSize: theme.typography.size.sm }),
});
