//! Clusters without a group and with a thousand: dashboards are of use on the one and readable on the other. Their brokers are scripted and
//! have no MBeans.

use std::sync::Arc;
use std::time::Duration;

use kafka_lab::scripted::{Scripted, Shape};
use kafka_lab::{Lab, Prometheus, Vitals, wait_until};

use super::panels::most_series;
use super::selection::ALL;
use crate::board::{self, Board, Query};
use crate::interpolation::Graph;

const INTERVAL: Duration = Duration::from_secs(2);
const GRAPH: Graph = Graph { range: Duration::from_secs(10), step: INTERVAL, scrape: INTERVAL };
const GROUPS: usize = 1000;

/// A scripted cluster that has been scraped some times.
struct Scraped {
    prometheus: Prometheus,
    _vitals: Vitals,
    _lab: Arc<Lab>,
    _cluster: Scripted,
}

impl Scraped {
    fn start(shape: Shape) -> Self {
        let cluster = Scripted::start(shape).unwrap();
        let lab = Lab::new().unwrap();
        let program = Vitals::find(env!("CARGO_BIN_EXE_kafka-vitals")).unwrap();
        let arguments = [format!("--kafka.server={}", cluster.bootstrap()), "--scrape.reuse=0s".to_owned()];
        let vitals = Vitals::start(&lab, &program, &arguments).unwrap();
        let configuration = format!(
            "global: {{scrape_interval: {0}s, scrape_timeout: {0}s}}\n\
             scrape_configs: [{{job_name: kafka-vitals, static_configs: [{{targets: ['{1}']}}]}}]\n",
            INTERVAL.as_secs(),
            vitals.address()
        );
        let prometheus = Prometheus::start(&lab, &configuration).unwrap();
        wait_until(Duration::from_secs(60), "four good scrapes", || {
            match prometheus.query("count_over_time(kafka_brokers[1m]) >= 4") {
                Ok(found) if !found.is_empty() => Ok(()),
                found => Err(format!("{found:?}")),
            }
        })
        .unwrap();
        Self { prometheus, _vitals: vitals, _lab: lab, _cluster: cluster }
    }

    /// How many series a query yields now.
    fn ask(&self, board: &Board, query: &Query<'_>) -> usize {
        let text = ALL.apply(query.expr, board, GRAPH, &self.prometheus);
        let found = self.prometheus.query(&text);
        found.unwrap_or_else(|error| panic!("{} [{}] {error}", board.file, query.place)).len()
    }
}

#[test]
fn no_query_yields_more_series_than_one_can_read_with_a_thousand_groups_and_hundreds_of_topics() {
    let scraped = Scraped::start(Shape {
        brokers: 3,
        topics: 300,
        partitions: 3,
        replicas: 3,
        groups: GROUPS,
        commits: 6,
        consumer_protocol: 5,
    });
    let groups = scraped.prometheus.query("count(kafka_consumergroup_members)").unwrap();
    assert_eq!(groups[0].value, GROUPS as f64);
    let (mut faults, mut many) = (Vec::new(), 0);
    for board in &board::read_all() {
        for query in board.queries() {
            let (series, most) = (scraped.ask(board, &query), most_series(query.panel));
            many += usize::from(series >= 10);
            if series > most {
                faults.push(format!(
                    "{} [{}] {series} series, more than {most}: {}",
                    board.file, query.place, query.expr
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(many >= 20, "only {many} queries yield ten series or more: that were not a thousand groups");
}

/// Dashboard, panel: what has something to show as soon as there is a cluster.
const WITHOUT_GROUPS: &[(&str, &str)] = &[
    ("kafka-exporter-overview", "Messages in per second"),
    ("kafka-exporter-overview", "Partitions per topic"),
    ("kafka-vitals-cluster", "Brokers missing"),
    ("kafka-vitals-cluster", "Offline partitions"),
    ("kafka-vitals-cluster", "Messages in by topic"),
    ("kafka-vitals-cluster", "Brokers"),
    ("kafka-vitals-topics", "Topics"),
    ("kafka-vitals-topics", "Records in"),
    ("kafka-vitals-exporter", "Targets down"),
    ("kafka-vitals-exporter", "Collectors"),
];

#[test]
fn dashboards_offer_choices_and_show_what_there_is_with_one_broker_without_groups_and_without_mbeans() {
    let scraped = Scraped::start(Shape {
        brokers: 1,
        topics: 5,
        partitions: 2,
        replicas: 1,
        groups: 0,
        commits: 0,
        consumer_protocol: 0,
    });
    let boards = board::read_all();
    for board in &boards {
        // A query that fails is a fault, one that is empty is not.
        for query in board.queries() {
            scraped.ask(board, &query);
        }
        for name in ["job", "exporter", "topic"] {
            let Some(variable) = board.variable(name) else { continue };
            let offered = ALL.options(variable, board, GRAPH, &scraped.prometheus);
            assert!(!offered.is_empty(), "{} offers no {name}", board.file);
        }
    }
    for (of, place) in WITHOUT_GROUPS {
        let board = boards.iter().find(|board| board.file == *of).unwrap();
        let shown = board.queries().filter(|query| query.place == *place).any(|query| scraped.ask(board, &query) > 0);
        assert!(shown, "{of} [{place}] shows nothing");
    }
}
