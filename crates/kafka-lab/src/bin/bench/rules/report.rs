//! What was measured, as tables in Markdown: the figures, the ratios with the aims, and how cost follows what is selected.

use std::fmt::Write as _;

use super::compare::{Ours, Outcome, Summary};
use crate::NEW_AGENT;
use crate::state::State;

/// Our CPU time for a scrape at most, as a share of agent 1.0.1's CPU time for it.
const AIM_OWN_CPU: f64 = 0.1;

/// The broker's CPU time at most, as a share of what it takes with agent 1.0.1.
const AIM_BROKER_CPU: f64 = 0.4;

/// Both have names of their own for the JVM and for themselves: up to this share the series are as good as the same.
const AS_MANY_SERIES: f64 = 0.05;

/// All tables. Writing to a String cannot fail, hence the dropped results.
pub(super) fn comparisons(state: State, outcomes: &[Outcome]) -> String {
    let mut text = format!("\n## Rules in state {}\n\n", state.name());
    text.push_str(
        "Each row is one scrape of one node's page, warm, plain text, the median of batches. kafka-vitals' page\n\
         /metrics/brokers/N and the agent's are of the same JVM with the same rules, scraped in turn; kafka-vitals follows the\n\
         agent's generation and knows this node alone. Broker CPU is the JVM's during the scrape, less what it uses at rest: for\n\
         an agent that is all of it, for kafka-vitals it is Jolokia's part, and own CPU comes on top, outside of the broker.\n\n",
    );
    figures(&mut text, outcomes);
    ratios(&mut text, outcomes);
    falling(&mut text, outcomes);
    text
}

/// One comparison in a line, for those who wait.
pub(super) fn progress(outcome: &Outcome) -> String {
    let line = |by: &str, summary: &Summary| {
        let Summary { wall, broker_cpu, series, .. } = summary;
        format!("{by} {wall:.3} s, {broker_cpu:.3} s of broker CPU, {series} series")
    };
    let ours = match &outcome.ours {
        Ok(ours) => line("kafka-vitals", &ours.summary),
        Err(why) => format!("kafka-vitals refused the rules ({why})"),
    };
    format!("  {ours}; {}", line("the agent", &outcome.theirs))
}

fn figures(text: &mut String, outcomes: &[Outcome]) {
    text.push_str(
        "| rules | node | by | batches | wall s | own CPU s | broker CPU s | series | page MB | requests | beans read | JSON MB | RSS MB |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for outcome in outcomes {
        let head = format!("| {} | {} |", outcome.title, outcome.agent.node);
        let compat = outcome.agent.compat;
        let _ = match &outcome.ours {
            Ok(ours) => writeln!(
                text,
                "{head} kafka-vitals ({compat}) | {} | {:.0} | {:.0} | {:.2} | {:.0} |",
                cells(&ours.summary),
                ours.requests,
                ours.beans,
                ours.received / 1e6,
                megabytes(ours.rss)
            ),
            Err(why) => writeln!(text, "{head} kafka-vitals ({compat}) refused the rules: {why} |"),
        };
        let theirs = cells(&outcome.theirs);
        let _ = writeln!(text, "{head} agent {} | {theirs} | - | - | - | - |", outcome.agent.version);
    }
}

fn cells(summary: &Summary) -> String {
    let own_cpu = summary.own_cpu.map_or_else(|| "-".to_owned(), |cpu| format!("{cpu:.4}"));
    #[allow(clippy::cast_precision_loss, reason = "sizes for people")]
    let size = summary.size as f64 / 1e6;
    format!(
        "{} | {:.3} | {own_cpu} | {:.3} | {} | {size:.2}",
        summary.batches, summary.wall, summary.broker_cpu, summary.series
    )
}

#[allow(clippy::cast_precision_loss, reason = "sizes for people")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn ratios(text: &mut String, outcomes: &[Outcome]) {
    let _ = write!(
        text,
        "\nRatios, kafka-vitals / agent in the same JVM. Aims, against agent {} alone: broker CPU at most {AIM_BROKER_CPU}, own CPU\n\
         at most {AIM_OWN_CPU} of the agent's.\n\n\
         | rules | against | series | wall | broker CPU | own CPU / agent's CPU | broker + own CPU / agent's CPU |\n\
         |---|---|---|---|---|---|---|\n",
        NEW_AGENT.version
    );
    for (outcome, ours) in measured(outcomes) {
        let theirs = &outcome.theirs;
        let own_cpu = ours.own_cpu.unwrap_or(f64::NAN);
        #[allow(clippy::cast_precision_loss, reason = "counts for people")]
        let series = ours.series as f64 / theirs.series as f64;
        let has_aims = outcome.agent.version == NEW_AGENT.version;
        let judged = |ratio: f64, aim: f64| match has_aims {
            true if (series - 1.0).abs() > AS_MANY_SERIES => {
                format!("{ratio:.3} (aim {aim}: not judged, other series)")
            }
            true if ratio <= aim => format!("{ratio:.3} (aim {aim}: met)"),
            true => format!("{ratio:.3} (aim {aim}: **missed**)"),
            false => format!("{ratio:.4}"),
        };
        let _ = writeln!(
            text,
            "| {} | agent {} | {series:.4} | {:.3} | {} | {} | {:.3} |",
            outcome.title,
            outcome.agent.version,
            ours.wall / theirs.wall,
            judged(ours.broker_cpu / theirs.broker_cpu, AIM_BROKER_CPU),
            judged(own_cpu / theirs.broker_cpu, AIM_OWN_CPU),
            (ours.broker_cpu + own_cpu) / theirs.broker_cpu,
        );
    }
}

/// Whether the broker's CPU falls with what the rules select, on the node of the new agent.
fn falling(text: &mut String, outcomes: &[Outcome]) {
    let mut rows: Vec<(&Outcome, &Ours)> =
        outcomes.iter().filter_map(|outcome| Some((outcome, outcome.ours.as_ref().ok()?))).collect();
    rows.retain(|(outcome, _)| outcome.agent.version == NEW_AGENT.version);
    rows.sort_by_key(|(_, ours)| std::cmp::Reverse(ours.summary.series));
    let Some((_, most)) = rows.first() else { return };
    let _ = write!(
        text,
        "\nWhat the rules select and what that costs, kafka-vitals and agent on node {}, most series first; shares of the first row.\n\n\
         | rules | series | beans read | broker CPU s | share | own CPU s | agent's CPU s | share |\n|---|---|---|---|---|---|---|---|\n",
        NEW_AGENT.node
    );
    let most_of_agent = rows.first().map_or(f64::NAN, |(outcome, _)| outcome.theirs.broker_cpu);
    for (outcome, ours) in &rows {
        let summary = &ours.summary;
        let _ = writeln!(
            text,
            "| {} | {} | {:.0} | {:.3} | {:.2} | {:.4} | {:.3} | {:.2} |",
            outcome.title,
            summary.series,
            ours.beans,
            summary.broker_cpu,
            summary.broker_cpu / most.summary.broker_cpu,
            summary.own_cpu.unwrap_or(f64::NAN),
            outcome.theirs.broker_cpu,
            outcome.theirs.broker_cpu / most_of_agent,
        );
    }
}

fn measured(outcomes: &[Outcome]) -> impl Iterator<Item = (&Outcome, &Summary)> {
    outcomes.iter().filter_map(|outcome| Some((outcome, &outcome.ours.as_ref().ok()?.summary)))
}
