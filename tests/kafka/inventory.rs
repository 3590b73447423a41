//! Topic configurations, log directories, registered brokers and request times as the page has them.

use std::fs;
use std::path::Path;
use std::process::Command;

use kafka_lab::{Cluster, Kafka, NewTopic, Record, wait_until};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;

use crate::clusters::{current, old, vitals, vitals_of_each};
use crate::support::{Engine, PATIENCE, Page, Vitals, each};

const OF_CONFIGURATIONS: [&str; 7] = [
    "kafka_topic_info",
    "kafka_topic_retention_seconds",
    "kafka_topic_retention_bytes",
    "kafka_topic_segment_seconds",
    "kafka_topic_segment_bytes",
    "kafka_topic_max_message_bytes",
    "kafka_topic_min_insync_replicas",
];
/// librdkafka cannot ask for these.
const OF_LOG_DIRECTORIES: [&str; 5] = [
    "kafka_log_dir_total_bytes",
    "kafka_log_dir_usable_bytes",
    "kafka_log_dir_online",
    "kafka_log_dir_topic_bytes",
    "kafka_log_dir_future_bytes",
];

/// A topic with a configuration of its own, and records.
fn prepare(kafka: &Kafka, name: &str) {
    let topic = NewTopic::new(name, 2)
        .config("cleanup.policy", "delete,compact")
        .config("compression.type", "gzip")
        .config("message.timestamp.type", "LogAppendTime")
        .config("retention.ms", "90000500")
        .config("segment.ms", "3600000")
        .config("segment.bytes", "2097152")
        .config("max.message.bytes", "1500000")
        .config("min.insync.replicas", "1");
    kafka.create_topics(&[topic]).unwrap();
    let record = |number: i32| (name, Record::to_partition(number % 2, vec![b'x'; 1000]).key(number.to_string()));
    kafka.produce((0..200).map(record)).unwrap();
}

/// Values of a topic's configuration, with those that nobody has set.
fn has_configuration(page: &Page, topic: &str) {
    let value = |name: &str| page.value(&format!("kafka_topic_{name}{{topic=\"{topic}\"}}"));
    assert_eq!(value("retention_seconds"), 90_000.5);
    assert_eq!(value("retention_bytes"), f64::INFINITY);
    assert_eq!(value("segment_seconds"), 3600.0);
    assert_eq!(value("segment_bytes"), 2_097_152.0);
    assert_eq!(value("max_message_bytes"), 1_500_000.0);
    assert_eq!(value("min_insync_replicas"), 1.0);
    let text = r#"cleanup_policy="compact,delete",compression_type="gzip",message_timestamp_type="LogAppendTime""#;
    assert_eq!(page.value(&format!("kafka_topic_info{{{text},topic=\"{topic}\"}}")), 1.0);
}

/// Bytes of a topic's segments, as the file system has them.
fn bytes_on_disk(data: &Path, topic: &str) -> u64 {
    let size_of = |partition: i32| -> u64 {
        let files = fs::read_dir(data.join(format!("{topic}-{partition}"))).unwrap().map(Result::unwrap);
        let logs = files.filter(|file| file.path().extension() == Some("log".as_ref()));
        logs.map(|file| file.metadata().unwrap().len()).sum()
    };
    [0, 1].map(size_of).iter().sum()
}

/// Size of a file's volume in bytes.
fn volume(path: &Path) -> f64 {
    let output = Command::new("df").args(["--block-size=1", "--output=size"]).arg(path).output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().nth(1).unwrap().trim().parse().unwrap()
}

fn has_log_directory(page: &Page, cluster: &Cluster, topic: &str) {
    let data = cluster.nodes()[0].data();
    let labels = format!("broker=\"1\",log_dir=\"{}\"", data.display());
    let value = |name: &str| page.value(&format!("kafka_log_dir_{name}{{{labels}}}"));
    assert_eq!((value("online"), value("future_bytes")), (1.0, 0.0));
    assert_eq!(value("total_bytes"), volume(&data));
    assert!((1.0..value("total_bytes")).contains(&value("usable_bytes")));
    let bytes = page.value(&format!("kafka_log_dir_topic_bytes{{{labels},topic=\"{topic}\"}}"));
    assert_eq!(bytes, f64::from(u32::try_from(bytes_on_disk(&data, topic)).unwrap()));
    assert!(bytes > 0.0);
}

/// The topics' own series are of those that the filter accepts.
fn has_only(page: &Page, names: &[&str], topic: &str) {
    let label = format!("topic=\"{topic}\"");
    for name in names {
        let series = page.named(name);
        assert!(series.len() == 1 && series.keys().all(|series| series.contains(&label)), "{series:?}");
    }
}

