// The page: gives the command the function that draws a dashboard.

import 'uplot/dist/uPlot.min.css';

import { initPluginTranslations } from '@grafana/i18n';

import { renderBoard } from './renderBoard.tsx';

declare global {
  interface Window {
    renderBoard: typeof renderBoard;
  }
}

await initPluginTranslations('grafana-ui');
window.renderBoard = renderBoard;
