//! What a scrape of three brokers costs: all MBeans and the cluster's page. A table per state with medians.

mod table;

use std::path::{Path, PathBuf};

use kafka_lab::{Cluster, LabError, Node, Result, http};

use crate::measure::{Cost, Meter, SCRAPE_LIMIT, warm_up};
use crate::state::State;
use crate::vitals::{self, Vitals};
use crate::{NEW_AGENT, OLD_AGENT, print, start};
use table::{Row, Table};

/// All MBeans, as kafka-vitals has them without a rules file.
const RULES: &str = "lowercaseOutputName: true\nrules:\n- pattern: \".*\"\n";

/// Scrapes before those that count.
const WARM_UP: usize = 15;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The kafka-vitals executable
    #[arg(long, value_name = "PATH")]
    kafka_vitals: PathBuf,
    /// A: 200 topics x 10 partitions, 200 groups x 50 offsets; B: 1,000 x 10, 1,000 x 38; AB: both
    #[arg(long, value_name = "A|B|AB", default_value = "AB")]
    state: String,
    /// Measured scrapes of each; the old agent gets two at most in state B
    #[arg(long, value_name = "N", default_value_t = 5)]
    rounds: usize,
    /// Heap of each broker
    #[arg(long, value_name = "MIB", default_value_t = 1500)]
    heap: u32,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let states: Vec<State> = match arguments.state.as_str() {
        "A" => vec![State::A],
        "B" => vec![State::B],
        "AB" => vec![State::A, State::B],
        other => return Err(LabError::Input(format!("--state: {other:?} is none of A, B, AB"))),
    };
    let program = kafka_lab::Vitals::find(&arguments.kafka_vitals)?;
    for state in states {
        let cluster = start(state, arguments.heap, RULES)?;
        let table = bench(&cluster, &program, state, arguments.rounds)?;
        print(&table.render());
    }
    Ok(())
}

fn bench(cluster: &Cluster, program: &Path, state: State, rounds: usize) -> Result<Table> {
    let mut table = Table::new(state);
    let lab = cluster.lab();
    let all: Vec<i32> = cluster.nodes().iter().map(Node::id).collect();
    let mut mbeans = vitals::agents(cluster, &all);
    mbeans.push(vitals::rules_flag(lab, RULES)?);

    eprintln!("state {}: the cluster side ...", state.name());
    // The brokers count the requests that they answer; who reads these counts asks Kafka nothing.
    let counter = Vitals::start(lab, program, &mbeans)?;
    let vitals = Vitals::start(lab, program, &[format!("--kafka.server={}", cluster.bootstrap())])?;
    let meter = Meter::new(cluster, &all, Some(&vitals.process))?;
    let url = format!("{}/metrics/cluster", vitals.url);
    warm_up(&meter, &url, WARM_UP)?;
    let before = kafka_requests(&counter)?;
    let costs: Vec<Cost> = (0..rounds).map(|_| meter.scrape(&url)).collect::<Result<_>>()?;
    let asked = kafka_requests(&counter)? - before;
    #[allow(clippy::cast_precision_loss, reason = "small counts")]
    let per_scrape = asked / rounds as f64;
    table.push(Row::new("cluster page", "kafka-vitals", &costs).requests(per_scrape).rss(vitals.process.rss_bytes()?));
    drop((vitals, counter));

    eprintln!("state {}: the MBean side ...", state.name());
    let vitals = Vitals::start(lab, program, &mbeans)?;
    for agent in [OLD_AGENT, NEW_AGENT] {
        let watched = [agent.node];
        let ours = Meter::new(cluster, &watched, Some(&vitals.process))?;
        let theirs = ours.without_exporter();
        let page = format!("{}/metrics/brokers/{}", vitals.url, agent.node);
        let url = agent.url(cluster)?;
        warm_up(&ours, &page, WARM_UP)?;
        warm_up(&theirs, &url, WARM_UP)?;
        let (mut our_costs, mut their_costs) = (Vec::new(), Vec::new());
        // In turn, so that both see the same machine.
        for round in 0..rounds {
            our_costs.push(ours.scrape(&page)?);
            if round < state.old_agent_rounds() || agent.version != OLD_AGENT.version {
                their_costs.push(theirs.scrape(&url)?);
            }
        }
        let name = format!("node {}", agent.node);
        let requests = agent_requests(&vitals, &watched, &ours, &page)?;
        table.push(Row::new(&name, "kafka-vitals", &our_costs).requests(requests));
        table.push(Row::new(&name, &format!("agent {}", agent.version), &their_costs));
    }
    let meter = Meter::new(cluster, &all, Some(&vitals.process))?;
    let url = format!("{}/metrics", vitals.url);
    warm_up(&meter, &url, WARM_UP)?;
    let costs: Vec<Cost> = (0..rounds).map(|_| meter.scrape(&url)).collect::<Result<_>>()?;
    let requests = agent_requests(&vitals, &all, &meter, &url)?;
    table.push(Row::new("three nodes", "kafka-vitals", &costs).requests(requests).rss(vitals.process.rss_bytes()?));
    Ok(table)
}

/// Requests to the nodes' Jolokia agents for one more scrape of a page.
fn agent_requests(vitals: &Vitals, nodes: &[i32], meter: &Meter<'_>, page: &str) -> Result<f64> {
    let sent = || -> Result<f64> { nodes.iter().map(|node| vitals.agent_metric("requests_total", *node)).sum() };
    let before = sent()?;
    meter.scrape(page)?;
    Ok(sent()? - before)
}

/// Requests that the brokers have answered so far of the kinds that a cluster page asks for.
fn kafka_requests(vitals: &Vitals) -> Result<f64> {
    const ASKED: [&str; 7] = [
        "Metadata",
        "ListGroups",
        "DescribeGroups",
        "ConsumerGroupDescribe",
        "FindCoordinator",
        "OffsetFetch",
        "ListOffsets",
    ];
    let page = http::get_ok(&format!("{}/metrics", vitals.url), SCRAPE_LIMIT)?;
    let counts = page.lines().filter(|line| {
        line.starts_with("kafka_network_requestmetrics_count{")
            && line.contains("name=\"RequestsPerSec\"")
            && ASKED.iter().any(|name| line.contains(&format!("request=\"{name}\"")))
    });
    Ok(counts.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum())
}
