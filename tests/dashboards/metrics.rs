//! Every metric that a query may ask for: the catalogue, the bundled rules, the recording rules and Prometheus itself in; type,
//! labels and origin by name out.

use std::collections::BTreeMap;

use kafka_vitals::metrics::MetricType;
use kafka_vitals::metrics::catalogue::{self, jmx, jvm, kafka_beans};
use regex::Regex;
use serde::Deserialize;

use crate::alerting::Rules;
use crate::promql::{self, LabelSet};

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
#[derive(Debug)]
pub(crate) struct Metrics {
    exact: BTreeMap<String, Metric>,
    /// Rules whose names take in any part of a bean's.
    patterns: Vec<(Regex, Metric)>,
}

impl Metrics {
    /// With what these rules record.
    pub(crate) fn load(rules: &Rules) -> Self {
        let mut metrics = Self { exact: BTreeMap::new(), patterns: Vec::new() };
        metrics.add_catalogue();
        metrics.add_bundled_rules();
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
        let of_pattern = || self.patterns.iter().find(|(pattern, _)| pattern.is_match(name)).map(|(_, metric)| metric);
        self.exact.get(name).or_else(of_pattern)
    }

    fn add(&mut self, name: &str, origin: Origin, counter: bool, labels: &[&str]) -> &mut Metric {
        let new = Metric { origin, counter, labels: LabelSet::default(), total_beside: None };
        let metric = self.exact.entry(name.to_owned()).or_insert(new);
        metric.labels.names.extend(labels.iter().map(|label| (*label).to_owned()));
        metric
    }

    fn add_catalogue(&mut self) {
        for metric in catalogue::all() {
            let of_nodes = jvm::all().chain(kafka_beans::all()).chain(jmx::ALL).any(|other| other.name == metric.name);
            let (origin, own) = if of_nodes { (Origin::Node, &["broker"][..]) } else { (Origin::Cluster, &[][..]) };
            let labels = [metric.labels, own].concat();
            if metric.kind == MetricType::Summary {
                for suffix in ["_sum", "_count"] {
                    self.add(&format!("{}{suffix}", metric.name), origin, true, &labels);
                }
            } else {
                self.add(metric.name, origin, metric.kind == MetricType::Counter, &labels);
            }
        }
    }

    fn add_bundled_rules(&mut self) {
        let text = kafka_vitals::rules::read("bundled:kafka").unwrap();
        let file: RuleFile = serde_saphyr::from_str(&text).unwrap();
        for rule in file.rules.iter().filter(|rule| !rule.name.is_empty()) {
            let labels: Vec<&str> = rule.labels.keys().map(String::as_str).chain(["broker"]).collect();
            let counter = rule.kind == "COUNTER";
            match rule.names() {
                Names::Listed(names) => {
                    for name in names {
                        let metric = self.add(&name, Origin::Node, counter, &labels);
                        // As the bundled rules say: families of BrokerTopicMetrics have the broker's total beside each topic.
                        if rule.labels.contains_key("topic") && name.starts_with("kafka_server_brokertopicmetrics_") {
                            metric.total_beside = Some("topic");
                        }
                    }
                }
                Names::Pattern(pattern) => {
                    let labels =
                        LabelSet { names: labels.iter().map(|label| (*label).to_owned()).collect(), any: false };
                    self.patterns.push((pattern, Metric { origin: Origin::Node, counter, labels, total_beside: None }));
                }
            }
        }
    }

    fn add_recorded(&mut self, rules: &Rules) {
        for rule in rules.recording() {
            let expr = promql::parse(&rule.expr).unwrap_or_else(|error| panic!("{}: {error}", rule.record));
            let found = promql::labels(&expr, self, &mut Vec::new());
            let metric = self.add(&rule.record, Origin::Recorded, false, &[]);
            metric.labels.names.extend(found.names);
            metric.labels.names.extend(rule.labels.keys().cloned());
            metric.labels.any |= found.any;
        }
    }
}

/// A file of jmx_exporter rules, as far as it tells names.
#[derive(Debug, Deserialize)]
struct RuleFile {
    rules: Vec<BeanRule>,
}

#[derive(Debug, Deserialize)]
struct BeanRule {
    pattern: String,
    name: String,
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

/// What a rule's name can become.
enum Names {
    Listed(Vec<String>),
    Pattern(Regex),
}

impl BeanRule {
    /// All names where the groups that go into the name are lists of words, in lower case as the bundled rules have it.
    fn names(&self) -> Names {
        let groups: Vec<String> = groups(&self.pattern);
        let mut names = vec![self.name.clone()];
        for (at, group) in groups.iter().enumerate() {
            let reference = format!("${}", at + 1);
            if !self.name.contains(&reference) {
                continue;
            }
            let words = promql::words(group);
            if words.iter().any(|word| word.contains('\\') || word.contains('[')) {
                let name = groups.iter().enumerate().fold(self.name.clone(), |name, (at, group)| {
                    name.replace(&format!("${}", at + 1), &format!("(?:{group})"))
                });
                return Names::Pattern(Regex::new(&format!("(?i)^{name}$")).unwrap());
            }
            names = names.iter().flat_map(|name| words.iter().map(|word| name.replace(&reference, word))).collect();
        }
        Names::Listed(names.iter().map(|name| name.to_lowercase()).collect())
    }
}

/// The insides of the capturing groups of a pattern.
fn groups(pattern: &str) -> Vec<String> {
    let (mut open, mut found) = (Vec::new(), BTreeMap::new());
    let mut number = 0;
    let bytes = pattern.as_bytes();
    for (at, byte) in bytes.iter().enumerate().filter(|(at, _)| *at == 0 || bytes[at - 1] != b'\\') {
        match byte {
            b'(' if bytes.get(at + 1) == Some(&b'?') => open.push(None),
            b'(' => {
                open.push(Some((number, at + 1)));
                number += 1;
            }
            b')' => {
                if let Some((number, start)) = open.pop().flatten() {
                    found.insert(number, pattern[start..at].to_owned());
                }
            }
            _ => {}
        }
    }
    found.into_values().collect()
}

#[test]
fn names_of_rules_are_spelt_out() {
    let rule = |pattern: &str, name: &str| BeanRule {
        pattern: pattern.to_owned(),
        name: name.to_owned(),
        kind: String::new(),
        labels: BTreeMap::new(),
    };
    let Names::Listed(names) =
        rule(r"^k<type=(Delayed(?:Fetch|Produce)M), name=(\w+)><>(p9|p99):", "k_$1_x_$3").names()
    else {
        panic!("a list");
    };
    assert_eq!(
        names,
        ["k_delayedfetchm_x_p9", "k_delayedfetchm_x_p99", "k_delayedproducem_x_p9", "k_delayedproducem_x_p99"]
    );
    let Names::Pattern(pattern) = rule(r"^k<type=(A|B), name=(\w+)PerSec><>Count:", "k_$1_$2_total").names() else {
        panic!("a pattern");
    };
    assert!(pattern.is_match("k_a_anything_total") && !pattern.is_match("k_c_anything_total"));
    assert_eq!(promql::words("(?:Local)?Size"), ["LocalSize", "Size"]);
}
