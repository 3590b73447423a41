//! The pages of a real cluster of three nodes, through other people's parsers: Prometheus' own, that of Python's
//! prometheus_client, and a Prometheus that scrapes them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

#[path = "../documented/mod.rs"]
mod documented;
mod lint;
mod shipped;
#[path = "../support/mod.rs"]
mod support;
#[path = "../exposition/tools.rs"]
mod tools;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;
use std::time::Duration;

use kafka_lab::{Cluster, Commit, Jolokia, NewTopic, Prometheus, Sample, http, wait_until};

use support::{Page, Vitals, each};

const PAGES: [&str; 5] =
    ["/metrics", "/metrics/cluster", "/metrics/brokers/1", "/metrics/brokers/2", "/metrics/brokers/3"];
const OPENMETRICS: &str = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";

/// Three JVMs, kafka-vitals and Prometheus may share two cores.
const PATIENCE: Duration = Duration::from_secs(60);

/// Three nodes with a replicated topic, and names full of what the formats have to escape.
fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        let cluster = Cluster::builder().nodes(3).jolokia(Jolokia::V2_5_0).heap_mib(384).start().unwrap();
        let kafka = cluster.kafka();
        kafka.create_topics(&[NewTopic::new("orders", 6).replication(3), NewTopic::new("dots.and_bars", 2)]).unwrap();
        kafka.fill("orders", 6, 10).unwrap();
        kafka.fill("dots.and_bars", 2, 10).unwrap();
        // Group ids may be any text.
        kafka
            .commit(&[Commit::new("billing", &[("orders", 0, 4)]), Commit::new("a \"b\" \\ c\nd", &[("orders", 1, 7)])])
            .unwrap();
        cluster
    })
}

fn vitals() -> Vitals {
    let cluster = cluster();
    let (server, port) =
        (format!("--kafka.server={}", cluster.bootstrap()), format!("--jolokia.port={}", cluster.jolokia_port()));
    settled(Vitals::start(cluster.lab(), &[&server, &port]))
}

fn settled(vitals: Vitals) -> Vitals {
    // The first scrape meets beans that Kafka makes on first use, and learns what to ask for.
    let look = || {
        let page = vitals.page("/metrics", Duration::from_secs(30));
        let nodes = page.named("jmx_scrape_error").len();
        let failed: Vec<_> =
            page.named("kafka_vitals_collector_success").into_iter().filter(|(_, success)| *success != 1.0).collect();
        if nodes == 3 && failed.is_empty() { Ok(()) } else { Err(format!("{nodes} nodes, failed: {failed:?}")) }
    };
    wait_until(PATIENCE, "all three nodes on the page", look).unwrap();
    vitals
}

fn text(vitals: &Vitals, path: &str, accept: &str) -> String {
    let headers = [("Accept", accept), ("X-Prometheus-Scrape-Timeout-Seconds", "30")];
    let answer = vitals.try_get(path, &headers).unwrap();
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    let expected = if accept == OPENMETRICS { "application/openmetrics-text; version=1.0.0" } else { "text/plain" };
    assert!(answer.header("content-type").unwrap().starts_with(expected), "{:?}", answer.headers);
    String::from_utf8(answer.body).unwrap()
}

#[test]
fn promtool_parses_every_page_and_finds_no_fault_that_has_no_reason() {
    let vitals = vitals();
    let mut remarks = BTreeSet::new();
    for path in PAGES {
        let page = text(&vitals, path, "text/plain");
        assert!(page.lines().count() > 100, "{path}");
        remarks.extend(tools::promtool(&page).unwrap_or_else(|error| panic!("{path}: {error}")));
    }
    let (new, needless) = (lint::without_reason(&remarks), lint::needless(&remarks));
    assert!(new.is_empty(), "promtool finds fault with {new:#?}: mend it, or say in lint.rs why it stays");
    assert!(needless.is_empty(), "promtool finds no fault that needs {needless:#?}");
}

