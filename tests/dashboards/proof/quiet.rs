//! Queries that may find nothing, each with its reason. Whatever else finds nothing is a fault.

use crate::board::{Board, Query};
use crate::promql;

/// Selectors that the scenario has nothing for, by their beginnings.
const SELECTORS: &[(&str, &str)] = &[
    ("kafka_log_remote_", "there is no tiered storage"),
    ("kafka_server_brokertopicmetrics_remote", "there is no tiered storage"),
    ("kafka_log_logmanager_remaining", "only while a broker recovers logs after a crash"),
    ("kafka_network_requestmetrics_deprecatedrequests_total", "no client is too old"),
    (r#"kafka_network_requestmetrics_errors_total{error=~".+_AUTHORIZATION_FAILED""#, "nothing is refused"),
    ("kafka_consumergroup_lag_seconds_unknown_partitions", "absent where all is known"),
    ("kafka_vitals_series_dropped", "there is no limit"),
    ("kafka_vitals_kafka_unsupported", "the client of its own can do all"),
    ("scrape_timeout_seconds", "a feature of Prometheus that has to be turned on"),
];

/// Panels, or some of their queries, that may find nothing.
const PANELS: &[(&str, &[&str], &str)] = &[
    ("kafka-vitals-exporter", &["Denied by API"], "nothing is denied"),
    ("kafka-vitals-topics", &["Failed requests", "Bytes rejected"], "nothing fails or is rejected"),
    ("kafka-vitals-topics", &["Written, but read by no group"], "of what nobody reads, Kafka counts no bytes out"),
];

/// Columns of tables for labels that nothing in the scenario has.
const COLUMNS: &[(&str, &str, &str, &str)] = &[
    ("kafka-vitals-cluster", "Firing alerts", "topic", "no alert about a topic fires"),
    ("kafka-vitals-exporter", "Client, and calls that it or the brokers cannot answer", "api", "there are no such calls"),
];

/// Whether a query of a dashboard may find nothing.
pub(super) fn covers(board: &Board, query: &Query<'_>) -> bool {
    let listed = PANELS.iter().any(|(of, places, _)| *of == board.file && places.contains(&query.place));
    listed || selectors(query.expr).iter().any(|selector| covers_selector(selector))
}

/// Whether a selector may find nothing.
pub(super) fn covers_selector(selector: &str) -> bool {
    SELECTORS.iter().any(|(beginning, _)| selector.starts_with(beginning))
}

/// Whether a table may have a column for a label that no row has.
pub(super) fn covers_column(board: &Board, panel: &str, label: &str) -> bool {
    COLUMNS.iter().any(|(of, place, column, _)| *of == board.file && *place == panel && *column == label)
}

/// The selectors of an expression, as text.
pub(super) fn selectors(expr: &str) -> Vec<String> {
    let expr = promql::parse(expr).unwrap();
    let text = |selector: &promql::Selector<'_>| {
        let matchers: Vec<_> = selector.matchers.iter().map(ToString::to_string).collect();
        let listed = selector.on("__name__").next().is_some();
        format!("{}{{{}}}", if listed { "" } else { &selector.metrics[0] }, matchers.join(","))
    };
    promql::selectors(&expr).iter().map(text).collect()
}

#[test]
fn what_may_be_quiet_exists() {
    let boards = crate::board::read_all();
    let there = |of: &str, place: &str| {
        let board = boards.iter().find(|board| board.file == of);
        board.is_some_and(|board| board.queries().any(|query| query.place == place))
    };
    for (of, places, _) in PANELS {
        places.iter().for_each(|place| assert!(there(of, place), "{of} has no panel {place:?}"));
    }
    for (of, place, ..) in COLUMNS {
        assert!(there(of, place), "{of} has no panel {place:?}");
    }
}
