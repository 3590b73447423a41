//! docs/metrics.md as its readers have it: the rows of its tables.

#![allow(dead_code, reason = "each test binary uses its part")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// A metric's row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) name: String,
    /// As on the page.
    pub(crate) kind: String,
    /// A counter, if it is untyped on the page too.
    pub(crate) is_counter: bool,
    pub(crate) labels: BTreeSet<String>,
    /// `yes`, or what switches it on.
    pub(crate) on: String,
    pub(crate) source: String,
    /// Versions of kafka-vitals and of Kafka.
    pub(crate) since: String,
    pub(crate) series: String,
    /// Made by the bundled rules.
    pub(crate) by_rules: bool,
}

impl Row {
    /// Names of its samples.
    pub(crate) fn samples(&self) -> impl Iterator<Item = String> {
        let suffixes: &[&str] = if self.kind == "summary" { &["_count", "_sum"] } else { &[""] };
        suffixes.iter().map(|suffix| format!("{}{suffix}", self.name))
    }
}

/// Rows that are about samples of this name: those with the very name, else those where a `*` stands for a part of it.
pub(crate) fn about(sample: &str) -> Vec<&'static Row> {
    static BY_SAMPLE: LazyLock<BTreeMap<String, Vec<&Row>>> = LazyLock::new(|| {
        let mut rows: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
        for row in ROWS.iter() {
            row.samples().for_each(|sample| rows.entry(sample).or_default().push(row));
        }
        rows
    });
    let stands_for = |row: &&Row| {
        let around = row.name.split_once('*');
        let part = around.and_then(|(before, after)| sample.strip_prefix(before)?.strip_suffix(after));
        part.is_some_and(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase()))
    };
    BY_SAMPLE.get(sample).cloned().unwrap_or_else(|| ROWS.iter().filter(stands_for).collect())
}

/// All rows; the same name may be there twice, on by default and with more labels if it is switched on.
pub(crate) static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let text = include_str!("../../docs/metrics.md");
    let (by_itself, by_rules) = text.split_once("\n## MBeans under the default rules\n").unwrap();
    let rows = |text: &str, by_rules| text.lines().filter_map(move |line| row(line, by_rules)).collect::<Vec<_>>();
    let all = [rows(by_itself, false), rows(by_rules, true)].concat();
    assert!(all.len() > 400, "only {} rows", all.len());
    all
});

/// A line of a table of metrics.
fn row(line: &str, by_rules: bool) -> Option<Row> {
    let cells: Vec<&str> = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
    let [name, kind, _, labels, on, _, source, since, series] = cells[..] else { return None };
    let name = name.strip_prefix('`')?.strip_suffix('`')?.to_owned();
    let labels = labels.split(", ").filter_map(|label| Some(label.strip_prefix('`')?.strip_suffix('`')?.to_owned()));
    let (is_counter, kind) = (kind.ends_with("counter"), kind.split(',').next()?.to_owned());
    let [on, source, since, series] = [on, source, since, series].map(str::to_owned);
    Some(Row { name, kind, is_counter, labels: labels.collect(), on, source, since, series, by_rules })
}
