//! What jmx_exporter says of its own scrape; alerts stand on it.

use super::Metric;
use crate::metrics::MetricType::Gauge;

/// Duration.
pub const SCRAPE_DURATION: Metric = Metric {
    name: "jmx_scrape_duration_seconds",
    kind: Gauge,
    labels: &[],
    help: "How long it took to read the node's MBeans, in seconds.",
    source: "kafka-vitals",
};

/// Error.
pub const SCRAPE_ERROR: Metric = Metric {
    name: "jmx_scrape_error",
    kind: Gauge,
    labels: &[],
    help: "1 if the node's MBeans could not all be read, else 0.",
    source: "kafka-vitals",
};

/// All of this file.
pub const ALL: &[Metric] = &[SCRAPE_DURATION, SCRAPE_ERROR];
