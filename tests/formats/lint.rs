//! What `promtool check metrics` finds fault with on real pages, and why it stays so.

#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeSet;

use regex::Regex;

const CAMEL_CASE: &str = "label names should be written in 'snake_case' not 'camelCase'";
const QUANTILE: &str = "non-summary metrics should not have \"quantile\" label";
const ABBREVIATED: &str = "metric names should not contain abbreviated units";
const COUNT: &str = "non-histogram and non-summary metrics should not have \"_count\" suffix";
const SUM: &str = "non-histogram and non-summary metrics should not have \"_sum\" suffix";

const KEYS_OF_BEANS: &str = "labels are the MBean's own keys, as in jmx_exporter's Kafka example";
const PERCENTILES: &str = "percentiles of a histogram without its sum, as in jmx_exporter's Kafka example";
const ATTRIBUTE: &str = "the name is the MBean's, as in jmx_exporter's and Strimzi's rules";

/// A pattern that metrics match as a whole, promtool's remark, the reason.
const ACCEPTED: &[(&str, &str, &str)] = &[
    ("kafka_consumergroup_(lag|current_offset)_sum", SUM, "kafka_exporter's names"),
    ("kafka_consumergroup_stable_lag_sum", SUM, "named as kafka_consumergroup_lag_sum is, of which it is a variant"),
    ("kafka_log_logcleanermanager_uncleanable_.*", CAMEL_CASE, KEYS_OF_BEANS),
    ("kafka_log_logmanager_logdirectory.*", CAMEL_CASE, KEYS_OF_BEANS),
    ("kafka_network_processor_idlepercent", CAMEL_CASE, KEYS_OF_BEANS),
    ("kafka_server_delayedfetchmetrics_expires_total", CAMEL_CASE, KEYS_OF_BEANS),
    ("kafka_server_delayedoperationpurgatory_.*", CAMEL_CASE, KEYS_OF_BEANS),
    ("kafka_server_fetcherstats_.*", CAMEL_CASE, KEYS_OF_BEANS),
    ("kafka_server_metadataloader_finalizedlevel", CAMEL_CASE, KEYS_OF_BEANS),
    ("kafka_server_replicaalterlogdirsmanager_.*", CAMEL_CASE, KEYS_OF_BEANS),
    ("kafka_server_replicafetchermanager_.*", CAMEL_CASE, KEYS_OF_BEANS),
    ("kafka_server_sharegroupmetrics_recordacknowledgements_total", CAMEL_CASE, KEYS_OF_BEANS),
    ("kafka_server_socket_server_metrics_.*", CAMEL_CASE, KEYS_OF_BEANS),
    ("kafka_controller_controllereventmanager_.*timems", QUANTILE, PERCENTILES),
    ("kafka_log_logflushstats_logflushrateandtimems", QUANTILE, PERCENTILES),
    ("kafka_network_requestmetrics_.*(timems|bytes)", QUANTILE, PERCENTILES),
    ("kafka_server_addpartitionstotxnmanager_verificationtimems", QUANTILE, PERCENTILES),
    ("kafka_server_brokermetadatalistener_metadatabatch.*", QUANTILE, PERCENTILES),
    ("kafka_server_forwardingmanager_.*timems", QUANTILE, PERCENTILES),
    ("kafka_server_sharegroupmetrics_partitionloadtimems", QUANTILE, PERCENTILES),
    ("kafka_log_logcleanermanager_time_since_last_run_ms", ABBREVIATED, ATTRIBUTE),
    ("kafka_server_brokermetadatametrics_last_applied_record_lag_ms", ABBREVIATED, ATTRIBUTE),
    ("kafka_server_(group|share)_coordinator_metrics_.*_time_ms_(max|p[0-9]+)", ABBREVIATED, ATTRIBUTE),
    ("kafka_log_logcleanermanager_uncleanable_partitions_count", COUNT, ATTRIBUTE),
    ("kafka_server_brokermetadatametrics_metadata_(apply|load)_error_count", COUNT, ATTRIBUTE),
    ("kafka_server_(controllerserver|kafkaserver)_yammer_metrics_count", COUNT, ATTRIBUTE),
    ("kafka_server_group_coordinator_metrics_(.*_)?group_count", COUNT, ATTRIBUTE),
    ("kafka_server_raftchannelmetrics_connection_count", COUNT, ATTRIBUTE),
    ("kafka_server_socket_server_metrics_connection_count", COUNT, ATTRIBUTE),
];

/// Whether a remark is what an entry accepts.
fn fits((name, text, _): &(&str, &str, &str), (metric, remark): &(String, String)) -> bool {
    text == remark && Regex::new(&format!("^({name})$")).unwrap().is_match(metric)
}

/// Remarks that nobody has accepted.
pub(crate) fn without_reason(remarks: &BTreeSet<(String, String)>) -> Vec<&(String, String)> {
    remarks.iter().filter(|remark| !ACCEPTED.iter().any(|entry| fits(entry, remark))).collect()
}

/// Entries that no remark needs any more.
pub(crate) fn needless(
    remarks: &BTreeSet<(String, String)>,
) -> Vec<&'static (&'static str, &'static str, &'static str)> {
    ACCEPTED.iter().filter(|entry| !remarks.iter().any(|remark| fits(entry, remark))).collect()
}
