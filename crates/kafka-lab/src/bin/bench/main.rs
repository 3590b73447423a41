//! Benchmarks: kafka-vitals beside the real jmx_exporter agents, on three brokers, in one run; and how its cost grows.
//!
//! In: the path of kafka-vitals and what to measure. Out: tables in Markdown with what the project aims at.

mod distance;
mod lag;
mod measure;
mod peers;
mod requests;
mod rules;
mod scale;
mod scrape;
mod state;
mod vitals;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use kafka_lab::{Cluster, Jolokia, LabError, Result};

use state::State;

/// Measures kafka-vitals, beside what it replaces and as clusters grow.
#[derive(Parser)]
#[command(name = "kafka-lab-bench")]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Scrapes of three brokers: the cluster's page, each node's page beside the agent in the same JVM, and memory
    Scrape(scrape::Arguments),
    /// Rules: a node's page beside the agents with the same rules file, and the cold start with 2,000 rules
    Rules(rules::Arguments),
    /// Growth: the cluster's page with 1,000 to 50,000 partitions on three brokers, with 100,000 on a scripted cluster,
    /// and while 10,000 group names come and go
    Scale(scale::Arguments),
    /// Distance: round trips of a page when every broker is far away, with and without TLS and SASL
    Distance(distance::Arguments),
    /// Lag in seconds: how many rounds of lookups weeks of different shapes take, cold and warm, that the answers are true,
    /// and what the search adds to a collection in state B
    Lag(lag::Arguments),
    /// Peers: the cluster's page beside kminion's and kafka_exporter's, of executables that are given
    Peers(peers::Arguments),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().what {
        What::Scrape(arguments) => scrape::run(&arguments),
        What::Rules(arguments) => rules::run(&arguments),
        What::Scale(arguments) => scale::run(&arguments),
        What::Distance(arguments) => distance::run(&arguments),
        What::Lag(arguments) => lag::run(&arguments),
        What::Peers(arguments) => peers::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kafka-lab-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The node with a jmx_exporter agent of the last version that many people still run.
const OLD_AGENT: Agent = Agent { node: 1, version: "0.17.2", compat: "0.x" };

/// The node with a jmx_exporter agent of the 1.x line.
const NEW_AGENT: Agent = Agent { node: 2, version: "1.0.1", compat: "1.x" };

/// A jmx_exporter agent. One per JVM: two versions share class names.
#[derive(Debug, Clone, Copy)]
struct Agent {
    node: i32,
    version: &'static str,
    /// What `--jmx.compat` calls its generation.
    compat: &'static str,
}

impl Agent {
    /// Its page.
    fn url(self, cluster: &Cluster) -> Result<String> {
        let url = cluster.node(self.node)?.agent_url();
        url.ok_or_else(|| LabError::Input(format!("node {} has no jmx_exporter agent", self.node)))
    }
}

/// Three brokers with Jolokia, two of them with an agent beside it, filled. `rules` is what the agents begin with.
fn start(state: State, heap_mib: u32, rules: &str) -> Result<Cluster> {
    eprintln!("state {}: starting three brokers and filling them ...", state.name());
    let mut cluster = Cluster::builder()
        .nodes(3)
        .heap_mib(heap_mib)
        .quick_start(false)
        .property("log.index.size.max.bytes", "65536")
        .jolokia(Jolokia::V2_5_0);
    for agent in [OLD_AGENT, NEW_AGENT] {
        cluster = cluster.node(agent.node, |node| {
            node.jmx_exporter(agent.version, rules);
        });
    }
    let cluster = cluster.start()?;
    state.fill(cluster.kafka())?;
    Ok(cluster)
}

#[allow(clippy::print_stdout, reason = "a command-line tool")]
fn print(text: &str) {
    println!("{text}");
}
