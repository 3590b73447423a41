//! The cold start: kafka-vitals meets a node with 2,000 rules. When is its page complete, and does each scrape keep its
//! deadline meanwhile?

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use kafka_lab::{Cluster, Result, http};

use super::agent::AgentUnderTest;
use super::files;
use crate::NEW_AGENT;
use crate::measure::{Meter, SCRAPE_LIMIT, series};
use crate::state::State;
use crate::vitals::{self, Vitals};

/// Prometheus' default scrape_timeout, in seconds.
const DEADLINE: f64 = 10.0;

/// Between two scrapes.
const PAUSE: Duration = Duration::from_secs(1);

/// A page that has not come to rest by then never will.
const MOST_SCRAPES: usize = 60;

/// So many pages with the same number of series in a row are at rest.
const AT_REST: usize = 4;

/// Warm scrapes are measured together for this long.
const BATCH: Duration = Duration::from_secs(5);

/// One scrape.
struct Scrape {
    status: u16,
    wall: f64,
    series: usize,
    /// Seconds since the first scrape began, at this one's end.
    at: f64,
    /// CPU seconds of kafka-vitals since its start, at this one's end.
    cpu: f64,
}

/// Starts kafka-vitals with 2,000 rules, scrapes the node of `NEW_AGENT` until its page is at rest, then lets `agent` do
/// the same, if given. Writing to a String cannot fail, hence the dropped results.
pub(super) fn run(
    cluster: &Cluster,
    program: &Path,
    state: State,
    agent: Option<&mut AgentUnderTest>,
) -> Result<String> {
    let node = NEW_AGENT.node;
    let rules = files::two_thousand(state);
    let mut flags = vitals::agents(cluster, &[node]);
    flags.push(vitals::rules_flag(cluster.lab(), &rules)?);
    flags.push(format!("--jmx.compat={}", NEW_AGENT.compat));
    let mut text = format!("\n## Cold start with {} in state {}\n\n", files::COLD_TITLE, state.name());
    if let Some(why) = Vitals::refusal(program, &flags)? {
        let _ = writeln!(text, "kafka-vitals refused the rules: {why}");
        return Ok(text);
    }
    let started = Instant::now();
    let vitals = Vitals::start(cluster.lab(), program, &flags)?;
    let _ = writeln!(
        text,
        "Loaded and listening after {:.2} s, {:.2} s of CPU. Then a scrape of node {node} every {} s after the last one's end, each with \
         {DEADLINE} s:\n",
        started.elapsed().as_secs_f64(),
        vitals.process.cpu_seconds()?,
        PAUSE.as_secs(),
    );
    let scrapes = until_at_rest(&vitals, node)?;
    table(&mut text, &scrapes);

    let nodes = [node];
    let meter = Meter::new(cluster, &nodes, Some(&vitals.process))?;
    let page = format!("{}/metrics/brokers/{node}", vitals.url);
    let (warm, _) = meter.scrapes(&page, BATCH)?;
    let _ = writeln!(
        text,
        "* Warm: {:.3} s, {:.4} s of own CPU, {:.3} s of broker CPU, {} series, {:.0} MB of memory.",
        warm.wall,
        warm.own_cpu.unwrap_or(f64::NAN),
        warm.broker_cpu,
        warm.series,
        rss(&vitals)?,
    );
    if let Some(agent) = agent {
        agent.set_rules(&rules)?;
        let theirs = meter.without_exporter();
        theirs.scrape(&agent.url)?;
        let (cost, page) = theirs.scrapes(&agent.url, BATCH)?;
        agent.check(&page)?;
        let _ = writeln!(
            text,
            "* Agent {} with the same rules, each scrape, the first one left out: {:.1} s, {:.1} s of broker CPU, {} series.",
            agent.version(),
            cost.wall,
            cost.broker_cpu,
            cost.series,
        );
    }
    Ok(text)
}

#[allow(clippy::cast_precision_loss, reason = "sizes for people")]
fn rss(vitals: &Vitals) -> Result<f64> {
    Ok(vitals.process.rss_bytes()? as f64 / 1e6)
}

/// Scrapes as Prometheus does until the page no longer grows.
fn until_at_rest(vitals: &Vitals, node: i32) -> Result<Vec<Scrape>> {
    let url = format!("{}/metrics/brokers/{node}", vitals.url);
    let header = [("X-Prometheus-Scrape-Timeout-Seconds", DEADLINE.to_string())];
    let header: Vec<(&str, &str)> = header.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let started = Instant::now();
    let mut scrapes: Vec<Scrape> = Vec::new();
    while scrapes.len() < MOST_SCRAPES && !is_at_rest(&scrapes) {
        if !scrapes.is_empty() {
            std::thread::sleep(PAUSE);
        }
        // Not cut off at the deadline: what comes late is to be seen.
        let answer = http::get(&url, &header, SCRAPE_LIMIT)?;
        scrapes.push(Scrape {
            status: answer.status,
            wall: answer.elapsed.as_secs_f64(),
            series: if answer.status == 200 { series(&answer.text()) } else { 0 },
            at: started.elapsed().as_secs_f64(),
            cpu: vitals.process.cpu_seconds()?,
        });
    }
    Ok(scrapes)
}

/// Some series come and go by themselves, such as those of a memory pool that was never collected.
fn about_as_many(series: usize, most: usize) -> bool {
    series + most / 1000 >= most
}

fn is_at_rest(scrapes: &[Scrape]) -> bool {
    let Some(last) = scrapes.len().checked_sub(AT_REST).map(|from| &scrapes[from..]) else { return false };
    let most = last.iter().map(|scrape| scrape.series).max().unwrap_or_default();
    last.iter().all(|scrape| scrape.status == 200 && about_as_many(scrape.series, most))
}

fn table(text: &mut String, scrapes: &[Scrape]) {
    text.push_str("| scrape | status | wall s | series | s since the first scrape | own CPU s since the start |\n|---|---|---|---|---|---|\n");
    for (number, scrape) in (1..).zip(scrapes) {
        let Scrape { status, wall, series, at, cpu } = scrape;
        let _ = writeln!(text, "| {number} | {status} | {wall:.2} | {series} | {at:.1} | {cpu:.2} |");
    }
    text.push('\n');
    let most = scrapes.iter().map(|scrape| scrape.series).max().unwrap_or_default();
    let complete = scrapes.iter().position(|scrape| scrape.status == 200 && about_as_many(scrape.series, most));
    let _ = match complete.and_then(|at| Some((at + 1, scrapes.get(at)?))).filter(|_| is_at_rest(scrapes)) {
        Some((number, scrape)) => writeln!(
            text,
            "* The page is complete at scrape {number}, {:.1} s after the first one began, with {:.2} s of own CPU ({most} series).",
            scrape.at, scrape.cpu
        ),
        None => writeln!(text, "* **The page was not complete after {} scrapes.**", scrapes.len()),
    };
    if let Some(first) = scrapes.first() {
        let kept =
            if first.wall <= DEADLINE && first.status == 200 { "kept its deadline" } else { "**failed its deadline**" };
        let _ = writeln!(
            text,
            "* The first scrape {kept}: status {} with {} series after {:.2} s of {DEADLINE} s.",
            first.status, first.series, first.wall
        );
    }
    let late = scrapes.iter().filter(|scrape| scrape.wall > DEADLINE).count();
    let failed = scrapes.iter().filter(|scrape| scrape.status != 200).count();
    let _ = writeln!(text, "* Of {} scrapes {late} came late and {failed} failed.", scrapes.len());
}
