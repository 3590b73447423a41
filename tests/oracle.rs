//! A node's page beside the page of a real jmx_exporter agent in the same JVM: the same series, and the same values where
//! the beans stand still.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod oracle_support;
mod support;

use std::time::Duration;

use kafka_lab::{Cluster, Commit, Jolokia, Kafka, KafkaVersion, NewTopic, http};
use oracle_support::{Differences, compare, series, wrong};
use support::Vitals;

const LOWER_CASE: &str = "lowercaseOutputName: true\nrules:\n- pattern: \".*\"\n";
const AS_IT_IS: &str = "rules:\n- pattern: \".*\"\n";

/// A moving value can be the same on both of the agent's pages by chance, hardly so three times.
const ROUNDS: usize = 4;

#[test]
fn a_node_page_equals_the_agents_on_kafka_4_3_0_with_lower_case() {
    node_page_equals_the_agents(KafkaVersion::V4_3_0, Jolokia::V2_5_0, LOWER_CASE);
}

#[test]
fn a_node_page_equals_the_agents_on_kafka_3_9_1_as_it_is_through_jolokia_1_7() {
    node_page_equals_the_agents(KafkaVersion::V3_9_1, Jolokia::V1_7_2, AS_IT_IS);
}

fn node_page_equals_the_agents(version: KafkaVersion, jolokia: Jolokia, rules: &str) {
    let cluster = Cluster::builder().version(version).jolokia(jolokia).jmx_exporter("0.17.2", rules).start().unwrap();
    fill(cluster.kafka());
    let agent = cluster.node(1).unwrap().agent_url().unwrap();
    let rules_file = cluster.lab().folder().join("rules.yaml");
    std::fs::write(&rules_file, rules).unwrap();
    let vitals = Vitals::start(
        cluster.lab(),
        &[
            &format!("--kafka.server={}", cluster.bootstrap()),
            &format!("--jolokia.port={}", cluster.jolokia_port()),
            &format!("--jmx.rules={}", rules_file.display()),
            "--scrape.reuse=0s",
        ],
    );
    let agent_page = || series(&http::get_ok(&agent, Duration::from_secs(60)).unwrap());
    let our_page = || {
        let answer = vitals.try_get("/metrics/brokers/1", &[("X-Prometheus-Scrape-Timeout-Seconds", "30")]).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        series(&answer.text())
    };
    // Kafka registers some beans at their first use, and reading is a use.
    our_page();
    agent_page();

    let mut rounds = Vec::new();
    let mut before = agent_page();
    for _ in 0..ROUNDS {
        let ours = our_page();
        let after = agent_page();
        rounds.push(compare(&before, &ours, &after));
        before = after;
    }
    // A bean of a kind that was not there before is seen at the scrape after the next at the latest.
    for pair in rounds.windows(2) {
        let lasting = |series: fn(&Differences) -> &Vec<String>| -> Vec<String> {
            series(&pair[0]).iter().filter(|name| series(&pair[1]).contains(name)).cloned().collect()
        };
        assert_eq!(lasting(|differences| &differences.missing), [""; 0], "missing here");
        assert_eq!(lasting(|differences| &differences.extra), [""; 0], "only here");
    }
    let complete = rounds.iter().filter(|round| round.missing.is_empty() && round.extra.is_empty()).count();
    assert!(complete > 0, "no round in which the series were the same: {rounds:#?}");
    let last = rounds.last().unwrap();
    assert!(last.compared > 5000 && last.still > 1000 && last.nan > 10, "hardly anything was compared: {last:?}");
    assert!(wrong(&rounds).is_empty(), "other values than the agent's: {:#?}", wrong(&rounds));
}

/// Some topics, records and commits, so that there are beans per topic, partition and request.
fn fill(kafka: &Kafka) {
    kafka.create_topics(&[NewTopic::new("oracle-orders", 3), NewTopic::new("oracle.payments", 2)]).unwrap();
    kafka.fill("oracle-orders", 3, 20).unwrap();
    kafka.fill("oracle.payments", 2, 5).unwrap();
    kafka.commit(&[Commit::new("oracle-group", &[("oracle-orders", 0, 10)])]).unwrap();
}
