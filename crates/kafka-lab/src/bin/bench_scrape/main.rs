//! What a scrape costs: kafka-vitals beside the real jmx_exporter agents, on three brokers, in one run.
//!
//! In: the path of kafka-vitals. Out: a table per state with medians, and the ratios that the project aims at.

mod measure;
mod state;
mod table;

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use kafka_lab::{Cluster, Guarded, Jolokia, Lab, LabError, Result, free_port, http, wait_until};

use measure::{Cost, Meter};
use state::State;
use table::{Row, Table};

/// All MBeans, as kafka-vitals has them without a rules file.
const RULES: &str = "lowercaseOutputName: true\nrules:\n- pattern: \".*\"\n";

/// A 0.17.2 agent takes half a minute and more for a broker in state B.
const SCRAPE_LIMIT: Duration = Duration::from_secs(240);

/// Scrapes before those that count.
const WARM_UP: usize = 6;

/// Measures scrapes of three brokers: the cluster's page, each node's page beside the agent in the same JVM, and memory.
#[derive(Parser)]
#[command(name = "kafka-lab-bench-scrape")]
struct Arguments {
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

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kafka-lab-bench-scrape: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let states: Vec<State> = match arguments.state.as_str() {
        "A" => vec![State::A],
        "B" => vec![State::B],
        "AB" => vec![State::A, State::B],
        other => return Err(LabError::Input(format!("--state: {other:?} is none of A, B, AB"))),
    };
    let program = arguments.kafka_vitals.canonicalize().map_err(|source| LabError::Io {
        what: format!("find kafka-vitals at {}", arguments.kafka_vitals.display()),
        source,
    })?;
    for state in states {
        eprintln!("state {}: starting three brokers and filling them ...", state.name());
        // One agent per JVM: two versions of jmx_exporter share class names.
        let cluster = Cluster::builder()
            .nodes(3)
            .heap_mib(arguments.heap)
            .quick_start(false)
            .property("log.index.size.max.bytes", "65536")
            .jolokia(Jolokia::V2_5_0)
            .node(1, |node| {
                node.jmx_exporter("0.17.2", RULES);
            })
            .node(2, |node| {
                node.jmx_exporter("1.0.1", RULES);
            })
            .start()?;
        state.fill(cluster.kafka())?;
        let table = bench(&cluster, &program, state, arguments.rounds)?;
        print(&table.render());
    }
    Ok(())
}

#[allow(clippy::print_stdout, reason = "a command-line tool")]
fn print(text: &str) {
    println!("{text}");
}

