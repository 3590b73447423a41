//! docs/metrics.md and a real page in, whether the page is as the tables say out.

#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod formula;
mod rows;
mod versions;

use std::collections::{BTreeMap, BTreeSet};

use formula::bound;
pub(crate) use rows::{ROWS, Row, about};

use kafka_lab::{Cluster, http};

use crate::support::{PATIENCE, Page, split_labels};

pub(crate) fn name_of(series: &str) -> &str {
    series.split('{').next().unwrap()
}

pub(crate) fn label_names(series: &str) -> BTreeSet<String> {
    let labels = series.split_once('{').map(|(_, labels)| split_labels(labels.strip_suffix('}').unwrap()));
    labels.into_iter().flatten().map(|label| label.split_once('=').unwrap().0.to_owned()).collect()
}

/// All series of a page with everything are listed, with their types and labels.
pub(crate) fn all_are_listed(page: &Page) {
    let is_listed = |series: &&String| about(name_of(series)).into_iter().any(|row| fits(row, series, page));
    let unlisted: Vec<_> = page.series.keys().filter(|series| !is_listed(series)).collect();
    assert!(unlisted.is_empty(), "not in docs/metrics.md, or with other labels or another type: {unlisted:#?}");
}

/// No series of the page, which is of this version of Kafka, is from a version that its row leaves out.
pub(crate) fn are_of_the_version(page: &Page, kafka: (u32, u32)) {
    let is_known = |series: &&String| about(name_of(series)).iter().any(|row| versions::has(&row.since, kafka));
    let unknown: Vec<_> = page.series.keys().filter(|series| !is_known(series)).collect();
    assert!(unknown.is_empty(), "docs/metrics.md says that Kafka {kafka:?} has none of {unknown:#?}");
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
    let family = if row.name.contains('*') { name_of(series) } else { &row.name };
    labels && page.types.get(family) == Some(&row.kind)
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
    let count = |row: &Row| -> usize { row.samples().filter_map(|sample| counts.get(&*sample)).sum() };
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
