import { renderMarkdown } from '@grafana/data';
import { RenderUserContentAsHTML } from '@grafana/ui';

import type { PanelProps } from './props.ts';

export interface TextOptions {
  mode: 'markdown' | 'html' | 'code';
  content: string;
}

/** Markdown, sanitized HTML, or text as it is. */
export function TextPanel({ options, replaceVariables }: PanelProps<TextOptions>) {
  const content = replaceVariables(options.content);
  if (options.mode === 'code') {
    return <pre>{content}</pre>;
  }
  const html = options.mode === 'markdown' ? renderMarkdown(content) : content;
  return <RenderUserContentAsHTML component="div" className="markdown-html" content={html} />;
}
