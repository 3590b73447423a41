//! Queries that may find nothing, each with its reason. Whatever else finds nothing is a fault.

use crate::board::{Board, Query};
use crate::promql;

/// Selectors that the scenario has nothing for, by their beginnings.
const SELECTORS: &[(&str, &str)] = &[
    (r#"ALERTS{alertname="KafkaConsumerGroupRetentionMarginLow""#, "retention is hours away"),
    ("kafka_log_remote_", "there is no tiered storage"),
    ("kafka_server_brokertopicmetrics_remote", "there is no tiered storage"),
    ("kafka_log_logmanager_remaining", "only while a broker recovers logs after a crash"),
    ("kafka_network_requestmetrics_deprecatedrequests_total", "no client is too old"),
    (r#"kafka_network_requestmetrics_errors_total{error=~".+_AUTHORIZATION_FAILED""#, "nothing is refused"),
    ("kafka_consumergroup_lag_seconds_unknown_partitions", "absent where all is known"),
    ("kafka_consumergroup_lag_unknown_reason_partitions", "absent where all is known"),
    ("kafka_consumergroup_lag_seconds_clamped_partitions", "absent where no timestamps are in the future"),
    ("kafka_consumergroup_partition_lag_seconds", "opt-in"),
    ("kafka_server_socket_server_metrics_connections_software", "opt-in"),
    ("kafka_vitals_series_dropped", "there is no limit"),
    ("kafka_vitals_kafka_unsupported", "the client of its own can do all"),
    ("scrape_timeout_seconds", "a feature of Prometheus that has to be turned on"),
];

/// Queries that may find nothing: dashboard or `*` for all, title of the panel or name of the annotation, a part of the query, and the
/// reason.
const QUERIES: &[(&str, &str, &str, &str)] = &[
    ("*", "Controller changes", "", "the broker that goes away need not be the active controller"),
    ("kafka-vitals-brokers", "Throttling by quotas", "", "there are no quotas"),
    ("kafka-vitals-exporter", "Denied by API", "", "nothing is denied"),
    ("kafka-vitals-groups", "Nearest to loss", "", "retention is hours away"),
    ("kafka-vitals-groups", "All groups", "deriv(", "at times no group is catching up"),
    ("kafka-vitals-groups", "Caught up in", "", "at times no group is catching up"),
    ("kafka-vitals-groups", "Records lost", "max_over_time(", "none are lost"),
    ("kafka-vitals-groups", "Commits beyond the end", "", "there are none"),
    (
        "kafka-vitals-groups",
        "Groups by state, by the coordinators' count",
        "numgroups",
        "no group is in that state for long",
    ),
    ("kafka-vitals-groups", "Partitions of __consumer_offsets not at work", "", "all are"),
    ("kafka-vitals-groups", "Time to load __transaction_state", "", "there are no transactions"),
    ("kafka-vitals-logs", "First full in", "", "the disk is nearly empty"),
    ("kafka-vitals-logs", "Log directories", "deriv(", "the disk is nearly empty"),
    ("kafka-vitals-logs", "Longest of the last cleanings", "", "nothing has been cleaned yet"),
    ("kafka-vitals-topics", "Failed requests", "", "nothing fails"),
    ("kafka-vitals-topics", "Bytes rejected", "", "nothing is rejected"),
    (
        "kafka-vitals-topics",
        "Written, but read by no group",
        "bytesout",
        "of what nobody reads, Kafka counts no bytes out",
    ),
];

/// Columns of tables for labels that nothing in the scenario has.
const COLUMNS: &[(&str, &str, &str, &str)] = &[
    ("kafka-vitals-cluster", "Firing alerts", "topic", "no alert about a topic fires"),
    (
        "kafka-vitals-exporter",
        "Client, and calls that it or the brokers cannot answer",
        "api",
        "there are no such calls",
    ),
];

/// Whether a query of a dashboard may find nothing.
pub(super) fn covers(board: &Board, query: &Query<'_>) -> bool {
    let listed = QUERIES.iter().any(|entry| is(entry, board, query));
    listed || selectors(query.expr).iter().any(|selector| covers_selector(selector))
}

fn is((of, place, part, _): &(&str, &str, &str, &str), board: &Board, query: &Query<'_>) -> bool {
    (*of == "*" || *of == board.file) && *place == query.place && query.expr.contains(part)
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
    let there = |entry: &(&str, &str, &str, &str)| {
        boards.iter().any(|board| board.queries().any(|query| is(entry, board, &query)))
    };
    for entry in QUERIES {
        assert!(there(entry), "there is no such query: {entry:?}");
    }
    for (of, place, ..) in COLUMNS {
        assert!(there(&(of, place, "", "")), "{of} has no panel {place:?}");
    }
}
