// Puts something on the page, in Grafana's dark theme and fonts.

import { createTheme, ThemeContext } from '@grafana/data';
import { GlobalStyles, PortalContainer } from '@grafana/ui';
import type { ReactNode } from 'react';
import { flushSync } from 'react-dom';
import { createRoot } from 'react-dom/client';

const THEME = createTheme({ colors: { mode: 'dark' } });

/** Shows `content`, and is done when all of it is drawn. */
export async function show(content: ReactNode): Promise<void> {
  // The panels' boundaries tell their errors.
  const root = createRoot(document.getElementById('root')!, { onCaughtError: () => undefined });
  const render = (children: ReactNode) =>
    flushSync(() =>
      root.render(
        <ThemeContext.Provider value={THEME}>
          <GlobalStyles />
          {children}
          <PortalContainer />
        </ThemeContext.Provider>,
      ),
    );
  // The components measure texts once: the fonts that the styles name have to be there first.
  render(null);
  const { fontFamily, fontFamilyMonospace, fontWeightMedium } = THEME.typography;
  const fonts = [`12px ${fontFamily}`, `${fontWeightMedium} 12px ${fontFamily}`, `12px ${fontFamilyMonospace}`];
  await Promise.all(fonts.map((font) => document.fonts.load(font)));
  render(content);
  // Sizes are measured in the first frame, and the plots draw in the next.
  for (let frames = 0; frames < 3; frames++) {
    await frame();
  }
}

const frame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));
