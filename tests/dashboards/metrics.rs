//! Every metric that a query may ask for: docs/metrics.md, the recording rules and Prometheus itself in; type, labels and origin by name
//! out.

use std::collections::BTreeMap;

use kafka_vitals::metrics::catalogue;

use crate::alerting::Rules;
use crate::documented::ROWS;
use crate::labels::{self, LabelSet};
use crate::promql;

/// What Prometheus adds to every series; `cluster` if the user wants it.
pub(crate) const TARGET_LABELS: [&str; 3] = ["cluster", "job", "instance"];

/// Where a metric comes from, and so what selects it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The exporter's own knowledge of the cluster.
    Cluster,
    /// MBeans of a node.
    Node,
    /// A recording rule.
    Recorded,
    /// Prometheus itself, about each target.
    Target,
    /// Prometheus itself, about alerts.
    Alerts,
}

#[derive(Debug, Clone)]
pub(crate) struct Metric {
    pub(crate) origin: Origin,
    pub(crate) counter: bool,
    pub(crate) labels: LabelSet,
    /// Whether there is a total beside the parts, told apart by this label being empty.
    pub(crate) total_beside: Option<&'static str>,
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Metrics(BTreeMap<String, Metric>);

impl Metrics {
    /// With what these rules record.
    pub(crate) fn load(rules: &Rules) -> Self {
        let mut metrics = Self::default();
        metrics.add_documented();
        for name in [
            "up",
            "scrape_duration_seconds",
            "scrape_timeout_seconds",
            "scrape_samples_scraped",
            "scrape_samples_post_metric_relabeling",
            "scrape_series_added",
        ] {
            metrics.add(name, Origin::Target, false, &[]);
        }
        for name in ["ALERTS", "ALERTS_FOR_STATE"] {
            metrics.add(name, Origin::Alerts, false, &[]).labels.any = true;
        }
        metrics.add_recorded(rules);
        metrics
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Metric> {
        self.0.get(name)
    }

    fn add(&mut self, name: &str, origin: Origin, counter: bool, labels: &[&str]) -> &mut Metric {
        let new = Metric { origin, counter, labels: LabelSet::default(), total_beside: None };
        let metric = self.0.entry(name.to_owned()).or_insert(new);
        metric.labels.names.extend(labels.iter().map(|label| (*label).to_owned()));
        metric
    }

    fn add_documented(&mut self) {
        for row in ROWS.iter() {
            let of_node = row.by_rules || catalogue::is_of_a_node(&row.name);
            let (origin, own) = if of_node { (Origin::Node, &["broker"][..]) } else { (Origin::Cluster, &[][..]) };
            let labels: Vec<_> = row.labels.iter().map(String::as_str).chain(own.iter().copied()).collect();
            let suffixes: &[&str] = if row.kind == "summary" { &["_sum", "_count"] } else { &[""] };
            for suffix in suffixes {
                let counter = row.is_counter || row.kind == "summary";
                let metric = self.add(&format!("{}{suffix}", row.name), origin, counter, &labels);
                // As the bundled rules say: families of BrokerTopicMetrics have the broker's total beside each topic.
                if row.name.starts_with("kafka_server_brokertopicmetrics_") && row.labels.contains("topic") {
                    metric.total_beside = Some("topic");
                }
            }
        }
    }

    fn add_recorded(&mut self, rules: &Rules) {
        for rule in rules.recording() {
            let expr = promql::parse(&rule.expr).unwrap_or_else(|error| panic!("{}: {error}", rule.record));
            let found = labels::labels(&expr, self, &mut Vec::new());
            let metric = self.add(&rule.record, Origin::Recorded, false, &[]);
            metric.labels.names.extend(found.names);
            metric.labels.names.extend(rule.labels.keys().cloned());
            metric.labels.any |= found.any;
        }
    }
}
