//! A node's page beside the page of a real jmx_exporter agent in the same JVM: the same series, and the same values where
//! the beans stand still.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod oracle_support;
mod support;

use kafka_lab::{Commit, Jolokia, Kafka, KafkaVersion, NewTopic};
use oracle_support::{AS_IT_IS, LOWER_CASE, node_page_equals_the_agents};

#[test]
fn a_node_page_equals_the_agents_on_kafka_4_3_0_with_lower_case() {
    node_page_equals_the_agents(KafkaVersion::V4_3_0, Jolokia::V2_5_0, LOWER_CASE, fill);
}

#[test]
fn a_node_page_equals_the_agents_on_kafka_3_9_1_as_it_is_through_jolokia_1_7() {
    node_page_equals_the_agents(KafkaVersion::V3_9_1, Jolokia::V1_7_2, AS_IT_IS, fill);
}

/// Some topics, records and commits, so that there are beans per topic, partition and request.
fn fill(kafka: &Kafka) {
    kafka.create_topics(&[NewTopic::new("oracle-orders", 3), NewTopic::new("oracle.payments", 2)]).unwrap();
    kafka.fill("oracle-orders", 3, 20).unwrap();
    kafka.fill("oracle.payments", 2, 5).unwrap();
    kafka.commit(&[Commit::new("oracle-group", &[("oracle-orders", 0, 10)])]).unwrap();
}
