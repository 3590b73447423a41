// The steps of queries and `$__rate_interval`, as Grafana's Prometheus data source chooses them. In milliseconds.

/** Prometheus refuses a range query with more points than this. */
const MOST_POINTS = 11000;

/** The step of a query over `range`: `rounded` is the one that fits the panel's width, `least` what the data allow. */
export function queryStep(range: number, rounded: number, least: number): number {
  const safe = Math.ceil(range / MOST_POINTS / 1000) * 1000;
  return Math.max(rounded, least, range / MOST_POINTS > 1000 ? safe : 0);
}

/** The window that holds enough samples for a rate, also where the step is short. */
export function rateInterval(step: number, scrapeInterval: number): number {
  return Math.max(step + scrapeInterval, 4 * scrapeInterval);
}