#[test]
fn all_series_of_a_cluster_are_documented_and_as_many_as_the_formulas_say() {
    let vitals = vitals();
    vitals.get("/metrics/brokers/1");
    let page = vitals.page("/metrics", Duration::from_secs(30));
    documented::all_are_listed(&page);

    let rows: Vec<_> = documented::ROWS.iter().collect();
    let count = || documented::have_their_series(&vitals.page("/metrics", Duration::from_secs(30)), &rows, &terms());
    wait_until(PATIENCE, "as many series as documented", count).unwrap();
}

/// What the formulas of docs/metrics.md are of, for this cluster.
fn terms() -> Vec<(&'static str, usize)> {
    let metadata = cluster().kafka().metadata(None).unwrap();
    let partitions: Vec<_> = metadata.topics.values().flat_map(BTreeMap::values).collect();
    // Two groups without members, each with one commit on `orders`, which has six partitions.
    let (groups, of_orders) = (2, 6);
    let mut terms = vec![
        ("N", cluster().nodes().len()),
        ("B", metadata.brokers.len()),
        ("D", metadata.brokers.len()),
        ("T", metadata.topics.len()),
        ("P", partitions.len()),
        ("R", partitions.iter().map(|partition| partition.replicas.len()).sum()),
        ("G", groups),
        ("classic", groups),
        ("consumer", 0),
        ("share", 0),
        ("streams", 0),
        ("committed", groups),
        ("S", groups),
        ("C", groups * of_orders),
        ("commits", groups),
        ("A", groups),
        ("O", 0),
    ];
    terms.extend(documented::terms_of_nodes(cluster()));
    terms
}

#[test]
fn python_parses_every_page_in_openmetrics_and_finds_the_series_of_the_text_format() {
    let vitals = vitals();
    let pages: Vec<_> = PAGES.iter().map(|path| text(&vitals, path, OPENMETRICS)).collect();
    for (path, read) in PAGES.iter().zip(tools::python(&pages)) {
        let read = read.unwrap_or_else(|error| panic!("{path}: {error}"));
        let names: BTreeSet<&str> = read.keys().map(|(name, _)| name.as_str()).collect();
        let in_text = Page::parse(&text(&vitals, path, "text/plain"));
        let names_in_text: BTreeSet<&str> =
            in_text.series.keys().map(|series| series.split('{').next().unwrap()).collect();
        // Errors and beans come and go between two readings, one or two at a time.
        let different: Vec<_> = names.symmetric_difference(&names_in_text).collect();
        assert!(different.len() < 5, "{path}: in one format alone: {different:?}");
        let (one, two) = (read.len(), in_text.series.len());
        assert!(one.abs_diff(two) < 50, "{path}: {one} series in OpenMetrics, {two} in the text format");
        if *path != "/metrics/cluster" {
            assert!(one > 1000, "{path}: {one} series");
        }
    }
}

#[test]
fn a_group_id_with_quotes_and_line_ends_arrives_whole() {
    let all = Vitals::start_each(cluster().lab(), &[&format!("--kafka.server={}", cluster().bootstrap())]);
    let pages: Vec<_> = all.iter().map(|vitals| text(vitals, "/metrics/cluster", OPENMETRICS)).collect();
    let labels = |topic: &str| {
        BTreeMap::from([
            ("consumergroup".to_owned(), "a \"b\" \\ c\nd".to_owned()),
            ("topic".to_owned(), topic.to_owned()),
        ])
    };
    for (vitals, read) in each(&all).zip(tools::python(&pages)) {
        let series = ("kafka_consumergroup_lag_sum".to_owned(), labels("orders"));
        assert_eq!(read.unwrap().get(&series), Some(&3.0), "{:?}", vitals.engine);
    }
}

