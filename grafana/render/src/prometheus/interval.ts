// The steps of queries, and the windows of rates, as Grafana's Prometheus data source chooses them. In milliseconds.

import { rangeUtil } from '@grafana/data';

import type { Range } from './client.ts';

/** Prometheus refuses a range query with more points than this. */
const MOST_POINTS = 11000;

/** The step of a query that has about `points` points, but none finer than `least`, as the data allow. */
export function queryStep({ from, to }: Range, points: number, least: number): number {
  const finest = (to - from) / MOST_POINTS;
  const safe = finest > 1000 ? Math.ceil(finest / 1000) * 1000 : 0;
  return Math.max(rangeUtil.roundInterval((to - from) / points), least, safe);
}

/** The variables that a query gets by its step. The window of a rate holds enough samples also where that is short. */
export function intervalVariables(step: number, scrapeInterval: number): Record<string, string> {
  return {
    __interval: `${step}ms`,
    __interval_ms: String(step),
    __rate_interval: `${Math.max(step + scrapeInterval, 4 * scrapeInterval)}ms`,
  };
}
