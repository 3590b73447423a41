import type { Range } from '../prometheus/client.ts';
import type { Scope } from '../variables/interpolate.ts';

/** What all queries of a dashboard have in common. */
export interface Context {
  scope: Scope;
  range: Range;
  /** The data source's scrape interval in milliseconds. */
  scrapeInterval: number;
}
