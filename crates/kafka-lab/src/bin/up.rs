//! Starts a cluster, prints where everything is, and keeps it until this process ends.
//!
//! Output, one line per thing: `node ID ADDRESS pid PID [jolokia URL]`, then `folder PATH`, `guardian PID` and `ready`.

use std::{
    io::{Write, stdout},
    process::ExitCode,
    thread::park,
};

use clap::Parser;
use kafka_lab::{Cluster, Jolokia, KafkaVersion};

/// Starts real Kafka nodes and keeps them until this process ends; nothing of them is left then.
#[derive(Parser)]
#[command(name = "kafka-lab-up")]
struct Arguments {
    /// Nodes that are broker and controller; brokers only with --controllers
    #[arg(long, default_value_t = 1)]
    nodes: u8,
    /// Controllers of their own beside the brokers
    #[arg(long, default_value_t = 0)]
    controllers: u8,
    /// Start Kafka 3.9.1 instead of 4.3.0
    #[arg(long)]
    old: bool,
    /// Load Jolokia 2.5.0
    #[arg(long)]
    jolokia: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kafka-lab-up: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let mut builder = Cluster::builder().nodes(arguments.nodes);
    if arguments.controllers > 0 {
        builder = builder.split(arguments.controllers, arguments.nodes);
    }
    if arguments.old {
        builder = builder.version(KafkaVersion::V3_9_1);
    }
    if arguments.jolokia {
        builder = builder.jolokia(Jolokia::V2_5_0);
    }
    let cluster = builder.start()?;
    let mut out = stdout().lock();
    for node in cluster.nodes() {
        let jolokia = node.jolokia_url().map(|url| format!(" jolokia {url}")).unwrap_or_default();
        writeln!(out, "node {} {} pid {}{jolokia}", node.id(), node.kafka_address(), node.pid().unwrap_or_default())?;
    }
    writeln!(out, "folder {}", cluster.lab().folder().display())?;
    writeln!(out, "guardian {}", cluster.lab().guardian_pid())?;
    writeln!(out, "ready")?;
    out.flush()?;
    loop {
        park();
    }
}
