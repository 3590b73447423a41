//! The tables in Markdown: measured programs in, text with costs, ratios against the aims, facts and requests out.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::facts::{FACTS, Page};
use super::programs::Who;
use super::rounds::{Figures, Memory};
use crate::requests::Requests;
use crate::state::State;

/// A program and all that was found out about it.
pub(super) struct Measured {
    pub(super) figures: Figures,
    /// When it was scraped as Prometheus does.
    pub(super) memory: Memory,
    /// After scrape upon scrape.
    pub(super) after: Memory,
    /// Requests for one scrape.
    pub(super) requests: Requests,
    /// Values that are equal to ours.
    pub(super) equal: usize,
}

/// A state's figures.
pub(super) struct Report {
    pub(super) state: State,
    /// CPU seconds per second of the brokers at rest.
    pub(super) rest: f64,
    pub(super) programs: Vec<Measured>,
    /// In the order of `programs`.
    pub(super) pages: Vec<Page>,
}

/// At most this, ours / kminion's for the same facts, in state B.
struct Aims {
    wall: Option<f64>,
    own_cpu: Option<f64>,
    broker_cpu: Option<f64>,
    memory: Option<f64>,
}

const NO_AIMS: Aims = Aims { wall: None, own_cpu: None, broker_cpu: None, memory: None };

const STEADY_AIMS: Aims = Aims { wall: Some(0.4), own_cpu: Some(0.5), broker_cpu: Some(0.5), memory: Some(0.4) };

const REFRESH_AIMS: Aims = Aims { wall: Some(0.65), broker_cpu: Some(0.8), ..NO_AIMS };

/// Writing to a String cannot fail, hence the dropped results.
impl Report {
    pub(super) fn render(&self) -> String {
        let mut text = format!("\n## State {}\n\n", self.state.name());
        self.costs(&mut text);
        self.ratios(&mut text);
        self.facts(&mut text);
        self.requests(&mut text);
        text
    }

    fn costs(&self, text: &mut String) {
        text.push_str(
            "| by | batches | scrapes | wall s | its quartiles | own CPU s | brokers' CPU s | requests | MB | series | RSS MB | \
             peak RSS MB | RSS MB after the batches |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
        );
        for Measured { figures, memory, after, requests, .. } in &self.programs {
            let Figures { who, batches, scrapes, wall, wall_spread: (low, high), own_cpu, broker_cpu, size, series } =
                figures;
            #[allow(clippy::cast_precision_loss, reason = "sizes for people")]
            let mb = |bytes: u64| bytes as f64 / 1e6;
            let _ = writeln!(
                text,
                "| {} | {batches} | {scrapes} | {wall:.3} | {low:.3}-{high:.3} | {own_cpu:.3} | {broker_cpu:.3} | {} | {:.2} | \
                 {series} | {:.0} | {:.0} | {:.0} |",
                who.name(),
                requests.values().sum::<f64>(),
                mb(u64::try_from(*size).unwrap_or(u64::MAX)),
                mb(memory.resident),
                mb(memory.peak),
                mb(after.resident),
            );
        }
        let _ =
            writeln!(text, "\nThe brokers at rest use {:.3} CPU seconds per second; that is taken off.\n", self.rest);
    }

    fn ratios(&self, text: &mut String) {
        let is_peer = |measured: &&Measured| !measured.figures.who.is_ours();
        let peers: Vec<&Measured> = self.programs.iter().filter(is_peer).collect();
        if peers.is_empty() {
            return;
        }
        text.push_str("| ours / theirs | against | wall | own CPU | brokers' CPU | RSS | peak RSS |\n|---|---|---|---|---|---|---|\n");
        for theirs in peers {
            for ours in self.programs.iter().filter(|measured| measured.figures.who.is_ours()) {
                let aims = self.aims(ours.figures.who, theirs.figures.who);
                #[allow(clippy::cast_precision_loss, reason = "sizes for people")]
                let bytes = |ours: u64, theirs: u64| ours as f64 / theirs as f64;
                let _ = writeln!(
                    text,
                    "| {} | {} | {} | {} | {} | {} | {:.3} |",
                    ours.figures.who.name(),
                    theirs.figures.who.name(),
                    judged(ours.figures.wall / theirs.figures.wall, aims.wall),
                    judged(ours.figures.own_cpu / theirs.figures.own_cpu, aims.own_cpu),
                    judged(ours.figures.broker_cpu / theirs.figures.broker_cpu, aims.broker_cpu),
                    judged(bytes(ours.memory.resident, theirs.memory.resident), aims.memory),
                    bytes(ours.memory.peak, theirs.memory.peak),
                );
            }
        }
        text.push('\n');
    }

