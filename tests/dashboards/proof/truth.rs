//! What the numbers are held against: what was written, and what Kafka itself says.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kafka_lab::showcase::TOPICS;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::{Offset, TopicPartitionList};

use super::world::{BROKER, INTERVAL, Moment, World, world};

const PATIENCE: Duration = Duration::from_secs(10);

/// Groups that commit nothing more, so that their lag only grows.
pub(super) const GROUPS_THAT_STAND_STILL: [(&str, &str); 2] = [("fraud", "payments"), ("warehouse", "orders")];

/// A group's lag as Kafka's own client sees it.
#[derive(Debug, Clone)]
pub(crate) struct Lag {
    pub(super) group: &'static str,
    topic: &'static str,
    /// Unix time in seconds before and after it was asked.
    pub(super) before: f64,
    pub(super) after: f64,
    pub(super) records: f64,
}

/// Asks Kafka for committed offsets and ends.
pub(super) fn lag(bootstrap: &str, group: &'static str, topic: &'static str) -> Lag {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    let consumer: BaseConsumer =
        ClientConfig::new().set("bootstrap.servers", bootstrap).set("group.id", group).create().unwrap();
    let metadata = consumer.fetch_metadata(Some(topic), PATIENCE).unwrap();
    let mut partitions = TopicPartitionList::new();
    for partition in metadata.topics()[0].partitions() {
        partitions.add_partition(topic, partition.id());
    }
    let committed = consumer.committed_offsets(partitions, PATIENCE).unwrap();
    let before = now();
    let lag_of = |partition: &rdkafka::topic_partition_list::TopicPartitionListElem<'_>| match partition.offset() {
        Offset::Offset(offset) => consumer.fetch_watermarks(topic, partition.partition(), PATIENCE).unwrap().1 - offset,
        // It has committed nothing there, and has no lag on it.
        _ => 0,
    };
    let records: i64 = committed.elements().iter().map(lag_of).sum();
    Lag { group, topic, before, after: now(), records: records as f64 }
}

/// One number.
pub(super) fn number(world: &World, query: &str, time: f64) -> f64 {
    let found = world.prometheus().query_at(query, time).unwrap();
    assert_eq!(found.len(), 1, "{query} at {time}: {found:?}");
    found[0].value
}

/// The mean of a query of one series over a time.
fn mean(world: &World, query: &str, start: f64, end: f64) -> f64 {
    let found = world.prometheus().query_range(query, world.between(start, end)).unwrap();
    assert_eq!(found.len(), 1, "{query}: {found:?}");
    let points = &found[0].points;
    points.iter().map(|(_, value)| value).sum::<f64>() / points.len() as f64
}

/// Records written a second between two moments, by topic.
pub(super) fn written(from: &Moment, to: &Moment, topic: &str) -> f64 {
    (to.acknowledged[topic] - from.acknowledged[topic]) as f64 / (to.time - from.time)
}

/// Whether a number is within a tenth of what it should be.
pub(super) fn near(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= expected / 10.0
}

