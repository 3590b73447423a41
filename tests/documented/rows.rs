//! docs/metrics.md as its readers have it: the rows of its tables.

#![allow(dead_code, reason = "each test binary uses its part")]

use std::collections::BTreeSet;
use std::sync::LazyLock;

/// A metric's row.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    pub(crate) series: String,
    /// Made by the bundled rules.
    pub(crate) by_rules: bool,
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
    let [name, kind, _, labels, on, _, source, _, series] = cells[..] else { return None };
    let name = name.strip_prefix('`')?.strip_suffix('`')?.to_owned();
    let labels = labels.split(", ").filter_map(|label| Some(label.strip_prefix('`')?.strip_suffix('`')?.to_owned()));
    let (is_counter, kind) = (kind.ends_with("counter"), kind.split(',').next()?.to_owned());
    let [on, source, series] = [on, source, series].map(str::to_owned);
    Some(Row { name, kind, is_counter, labels: labels.collect(), on, source, series, by_rules })
}
