//! docs/metrics.md and a real page in, whether the page is as the tables say out.

#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod formula;
mod rows;

use std::collections::{BTreeMap, BTreeSet};

use formula::bound;
pub(crate) use rows::{ROWS, Row};

use kafka_lab::{Cluster, http};

use crate::support::{PATIENCE, Page, split_labels};

/// Rows by the names of samples, since a summary has two.
pub(crate) fn by_sample() -> BTreeMap<String, Vec<&'static Row>> {
    let mut rows: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
    for row in ROWS.iter() {
        let suffixes: &[&str] = if row.kind == "summary" { &["_count", "_sum"] } else { &[""] };
        for suffix in suffixes {
            rows.entry(format!("{}{suffix}", row.name)).or_default().push(row);
        }
    }
    rows
}

pub(crate) fn name_of(series: &str) -> &str {
    series.split('{').next().unwrap()
}

pub(crate) fn label_names(series: &str) -> BTreeSet<String> {
    let labels = series.split_once('{').map(|(_, labels)| split_labels(labels.strip_suffix('}').unwrap()));
    labels.into_iter().flatten().map(|label| label.split_once('=').unwrap().0.to_owned()).collect()
}

/// All series of a page with everything are listed, with their types and labels.
pub(crate) fn all_are_listed(page: &Page) {
    let rows = by_sample();
    let unlisted: Vec<_> = page
        .series
        .keys()
        .filter(|series| !rows.get(name_of(series)).is_some_and(|rows| rows.iter().any(|row| fits(row, series, page))))
        .collect();
    assert!(unlisted.is_empty(), "not in docs/metrics.md, or with other labels or another type: {unlisted:#?}");
}

fn fits(row: &Row, series: &str, page: &Page) -> bool {
    let shown = label_names(series);
    let mut expected = row.labels.clone();
    if is_of_a_node(row) {
        // What the sample has itself gives way.
        if expected.remove("broker") {
            expected.insert("exported_broker".to_owned());
        }
        expected.insert("broker".to_owned());
    }
    // The cluster's collectors are no broker's.
    if row.name.starts_with("kafka_vitals_collector_") && !series.contains(r#"collector="jmx""#) {
        expected.remove("broker");
    }
    // A rule's label may be empty, and is absent then.
    let labels = if row.by_rules { shown.is_subset(&expected) } else { shown == expected };
    labels && page.types.get(&row.name).map(String::as_str) == Some(row.kind.as_str())
}

fn is_of_a_node(row: &Row) -> bool {
    row.by_rules || kafka_vitals::metrics::catalogue::is_of_a_node(&row.name)
}

/// The terms that are about the nodes' JVMs, by the names of their MBeans.
pub(crate) fn terms_of_nodes(cluster: &Cluster) -> Vec<(&'static str, usize)> {
    const PATTERNS: [(&str, &str); 4] = [
        ("L", "kafka.network:type=Acceptor,name=AcceptorBlockedPercent,*"),
        ("H", "kafka.server:type=socket-server-metrics,listener=*,networkProcessor=*"),
        ("M", "java.lang:type=MemoryPool,*"),
        // Those that never came are there, too.
        ("Q", "kafka.network:type=RequestMetrics,name=TotalTimeMs,*"),
    ];
    let found = |pattern: &str| -> usize {
        let agents = cluster.nodes().iter().map(|node| node.jolokia_url().unwrap());
        let names = agents.map(|agent| http::get_ok(&format!("{agent}/search/{pattern}"), PATIENCE).unwrap());
        let count = |text: String| {
            let answer: serde_json::Value = serde_json::from_str(&text).unwrap();
            answer["value"].as_array().unwrap().len()
        };
        names.map(count).sum()
    };
    PATTERNS.map(|(term, pattern)| (term, found(pattern))).to_vec()
}

/// Whether each of the listed metrics that the page has, has as many series as its row says; rows with a term that is not among
/// `terms` are left aside.
pub(crate) fn have_their_series(page: &Page, rows: &[&Row], terms: &[(&str, usize)]) -> Result<(), String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for series in page.series.keys() {
        *counts.entry(name_of(series)).or_default() += 1;
    }
    let count = |row: &Row| -> usize {
        let suffixes: &[&str] = if row.kind == "summary" { &["_count", "_sum"] } else { &[""] };
        suffixes.iter().filter_map(|suffix| counts.get(format!("{}{suffix}", row.name).as_str())).sum()
    };
    let mut checked = 0;
    let mut wrong = Vec::new();
    for row in rows {
        let seen = count(row);
        let Some(bound) = bound(&row.series, terms).filter(|_| seen > 0) else { continue };
        checked += 1;
        if !bound.allows(seen) {
            wrong.push(format!("{}: {seen} series, documented {}", row.name, row.series));
        }
    }
    if checked * 2 < rows.len() {
        return Err(format!("only {checked} of {} were there to be counted", rows.len()));
    }
    if wrong.is_empty() { Ok(()) } else { Err(format!("with {terms:?}: {wrong:#?}")) }
}