/// The selector of each layout.
pub(super) const LAYOUTS: [(&str, &str); 2] =
    [(r#"cluster="",job="kafka-vitals""#, "single page"), (r#"cluster="split""#, "split pages")];

#[test]
fn messages_per_second_are_those_that_were_written() {
    let world = world();
    let window = INTERVAL.as_secs() * 4;
    // A rate is about the window before.
    let start = world.first.time + INTERVAL.as_secs_f64() * 4.0;
    let mut total = 0.0;
    for topic in TOPICS.iter().filter(|topic| topic.records_per_second > 0) {
        let expected = written(&world.first, &world.well, topic.name);
        total += expected;
        for (layout, name) in LAYOUTS {
            for query in [
                format!(
                    r#"sum(rate(kafka_server_brokertopicmetrics_messagesin_total{{{layout},topic="{}"}}[{window}s]))"#,
                    topic.name
                ),
                format!(
                    r#"sum(rate(kafka_topic_partition_current_offset{{{layout},topic="{}"}}[{window}s]))"#,
                    topic.name
                ),
            ] {
                let found = mean(world, &query, start, world.well.time);
                assert!(near(found, expected), "{name}, {}: {found} instead of {expected}: {query}", topic.name);
            }
        }
    }
    for (layout, name) in LAYOUTS {
        // The brokers' totals hold what consumers commit too, some records a second.
        let query =
            format!(r#"sum(rate(kafka_server_brokertopicmetrics_messagesin_total{{{layout},topic=""}}[{window}s]))"#);
        let found = mean(world, &query, start, world.well.time);
        assert!(near(found, total), "{name}: {found} instead of {total}");
    }
}

#[test]
fn the_lag_of_groups_that_stand_still_is_what_kafka_itself_says() {
    let world = world();
    for lag in &world.lags {
        assert!(lag.records > 1000.0, "{lag:?}");
        for (layout, name) in LAYOUTS {
            let Lag { group, topic, .. } = lag;
            let query = format!(r#"kafka_consumergroup_lag_sum{{{layout},consumergroup="{group}",topic="{topic}"}}"#);
            // It only grows: what was scraped before is no more, what was scraped after is no less.
            let before = number(world, &query, lag.before);
            let after = number(world, &query, lag.after + 3.0 * INTERVAL.as_secs_f64());
            assert!(before <= lag.records && lag.records <= after, "{name}: {before} to {after}, Kafka: {lag:?}");
        }
    }
}

#[test]
fn the_broker_that_is_down_is_seen_by_everything_that_should_see_it() {
    let world = world();
    for (layout, name) in LAYOUTS {
        let value = |query: &str, time| number(world, &query.replace("LAYOUT", layout), time);
        for (query, well, down) in [
            ("max(kafka_brokers{LAYOUT})", 3.0, 2.0),
            ("max(kafka_cluster_offline_partitions{LAYOUT}) or vector(-1)", 0.0, 1.0),
            ("max(kafka_controller_kafkacontroller_offlinepartitionscount{LAYOUT})", 0.0, 1.0),
        ] {
            assert_eq!(value(query, world.well.time), well, "{name}, all well: {query}");
            assert_eq!(value(query, world.down.time), down, "{name}, broker down: {query}");
            assert_eq!(value(query, world.back.time), well, "{name}, back again: {query}");
        }
        let under_replicated = "sum(kafka_server_replicamanager_underreplicatedpartitions{LAYOUT})";
        assert_eq!(value(under_replicated, world.well.time), 0.0, "{name}");
        // All replicas of orders, payments, archive and customers that it has, and some of clicks.
        assert!(value(under_replicated, world.down.time) >= 15.0, "{name}");
    }
    let up = format!(r#"up{{job="kafka",instance=~"127.0.0.{BROKER}:.*"}}"#);
    assert_eq!(
        [world.well.time, world.down.time, world.back.time].map(|time| number(world, &up, time)),
        [1.0, 0.0, 1.0]
    );
}

#[test]
fn rebalances_and_restarts_are_counted() {
    let world = world();
    for (layout, name) in LAYOUTS {
        let rebalances = format!(
            r#"sum(increase(kafka_consumergroup_rebalances_observed_total{{{layout},consumergroup="analytics"}}[75s]))"#
        );
        let found = number(world, &rebalances, world.well.time);
        assert!(found >= 0.9, "{name}: {found} rebalances of analytics");
        let members = format!(r#"kafka_consumergroup_members{{{layout},consumergroup="analytics"}}"#);
        let seen = world.prometheus().query_range(&members, world.all_of_it()).unwrap();
        for count in [1.0, 2.0] {
            assert!(seen[0].points.iter().any(|(_, value)| *value == count), "{name}: {count} members of analytics");
        }
        let restarts = format!("sum(changes(process_start_time_seconds{{{layout}}}[1h]))");
        assert_eq!(number(world, &restarts, world.back.time), 1.0, "{name}");
    }
}