/// A page that has them: a broker that is slow at first is not waited for.
fn page(vitals: &Vitals) -> Page {
    let of_directories =
        if vitals.engine == Some(Engine::Librdkafka) { [].as_slice() } else { OF_LOG_DIRECTORIES.as_slice() };
    let names = [OF_CONFIGURATIONS.as_slice(), of_directories].concat();
    wait_until(PATIENCE, "what is remembered to have been told", || {
        let page = vitals.metrics();
        let missing: Vec<_> = names.iter().filter(|name| page.named(name).is_empty()).collect();
        if missing.is_empty() { Ok(page) } else { Err(format!("{missing:?}")) }
    })
    .unwrap()
}

fn success(page: &Page) -> [f64; 3] {
    ["registered_brokers", "configs", "log_dirs"]
        .map(|part| page.value(&format!("kafka_vitals_collector_success{{collector=\"{part}\"}}")))
}

fn check(vitals: &Vitals, cluster: &Cluster, topic: &str, registered: Option<f64>) {
    let page = page(vitals);
    assert_eq!(success(&page), [1.0; 3], "what cannot be asked is no failure");
    has_configuration(&page, topic);
    has_only(&page, &OF_CONFIGURATIONS, topic);
    if vitals.engine == Some(Engine::Librdkafka) {
        let others = OF_LOG_DIRECTORIES.iter().chain(&["kafka_broker_registered", "kafka_broker_fenced"]);
        let told: Vec<_> = others.filter(|name| !page.named(name).is_empty()).collect();
        assert!(told.is_empty(), "{told:?}");
        return;
    }
    has_log_directory(&page, cluster, topic);
    has_only(&page, &["kafka_log_dir_topic_bytes"], topic);
    assert_eq!(page.get("kafka_broker_registered{broker=\"1\"}"), registered);
    assert_eq!(page.get("kafka_broker_fenced{broker=\"1\"}"), registered.map(|_| 0.0));
}

#[test]
fn configurations_are_as_they_were_set_and_log_directories_as_on_disk() {
    let topic = "t-inventory";
    let filter = format!("--topic.filter=^{topic}$");
    prepare(current().kafka(), topic);
    for vitals in each(&vitals_of_each(current(), &[&filter, "--scrape.reuse=0s"])) {
        check(vitals, current(), topic, Some(1.0));
    }
    let old = old();
    prepare(old.kafka(), topic);
    for vitals in each(&vitals_of_each(&old, &[&filter, "--scrape.reuse=0s"])) {
        // Kafka 3.9 does not tell which brokers are registered.
        check(vitals, &old, topic, None);
    }
}

/// Sets the only entry that differs from the default.
fn alter(cluster: &Cluster, topic: &str, key: &str, value: &str) {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", cluster.bootstrap()).create().unwrap();
    let change = AlterConfig::new(ResourceSpecifier::Topic(topic)).set(key, value);
    let options = AdminOptions::new();
    let altered = admin.alter_configs([&change], &options);
    tokio::runtime::Runtime::new().unwrap().block_on(altered).unwrap()[0].as_ref().unwrap();
}

#[test]
fn a_configuration_that_changes_shows_when_the_old_one_is_no_longer_remembered() {
    let topic = "t-altered";
    current().kafka().create_topics(&[NewTopic::new(topic, 1)]).unwrap();
    let all = vitals_of_each(current(), &["--refresh.inventory=2s", "--scrape.reuse=0s"]);
    let series = format!("kafka_topic_retention_seconds{{topic=\"{topic}\"}}");
    for vitals in each(&all) {
        assert_eq!(page(vitals).value(&series), 604_800.0);
    }
    alter(current(), topic, "retention.ms", "7000");
    for vitals in each(&all) {
        wait_until(PATIENCE, "the new retention", || {
            let shown = vitals.metrics().get(&series);
            if shown == Some(7.0) { Ok(()) } else { Err(format!("{shown:?}")) }
        })
        .unwrap();
    }
}

#[test]
fn each_answer_of_a_broker_is_timed() {
    let topic = "t-timed";
    current().kafka().create_topics(&[NewTopic::new(topic, 1)]).unwrap();
    let filter = format!("--topic.filter=^{topic}$");
    let vitals = vitals(current(), &["--kafka.client=protocol", "--scrape.reuse=0s", &filter]);
    let name = "kafka_vitals_kafka_request_duration_seconds";
    let of =
        |page: &Page, api: &str, suffix: &str| page.value(&format!("{name}_{suffix}{{api=\"{api}\",broker=\"1\"}}"));
    let first = page(&vitals);
    let second = vitals.metrics();
    assert_eq!(second.types.get(name).map(String::as_str), Some("summary"));
    for api in ["ListGroups", "OffsetFetch", "ListOffsets"] {
        assert_eq!(of(&second, api, "count") - of(&first, api, "count"), 1.0, "{api}");
        let took = of(&second, api, "sum") - of(&first, api, "sum");
        assert!((0.000_001..5.0).contains(&took), "{api}: {took}");
    }
    for api in ["DescribeConfigs", "DescribeLogDirs", "DescribeCluster"] {
        assert_eq!((of(&first, api, "count"), of(&second, api, "count")), (1.0, 1.0), "{api} is remembered");
    }
}
