//! A thousand groups: dashboards stay readable, and Prometheus is not asked for everything at once.

use std::time::Duration;

use kafka_lab::scripted::{Scripted, Shape};
use kafka_lab::{Lab, Prometheus, Vitals, wait_until};

use super::panels::most_series;
use super::selection::ALL;
use crate::board;
use crate::interpolation::Graph;

const GROUPS: usize = 1000;
const INTERVAL: Duration = Duration::from_secs(2);
const SHAPE: Shape =
    Shape { brokers: 3, topics: 300, partitions: 3, replicas: 3, groups: GROUPS, commits: 6, consumer_protocol: 5 };

#[test]
fn no_query_yields_more_series_than_one_can_read_with_a_thousand_groups_and_hundreds_of_topics() {
    let scripted = Scripted::start(SHAPE).unwrap();
    let lab = Lab::new().unwrap();
    let vitals = Vitals::find(env!("CARGO_BIN_EXE_kafka-vitals")).unwrap();
    let arguments = [format!("--kafka.server={}", scripted.bootstrap()), "--scrape.reuse=0s".to_owned()];
    let vitals = Vitals::start(&lab, &vitals, &arguments).unwrap();
    let configuration = format!(
        "global: {{scrape_interval: {0}s, scrape_timeout: {0}s}}\n\
         scrape_configs: [{{job_name: kafka-vitals, static_configs: [{{targets: ['{1}']}}]}}]\n",
        INTERVAL.as_secs(),
        vitals.address()
    );
    let prometheus = Prometheus::start(&lab, &configuration).unwrap();
    let scraped = format!("count(count_over_time(kafka_consumergroup_members[1m]) >= 4) == {GROUPS}");
    wait_until(Duration::from_secs(60), "four scrapes of all groups", || match prometheus.query(&scraped) {
        Ok(found) if !found.is_empty() => Ok(()),
        found => Err(format!("{found:?}")),
    })
    .unwrap();

    let graph = Graph { range: INTERVAL * 5, step: INTERVAL, scrape: INTERVAL };
    let (mut faults, mut full) = (Vec::new(), 0);
    for board in &board::read_all() {
        for query in board.queries() {
            let text = ALL.apply(query.expr, board, graph, &prometheus);
            let series = match prometheus.query(&text) {
                Ok(series) => series.len(),
                Err(error) => {
                    faults.push(format!("{} [{}] {error}", board.file, query.place));
                    continue;
                }
            };
            let most = most_series(query.panel);
            full += usize::from(series >= 10);
            if series > most {
                faults.push(format!("{} [{}] {series} series, more than {most}: {text}", board.file, query.place));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(full >= 5, "only {full} queries yield ten series or more: there were no thousand groups");
}
