//! Kafka and Jolokia down: at the start, and later. One node is the whole cluster, so everything is gone with it.

use std::time::Duration;

use kafka_lab::{Cluster, Commit, NewTopic, wait_until};

use crate::clusters::{old, vitals_of_each};
use crate::support::{PATIENCE, Page, Vitals, at_once, each};

const TIMEOUT: Duration = Duration::from_secs(5);
/// What pages may take while Kafka is down: they wait for it until their time is over.
const SHORT: Duration = Duration::from_secs(3);
/// For those that do not say how much time they have.
const FLAGS: [&str; 2] = ["--scrape.timeout=3s", "--scrape.reuse=0s"];
/// A client that has failed for a while tries again after up to 10 s.
const RECOVERY: Duration = Duration::from_secs(60);

fn prepare(cluster: &Cluster, name: &str) {
    cluster.kafka().create_topics(&[NewTopic::new(name, 1)]).unwrap();
    cluster.kafka().fill(name, 1, 20).unwrap();
    cluster.kafka().commit(&[Commit::new(name, &[(name, 0, 5)])]).unwrap();
}

/// What is missing or wrong of a page that has everything.
fn missing(page: &Page, name: &str) -> Vec<String> {
    let lag = format!(r#"kafka_consumergroup_lag_sum{{consumergroup="{name}",topic="{name}"}}"#);
    let mut wanted = vec![
        (lag, 15.0),
        ("kafka_brokers".to_owned(), 1.0),
        (r#"jmx_scrape_error{broker="1"}"#.to_owned(), 0.0),
        (r#"kafka_vitals_collector_success{broker="1",collector="jmx"}"#.to_owned(), 1.0),
    ];
    for collector in ["topology", "offsets", "groups"] {
        wanted.push((format!(r#"kafka_vitals_collector_success{{collector="{collector}"}}"#), 1.0));
    }
    wanted.into_iter().filter(|(series, value)| page.get(series) != Some(*value)).map(|(series, _)| series).collect()
}

fn until_all_is_there(vitals: &Vitals, name: &str) {
    let look = || {
        let page = vitals.page("/metrics", TIMEOUT);
        let missing = missing(&page, name);
        if missing.is_empty() { Ok(()) } else { Err(format!("missing: {missing:?}")) }
    };
    wait_until(RECOVERY, "everything to be on the page", look).unwrap();
    let node = vitals.page("/metrics/brokers/1", TIMEOUT);
    assert!(node.value("jvm_threads_current") > 10.0 && node.value("jmx_scrape_error") == 0.0);
    assert_eq!(targets(vitals), ["/metrics/brokers/1"]);
}

/// The paths in /sd.
fn targets(vitals: &Vitals) -> Vec<String> {
    let answer = vitals.get("/sd");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let entries: Vec<serde_json::Value> = serde_json::from_str(&answer.text()).unwrap();
    entries.iter().map(|entry| entry["labels"]["__metrics_path__"].as_str().unwrap().to_owned()).collect()
}

/// Nothing of Kafka's is on the page, in time, and the page says why.
fn kafka_is_missing(page: &Page) {
    for collector in ["topology", "groups"] {
        let success = format!(r#"kafka_vitals_collector_success{{collector="{collector}"}}"#);
        assert_eq!(page.value(&success), 0.0, "{collector}");
        let errors = page.named("kafka_vitals_collector_errors_total");
        let collector = format!(r#"collector="{collector}""#);
        let of_collector = || errors.iter().filter(|(series, _)| series.contains(&collector));
        assert!(of_collector().any(|(_, count)| *count >= 1.0), "{errors:?}");
        let known =
            |series: &str| ["timeout", "transport"].iter().any(|kind| series.contains(&format!(r#"kind="{kind}""#)));
        assert!(of_collector().all(|(series, _)| known(series)), "{errors:?}");
    }
    for name in ["kafka_topic_partition_current_offset", "kafka_consumergroup_lag", "kafka_consumergroup_lag_sum"] {
        assert!(page.named(name).is_empty(), "{:?} is not of now", page.named(name));
    }
}

fn node_is_missing(vitals: &Vitals, page: &Page) {
    assert_eq!(page.value(r#"kafka_vitals_collector_success{broker="1",collector="jmx"}"#), 0.0);
    let refused = r#"kafka_vitals_collector_errors_total{broker="1",collector="jmx",kind="connect"}"#;
    assert!(page.value(refused) >= 1.0);
    assert_eq!(page.value(r#"jmx_scrape_error{broker="1"}"#), 1.0);
    assert!(page.named("jvm_threads_current").is_empty());
    unavailable(vitals, "/metrics/brokers/1");
}

/// 503 with one line.
fn unavailable(vitals: &Vitals, path: &str) {
    let answer = vitals.get(path);
    assert_eq!((answer.status, answer.text().lines().count()), (503, 1), "{path}: {}", answer.text());
}

/// `/metrics` before Prometheus' time is over.
fn page_in_time(vitals: &Vitals) -> Page {
    let start = std::time::Instant::now();
    let page = vitals.page("/metrics", SHORT);
    assert!(start.elapsed() < SHORT, "{:?}", start.elapsed());
    page
}

#[test]
fn an_exporter_started_before_kafka_and_jolokia_gets_everything_once_they_are_up() {
    let cluster = old();
    let node = &cluster.nodes()[0];
    prepare(&cluster, "t-early");
    node.stop().unwrap();
    let by_port = vitals_of_each(&cluster, &FLAGS);
    let url = format!("--jolokia.url=1={}", node.jolokia_url().unwrap());
    let server = format!("--kafka.server={}", cluster.bootstrap());
    let by_url = Vitals::start_each(cluster.lab(), &[FLAGS[0], FLAGS[1], &server, &url]);
    for vitals in each(&by_port).chain(each(&by_url)) {
        kafka_is_missing(&page_in_time(vitals));
        unavailable(vitals, "/sd");
        assert_eq!(vitals.get("/-/ready").status, 200, "ready whatever Kafka does");
    }
    for vitals in each(&by_port) {
        unavailable(vitals, "/metrics/brokers/1");
    }
    for vitals in each(&by_url) {
        node_is_missing(vitals, &page_in_time(vitals));
    }

    node.restart().unwrap();
    for vitals in each(&by_port).chain(each(&by_url)) {
        until_all_is_there(vitals, "t-early");
    }
}

#[test]
fn kafka_and_jolokia_may_go_and_come_back() {
    let cluster = old();
    let node = &cluster.nodes()[0];
    prepare(&cluster, "t-late");
    let all = vitals_of_each(&cluster, &FLAGS);
    for vitals in each(&all) {
        until_all_is_there(vitals, "t-late");
    }

    node.stop().unwrap();
    let look = |vitals: &Vitals| {
        let page = page_in_time(vitals);
        let topology = page.value(r#"kafka_vitals_collector_success{collector="topology"}"#);
        if topology == 0.0 { Ok(page) } else { Err("Kafka is still there") }
    };
    let pages = at_once(&all, |vitals| wait_until(PATIENCE, "Kafka's absence to be seen", || look(vitals)).unwrap());
    for (vitals, page) in each(&all).zip(&pages) {
        kafka_is_missing(page);
        node_is_missing(vitals, page);
        // Its target stays, so that `up` is 0 and not gone.
        assert_eq!(targets(vitals), ["/metrics/brokers/1"]);
    }

    node.restart().unwrap();
    for vitals in each(&all) {
        until_all_is_there(vitals, "t-late");
    }
}
