//! `/sd`: one target per node, through a real Prometheus too.

use std::collections::BTreeMap;
use std::time::Duration;

use kafka_lab::{Prometheus, Sample, wait_until};

use crate::support::Vitals;
use crate::world::{SCRAPE, WAIT, World, world};

/// `instance` and path of each target.
pub(crate) fn targets(vitals: &Vitals) -> BTreeMap<String, String> {
    let answer = vitals.get("/sd");
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.elapsed < SCRAPE, "/sd took {:?}", answer.elapsed);
    let entries: Vec<serde_json::Value> = serde_json::from_str(&answer.text()).unwrap();
    let text = |entry: &serde_json::Value, label: &str| entry["labels"][label].as_str().unwrap().to_owned();
    entries.iter().map(|entry| (text(entry, "instance"), text(entry, "__metrics_path__"))).collect()
}

/// What [`targets`] should be: all nodes.
pub(crate) fn expected(world: &World) -> BTreeMap<String, String> {
    let nodes = world.cluster.nodes().iter();
    nodes.map(|node| (node.kafka_address(), format!("/metrics/brokers/{}", node.id()))).collect()
}

/// `up` by job and `instance`.
fn up(prometheus: &Prometheus) -> BTreeMap<(String, String), f64> {
    let key = |sample: &Sample| (sample.labels["job"].clone(), sample.labels["instance"].clone());
    prometheus.query("up").unwrap().into_iter().map(|sample| (key(&sample), sample.value)).collect()
}

#[test]
fn prometheus_finds_one_target_per_node_and_a_dead_one_is_down_and_stays() {
    let world = world();
    // A job for each engine.
    let all = world.vitals();
    let job = |vitals: &Vitals| vitals.engine.unwrap().name();
    let jobs = all.iter().map(|vitals| {
        let discovery = format!("{{url: '{}/sd', refresh_interval: 1s}}", vitals.url);
        format!("- {{job_name: {}, http_sd_configs: [{discovery}]}}\n", job(vitals))
    });
    let configuration =
        format!("global: {{scrape_interval: 2s, scrape_timeout: 2s}}\nscrape_configs:\n{}", jobs.collect::<String>());
    let prometheus = Prometheus::start(world.cluster.lab(), &configuration).unwrap();
    let await_up = |what: &str, down: Option<i32>| {
        let of_job = |vitals: &Vitals| {
            let nodes = world.cluster.nodes().iter();
            let job = job(vitals).to_owned();
            let up = |id| f64::from(u8::from(Some(id) != down));
            nodes.map(move |node| ((job.clone(), node.kafka_address()), up(node.id()))).collect::<Vec<_>>()
        };
        let expected: BTreeMap<_, f64> = all.iter().flat_map(of_job).collect();
        wait_until(WAIT, what, || match up(&prometheus) {
            seen if seen == expected => Ok(()),
            seen => Err(format!("{seen:?}, {:?}", prometheus.targets())),
        })
        .unwrap();
    };
    await_up("all nodes to be up", None);
    // Told apart by `instance` alone.
    let bean = "kafka_server_replicamanager_partitioncount";
    let by_instance = prometheus.query(&format!("count by (instance) (sum without (instance, job) ({bean}))")).unwrap();
    assert_eq!(by_instance.len(), 1, "labels other than instance and job differ: {by_instance:?}");
    let series = prometheus.query(bean).unwrap();
    assert_eq!(series.len(), 3 * all.len(), "{series:?}");
    assert!(series.iter().all(|series| !series.labels.contains_key("broker")), "{series:?}");

    let node = world.cluster.node(3).unwrap();
    node.kill().unwrap();
    await_up("the killed node to be down", Some(3));
    world.cluster.await_gone(3, WAIT).unwrap();
    // Beyond the age at which kafka-vitals must have asked for new metadata.
    std::thread::sleep(Duration::from_secs(20));
    await_up("its target to be there and down", Some(3));
    let urls: Vec<String> = prometheus.targets().unwrap().into_iter().map(|target| target.url).collect();
    assert_eq!(urls.len(), 3 * all.len(), "{urls:?}");
    node.restart().unwrap();
    await_up("the restarted node to be up", None);
}
