//! Every metric name that kafka-vitals makes by itself (what rules make is the rules' business), once: the collectors
//! take name, type and help from here, `docs/metrics.md` is generated from here, tests compare real pages with it.

pub mod jvm;

use super::{Family, MetricType};

/// One metric.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Name as in text format 0.0.4; of a summary without suffix.
    pub name: &'static str,
    /// Type.
    pub kind: MetricType,
    /// Label names, without the `broker` label that `/metrics` adds to what comes from a node.
    pub labels: &'static [&'static str],
    /// Help text, also the documentation's meaning: names the unit, and what absence means.
    pub help: &'static str,
    /// Where the value comes from: a Kafka API, an MBean attribute, or kafka-vitals itself.
    pub source: &'static str,
}

impl Metric {
    /// An empty family of this metric.
    pub fn family(&self) -> Family {
        Family::new(self.name, self.kind, self.help)
    }
}
