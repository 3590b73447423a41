//! MBeans of every shape that JMX allows and Kafka does not have, on our pages beside those of real jmx_exporter agents:
//! the same series with the same values, but for listed differences.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

#[path = "../support/mod.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kafka_lab::{Cluster, Jolokia, http};
use support::{PATIENCE, Page, Vitals};

/// All MBeans in the default format.
const ALL: &str = "rules:\n- pattern: \".*\"\n";

#[test]
fn hand_made_beans_are_shown_as_the_agents_show_them() {
    let cluster = Cluster::builder()
        .nodes(3)
        .heap_mib(256)
        .hand_made_beans()
        .node(1, |node| {
            node.jolokia(Jolokia::V2_5_0).jmx_exporter("0.17.2", ALL);
        })
        .node(2, |node| {
            node.jolokia(Jolokia::V1_7_2).jmx_exporter("0.20.0", ALL);
        })
        .node(3, |node| {
            node.jolokia(Jolokia::V2_5_0).jmx_exporter("1.0.1", ALL);
        })
        .start()
        .unwrap();
    let rules = cluster.lab().folder().join("rules.yaml");
    std::fs::write(&rules, ALL).unwrap();
    let vitals = Vitals::start(
        cluster.lab(),
        &[
            &format!("--kafka.server={}", cluster.bootstrap()),
            &format!("--jolokia.port={}", cluster.jolokia_port()),
            &format!("--jmx.rules={}", rules.display()),
            "--scrape.reuse=0s",
        ],
    );
    for node in 1..=3 {
        let agent = cluster.node(node).unwrap().agent_url().unwrap();
        let theirs = of_hand_made_beans(&Page::parse(&http::get_ok(&agent, PATIENCE).unwrap()));
        for _ in 0..3 {
            let ours = of_hand_made_beans(&vitals.page(&format!("/metrics/brokers/{node}"), Duration::from_secs(30)));
            println!("NODE {node}");
            differences(&theirs, &ours).iter().for_each(|line| println!("{line}"));
        }
    }
    panic!();
}

/// Series of the beans that the lab made, with their families' types.
fn of_hand_made_beans(page: &Page) -> BTreeMap<String, (f64, String)> {
    let prefixes = ["lab_", "_9lab_", "l_b_", "kafka_lab_", "kafka_server_sensor_", "kafka_server_gauge_"];
    let ours = page.series.iter().filter(|(series, _)| prefixes.iter().any(|prefix| series.starts_with(prefix)));
    ours.map(|(series, value)| {
        let name = series.split('{').next().unwrap();
        (series.clone(), (*value, page.types[name].clone()))
    })
    .collect()
}

/// `-` a series that only the agent has, `+` one that only we have, `!` one with another value or type.
fn differences(theirs: &BTreeMap<String, (f64, String)>, ours: &BTreeMap<String, (f64, String)>) -> BTreeSet<String> {
    let names: BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
    let same = |a: &(f64, String), b: &(f64, String)| (a.0 == b.0 || (a.0.is_nan() && b.0.is_nan())) && a.1 == b.1;
    names
        .into_iter()
        .filter_map(|name| match (theirs.get(name), ours.get(name)) {
            (Some(_), None) => Some(format!("- {name}")),
            (None, Some(_)) => Some(format!("+ {name}")),
            (Some(their), Some(our)) if !same(their, our) => Some(format!("! {name} {their:?} {our:?}")),
            _ => None,
        })
        .collect()
}
