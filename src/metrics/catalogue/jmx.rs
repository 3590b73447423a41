//! What jmx_exporter says of its own scrape; alerts stand on it.

use super::{Metric, SINCE_0_1_0};
use crate::metrics::MetricType::Gauge;

/// Duration.
pub const SCRAPE_DURATION: Metric = Metric {
    name: "jmx_scrape_duration_seconds",
    kind: Gauge,
    unit: "seconds",
    labels: &[],
    help: "How long it took to read the node's MBeans, in seconds.",
    source: "kafka-vitals",
    series: "N",
    ..SINCE_0_1_0
};

/// Error.
pub const SCRAPE_ERROR: Metric = Metric {
    name: "jmx_scrape_error",
    kind: Gauge,
    unit: "0 or 1",
    labels: &[],
    help: "1 if the node's MBeans could not all be read, else 0.",
    source: "kafka-vitals",
    series: "N",
    ..SINCE_0_1_0
};

/// All of this file.
pub const ALL: &[Metric] = &[SCRAPE_DURATION, SCRAPE_ERROR];
