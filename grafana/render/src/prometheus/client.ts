// Prometheus' HTTP API, through the server that serves the page.

import type { Labels } from './legend.ts';

/** A time in seconds and a number as text. */
export type Sample = [time: number, value: string];

export interface Series {
  metric: Labels;
  values: Sample[];
}

/** From when to when, in milliseconds. */
export interface Range {
  from: number;
  to: number;
}

const API = '/prometheus/api/v1';

const seconds = (milliseconds: number): string => String(milliseconds / 1000);

/** Evaluates at one time, in milliseconds. */
export async function queryInstant(expression: string, at: number): Promise<Series[]> {
  const data = await post('query', { query: expression, time: seconds(at) });
  return seriesOf(data);
}

/** Evaluates at every step, in milliseconds: at full ones, as Grafana does, so that a refresh does not move points. */
export async function queryRange(expression: string, { from, to }: Range, step: number): Promise<Series[]> {
  const data = await post('query_range', {
    query: expression,
    start: seconds(from - (from % step)),
    end: seconds(to - (to % step)),
    step: seconds(step),
  });
  return seriesOf(data);
}

/** The values of a label among the series that a selector finds. */
export async function labelValues(label: string, selector: string, { from, to }: Range): Promise<string[]> {
  const parameters = new URLSearchParams({ 'match[]': selector, start: seconds(from), end: seconds(to) });
  return (await get(`label/${encodeURIComponent(label)}/values?${parameters}`)) as string[];
}

/** The scrape interval of each target, such as `15s`. */
export async function scrapeIntervals(): Promise<string[]> {
  const targets = (await get('targets?state=active')) as { activeTargets: { scrapeInterval?: string }[] };
  return targets.activeTargets.flatMap(({ scrapeInterval }) => scrapeInterval ?? []);
}

interface QueryData {
  resultType: 'matrix' | 'vector' | 'scalar' | 'string';
  result: unknown;
}

function seriesOf(data: unknown): Series[] {
  const { resultType, result } = data as QueryData;
  switch (resultType) {
    case 'matrix':
      return result as Series[];
    case 'vector':
      return (result as { metric: Labels; value: Sample }[]).map(({ metric, value }) => ({ metric, values: [value] }));
    default:
      return [{ metric: {}, values: [result as Sample] }];
  }
}

const get = (path: string): Promise<unknown> => answer(fetch(`${API}/${path}`));

const post = (path: string, parameters: Record<string, string>): Promise<unknown> =>
  answer(fetch(`${API}/${path}`, { method: 'POST', body: new URLSearchParams(parameters) }));

async function answer(request: Promise<Response>): Promise<unknown> {
  const response = await request;
  const text = await response.text();
  let body: { status: string; data?: unknown; error?: string };
  try {
    body = JSON.parse(text) as typeof body;
  } catch {
    throw new Error(`Prometheus answered ${response.status}: ${text.slice(0, 200)}`);
  }
  if (body.status !== 'success') {
    throw new Error(body.error ?? `Prometheus answered ${response.status}`);
  }
  return body.data;
}
