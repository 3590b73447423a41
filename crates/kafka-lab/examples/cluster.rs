//! Starts a cluster to play with, prints its addresses, and ends it at Ctrl-C:
//! `cargo run -p kafka-lab --example cluster -- [NODES] [KAFKA VERSION]`.

#![allow(clippy::print_stdout, reason = "a command-line tool")]

use kafka_lab::{Cluster, Jolokia, KafkaVersion};

const RULES: &str = "lowercaseOutputName: true\nrules:\n- pattern: \".*\"\n";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let nodes = arguments.next().unwrap_or_else(|| "1".to_owned()).parse()?;
    let version = match arguments.next().as_deref() {
        None | Some("4.3.0") => KafkaVersion::V4_3_0,
        Some("3.9.1") => KafkaVersion::V3_9_1,
        Some(other) => return Err(format!("Kafka {other} is not among 4.3.0 and 3.9.1").into()),
    };
    let cluster = Cluster::builder()
        .version(version)
        .nodes(nodes)
        .jolokia(Jolokia::V2_5_0)
        .jmx_exporter("0.17.2", RULES)
        .start()?;
    println!("--kafka.server={} --jolokia.port={}", cluster.bootstrap(), cluster.jolokia_port());
    for node in cluster.nodes() {
        println!("node {}: agent {:?}, log {}", node.id(), node.agent_url(), node.log().display());
    }
    loop {
        std::thread::park();
    }
}
