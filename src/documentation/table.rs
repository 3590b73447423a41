//! The tables of `docs/metrics.md`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::total::total;
use crate::metrics::catalogue::Metric;

/// What is said of a metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) name: String,
    /// As text format 0.0.4 has it, and what it is besides.
    pub(super) kind: String,
    pub(super) unit: String,
    pub(super) labels: BTreeSet<String>,
    /// What together switches it on; none = it is on by default.
    pub(super) opt_in: Vec<String>,
    pub(super) meaning: String,
    pub(super) source: String,
    /// Versions of kafka-vitals and of Kafka.
    pub(super) since: String,
    pub(super) series: String,
}

impl From<&Metric> for Row {
    fn from(metric: &Metric) -> Self {
        Self {
            name: metric.name.to_owned(),
            kind: metric.kind.as_str().to_owned(),
            unit: metric.unit.to_owned(),
            labels: metric.labels.iter().map(|label| (*label).to_owned()).collect(),
            opt_in: metric.opt_in.map(str::to_owned).into_iter().collect(),
            meaning: metric.help.to_owned(),
            source: metric.source.to_owned(),
            since: since(metric.since, metric.kafka.map(|version| format!("Kafka {version} and later"))),
            series: metric.series.to_owned(),
        }
    }
}

/// Of kafka-vitals, and of Kafka where not every version will do.
pub(super) fn since(vitals: &str, kafka: Option<String>) -> String {
    kafka.map_or_else(|| vitals.to_owned(), |kafka| format!("{vitals}; {kafka}"))
}

/// Adds a section with its table, and what it sums up to.
pub(super) fn write(title: &str, level: &str, rows: impl IntoIterator<Item = Row>, text: &mut String) {
    let rows: Vec<Row> = rows.into_iter().collect();
    let formulas =
        |opt_in: bool| rows.iter().filter(move |row| row.opt_in.is_empty() != opt_in).map(|row| &*row.series);
    let (default, opt_in) = (total(formulas(false)), total(formulas(true)));
    let opt_in = if opt_in.is_empty() { String::new() } else { format!("; opt-in: {opt_in}") };
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        "\n{level} {title}\n\nSeries by default: {default}{opt_in}.\n\n| name | type | unit | labels | on | meaning | source | since | series |\n\
         |---|---|---|---|---|---|---|---|---|\n"
    );
    for row in rows {
        let on = if row.opt_in.is_empty() { "yes".to_owned() } else { code(&row.opt_in) };
        let cells = [
            &format!("`{}`", row.name),
            &row.kind,
            &row.unit,
            &code(&row.labels),
            &on,
            &row.meaning,
            &row.source,
            &row.since,
            &row.series,
        ];
        let _ = writeln!(text, "| {} |", cells.map(|text| cell(text)).join(" | "));
    }
}

fn code<'t>(texts: impl IntoIterator<Item = &'t String>) -> String {
    texts.into_iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(", ")
}

/// `text` in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stay_on_one_line_of_the_table() {
        assert_eq!(cell("a|b\nc\\"), "a\\|b c\\\\");
    }
}