fn bench(cluster: &Cluster, program: &std::path::Path, state: State, rounds: usize) -> Result<Table> {
    let mut table = Table::new(state);
    let lab = cluster.lab();

    eprintln!("state {}: the cluster side ...", state.name());
    let urls: Vec<String> = cluster
        .nodes()
        .iter()
        .filter_map(|node| Some(format!("--jolokia.url={}={}", node.id(), node.jolokia_url()?)))
        .collect();
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    let all: Vec<i32> = cluster.nodes().iter().map(kafka_lab::Node::id).collect();
    // The brokers count the requests that they answer; who reads these counts asks Kafka nothing.
    let counter = Vitals::start(lab, program, &urls)?;
    let vitals = Vitals::start(lab, program, &[&format!("--kafka.server={}", cluster.bootstrap())])?;
    let meter = Meter::new(cluster, &all, Some(&vitals.process))?;
    let url = format!("{}/metrics/cluster", vitals.url);
    warm_up(&meter, &url, WARM_UP)?;
    let before = counter.kafka_requests()?;
    let costs: Vec<Cost> = (0..rounds).map(|_| meter.scrape(&url)).collect::<Result<_>>()?;
    let asked = counter.kafka_requests()? - before;
    #[allow(clippy::cast_precision_loss, reason = "small counts")]
    let per_scrape = asked / rounds as f64;
    table.push(Row::new("cluster page", "kafka-vitals", &costs).requests(per_scrape).rss(vitals.process.rss_bytes()?));
    drop((vitals, counter));

    eprintln!("state {}: the MBean side ...", state.name());
    let vitals = Vitals::start(lab, program, &urls)?;
    for (node, version) in [(1, "0.17.2"), (2, "1.0.1")] {
        let watched = [node];
        let ours = Meter::new(cluster, &watched, Some(&vitals.process))?;
        let theirs = Meter::new(cluster, &watched, None)?;
        let page = format!("{}/metrics/brokers/{node}", vitals.url);
        let agent = cluster.node(node)?.agent_url().ok_or_else(|| LabError::Input("no agent".into()))?;
        warm_up(&ours, &page, WARM_UP)?;
        // What takes half a minute is warm after one.
        warm_up(&theirs, &agent, if version == "0.17.2" { 1 } else { WARM_UP })?;
        let (mut our_costs, mut their_costs) = (Vec::new(), Vec::new());
        // In turn, so that both see the same machine.
        for round in 0..rounds {
            our_costs.push(ours.scrape(&page)?);
            if round < state.old_agent_rounds() || version != "0.17.2" {
                their_costs.push(theirs.scrape(&agent)?);
            }
        }
        let name = format!("node {node}");
        // Two bulk reads; docs/operations.md.
        table.push(Row::new(&name, "kafka-vitals", &our_costs).requests(2.0));
        table.push(Row::new(&name, &format!("agent {version}"), &their_costs));
    }
    let all = Meter::new(cluster, &all, Some(&vitals.process))?;
    let url = format!("{}/metrics", vitals.url);
    warm_up(&all, &url, WARM_UP)?;
    let costs: Vec<Cost> = (0..rounds).map(|_| all.scrape(&url)).collect::<Result<_>>()?;
    table.push(Row::new("three nodes", "kafka-vitals", &costs).requests(6.0).rss(vitals.process.rss_bytes()?));
    Ok(table)
}

/// Scrapes that do not count: a JVM compiles what it runs often.
fn warm_up(meter: &Meter<'_>, url: &str, scrapes: usize) -> Result<()> {
    (0..scrapes).try_for_each(|_| meter.scrape(url).map(drop))
}

/// A kafka-vitals that reads anew at each scrape.
struct Vitals {
    process: Guarded,
    url: String,
}

impl Vitals {
    fn start(lab: &Arc<Lab>, program: &std::path::Path, arguments: &[&str]) -> Result<Self> {
        let port = free_port()?;
        let mut command = Command::new(program);
        command.args(arguments).args(["--scrape.reuse=0s", "--scrape.timeout=60s"]);
        command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
        let process = lab.spawn_logged(&command, &lab.folder().join(format!("kafka-vitals-{port}.log")))?;
        let url = format!("http://127.0.0.1:{port}");
        wait_until(Duration::from_secs(30), "kafka-vitals to listen", || {
            http::get_ok(&format!("{url}/-/ready"), Duration::from_secs(5)).map(|_| Some(()))
        })?;
        Ok(Self { process, url })
    }

    /// Requests that the brokers have answered so far of the kinds that a cluster page asks for.
    fn kafka_requests(&self) -> Result<f64> {
        const ASKED: [&str; 7] = [
            "Metadata",
            "ListGroups",
            "DescribeGroups",
            "ConsumerGroupDescribe",
            "FindCoordinator",
            "OffsetFetch",
            "ListOffsets",
        ];
        let page = http::get_ok(&format!("{}/metrics", self.url), SCRAPE_LIMIT)?;
        let counts = page.lines().filter(|line| {
            line.starts_with("kafka_network_requestmetrics_count{")
                && line.contains("name=\"RequestsPerSec\"")
                && ASKED.iter().any(|name| line.contains(&format!("request=\"{name}\"")))
        });
        Ok(counts.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum())
    }
}
