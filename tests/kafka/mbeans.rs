//! MBeans on real pages: the series that dashboards stand on, of two Kafka versions.

use std::time::Duration;

use kafka_lab::{Cluster, Commit, NewTopic, http, wait_until};

use crate::clusters::{current, old, vitals, vitals_of_each};
use crate::support::{PATIENCE, Page, Vitals, each};

const TIMEOUT: Duration = Duration::from_secs(20);

/// A node page on which the topic's meters already exist.
fn node_page(vitals: &Vitals, series: &str) -> Page {
    wait_until(PATIENCE, series, || {
        let page = vitals.page("/metrics/brokers/1", TIMEOUT);
        if page.get(series).is_some() { Ok(page) } else { Err("not on the page yet") }
    })
    .unwrap()
}

/// `topic` has got `records` records since the node started.
fn the_series_of_dashboards_are_there(cluster: &Cluster, topic: &str, records: f64) {
    let vitals = vitals(cluster, &["--scrape.reuse=0s"]);
    let messages = format!(r#"kafka_server_brokertopicmetrics_messagesin_total{{topic="{topic}"}}"#);
    let page = node_page(&vitals, &messages);

    assert_eq!(page.value(&messages), records);
    let produce = |quantile: &str| {
        let labels = format!(r#"request="Produce",quantile="{quantile}""#);
        page.value(&format!("kafka_network_requestmetrics_totaltimems{{{labels}}}"))
    };
    assert!(page.value(r#"kafka_network_requestmetrics_totaltimems_count{request="Produce"}"#) >= 1.0);
    assert!(produce("0.50") <= produce("0.95") && produce("0.95") <= produce("0.99"));
    assert!(produce("0.99") <= produce("0.999") && produce("0.999") > 0.0);
    let partitions = page.value("kafka_server_replicamanager_partitioncount");
    assert!(partitions >= 11.0, "{partitions} partitions, 10 of them of __consumer_offsets");
    assert_eq!(page.value("kafka_controller_kafkacontroller_activecontrollercount"), 1.0);

    assert_eq!(page.value("jmx_scrape_error"), 0.0);
    let seconds = page.value("jmx_scrape_duration_seconds");
    assert!(seconds > 0.0 && seconds < TIMEOUT.as_secs_f64(), "{seconds} s");
    the_number_of_groups_is_the_beans(cluster, &vitals);
    the_jvm_has_its_names_of_both_generations(&page);
    // These beans have a broker key of their own, as controllers have one for each broker.
    let is_plain = |series: &&String| !(series.starts_with("kafka_controller_") && series.contains("{broker="));
    let mut plain = page.series.keys().filter(is_plain);
    let foreign = plain.find(|series| series.starts_with("kafka_vitals_") || series.contains(r#"broker="1""#));
    assert_eq!(foreign, None, "a node page equals its agent's");

    let all = vitals.metrics();
    assert_eq!(all.value(&messages.replace('{', r#"{broker="1","#)), records);
    assert_eq!(all.value(r#"jmx_scrape_error{broker="1"}"#), 0.0);
    assert!(all.value(r#"jmx_scrape_duration_seconds{broker="1"}"#) > 0.0);
    let missing: Vec<_> = page
        .series
        .keys()
        .filter(is_plain)
        .filter(|series| {
            let with_broker = match series.split_once('{') {
                Some((name, labels)) => format!(r#"{name}{{broker="1",{labels}"#),
                None => format!(r#"{series}{{broker="1"}}"#),
            };
            all.get(&with_broker).is_none()
        })
        .collect();
    // A bean may have gone between the two scrapes, as those of connections do.
    assert!(
        page.series.len() > 800 && missing.len() < 20,
        "{} series, not on /metrics: {missing:#?}",
        page.series.len()
    );
}

/// A broker of 4.3.0 counts its groups once a minute only: what its agent says is what must be on the page.
fn the_number_of_groups_is_the_beans(cluster: &Cluster, vitals: &Vitals) {
    let agent = cluster.nodes()[0].jolokia_url().unwrap();
    let url = format!("{agent}/read/kafka.coordinator.group:type=GroupMetadataManager,name=NumGroups/Value");
    wait_until(PATIENCE, "the page to have the bean's number of groups", || {
        let page = vitals.page("/metrics/brokers/1", TIMEOUT);
        let groups = page.value("kafka_coordinator_group_groupmetadatamanager_numgroups");
        let answer = http::get_ok(&url, TIMEOUT).unwrap();
        let bean: serde_json::Value = serde_json::from_str(&answer).unwrap();
        let of_bean = bean["value"].as_f64().ok_or_else(|| format!("no value: {answer}"))?;
        if groups == of_bean { Ok(()) } else { Err(format!("{groups} on the page, {of_bean} in the bean")) }
    })
    .unwrap();
}

fn the_jvm_has_its_names_of_both_generations(page: &Page) {
    for (one, two) in [
        (r#"jvm_memory_bytes_used{area="heap"}"#, r#"jvm_memory_used_bytes{area="heap"}"#),
        (r#"jvm_memory_bytes_max{area="heap"}"#, r#"jvm_memory_max_bytes{area="heap"}"#),
        (r#"jvm_memory_bytes_committed{area="nonheap"}"#, r#"jvm_memory_committed_bytes{area="nonheap"}"#),
        (r#"jvm_memory_pool_bytes_used{pool="G1 Old Gen"}"#, r#"jvm_memory_pool_used_bytes{pool="G1 Old Gen"}"#),
        (r#"jvm_memory_pool_bytes_max{pool="Metaspace"}"#, r#"jvm_memory_pool_max_bytes{pool="Metaspace"}"#),
    ] {
        assert_eq!(page.value(one), page.value(two), "{one} and {two}");
    }
    let (used, max) =
        (page.value(r#"jvm_memory_bytes_used{area="heap"}"#), page.value(r#"jvm_memory_bytes_max{area="heap"}"#));
    assert!(1e7 < used && used < max && max == f64::from(512 << 20), "{used} of {max} bytes");
    assert!(page.value(r#"jvm_gc_collection_seconds_count{gc="G1 Young Generation"}"#) >= 1.0);
    let collecting = page.value(r#"jvm_gc_collection_seconds_sum{gc="G1 Young Generation"}"#);
    assert!(collecting > 0.0 && collecting < 60.0, "{collecting} s");
    assert_eq!(page.types["jvm_gc_collection_seconds"], "summary");
    assert!(page.value("jvm_threads_current") > 10.0);
    assert!(page.value("jvm_classes_loaded_total") > 1000.0);
    let cpu = page.value("process_cpu_seconds_total");
    assert!(cpu > 0.5 && cpu < 3600.0, "{cpu} s");
    assert!(page.value("process_open_fds") > 10.0 && page.value("process_open_fds") < page.value("process_max_fds"));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
    let age = now - page.value("process_start_time_seconds");
    assert!((1.0..3600.0).contains(&age), "the JVM started {age} s ago");
    for name in ["jvm_info", "jvm_runtime_info"] {
        let info = page.named(name);
        assert!(info.len() == 1 && info.values().all(|value| *value == 1.0), "{info:?}");
    }
}

#[test]
fn the_series_of_dashboards_are_there_on_kafka_4_3() {
    // The golden scenario has written 100 + 50 records to it.
    the_series_of_dashboards_are_there(current(), "orders", 150.0);
}

#[test]
fn the_series_of_dashboards_are_there_on_kafka_3_9() {
    let cluster = old();
    let topic = "t-meters";
    cluster.kafka().create_topics(&[NewTopic::new(topic, 1)]).unwrap();
    cluster.kafka().fill(topic, 1, 70).unwrap();
    cluster.kafka().commit(&[Commit::new("t-meters", &[(topic, 0, 30)])]).unwrap();
    the_series_of_dashboards_are_there(&cluster, topic, 70.0);
    for page in each(&vitals_of_each(&cluster, &[])).map(Vitals::metrics) {
        assert_eq!(page.value(r#"kafka_consumergroup_lag_sum{consumergroup="t-meters",topic="t-meters"}"#), 40.0);
        assert_eq!(page.value(r#"kafka_consumergroup_members{consumergroup="t-meters"}"#), 0.0);
    }
}

#[test]
fn a_rules_file_without_lowercasing_keeps_the_beans_letters() {
    let cluster = current();
    let rules = cluster.lab().folder().join("rules.yml");
    std::fs::write(&rules, "rules:\n- pattern: \".*\"\n").unwrap();
    let vitals = vitals(cluster, &[&format!("--jmx.rules={}", rules.display())]);
    let labels = r#"{name="MessagesInPerSec",topic="orders"}"#;
    let page = node_page(&vitals, &format!("kafka_server_BrokerTopicMetrics_Count{labels}"));
    assert_eq!(page.value(&format!("kafka_server_BrokerTopicMetrics_Count{labels}")), 150.0);
    assert!(page.value(&format!("kafka_server_BrokerTopicMetrics_OneMinuteRate{labels}")) <= 150.0);
    assert_eq!(page.get(&format!("kafka_server_brokertopicmetrics_count{labels}")), None);
    assert!(page.value(r#"jvm_memory_bytes_used{area="heap"}"#) > 1e7);
}
