//! Every metric name that kafka-vitals makes by itself (what rules make is the rules' business), once: the collectors
//! take name, type and help from here, `docs/metrics.md` is generated from here, tests compare real pages with it, the
//! number of their series included.

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

/// What the numbers of series are counted in, and what each stands for.
pub const TERMS: [(&str, &str); 22] = [
    ("N", "nodes whose MBeans are read, brokers and controllers"),
    ("B", "brokers"),
    ("T", "topics that `--topic.filter` and `--topic.exclude` let through"),
    ("P", "partitions of these topics"),
    ("R", "replicas of these partitions"),
    ("D", "log directories of all brokers together"),
    ("G", "groups that `--group.filter` and `--group.exclude` let through"),
    ("classic", "those of them that use the classic protocol (Connect's workers too)"),
    ("consumer", "those that use the next-generation consumer protocol (KIP-848)"),
    ("share", "share groups (KIP-932)"),
    ("streams", "streams groups (KIP-1071)"),
    ("committed", "groups that have committed offsets"),
    ("S", "pairs of a group and a topic that it has committed to"),
    ("C", "pairs of a group and a partition of such a topic, committed to or not"),
    ("commits", "committed offsets: of these pairs those with one"),
    ("A", "pairs of a group and a topic that it has committed to or has a member for"),
    ("O", "groups that an objective fits"),
    ("L", "listeners of all nodes together"),
    ("H", "network threads of all nodes together: `num.network.threads` for each listener"),
    ("Q", "kinds of requests that a node has had, summed over the nodes: some 20 to 40 each"),
    ("M", "memory pools of all nodes' JVMs together: 8 each with the G1 collector"),
    (
        "E",
        "what there is of other labels, summed over the nodes: versions and errors of requests, states, features, clients, users",
    ),
];

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
    /// What the value counts or is measured in; `1` of what is always 1.
    pub unit: &'static str,
    /// How many series it has, in [`TERMS`], when all is known and all is in use.
    pub series: &'static str,
    /// The flag that switches it on; `None` = it is on by default.
    pub opt_in: Option<&'static str>,
    /// The first version of Kafka that tells it; `None` = every one that kafka-vitals can read.
    pub kafka: Option<&'static str>,
    /// The first version of kafka-vitals that has it.
    pub since: &'static str,
}

/// What the metrics of the first release have in common.
const SINCE_0_1_0: Metric = Metric {
    name: "",
    kind: MetricType::Unknown,
    labels: &[],
    help: "",
    source: "",
    unit: "",
    series: "",
    opt_in: None,
    kafka: None,
    since: "0.1.0",
};

impl Metric {
    /// An empty family of this metric.
    pub fn family(&self) -> Family {
        Family::new(self.name, self.kind, self.help)
    }
}

/// The lists by subject, in the documentation's order.
pub(crate) fn subjects() -> Vec<(&'static str, Vec<&'static Metric>)> {
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
    all().any(|metric| metric.name == name)
        && !is_of_a_node(name)
        && !exporter::ALL.iter().any(|metric| metric.name == name)
}

/// Whether a metric of this name comes from a node's JVM: `/metrics` shows it with the label `broker`.
pub fn is_of_a_node(name: &str) -> bool {
    jvm::all().chain(kafka_beans::all()).chain(jmx::ALL).any(|metric| metric.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn formulas_are_made_of_numbers_and_known_terms() {
        let is_known = |word: &str| word.parse::<u32>().is_ok() || TERMS.iter().any(|(term, _)| *term == word);
        for metric in all() {
            let formula = metric.series.strip_prefix("≤ ").unwrap_or(metric.series);
            assert!(formula.split(" + ").all(|product| product.split(' ').all(is_known)), "{}: {formula}", metric.name);
        }
    }

    #[test]
    fn units_are_those_that_names_end_in() {
        for metric in all() {
            let name = metric.name.strip_suffix("_total").unwrap_or(metric.name);
            for (ending, unit) in
                [("_seconds", "seconds"), ("_bytes", "bytes"), ("_partitions", "partitions"), ("_info", "1")]
            {
                assert!(!name.ends_with(ending) || metric.unit.starts_with(unit), "{} in {}", metric.name, metric.unit);
            }
            let is_time = ["_start_time_seconds", "_timestamp_seconds"].iter().any(|ending| name.ends_with(ending));
            assert_eq!(is_time, metric.unit == "seconds since the epoch", "{} in {}", metric.name, metric.unit);
        }
    }

    #[test]
    fn no_metric_is_from_a_later_version() {
        let number = |version: &str| -> Vec<u32> { version.split('.').map(|part| part.parse().unwrap()).collect() };
        for metric in all() {
            assert!(
                number(metric.since) <= number(env!("CARGO_PKG_VERSION")),
                "{} since {}",
                metric.name,
                metric.since
            );
        }
    }

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
            assert!(!metric.help.is_empty() && !metric.source.is_empty() && !metric.unit.is_empty(), "{}", metric.name);
            for (at, label) in metric.labels.iter().enumerate() {
                assert!(valid(label, "") && !label.starts_with("__"), "{}: {label}", metric.name);
                assert!(!metric.labels[..at].contains(label), "{}: {label} is listed twice", metric.name);
            }
        }
    }
}
