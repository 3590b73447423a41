//! One source alone, and flags that choose what is exported.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::clusters::{current, vitals_of_each};
use crate::support::{Page, Vitals, each, split_labels};

/// The values of a label on all series of a name.
fn values(page: &Page, name: &str, label: &str) -> BTreeSet<String> {
    let prefix = format!("{label}=\"");
    let labels = page.named(name).into_keys().filter_map(|series| {
        let labels = split_labels(series.split_once('{')?.1.strip_suffix('}')?);
        labels.iter().find_map(|pair| Some(pair.strip_prefix(&prefix)?.strip_suffix('"')?.to_owned()))
    });
    labels.collect()
}

fn has_prefix(page: &Page, prefix: &str) -> bool {
    page.series.keys().any(|series| series.starts_with(prefix))
}

#[test]
fn kafka_alone_has_topics_groups_and_no_nodes() {
    let cluster = current();
    for vitals in each(&Vitals::start_each(cluster.lab(), &[&format!("--kafka.server={}", cluster.bootstrap())])) {
        has_topics_groups_and_no_nodes(vitals);
    }
}

fn has_topics_groups_and_no_nodes(vitals: &Vitals) {
    let page = vitals.metrics();
    assert_eq!(page.value("kafka_brokers"), 1.0);
    assert_eq!(page.value(r#"kafka_consumergroup_lag_sum{consumergroup="billing",topic="orders"}"#), 10.0);
    assert_eq!(page.value("kafka_vitals_nodes"), 0.0);
    let client = vitals.engine.unwrap().name();
    assert_eq!(values(&page, "kafka_vitals_kafka_client_info", "client"), BTreeSet::from([client.to_owned()]));
    assert!(vitals.get("/").text().contains(&format!("Kafka is read by the client {client}.")));
    let log = std::fs::read_to_string(&vitals.log).unwrap();
    assert!(log.contains(&format!("client={client} reason=\"asked for\"")), "{log}");
    assert!(!has_prefix(&page, "jvm_") && !has_prefix(&page, "jmx_") && !has_prefix(&page, "kafka_server_"));
    for collector in ["topology", "offsets", "groups"] {
        let success = format!(r#"kafka_vitals_collector_success{{collector="{collector}"}}"#);
        assert_eq!(page.value(&success), 1.0, "{collector}");
    }
    for path in ["/sd", "/metrics/brokers/1"] {
        let answer = vitals.get(path);
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(answer.text().lines().count(), 1, "{path}: {}", answer.text());
    }
}

#[test]
fn jolokia_alone_has_the_nodes_beans_under_the_id_that_they_tell() {
    let cluster = current();
    let url = cluster.nodes()[0].jolokia_url().unwrap();
    let vitals = Vitals::start(cluster.lab(), &[&format!("--jolokia.url={url}")]);
    let page = vitals.page("/metrics", Duration::from_secs(20));
    let messages = r#"kafka_server_brokertopicmetrics_messagesin_total{broker="1",topic="orders"}"#;
    assert_eq!(page.value(messages), 150.0);
    assert_eq!(page.value("kafka_vitals_nodes"), 1.0);
    assert_eq!(values(&page, "kafka_vitals_collector_success", "collector"), BTreeSet::from(["jmx".to_owned()]));
    for prefix in ["kafka_brokers", "kafka_topic_", "kafka_consumergroup_", "kafka_exporter_", "kafka_vitals_kafka_"] {
        assert!(!has_prefix(&page, prefix), "{prefix}");
    }
    assert_eq!(vitals.get("/metrics/brokers/1").status, 200);
    let discovered: serde_json::Value = serde_json::from_str(&vitals.get("/sd").text()).unwrap();
    assert_eq!(discovered.as_array().unwrap().len(), 1, "{discovered}");
    assert_eq!(discovered[0]["labels"]["__metrics_path__"], "/metrics/brokers/1");
}

#[test]
fn filters_choose_topics_and_groups_by_what_is_found_anywhere_in_their_names() {
    let flags = ["--topic.filter=r|t-", "--topic.exclude=^t-|_", "--group.filter=i", "--group.exclude=^two|^t-"];
    for vitals in each(&vitals_of_each(current(), &flags)) {
        has_what_was_chosen(&vitals.page("/metrics/cluster", Duration::from_secs(10)));
    }
}

fn has_what_was_chosen(page: &Page) {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    for name in ["kafka_topic_partitions", "kafka_topic_partition_current_offset", "kafka_topic_partition_leader"] {
        assert_eq!(values(page, name, "topic"), set(&["orders"]), "{name}");
    }
    // The second has committed to payments alone.
    let groups = set(&["behind-retention", "billing"]);
    assert_eq!(values(page, "kafka_consumergroup_members", "consumergroup"), groups);
    for name in ["kafka_consumergroup_lag", "kafka_consumergroup_lag_sum", "kafka_consumergroup_current_offset"] {
        assert_eq!(values(page, name, "consumergroup"), set(&["billing"]), "{name}");
        assert_eq!(values(page, name, "topic"), set(&["orders"]), "{name}");
    }
}

#[test]
fn constant_labels_are_on_every_series_of_every_page() {
    for vitals in each(&vitals_of_each(current(), &["--kafka.labels=cluster=eu1,env=prod"])) {
        has_the_labels(vitals);
    }
}

fn has_the_labels(vitals: &Vitals) {
    for path in ["/metrics", "/metrics/cluster", "/metrics/brokers/1"] {
        let page = vitals.page(path, Duration::from_secs(20));
        assert!(page.series.len() > 100);
        let without = page.series.keys().find(|series| {
            let labels = series.split_once('{').map(|(_, labels)| split_labels(labels.strip_suffix('}').unwrap()));
            let labels = labels.unwrap_or_default();
            !["cluster=\"eu1\"", "env=\"prod\""].iter().all(|pair| labels.iter().any(|label| label == pair))
        });
        assert_eq!(without, None, "{path}");
    }
}

#[test]
fn the_cluster_page_has_kafka_exporters_build_and_no_node() {
    for vitals in each(&vitals_of_each(current(), &[])) {
        has_the_cluster_alone(vitals);
    }
}

fn has_the_cluster_alone(vitals: &Vitals) {
    // The other pages have read the nodes before.
    vitals.metrics();
    let page = vitals.page("/metrics/cluster", Duration::from_secs(10));
    assert_eq!(
        values(&page, "kafka_exporter_build_info", "version"),
        BTreeSet::from([env!("CARGO_PKG_VERSION").into()])
    );
    assert!(page.named("kafka_exporter_build_info").values().all(|value| *value == 1.0));
    assert!(!has_prefix(&page, "jvm_") && !has_prefix(&page, "jmx_") && !has_prefix(&page, "kafka_server_"));
    assert_eq!(page.value("kafka_brokers"), 1.0);
    assert!(page.value("kafka_vitals_process_resident_memory_bytes") > 1e6);
}
