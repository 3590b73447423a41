//! Dashboards 721 and 7589 of grafana.com as they are, in both revisions of their variables, on the split pages: every query of theirs, to
//! the letter, finds what it should.

use std::collections::{BTreeMap, BTreeSet};

use kafka_lab::showcase::{GROUPS, TOPICS};
use kafka_lab::{Sample, http};

use super::truth::{near, number, written};
use super::world::{World, world};
use crate::interpolation::interpolate;

const TOPICS_OF_7589: &str = "label_values(kafka_topic_partition_current_offset{instance='$instance',topic!='__consumer_offsets',topic!='--kafka'}, topic)";

/// Variables of 7589: name and query, in the older revision and in the newer one.
const VARIABLES_OF_7589: [[(&str, &str); 3]; 2] = [
    [
        ("job", "label_values(kafka_consumergroup_current_offset, job)"),
        ("instance", r#"label_values(kafka_consumergroup_current_offset{job=~"$job"}, instance)"#),
        ("topic", TOPICS_OF_7589),
    ],
    [
        ("job", "label_values(kafka_consumergroup_members,job)"),
        ("instance", r#"label_values(kafka_consumergroup_members{job=~"$job"}, instance)"#),
        ("topic", TOPICS_OF_7589),
    ],
];

const MESSAGES_IN_PER_SECOND: &str =
    r#"sum(rate(kafka_topic_partition_current_offset{instance="$instance", topic=~"$topic"}[1m])) by (topic)"#;
const LAG_BY_CONSUMER_GROUP: &str =
    r#"sum(kafka_consumergroup_lag{instance="$instance",topic=~"$topic"}) by (consumergroup, topic) "#;
const MESSAGES_IN_PER_MINUTE: &str =
    r#"sum(delta(kafka_topic_partition_current_offset{instance=~'$instance', topic=~"$topic"}[5m])/5) by (topic)"#;
const MESSAGES_CONSUMED_PER_MINUTE: &str = r#"sum(delta(kafka_consumergroup_current_offset{instance=~'$instance',topic=~"$topic"}[5m])/5) by (consumergroup, topic)"#;
const PARTITIONS_PER_TOPIC: &str = r#"sum by(topic) (kafka_topic_partitions{instance="$instance",topic=~"$topic"})"#;

const CPU_USAGE: &str = r#"rate(process_cpu_seconds_total{job="kafka"}[1m])"#;
const JVM_MEMORY_USED: &str = r#"sum without(area)(jvm_memory_bytes_used{job="kafka"})"#;
const TIME_SPENT_IN_GC: &str = r#"sum without(gc)(rate(jvm_gc_collection_seconds_sum{job="kafka"}[5m]))"#;
const MESSAGES_IN_PER_TOPIC: &str =
    r#"sum without(instance)(rate(kafka_server_brokertopicmetrics_messagesin_total{job="kafka",topic!=""}[5m]))"#;
const BYTES_IN_PER_TOPIC: &str =
    r#"sum without(instance)(rate(kafka_server_brokertopicmetrics_bytesin_total{job="kafka",topic!=""}[5m]))"#;
const BYTES_OUT_PER_TOPIC: &str =
    r#"sum without(instance)(rate(kafka_server_brokertopicmetrics_bytesout_total{job="kafka",topic!=""}[5m]))"#;

/// What is chosen in dashboard 7589: a job and an instance by what its variables offer, and all topics.
fn chosen_in_7589(world: &World, variables: &[(&'static str, &str); 3]) -> BTreeMap<&'static str, String> {
    let mut chosen: BTreeMap<&'static str, String> = BTreeMap::new();
    for (name, query) in variables {
        let query = interpolate(query, |name| chosen.get(name).cloned());
        let (selector, label) =
            query.strip_prefix("label_values(").unwrap().strip_suffix(')').unwrap().rsplit_once(',').unwrap();
        let mut offered = world.prometheus().label_values(selector, label.trim()).unwrap();
        if *name == "job" {
            assert!(offered.contains(&"kafka-cluster".to_owned()), "{offered:?}");
            offered.retain(|job| job == "kafka-cluster");
        }
        // Grafana writes all values of a variable of several where it has no value for All.
        chosen.insert(name, if *name == "topic" { format!("({})", offered.join("|")) } else { offered[0].clone() });
    }
    chosen
}

/// The end of the good time, when the broker was not down yet.
fn ask(world: &World, query: &str, chosen: &BTreeMap<&str, String>) -> Vec<Sample> {
    let text = interpolate(query, |name| chosen.get(name).cloned());
    world.prometheus().query_at(&text, world.well.time).unwrap()
}

/// Results by the labels of the legend, which must be all that there is: one line for each.
fn by_legend<const N: usize>(samples: &[Sample], labels: [&str; N]) -> BTreeMap<[String; N], f64> {
    let mut lines = BTreeMap::new();
    for sample in samples {
        let names: Vec<_> = sample.labels.keys().filter(|name| !["job", "cluster"].contains(&name.as_str())).collect();
        assert_eq!(BTreeSet::from_iter(names.iter().map(|name| name.as_str())), BTreeSet::from(labels), "{sample:?}");
        let twice = lines.insert(labels.map(|name| sample.labels[name].clone()), sample.value);
        assert!(twice.is_none(), "two lines of the same name: {samples:?}");
    }
    lines
}

/// The times of the first and the last sample of a job in a window of five minutes: the cluster is younger than that.
fn sampled(world: &World, job: &str) -> (f64, f64) {
    let samples = format!("query?query={}&time={}", http::encode(&format!("up{{job=\"{job}\"}}[5m]")), world.well.time);
    let answer = world.prometheus().api(&samples).unwrap();
    let points = answer["result"][0]["values"].as_array().unwrap();
    let time = |at: usize| points[at][0].as_f64().unwrap();
    (time(0), time(points.len() - 1))
}

fn topics() -> impl Iterator<Item = &'static str> {
    TOPICS.iter().filter(|topic| topic.records_per_second > 0).map(|topic| topic.name)
}

#[test]
fn the_queries_of_dashboard_7589_find_traffic_and_lag_of_every_topic_and_group() {
    let world = world();
    let (start, end) = sampled(world, "kafka-cluster");
    let rate = |topic: &str| written(&world.first, &world.well, topic);
    let records_in = |topic: &str| rate(topic) * (end - start);
    for variables in &VARIABLES_OF_7589 {
        let chosen = chosen_in_7589(world, variables);
        let ask = |query| ask(world, query, &chosen);

        let per_second = by_legend(&ask(MESSAGES_IN_PER_SECOND), ["topic"]);
        let per_minute = by_legend(&ask(MESSAGES_IN_PER_MINUTE), ["topic"]);
        assert_eq!(per_second.len(), TOPICS.len(), "{per_second:?}");
        for topic in topics() {
            let (found, expected) = (per_second[&[topic.to_owned()]], rate(topic));
            assert!(near(found, expected), "{topic}: {found} instead of {expected}");
            let (found, expected) = (per_minute[&[topic.to_owned()]], records_in(topic) / 5.0);
            assert!(near(found, expected), "{topic}: {found} instead of {expected}");
        }
        assert_eq!(per_second[&["archive".to_owned()]], 0.0);

        let pairs = BTreeSet::from(GROUPS.map(|(group, topic)| [group.to_owned(), topic.to_owned()]));
        let lag = by_legend(&ask(LAG_BY_CONSUMER_GROUP), ["consumergroup", "topic"]);
        assert_eq!(lag.keys().cloned().collect::<BTreeSet<_>>(), pairs);
        assert_eq!(lag[&["nightly".to_owned(), "archive".to_owned()]], 0.0);
        for [group, topic] in [["fraud", "payments"], ["warehouse", "orders"]] {
            // They stand still: all that was written in the meantime is lag.
            assert!(lag[&[group.to_owned(), topic.to_owned()]] > records_in(topic) * 0.9, "{lag:?}");
        }
        let consumed = by_legend(&ask(MESSAGES_CONSUMED_PER_MINUTE), ["consumergroup", "topic"]);
        assert_eq!(consumed.keys().cloned().collect::<BTreeSet<_>>(), pairs);
        let found = consumed[&["shipping".to_owned(), "orders".to_owned()]];
        // What was written, and what it was behind in the beginning and is no more.
        let behind = |time| {
            number(world, r#"sum(kafka_consumergroup_lag_sum{job="kafka-cluster",consumergroup="shipping"})"#, time)
        };
        let caught_up = behind(start + 1.0) - behind(end);
        let expected = (records_in("orders") + caught_up) / 5.0;
        assert!(near(found, expected), "shipping: {found} instead of {expected}");
        assert_eq!(consumed[&["warehouse".to_owned(), "orders".to_owned()]], 0.0);

        let partitions = by_legend(&ask(PARTITIONS_PER_TOPIC), ["topic"]);
        let expected = TOPICS.map(|topic| ([topic.name.to_owned()], f64::from(topic.partitions)));
        assert_eq!(partitions, BTreeMap::from(expected));
    }
}

#[test]
fn the_queries_of_dashboard_721_find_every_broker_and_one_line_for_each_topic() {
    let world = world();
    let ask = |query| ask(world, query, &BTreeMap::new());
    for (query, most) in [(CPU_USAGE, 2.0), (JVM_MEMORY_USED, 1e9), (TIME_SPENT_IN_GC, 0.5)] {
        let samples = ask(query);
        let instances: BTreeSet<_> = samples.iter().map(|sample| &sample.labels["instance"]).collect();
        assert_eq!((samples.len(), instances.len()), (3, 3), "{query}: {samples:?}");
        // A short while may pass without a collection.
        let least = if query == TIME_SPENT_IN_GC { 0.0 } else { f64::MIN_POSITIVE };
        assert!(samples.iter().all(|sample| (least..most).contains(&sample.value)), "{query}: {samples:?}");
    }
    let [messages, bytes_in, bytes_out] =
        [MESSAGES_IN_PER_TOPIC, BYTES_IN_PER_TOPIC, BYTES_OUT_PER_TOPIC].map(|query| by_legend(&ask(query), ["topic"]));
    let (start, end) = sampled(world, "kafka");
    for topic in topics() {
        let expected = written(&world.first, &world.well, topic) * (end - start) / 300.0;
        let topic = [topic.to_owned()];
        let found = messages[&topic];
        assert!(near(found, expected), "{topic:?}: {found} instead of {expected}");
        // A record is 100 bytes, and batches of few records are mostly heads.
        let found = bytes_in[&topic] / found;
        assert!((100.0..300.0).contains(&found), "{topic:?}: {found} bytes a record");
    }
    // Two groups read orders: each record leaves at least once.
    assert!(bytes_out[&["orders".to_owned()]] > 100.0 * messages[&["orders".to_owned()]], "{bytes_out:?}");
}
