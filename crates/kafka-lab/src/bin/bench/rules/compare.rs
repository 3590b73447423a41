//! kafka-vitals and an agent with the same rules for the same JVM, scraped in turn: what each costs.

use std::path::Path;
use std::time::Duration;

use kafka_lab::{Cluster, Result};

use super::agent::AgentUnderTest;
use super::files::RulesFile;
use crate::measure::{Cost, Meter, median, warm_up};
use crate::vitals::{self, Vitals};

/// Scrapes before those that count, at most.
const WARM_UP: usize = 15;

/// Scrapes are measured together until they have taken this long.
const BATCH: Duration = Duration::from_secs(2);

/// An agent that takes longer for a scrape is measured twice only.
const SLOW: f64 = 10.0;

/// Both sides under one rules file.
pub(super) struct Outcome {
    pub(super) title: String,
    pub(super) agent: crate::Agent,
    pub(super) theirs: Summary,
    /// Or why kafka-vitals refused the rules.
    pub(super) ours: Result<Ours, String>,
}

/// Medians over batches.
#[derive(Debug, Clone, Copy)]
pub(super) struct Summary {
    pub(super) batches: usize,
    pub(super) wall: f64,
    pub(super) own_cpu: Option<f64>,
    pub(super) broker_cpu: f64,
    pub(super) size: usize,
    pub(super) series: usize,
}

/// kafka-vitals' side.
pub(super) struct Ours {
    pub(super) summary: Summary,
    /// Requests to Jolokia for one scrape.
    pub(super) requests: f64,
    /// Beans in the answers to one scrape.
    pub(super) beans: f64,
    /// Bytes of these answers.
    pub(super) received: f64,
    /// Resident bytes of the process, which knows this one node.
    pub(super) rss: u64,
}

impl Summary {
    fn of(costs: &[Cost]) -> Self {
        let last = costs.last();
        Self {
            batches: costs.len(),
            wall: median(costs.iter().map(|cost| cost.wall)),
            own_cpu: last.and_then(|last| last.own_cpu).map(|_| median(costs.iter().filter_map(|cost| cost.own_cpu))),
            broker_cpu: median(costs.iter().map(|cost| cost.broker_cpu)),
            size: last.map_or(0, |last| last.size),
            series: last.map_or(0, |last| last.series),
        }
    }
}

/// Measures both under `file`, ours with the names of the agent's generation.
pub(super) fn run(
    cluster: &Cluster,
    program: &Path,
    file: &RulesFile,
    agent: &mut AgentUnderTest,
    rounds: usize,
) -> Result<Outcome> {
    let node = agent.agent.node;
    let lab = cluster.lab();
    let mut flags = vitals::agents(cluster, &[node]);
    flags.push(vitals::rules_flag(lab, &file.text)?);
    flags.push(format!("--jmx.compat={}", agent.agent.compat));
    let refusal = Vitals::refusal(program, &flags)?;
    let vitals = refusal.is_none().then(|| Vitals::start(lab, program, &flags)).transpose()?;

    let nodes = [node];
    let ours = Meter::new(cluster, &nodes, vitals.as_ref().map(|vitals| &vitals.process))?;
    let theirs = ours.without_exporter();
    let page = vitals.as_ref().map(|vitals| format!("{}/metrics/brokers/{node}", vitals.url));
    agent.set_rules(&file.text)?;
    warm_up(&theirs, &agent.url, WARM_UP)?;
    if let Some(page) = &page {
        warm_up(&ours, page, WARM_UP)?;
    }
    let (mut our_costs, mut their_costs): (Vec<Cost>, Vec<Cost>) = (Vec::new(), Vec::new());
    // In turn, so that both see the same machine.
    for _ in 0..rounds {
        if let Some(page) = &page {
            our_costs.push(ours.scrapes(page, BATCH)?.0);
        }
        if their_costs.len() < 2 || their_costs.iter().all(|cost| cost.wall < SLOW) {
            let (cost, text) = theirs.scrapes(&agent.url, BATCH)?;
            agent.check(&text)?;
            their_costs.push(cost);
        }
    }
    let ours = match (&vitals, &page) {
        (Some(vitals), Some(page)) => {
            let summary = Summary::of(&our_costs);
            let rss = vitals.process.rss_bytes()?;
            let asked = || -> Result<(f64, f64)> {
                Ok((vitals.agent_metric("requests_total", node)?, vitals.agent_metric("received_bytes_total", node)?))
            };
            let before = asked()?;
            ours.scrape(page)?;
            let after = asked()?;
            let beans = vitals.agent_metric("beans", node)?;
            Ok(Ours { summary, requests: after.0 - before.0, beans, received: after.1 - before.1, rss })
        }
        _ => Err(refusal.unwrap_or_default()),
    };
    Ok(Outcome { title: file.title.clone(), agent: agent.agent, theirs: Summary::of(&their_costs), ours })
}
