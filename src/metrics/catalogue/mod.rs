//! Every metric name that kafka-vitals makes by itself (what rules make is the rules' business), once: the collectors
//! take name, type and help from here, `docs/metrics.md` is generated from here, tests compare real pages with it.

pub mod cluster;
pub mod exporter;
pub mod groups;
pub mod jmx;
pub mod jvm;
pub mod kafka_beans;
pub mod lag;
pub mod log_dirs;
pub mod topic_configs;

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

/// The lists by subject, in the documentation's order.
fn subjects() -> Vec<(&'static str, Vec<&'static Metric>)> {
    vec![
        ("Brokers, topics and partitions", cluster::ALL.iter().collect()),
        ("Topic configurations", topic_configs::ALL.iter().collect()),
        ("Log directories", log_dirs::ALL.iter().collect()),
        ("Consumer groups", groups::ALL.iter().collect()),
        ("Lag in seconds, and what becomes of the unread", lag::ALL.iter().collect()),
        ("The JVM and process of each node", jvm::all().collect()),
        ("Kafka on each node, beyond what rules can make of its MBeans", kafka_beans::all().collect()),
        ("Reading MBeans", jmx::ALL.iter().collect()),
        ("The exporter itself", exporter::ALL.iter().collect()),
    ]
}

/// All metrics.
pub fn all() -> impl Iterator<Item = &'static Metric> {
    subjects().into_iter().flat_map(|(_, metrics)| metrics)
}

/// Whether a metric of this name is about the cluster, its topics or groups: these can be limited in number.
pub fn is_of_the_cluster(name: &str) -> bool {
    let of_others = jvm::all().chain(kafka_beans::all()).chain(jmx::ALL).chain(exporter::ALL);
    all().any(|metric| metric.name == name) && !of_others.into_iter().any(|metric| metric.name == name)
}

/// The text of `docs/metrics.md`.
pub fn markdown() -> String {
    let mut text = String::from(INTRODUCTION);
    for (subject, metrics) in subjects() {
        text.extend(["\n## ", subject, "\n\n| name | type | labels | meaning | source |\n|---|---|---|---|---|\n"]);
        for metric in metrics {
            let labels: Vec<_> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
            text.push_str(&format!(
                "| `{}` | {} | {} | {} | {} |\n",
                metric.name,
                metric.kind.as_str(),
                labels.join(", "),
                cell(metric.help),
                cell(metric.source)
            ));
        }
    }
    text
}

const INTRODUCTION: &str = "\
# Metrics

What kafka-vitals exports by itself. MBeans come on top, under the names that the rules give them. On `/metrics`,
what comes from a node's JVM carries the label `broker` besides those listed here; a label of that name that the sample
already has becomes `exported_broker`. In OpenMetrics, a metric that breaks a rule of that format (a counter without
`_total`, say) keeps its name and has the type `unknown`.

This file is written by `cargo xtask docs`; its source is `src/metrics/catalogue/`.
";

/// `text` in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_valid_and_unique_and_have_help_and_source() {
        let valid = |name: &str, more: &str| {
            name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || more.contains(c))
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || more.contains(c))
        };
        let mut seen = HashSet::new();
        for metric in all() {
            assert!(valid(metric.name, ":"), "{}", metric.name);
            assert!(seen.insert(metric.name), "{} is listed twice", metric.name);
            assert!(!metric.help.is_empty() && !metric.source.is_empty(), "{}", metric.name);
            for (at, label) in metric.labels.iter().enumerate() {
                assert!(valid(label, "") && !label.starts_with("__"), "{}: {label}", metric.name);
                assert!(!metric.labels[..at].contains(label), "{}: {label} is listed twice", metric.name);
            }
        }
    }

    #[test]
    fn the_documentation_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/metrics.md");
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(written == markdown(), "docs/metrics.md differs from the catalogue: run `cargo xtask docs`");
    }

    #[test]
    fn cells_stay_on_one_line_of_the_table() {
        assert_eq!(cell("a|b\nc\\"), "a\\|b c\\\\");
    }
}
