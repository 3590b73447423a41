//! A node's page beside the agent's with a thousand partitions, where the per-partition beans come in a request of their
//! own. Part of `cargo xtask test --full` only, because the agent takes its time.

#![cfg(feature = "full-tests")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod oracle_support;
mod support;

use kafka_lab::{Jolokia, Kafka, KafkaVersion, NewTopic};
use oracle_support::{LOWER_CASE, node_page_equals_the_agents};

#[test]
fn a_node_page_equals_the_agents_with_a_thousand_partitions() {
    node_page_equals_the_agents(KafkaVersion::V4_3_0, Jolokia::V2_5_0, LOWER_CASE, fill);
}

fn fill(kafka: &Kafka) {
    let topics: Vec<NewTopic> = (0..100).map(|topic| NewTopic::new(&format!("scale-{topic:03}"), 10)).collect();
    kafka.create_topics(&topics).unwrap();
    for topic in 0..100 {
        kafka.fill(&format!("scale-{topic:03}"), 10, 1).unwrap();
    }
}