    fn aims(&self, ours: Who, theirs: Who) -> &'static Aims {
        match (self.state, ours, theirs) {
            (State::B, Who::Steady, Who::KminionWithoutLogDirs) => &STEADY_AIMS,
            (State::B, Who::FullRefresh, Who::KminionWithoutLogDirs) => &REFRESH_AIMS,
            _ => &NO_AIMS,
        }
    }

    /// Series by what they tell. Ours has the same in all modes.
    fn facts(&self, text: &mut String) {
        let shown = |page: &&Page| !matches!(page.who, Who::FullRefresh | Who::Librdkafka);
        let pages: Vec<&Page> = self.pages.iter().filter(shown).collect();
        let Some((ours, peers)) = pages.split_first() else { return };
        header(text, "series of", pages.iter().map(|page| page.who.name()));
        for fact in FACTS {
            row(text, fact.what, pages.iter().map(|page| page.count(fact).map(|count| count.to_string())));
        }
        row(text, "**all**", pages.iter().map(|page| Some(page.series.to_string())));
        text.push('\n');
        for page in peers {
            let _ = writeln!(
                text,
                "* Kinds that both have: kafka-vitals {} series, {} {}.",
                ours.shared_with(page),
                page.who.name(),
                page.shared_with(ours)
            );
        }
        for Measured { figures, equal, .. } in self.programs.iter().skip(1) {
            let _ = writeln!(
                text,
                "* {} says what \"{}\" says: {equal} values compared.",
                figures.who.name(),
                Who::Steady.name()
            );
        }
        for page in &pages {
            let (others, itself) = page.others();
            let others: Vec<String> = others.iter().map(|(family, count)| format!("`{family}` {count}")).collect();
            let others = if others.is_empty() { "none".to_owned() } else { others.join(", ") };
            let _ = writeln!(text, "* Other families of {}: {others}; {itself} series about itself.", page.who.name());
        }
        text.push('\n');
    }

    fn requests(&self, text: &mut String) {
        header(text, "requests for one scrape", self.programs.iter().map(|measured| measured.figures.who.name()));
        let kinds: BTreeSet<&String> = self.programs.iter().flat_map(|measured| measured.requests.keys()).collect();
        for kind in kinds {
            row(text, kind, self.programs.iter().map(|measured| Some(measured.requests.get(kind)?.to_string())));
        }
    }
}

fn judged(ratio: f64, aim: Option<f64>) -> String {
    match aim {
        Some(aim) if ratio <= aim => format!("{ratio:.3} (aim {aim}: met)"),
        Some(aim) => format!("{ratio:.3} (aim {aim}: **missed**)"),
        None => format!("{ratio:.3}"),
    }
}

fn header<'a>(text: &mut String, first: &str, names: impl Iterator<Item = &'a str>) {
    let names: Vec<&str> = names.collect();
    let _ = writeln!(text, "| {first} | {} |\n|---|{}", names.join(" | "), "---|".repeat(names.len()));
}

fn row(text: &mut String, first: &str, values: impl Iterator<Item = Option<String>>) {
    let values: Vec<String> = values.map(|value| value.unwrap_or_else(|| "-".into())).collect();
    let _ = writeln!(text, "| {first} | {} |", values.join(" | "));
}
