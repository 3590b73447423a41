import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';

import type { PanelProps } from './props.ts';

/** What a panel without data says: the text of its `noValue`, else that there is none. */
export function NoData({ fieldConfig }: Pick<PanelProps<unknown>, 'fieldConfig'>) {
  return <div className={useStyles2(styles)}>{fieldConfig.defaults.noValue ?? 'No data'}</div>;
}

const styles = (theme: GrafanaTheme2) =>
  css({
    height: '100%',
    display: 'flex',
    alignItems: 'center',
    justifyContent: 'center',
    textAlign: 'center',
    color: theme.colors.text.secondary,
    fontSize: theme.typography.size.lg,
  });
