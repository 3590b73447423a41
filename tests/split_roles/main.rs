//! Controllers apart from the brokers, in no metadata: found in the quorum or given by URL, and then nodes like all others.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use kafka_lab::{Cluster, Jolokia, Prometheus, wait_until};

use support::{Engine, PATIENCE, Page, Vitals, each};

/// Brokers 1 and 2, controller 3.
static CLUSTER: LazyLock<Cluster> =
    LazyLock::new(|| Cluster::builder().split(1, 2).jolokia(Jolokia::V2_5_0).heap_mib(300).start().unwrap());
const CONTROLLER: i32 = 3;

fn url(id: i32) -> String {
    format!("--jolokia.url={}", CLUSTER.node(id).unwrap().jolokia_url().unwrap())
}

/// `host:port` of the controller's agent: its address where the quorum does not tell another.
fn controller_instance() -> String {
    format!("{}:{}", CLUSTER.node(CONTROLLER).unwrap().host(), CLUSTER.jolokia_port())
}

/// `__metrics_path__` by `instance`.
fn targets(vitals: &Vitals) -> BTreeMap<String, String> {
    let answer = vitals.get("/sd");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let entries: Vec<serde_json::Value> = serde_json::from_str(&answer.text()).unwrap();
    let text = |entry: &serde_json::Value, label: &str| entry["labels"][label].as_str().unwrap().to_owned();
    entries.iter().map(|entry| (text(entry, "instance"), text(entry, "__metrics_path__"))).collect()
}

fn broker_instances() -> [String; 2] {
    [1, 2].map(|id| CLUSTER.node(id).unwrap().kafka_address())
}

/// Asserts on `/metrics` that all three nodes are there, each under its id, and that only the controller is one.
fn assert_nodes(page: &Page) {
    for id in [1, 2, 3] {
        assert_eq!(page.value(&format!("kafka_vitals_collector_success{{broker=\"{id}\",collector=\"jmx\"}}")), 1.0);
        assert!(page.value(&format!("jvm_threads_current{{broker=\"{id}\"}}")) > 0.0);
        let partitions = format!("kafka_server_replicamanager_partitioncount{{broker=\"{id}\"}}");
        assert_eq!(page.get(&partitions).is_some(), id != CONTROLLER, "{partitions}");
    }
    let active = "kafka_controller_kafkacontroller_activecontrollercount{broker=\"3\"}";
    assert_eq!(page.value(active), 1.0);
    assert_eq!(page.value("kafka_controller_kafkacontroller_activebrokercount{broker=\"3\"}"), 2.0);
    assert_eq!(page.value("kafka_vitals_nodes"), 3.0);
    // Nothing stays under the name that the node had before its id was known.
    let stray: Vec<_> = page.series.keys().filter(|series| series.contains("broker=\"127.")).collect();
    assert!(stray.is_empty(), "{stray:?}");
}

/// The controller's own page, by its id and by its address.
fn assert_controller_page(vitals: &Vitals, address: &str) {
    for key in [&CONTROLLER.to_string(), address] {
        let page = vitals.page(&format!("/metrics/brokers/{key}"), Duration::from_secs(10));
        assert_eq!(page.value("kafka_controller_kafkacontroller_activecontrollercount"), 1.0);
        assert!(page.value("jvm_threads_current") > 0.0);
    }
}

#[test]
fn a_controller_is_found_in_the_quorum_and_has_its_endpoints_address() {
    let server = format!("--kafka.server={}", CLUSTER.bootstrap());
    let port = format!("--jolokia.port={}", CLUSTER.jolokia_port());
    let found = CLUSTER.node(CONTROLLER).unwrap().kafka_address();
    // A URL for a node that is found too changes nothing.
    for arguments in [vec![server.as_str(), &port], vec![&server, &port, &url(3)]] {
        let vitals = Vitals::start_with_engine(CLUSTER.lab(), Engine::Protocol, &arguments);
        let [one, two] = broker_instances();
        let path = |id: i32| format!("/metrics/brokers/{id}");
        let nodes = BTreeMap::from([(one, path(1)), (two, path(2)), (found.clone(), path(CONTROLLER))]);
        assert_eq!(targets(&vitals), nodes, "{arguments:?}");
        assert_nodes(&vitals.metrics());
        assert_eq!(targets(&vitals), nodes, "{arguments:?}");
        assert_controller_page(&vitals, &found);
    }
}

