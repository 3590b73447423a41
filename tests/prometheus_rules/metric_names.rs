//! Which metrics a text names, and which there are: those of docs/metrics.md, which is proven to be complete, and what Prometheus
//! itself adds to a scrape.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::documented;

const OF_PROMETHEUS: [&str; 3] = ["up", "scrape_duration_seconds", "scrape_timeout_seconds"];

/// Whether a page, or Prometheus about it, can have a series of this name.
pub(crate) fn exists(name: &str) -> bool {
    OF_PROMETHEUS.contains(&name) || !documented::about(name).is_empty()
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
