//! Which metrics a text names, and which there are: the catalogue's, those that the default rules make, and what
//! Prometheus itself adds to a scrape.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use kafka_vitals::metrics::MetricType;
use kafka_vitals::metrics::catalogue;
use regex::Regex;

use crate::files;

const OF_PROMETHEUS: [&str; 3] = ["up", "scrape_duration_seconds", "scrape_timeout_seconds"];

/// All names that a page can have.
pub(crate) struct Known {
    names: BTreeSet<String>,
    /// Names that rules make from parts of a match.
    patterns: Vec<Regex>,
}

impl Known {
    pub(crate) fn new() -> Self {
        let mut names: BTreeSet<String> = OF_PROMETHEUS.map(str::to_owned).into();
        for metric in catalogue::all() {
            let suffixes: &[&str] = if metric.kind == MetricType::Summary { &["_count", "_sum"] } else { &[""] };
            names.extend(suffixes.iter().map(|suffix| format!("{}{suffix}", metric.name)));
        }
        let mut patterns = Vec::new();
        let rules = files::text("rules/kafka.yaml");
        for name in rules.lines().filter_map(|line| line.strip_prefix("  name: ")).map(|name| name.trim_matches('\'')) {
            // The last rules take in whatever later versions of Kafka bring.
            match name.matches('$').count() {
                0 => drop(names.insert(name.to_owned())),
                1 | 2 => patterns.push(
                    Regex::new(&format!("^{}$", name.replace("$1", "[a-z]+").replace("$2", "[a-z0-9]+"))).unwrap(),
                ),
                _ => {}
            }
        }
        Self { names, patterns }
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.names.contains(name) || self.patterns.iter().any(|pattern| pattern.is_match(name))
    }
}

/// Metric names in a text.
pub(crate) fn named(text: &str) -> BTreeSet<&str> {
    static NAME: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b(?:[a-z_]+:)?(?:kafka|jvm|process|scrape|jmx)[a-z0-9_]*(?::[a-z0-9_:]+)?\b|\bup\b").unwrap()
    });
    let by_name: BTreeSet<&str> = NAME.find_iter(text).map(|found| found.as_str()).collect();
    // Neither words of other kinds, nor the beginnings of names in a regular expression with a group.
    by_name.into_iter().filter(|name| *name == "up" || name.contains('_') && !name.ends_with('_')).collect()
}
