//! docs/metrics.md against a real page: what kafka-vitals makes by itself is listed, and what is listed is there.

use std::collections::{BTreeMap, BTreeSet};

use kafka_lab::wait_until;
use kafka_vitals::metrics::MetricType;
use kafka_vitals::metrics::catalogue::{self, Metric, cluster, exporter, kafka_beans, log_dirs};

use crate::clusters::{current, vitals_of_each};
use crate::support::{Engine, PATIENCE, Page, Vitals, each, split_labels};

/// Names with these beginnings come from the catalogue, never from rules.
const OURS: [&str; 15] = [
    "kafka_vitals_",
    "kafka_exporter_",
    "kafka_acceptor_",
    "kafka_broker_",
    "kafka_brokers",
    "kafka_cluster_info",
    "kafka_disk_",
    "kafka_log_dir_",
    "kafka_network_processor_idle_seconds",
    "kafka_request_",
    "kafka_topic",
    "kafka_consumergroup",
    "jvm_",
    "process_",
    "jmx_scrape",
];

/// What a healthy cluster in KRaft mode does not show: errors, ZooKeeper, calls that the protocol client cannot make, and
/// records whose lag or time is unknown or to come.
const NOT_SEEN: [&str; 6] = [
    "kafka_vitals_collector_errors_total",
    "kafka_zookeeper_session_state",
    "kafka_vitals_kafka_unsupported",
    "kafka_consumergroup_lag_unknown_reason_partitions",
    "kafka_consumergroup_lag_seconds_unknown_partitions",
    "kafka_consumergroup_lag_seconds_clamped_partitions",
];

/// What librdkafka cannot ask for.
fn unknown_to_librdkafka() -> impl Iterator<Item = Metric> {
    let others = [cluster::REGISTERED, cluster::FENCED, exporter::KAFKA_REQUEST_DURATION];
    log_dirs::ALL.iter().copied().chain(others)
}

/// By sample name, since a summary has two.
fn listed() -> BTreeMap<String, &'static Metric> {
    let names = |metric: &'static Metric| {
        let suffixes: &[&str] = if metric.kind == MetricType::Summary { &["_count", "_sum"] } else { &[""] };
        suffixes.iter().map(move |suffix| (format!("{}{suffix}", metric.name), metric))
    };
    catalogue::all().flat_map(names).collect()
}

fn label_names(series: &str) -> BTreeSet<String> {
    let labels = series.split_once('{').map(|(_, labels)| split_labels(labels.strip_suffix('}').unwrap()));
    labels.into_iter().flatten().map(|label| label.split_once('=').unwrap().0.to_owned()).collect()
}

/// With the `broker` label where /metrics has it.
fn expected_labels(metric: &Metric, series: &str) -> BTreeSet<String> {
    let mut labels: BTreeSet<String> = metric.labels.iter().map(|label| (*label).to_owned()).collect();
    let of_node = kafka_beans::all().any(|other| other.name == metric.name);
    if of_node || ["jvm_", "process_", "jmx_scrape"].iter().any(|prefix| metric.name.starts_with(prefix)) {
        labels.insert("broker".to_owned());
    }
    if metric.name.starts_with("kafka_vitals_collector_") && !series.contains(r#"collector="jmx""#) {
        labels.remove("broker");
    }
    labels
}

fn is_ours(series: &str) -> bool {
    OURS.iter().any(|prefix| series.starts_with(prefix))
}

#[test]
fn a_real_page_has_the_catalogues_names_labels_and_types_and_no_others() {
    let objectives = current().lab().folder().join("objectives-of-all.yaml");
    std::fs::write(&objectives, "- {group: '.*', team: t, seconds: 1, records: 1}\n").unwrap();
    let objectives = format!("--group.objectives={}", objectives.display());
    for vitals in each(&vitals_of_each(
        current(),
        &[&objectives, "--series.limit=1000000", "--series.granularity=lag_seconds=partition"],
    )) {
        check(vitals);
    }
}

fn check(vitals: &Vitals) {
    // The requests of a page are counted after it has been made, and node pages are not read for /metrics.
    assert_eq!(vitals.get("/metrics/brokers/1").status, 200);
    vitals.get("/metrics/cluster");
    let listed = listed();
    let mut not_seen = NOT_SEEN.to_vec();
    if vitals.engine == Some(Engine::Librdkafka) {
        not_seen.extend(unknown_to_librdkafka().map(|metric| metric.name));
    }
    let seen = |page: &Page| -> BTreeSet<&str> {
        let names = page.series.keys().map(|series| series.split('{').next().unwrap());
        names.filter_map(|name| listed.get(name).map(|metric| metric.name)).collect()
    };
    let look = || {
        let page = vitals.metrics();
        let seen = seen(&page);
        let missing: Vec<_> =
            catalogue::all().map(|m| m.name).filter(|name| !seen.contains(name) && !not_seen.contains(name)).collect();
        if missing.is_empty() { Ok(page) } else { Err(format!("listed and not on the page: {missing:?}")) }
    };
    let page = wait_until(PATIENCE, "all metrics of the catalogue", look).unwrap();

    for series in page.series.keys().filter(|series| is_ours(series)) {
        let name = series.split('{').next().unwrap();
        let metric = listed.get(name).unwrap_or_else(|| panic!("{series} is not in the catalogue"));
        assert_eq!(label_names(series), expected_labels(metric, series), "{series}");
        assert_eq!(page.types.get(metric.name).map(String::as_str), Some(metric.kind.as_str()), "{name}");
    }
}