#[test]
fn a_controller_given_by_url_joins_the_discovered_brokers_under_its_learned_id() {
    let server = format!("--kafka.server={}", CLUSTER.bootstrap());
    let port = format!("--jolokia.port={}", CLUSTER.jolokia_port());
    // librdkafka cannot ask for the quorum.
    let vitals = &Vitals::start_with_engine(CLUSTER.lab(), Engine::Librdkafka, &[&server, &port, &url(3)]);
    // Before its agent has told its id, its page goes by its address.
    let [one, two] = broker_instances();
    let path = |key: &str| format!("/metrics/brokers/{key}");
    let before = BTreeMap::from([
        (one.clone(), path("1")),
        (two.clone(), path("2")),
        (controller_instance(), path(&controller_instance())),
    ]);
    assert_eq!(targets(vitals), before);
    // The first page has the id already.
    let page = vitals.metrics();
    assert_nodes(&page);
    assert_eq!(page.value("kafka_brokers"), 2.0);
    let after = BTreeMap::from([(one, path("1")), (two, path("2")), (controller_instance(), path("3"))]);
    assert_eq!(targets(vitals), after);
    assert_controller_page(vitals, &controller_instance());
    assert_nodes(&vitals.metrics());
}

#[test]
fn urls_alone_do_without_discovery() {
    let vitals = Vitals::start(CLUSTER.lab(), &[&url(1), &url(2), &url(3)]);
    assert_nodes(&vitals.metrics());
    let instances: Vec<String> = targets(&vitals).into_values().collect();
    assert_eq!(instances, ["/metrics/brokers/1", "/metrics/brokers/2", "/metrics/brokers/3"]);
    assert_controller_page(&vitals, &controller_instance());
}

#[test]
fn urls_of_brokers_and_discovery_name_each_node_once() {
    let server = format!("--kafka.server={}", CLUSTER.bootstrap());
    let port = format!("--jolokia.port={}", CLUSTER.jolokia_port());
    // Broker 1 under another name than metadata has, broker 2 under the same.
    let other = url(1).replace("127.0.0.1", "localhost");
    let flags = [server.as_str(), &port, &other, &url(2), &url(3), "--scrape.reuse=0s"];
    for vitals in each(&Vitals::start_each(CLUSTER.lab(), &flags)) {
        assert_nodes(&vitals.metrics());
        assert_nodes(&vitals.metrics());
        // A node given by URL keeps the URL's address as its instance, before and after its id is known; the URL of
        // broker 2 is the one that discovery implies.
        let [one, two] = broker_instances();
        let given = format!("localhost:{}", CLUSTER.jolokia_port());
        let controller = match vitals.engine {
            Some(Engine::Protocol) => CLUSTER.node(CONTROLLER).unwrap().kafka_address(),
            _ => controller_instance(),
        };
        let instances: Vec<String> = targets(vitals).into_keys().collect();
        assert_eq!(instances, [two, controller, given], "and not {one}");
    }
}

#[test]
fn prometheus_scrapes_controllers_as_targets_of_their_own() {
    let server = format!("--kafka.server={}", CLUSTER.bootstrap());
    let vitals = Vitals::start(CLUSTER.lab(), &[&server, &format!("--jolokia.port={}", CLUSTER.jolokia_port())]);
    let configuration = format!(
        "global: {{scrape_interval: 2s, scrape_timeout: 2s}}\n\
         scrape_configs: [{{job_name: nodes, http_sd_configs: [{{url: '{}/sd', refresh_interval: 1s}}]}}]\n",
        vitals.url
    );
    let prometheus = Prometheus::start(CLUSTER.lab(), &configuration).unwrap();
    let [one, two] = broker_instances();
    let controller = CLUSTER.node(CONTROLLER).unwrap().kafka_address();
    let expected = BTreeMap::from([(one, 1.0), (two, 1.0), (controller, 1.0)]);
    wait_until(PATIENCE, "three targets to be up, the controller by its id", || {
        let up = prometheus.query("up").map_err(|error| error.to_string())?;
        let up: BTreeMap<_, _> =
            up.into_iter().map(|sample| (sample.labels["instance"].clone(), sample.value)).collect();
        let targets = prometheus.targets().map_err(|error| error.to_string())?;
        let by_id = targets.len() == 3 && targets.iter().any(|target| target.url.ends_with("/metrics/brokers/3"));
        if up == expected && by_id { Ok(()) } else { Err(format!("{up:?} {targets:?}")) }
    })
    .unwrap();
}
