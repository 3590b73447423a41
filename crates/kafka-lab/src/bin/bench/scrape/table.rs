//! Costs as a table in Markdown, with the ratios that the project aims at.

use std::fmt::Write as _;

use crate::measure::Cost;
use crate::state::State;

/// One line.
pub(crate) struct Row {
    what: String,
    by: String,
    scrapes: usize,
    wall: f64,
    own_cpu: Option<f64>,
    broker_cpu: f64,
    size: usize,
    series: usize,
    requests: Option<f64>,
    rss: Option<u64>,
}

impl Row {
    /// Medians of these scrapes.
    pub(crate) fn new(what: &str, by: &str, costs: &[Cost]) -> Self {
        let median = Cost::median(costs);
        Self {
            what: what.into(),
            by: by.into(),
            scrapes: costs.len(),
            wall: median.wall,
            own_cpu: median.own_cpu,
            broker_cpu: median.broker_cpu,
            size: median.size,
            series: median.series,
            requests: None,
            rss: None,
        }
    }

    pub(crate) fn requests(mut self, requests: f64) -> Self {
        self.requests = Some(requests);
        self
    }

    pub(crate) fn rss(mut self, bytes: u64) -> Self {
        self.rss = Some(bytes);
        self
    }
}

/// All lines of a state.
pub(crate) struct Table {
    state: State,
    rows: Vec<Row>,
}

impl Table {
    pub(crate) fn new(state: State) -> Self {
        Self { state, rows: Vec::new() }
    }

    pub(crate) fn push(&mut self, row: Row) {
        self.rows.push(row);
    }

    pub(crate) fn render(&self) -> String {
        let mut text = format!(
            "\n## State {}\n\n| page | by | scrapes | wall s | own CPU s | brokers' CPU s | requests | MB | series | RSS MB |\n\
             |---|---|---|---|---|---|---|---|---|---|\n",
            self.state.name()
        );
        for row in &self.rows {
            let optional = |value: Option<String>| value.unwrap_or_else(|| "-".into());
            #[allow(clippy::cast_precision_loss, reason = "sizes for people")]
            let (size, rss) = (row.size as f64 / 1e6, row.rss.map(|bytes| format!("{:.0}", bytes as f64 / 1e6)));
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "| {} | {} | {} | {:.3} | {} | {:.3} | {} | {size:.2} | {} | {} |",
                row.what,
                row.by,
                row.scrapes,
                row.wall,
                optional(row.own_cpu.map(|cpu| format!("{cpu:.3}"))),
                row.broker_cpu,
                optional(row.requests.map(|requests| format!("{requests:.0}"))),
                row.series,
                optional(rss)
            );
        }
        text.push('\n');
        self.ratios(&mut text);
        text
    }

    /// Ours against the agent in the same JVM, which is the row that follows ours.
    fn ratios(&self, text: &mut String) {
        for pair in self.rows.windows(2) {
            if let [ours, theirs] = pair
                && ours.what == theirs.what
            {
                let own_cpu = ours.own_cpu.unwrap_or(f64::NAN);
                let _ = writeln!(
                    text,
                    "{}, ours / {}: wall {:.3}, broker CPU {:.3}, our own CPU against its broker CPU {:.3}",
                    ours.what,
                    theirs.by,
                    ours.wall / theirs.wall,
                    ours.broker_cpu / theirs.broker_cpu,
                    own_cpu / theirs.broker_cpu
                );
            }
        }
        if self.state == State::B {
            text.push_str(
                "Aims: cluster page at most 1.95 s (an eighth of kafka_exporter's 15.6 s on a machine of this kind) and \
                 120 MB; against agent 1.0.1 broker CPU at most 0.4 and own CPU at most 0.1; three nodes at most 150 MB.\n",
            );
        }
    }
}
