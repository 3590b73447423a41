//! What panels show, held against what happened: numbers of the cluster in good and bad times, traffic by topic, lag of groups.

use std::collections::{BTreeMap, BTreeSet};

use kafka_lab::Series;
use kafka_lab::showcase::TOPICS;

use super::panels::graph;
use super::selection::{SINGLE, SPLIT, Selection};
use super::truth::{Lag, near, written};
use super::world::{INTERVAL, World, world};
use crate::board::{self, Board, Query};

/// Panels of one number: dashboard, title, and the number while all is well, while the broker is down, and in the end.
const NUMBERS: &[(&str, &str, [f64; 3])] = &[
    ("kafka-vitals-cluster", "Brokers missing", [0.0, 1.0, 0.0]),
    ("kafka-vitals-cluster", "Offline partitions", [0.0, 1.0, 0.0]),
    ("kafka-vitals-replication", "Offline partitions", [0.0, 1.0, 0.0]),
    ("kafka-vitals-groups", "Groups", [6.0, 6.0, 6.0]),
    ("kafka-vitals-groups", "Lag unknown", [0.0, 0.0, 0.0]),
    ("kafka-vitals-topics", "Topics", [7.0, 7.0, 7.0]),
    ("kafka-vitals-topics", "Without a leader", [0.0, 1.0, 0.0]),
    ("kafka-vitals-logs", "Offline directories", [0.0, 0.0, 0.0]),
];

/// Panels of records written in a second, by topic.
const TRAFFIC: &[(&str, &str)] = &[
    ("kafka-overview", "Messages in per topic"),
    ("kafka-exporter-overview", "Messages in per second"),
    ("kafka-vitals-cluster", "Messages in by topic"),
    ("kafka-vitals-topics", "Records in"),
];

/// Panels of lag in records, by group.
const LAG: &[(&str, &str)] = &[
    ("kafka-exporter-overview", "Lag by consumer group"),
    ("kafka-vitals-cluster", "Lag in records of the worst groups"),
    ("kafka-vitals-groups", "Lag in records"),
];

/// The first query of a panel of a kind, as it is for a selection.
fn query(boards: &[Board], board: &str, title: &str, kind: &str, selection: Selection, world: &World) -> String {
    let board = boards.iter().find(|of| of.file == board).unwrap_or_else(|| panic!("no dashboard {board}"));
    let is = |query: &Query<'_>| query.place == title && query.panel.is_some_and(|panel| panel.kind == kind);
    let query = board.queries().find(is).unwrap_or_else(|| panic!("{} has no {kind} {title:?}", board.file));
    selection.apply(query.expr, board, graph(world), world.prometheus())
}

#[test]
fn numbers_of_the_cluster_are_right_in_good_and_bad_times() {
    let (world, boards) = (world(), board::read_all());
    for (board, title, expected) in NUMBERS {
        for selection in [SINGLE, SPLIT] {
            let text = query(&boards, board, title, "stat", selection, world);
            let found = [&world.well, &world.down, &world.back].map(|moment| {
                let samples = world.prometheus().query_at(&text, moment.time).unwrap();
                assert_eq!(samples.len(), 1, "{board} [{title}] {}: {samples:?}", selection.name);
                samples[0].value
            });
            assert_eq!(found, *expected, "{board} [{title}] {}", selection.name);
        }
    }
}

#[test]
fn the_active_controller_is_the_node_that_says_so() {
    let (world, boards) = (world(), board::read_all());
    let says_so = r#"kafka_controller_kafkacontroller_activecontrollercount{job="kafka-vitals"} == 1"#;
    for moment in [&world.well, &world.down, &world.back] {
        let nodes = world.prometheus().query_at(says_so, moment.time).unwrap();
        assert_eq!(nodes.len(), 1, "{nodes:?}");
        for board in ["kafka-vitals-cluster", "kafka-vitals-replication"] {
            for selection in [SINGLE, SPLIT] {
                let text = query(&boards, board, "Active controller", "stat", selection, world);
                let shown: Vec<_> = world.prometheus().query_at(&text, moment.time).unwrap();
                let shown: Vec<_> = shown.iter().map(|sample| sample.value.to_string()).collect();
                assert_eq!(shown, [nodes[0].labels["broker"].as_str()], "{board} {}", selection.name);
            }
        }
    }
}