#[test]
fn a_series_own_broker_label_becomes_exported_broker_beside_the_nodes() {
    // Kafka's controllers have beans with a broker key too, but how many of them, if any, is a matter of timing.
    let rules = cluster().lab().folder().join("broker-label.yaml");
    let rule = "pattern: kafka.server<type=ReplicaManager, name=PartitionCount><>Value";
    std::fs::write(&rules, format!("rules: [{{{rule}, name: own_label, labels: {{broker: mine}}}}]")).unwrap();
    let (server, port) =
        (format!("--kafka.server={}", cluster().bootstrap()), format!("--jolokia.port={}", cluster().jolokia_port()));
    let rules = format!("--jmx.rules={}", rules.display());
    let vitals = settled(Vitals::start(cluster().lab(), &[&server, &port, &rules]));
    let page = vitals.page("/metrics", Duration::from_secs(30));
    assert_eq!(page.named("own_label").len(), 3);
    for node in cluster().nodes() {
        let id = node.id();
        let partitions = page.value(&format!(r#"own_label{{broker="{id}",exported_broker="mine"}}"#));
        let own = vitals.page(&format!("/metrics/brokers/{id}"), Duration::from_secs(30));
        assert_eq!(own.value(r#"own_label{broker="mine"}"#), partitions);
    }
}

/// Waits until `targets` targets are up and have brought all their series; samples of each by instance and job.
fn scraped(prometheus: &Prometheus, targets: usize) -> BTreeMap<(String, String), f64> {
    let query = |promql: &str| prometheus.query(promql).unwrap();
    let look = || {
        let up = query("up");
        let states: Vec<_> = prometheus.targets().unwrap().into_iter().map(|t| (t.url, t.health, t.error)).collect();
        if up.len() == targets && up.iter().all(|sample| sample.value == 1.0) {
            Ok(())
        } else {
            Err(format!("{states:?}"))
        }
    };
    wait_until(PATIENCE, "all targets to be up", look).unwrap();
    let key = |sample: &Sample| (sample.labels["job"].clone(), sample.labels["instance"].clone());
    query("scrape_samples_post_metric_relabeling").iter().map(|sample| (key(sample), sample.value)).collect()
}

fn values(samples: Vec<Sample>, label: &str) -> BTreeMap<String, f64> {
    samples.into_iter().map(|sample| (sample.labels[label].clone(), sample.value)).collect()
}

/// All rules have been evaluated without an error.
fn the_shipped_rules_run(prometheus: &Prometheus) {
    let look = || {
        let groups = prometheus.api("rules").unwrap();
        let groups = groups["groups"].as_array().unwrap();
        let rules: Vec<_> = groups.iter().flat_map(|group| group["rules"].as_array().unwrap()).collect();
        let not_yet: Vec<_> = rules.iter().filter(|rule| rule["health"] != "ok").map(|rule| &rule["name"]).collect();
        if rules.len() > 50 && not_yet.is_empty() { Ok(()) } else { Err(format!("{} rules, {not_yet:?}", rules.len())) }
    };
    wait_until(PATIENCE, "all rules to be evaluated", look).unwrap();
}

#[test]
fn a_prometheus_with_the_shipped_file_scrapes_everything_in_one_job() {
    let vitals = vitals();
    let prometheus = Prometheus::start(cluster().lab(), &shipped::configuration("prometheus.yml", &vitals)).unwrap();
    let samples = scraped(&prometheus, 1);
    assert!(samples.values().all(|samples| *samples > 3000.0), "{samples:?}");
    let heap = values(prometheus.query(r#"jvm_memory_bytes_used{area="heap"}"#).unwrap(), "broker");
    assert_eq!(heap.keys().collect::<Vec<_>>(), ["1", "2", "3"]);
    assert!(heap.values().all(|bytes| *bytes > 1e7), "{heap:?}");
    let lag = prometheus.query(r#"kafka_consumergroup_lag_sum{consumergroup="billing"}"#).unwrap();
    assert_eq!(values(lag, "topic"), BTreeMap::from([("orders".to_owned(), 6.0)]));
    the_shipped_rules_run(&prometheus);
    let dropped = prometheus.query("sum(kafka_vitals_page_dropped_samples_total)").unwrap();
    assert_eq!(dropped[0].value, 0.0, "series that are on the page twice");
}

#[test]
fn a_prometheus_with_the_shipped_file_scrapes_the_split_pages_and_tells_nodes_apart_by_instance() {
    let vitals = vitals();
    let prometheus =
        Prometheus::start(cluster().lab(), &shipped::configuration("prometheus-split.yml", &vitals)).unwrap();
    let samples = scraped(&prometheus, 4);
    let nodes: BTreeSet<String> = cluster().nodes().iter().map(|node| node.kafka_address()).collect();
    let instances: BTreeMap<&String, f64> = samples
        .iter()
        .filter(|((job, _), _)| job == "kafka")
        .map(|((_, instance), value)| (instance, *value))
        .collect();
    assert_eq!(instances.keys().map(|instance| (*instance).clone()).collect::<BTreeSet<_>>(), nodes);
    assert!(instances.values().all(|samples| *samples > 1000.0), "{instances:?}");
    let heap = prometheus.query(r#"sum without(area) (jvm_memory_bytes_used{job="kafka",broker=""})"#).unwrap();
    assert_eq!(values(heap, "instance").into_keys().collect::<BTreeSet<_>>(), nodes);
    let brokers = values(prometheus.query("kafka_brokers").unwrap(), "job");
    assert_eq!(brokers, BTreeMap::from([("kafka-cluster".to_owned(), 3.0)]));
    assert_eq!(http::get(&format!("{}/metrics/brokers/4", vitals.url), &[], PATIENCE).unwrap().status, 404);
}

#[test]
fn a_prometheus_with_the_shipped_file_gives_each_nodes_page_its_broker_label_if_it_is_told_to() {
    let vitals = vitals();
    let configuration = shipped::with_broker_label(&shipped::configuration("prometheus-split.yml", &vitals));
    let prometheus = Prometheus::start(cluster().lab(), &configuration).unwrap();
    scraped(&prometheus, 4);
    let heap = values(prometheus.query(r#"jvm_memory_bytes_used{job="kafka",area="heap"}"#).unwrap(), "broker");
    assert_eq!(heap.keys().collect::<Vec<_>>(), ["1", "2", "3"]);
    // A controller's series that have such a label already are told apart as on the page with everything.
    let other =
        prometheus.query(r#"count(kafka_controller_kafkacontroller_brokerregistrationstate{exported_broker=""})"#);
    assert_eq!(other.unwrap(), []);
}

#[test]
fn a_prometheus_with_the_shipped_file_tells_clusters_apart_in_both_layouts() {
    let vitals = vitals();
    let configuration = shipped::configuration("prometheus-clusters.yml", &vitals);
    // One kafka-vitals stands for all four, and its node pages can be of one cluster only.
    let mut jobs: serde_json::Value = serde_saphyr::from_str(&configuration).unwrap();
    let nodes =
        jobs["scrape_configs"].as_array_mut().unwrap().iter_mut().find(|job| job["job_name"] == "kafka").unwrap();
    for list in ["http_sd_configs", "relabel_configs"] {
        assert_eq!(nodes[list].as_array_mut().unwrap().drain(1..).count(), 1, "{list}");
    }
    let prometheus = Prometheus::start(cluster().lab(), &jobs.to_string()).unwrap();
    scraped(&prometheus, 2 + 2 + 3);
    let clusters = |promql: &str| values(prometheus.query(promql).unwrap(), "cluster").into_keys().collect::<Vec<_>>();
    assert_eq!(clusters("kafka_brokers"), ["analytics", "archive", "orders", "payments"]);
    assert_eq!(clusters("count by (cluster) (jvm_memory_bytes_used) > 0"), ["analytics", "orders", "payments"]);
}
