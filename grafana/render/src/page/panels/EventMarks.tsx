import { type UPlotConfigBuilder, useTheme2 } from '@grafana/ui';
import { useLayoutEffect } from 'react';

import type { Event } from '../../board/events.ts';

interface Props {
  config: UPlotConfigBuilder;
  events: Event[];
}

/** Annotations on a plot: a dashed line with a mark below it, and a tint for what lasted. Draws nothing of its own. */
export function EventMarks({ config, events }: Props) {
  const theme = useTheme2();
  // Before the plot's own effect, which makes it from the configuration.
  useLayoutEffect(() => {
    config.addHook('draw', ({ ctx, bbox, valToPos }) => {
      ctx.save();
      ctx.beginPath();
      ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height + 8 * devicePixelRatio);
      ctx.clip();
      for (const { from, to, color } of events) {
        const left = valToPos(from, 'x', true);
        const right = valToPos(to, 'x', true);
        const bottom = bbox.top + bbox.height;
        ctx.fillStyle = ctx.strokeStyle = theme.visualization.getColorByName(color);
        ctx.lineWidth = 2 * devicePixelRatio;
        ctx.setLineDash([5 * devicePixelRatio, 5 * devicePixelRatio]);
        for (const x of from === to ? [left] : [left, right]) {
          ctx.beginPath();
          ctx.moveTo(x, bbox.top);
          ctx.lineTo(x, bottom);
          ctx.stroke();
        }
        if (from === to) {
          const size = 5 * devicePixelRatio;
          ctx.beginPath();
          ctx.moveTo(left - size, bottom + size);
          ctx.lineTo(left + size, bottom + size);
          ctx.lineTo(left, bottom);
          ctx.fill();
        } else {
          ctx.fillRect(left, bottom, right - left, 5 * devicePixelRatio);
          ctx.globalAlpha = 0.1;
          ctx.fillRect(left, bbox.top, right - left, bbox.height);
          ctx.globalAlpha = 1;
        }
      }
      ctx.restore();
    });
  }, [config, events, theme]);
  return null;
}