/// The lines of a panel's graph by a label.
fn lines(world: &World, text: &str, label: &str, start: f64, end: f64) -> BTreeMap<String, Series> {
    let series = world.prometheus().query_range(text, world.between(start, end)).unwrap();
    series.into_iter().map(|series| (series.labels[label].clone(), series)).collect()
}

fn mean(lines: &BTreeMap<String, Series>, name: &str) -> f64 {
    let series = lines.get(name).unwrap_or_else(|| panic!("no {name:?} in {:?}", lines.keys()));
    mean_of(series)
}

fn mean_of(series: &Series) -> f64 {
    series.points.iter().map(|(_, value)| value).sum::<f64>() / series.points.len() as f64
}

#[test]
fn graphs_of_traffic_show_what_was_written_to_each_topic() {
    let (world, boards) = (world(), board::read_all());
    // A rate is about the window before.
    let start = world.first.time + graph(world).rate_interval().as_secs_f64();
    for (board, title) in TRAFFIC {
        for selection in [SINGLE, SPLIT] {
            let text = query(&boards, board, title, "timeseries", selection, world);
            let lines = lines(world, &text, "topic", start, world.well.time);
            for topic in TOPICS.iter().filter(|topic| topic.records_per_second > 0) {
                let (found, expected) = (mean(&lines, topic.name), written(&world.first, &world.well, topic.name));
                let place = format!("{board} [{title}] {}, {}", selection.name, topic.name);
                assert!(near(found, expected), "{place}: {found} instead of {expected}");
            }
        }
    }
}

#[test]
fn graphs_of_lag_show_what_kafka_itself_says() {
    let (world, boards) = (world(), board::read_all());
    let later = 3.0 * INTERVAL.as_secs_f64();
    for (board, title) in LAG {
        for selection in [SINGLE, SPLIT] {
            let text = query(&boards, board, title, "timeseries", selection, world);
            for Lag { group, before, after, records, .. } in &world.lags {
                // It only grows: what was scraped before is no more, what was scraped after is no less.
                let lines = lines(world, &text, "consumergroup", *before, after + later);
                let points = &lines[*group].points;
                let (first, last) = (points[0].1, points[points.len() - 1].1);
                let place = format!("{board} [{title}] {}, {group}", selection.name);
                assert!((first..=last).contains(records), "{place}: {first} to {last}, Kafka: {records}");
            }
        }
    }
}

#[test]
fn there_is_one_verdict_on_the_traffic_at_any_time() {
    let (world, boards) = (world(), board::read_all());
    let total: f64 = TOPICS.iter().map(|topic| written(&world.first, &world.well, topic.name)).sum();
    // The recorded rate is one of minutes, here of seconds.
    let start = world.first.time + 20.0;
    for selection in [SINGLE, SPLIT] {
        let panel = query(&boards, "kafka-vitals-cluster", "Messages in per second", "stat", selection, world);
        let text = format!("count by (cluster) ({panel})");
        let counts = world.prometheus().query_range(&text, world.between(start, world.well.time)).unwrap();
        assert!(!counts.is_empty(), "{}: no verdict", selection.name);
        for series in &counts {
            assert!(series.points.iter().all(|(_, count)| *count == 1.0), "{}: {series:?}", selection.name);
        }
        // Of whatever verdict: the traffic may be on the border between two. Within a fifth: there are few samples in so short a
        // window.
        let rates = world
            .prometheus()
            .query_range(&format!("sum by (cluster) ({panel})"), world.between(start, world.well.time));
        for series in rates.unwrap() {
            let found = mean_of(&series);
            assert!((found - total).abs() <= total / 5.0, "{}: {found} instead of {total}", selection.name);
        }
        let verdicts = world.prometheus().query_range(&panel, world.between(start, world.well.time)).unwrap();
        let verdicts: BTreeSet<_> = verdicts.iter().map(|series| series.labels["verdict"].as_str()).collect();
        assert!(verdicts.is_subset(&BTreeSet::from(["stable", "low"])), "{}: {verdicts:?}", selection.name);
    }
}
