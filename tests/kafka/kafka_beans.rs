//! Kafka's own families on real pages of two Kafka versions, beside what the beans say.

use std::thread::sleep;
use std::time::{Duration, Instant};

use kafka_lab::{Cluster, NewTopic, http};

use crate::clusters::{current, old, vitals};
use crate::support::{Page, Vitals};

const TIMEOUT: Duration = Duration::from_secs(30);

fn page(vitals: &Vitals) -> (Page, Instant) {
    (vitals.page("/metrics/brokers/1", TIMEOUT), Instant::now())
}

fn attribute(cluster: &Cluster, bean: &str, attribute: &str) -> f64 {
    let agent = cluster.nodes()[0].jolokia_url().unwrap();
    let answer = http::get_ok(&format!("{agent}/read/{bean}/{attribute}"), TIMEOUT).unwrap();
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    answer["value"].as_f64().unwrap()
}

/// `handlers` = the most that the idle ratio of all request handlers together can be.
fn the_families_are_true(cluster: &Cluster, version: &str, topic: &str, handlers: f64) {
    let vitals = vitals(cluster, &["--scrape.reuse=0s"]);
    cluster.kafka().create_topics(&[NewTopic::new(topic, 1)]).unwrap();
    cluster.kafka().fill(topic, 1, 20).unwrap();
    let (before, start) = page(&vitals);
    let waits = Duration::from_secs(5);
    sleep(waits);
    cluster.kafka().fill(topic, 1, 20).unwrap();
    let (after, end) = page(&vitals);

    means_are_of_all_values(cluster);
    sums_do_not_fall(&before, &after);
    // Nothing else writes: the sum stands still and is the bean's.
    let bean = "kafka.network:type=RequestMetrics,name=TotalTimeMs,request=Produce";
    let of_page =
        |suffix: &str| after.value(&format!("kafka_request_total_time_seconds_{suffix}{{request=\"Produce\"}}"));
    let count = attribute(cluster, bean, "Count");
    assert_eq!(of_page("count"), count);
    let milliseconds = count * attribute(cluster, bean, "Mean");
    assert!((of_page("sum") * 1e3 - milliseconds).abs() < 1e-3, "{milliseconds} ms in the bean");

    let elapsed = end.duration_since(start).as_secs_f64();
    let rate = |series: &str| (after.value(series) - before.value(series)) / elapsed;
    let idle = rate("kafka_request_handler_idle_seconds_total");
    // A thread's wait is counted when it ends, at the latest after 0.3 s.
    assert!(idle > 0.2 * handlers && idle < 1.3 * handlers, "request handlers: {idle}");
    for series in after.named("kafka_network_processor_idle_seconds_total").keys() {
        let idle = rate(series);
        assert!((0.2..1.3).contains(&idle), "{series}: {idle}");
    }
    assert!(after.named("kafka_network_processor_idle_seconds_total").len() >= 6);
    for (series, value) in after.named("kafka_acceptor_blocked_seconds_total") {
        assert!((0.0..60.0).contains(&value), "{series}");
    }

    for (family, state) in [("kafka_raft_state", "leader"), ("kafka_broker_state", "running")] {
        let states = after.named(family);
        let current: Vec<_> = states.iter().filter(|(_, value)| **value != 0.0).collect();
        assert_eq!(current, [(&format!("{family}{{state=\"{state}\"}}").as_str(), &1.0)]);
        assert!(states.len() >= 7, "{states:?}");
    }
    let build = after.named("kafka_broker_build_info");
    assert!(build.len() == 1 && build.keys().all(|series| series.contains(&format!("version=\"{version}\""))));
    assert_eq!(after.value(&format!("kafka_cluster_info{{cluster_id=\"{}\"}}", cluster.id())), 1.0);
    // The lab may keep its data in memory: then nothing is written to a disk.
    assert!(after.value("kafka_disk_write_bytes_total") >= before.value("kafka_disk_write_bytes_total"));
}

fn sums_do_not_fall(before: &Page, after: &Page) {
    let is_sum = |series: &&String| series.starts_with("kafka_request_") && series.contains("_seconds_sum{");
    let sums: Vec<_> = after.series.keys().filter(is_sum).collect();
    assert!(sums.len() >= 7 * 5, "sums of {} histograms", sums.len());
    for series in sums {
        assert!(before.get(series).is_none_or(|before| before <= after.value(series)), "{series} fell");
    }
}

/// A histogram's mean is that of all its values, not of the last minutes: Kafka puts whole milliseconds into it, so only the
/// sum of all makes a whole number of each mean.
fn means_are_of_all_values(cluster: &Cluster) {
    let agent = cluster.nodes()[0].jolokia_url().unwrap();
    let url = format!("{agent}/read/kafka.network:type=RequestMetrics,name=*TimeMs,*/Count,Mean");
    let answer: serde_json::Value = serde_json::from_str(&http::get_ok(&url, TIMEOUT).unwrap()).unwrap();
    let mut seen = 0;
    for (bean, attributes) in answer["value"].as_object().unwrap() {
        let (count, mean) = (attributes["Count"].as_f64().unwrap(), attributes["Mean"].as_f64().unwrap());
        let sum = count * mean;
        // A request may come between the two reads of a bean: those of the broker to itself are never done.
        seen += usize::from(count > 1.0 && (sum - sum.round()).abs() < 1e-6 && mean.fract() != 0.0);
        assert!(mean >= 0.0 && sum < 1e9, "{bean} {attributes}");
    }
    assert!(seen >= 10, "only {seen} histograms with a broken mean whose sum is whole");
}

#[test]
fn kafkas_own_families_are_true_on_kafka_4_3() {
    the_families_are_true(current(), "4.3.0", "t-own-families", 1.0);
    let page = vitals(current(), &[]).page("/metrics/brokers/1", TIMEOUT);
    for pool in ["broker", "controller"] {
        assert!(page.value(&format!("kafka_request_handler_pool_idle_seconds_total{{pool=\"{pool}\"}}")) > 1.0);
    }
}

#[test]
fn kafkas_own_families_are_true_on_kafka_3_9() {
    // A combined node before 4.2 adds up both pools.
    the_families_are_true(&old(), "3.9.1", "t-own-families", 2.0);
}
