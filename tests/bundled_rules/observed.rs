//! A real broker of each version with traffic, a real agent and Jolokia: what the agent's page holds under each bundled set,
//! and the beans it was made of. Each broker is started once, for all tests.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use kafka_lab::{Cluster, Commit, Jolokia, KafkaVersion, NewTopic, http, wait_until};

use crate::rule_set::Beans;

/// Name and text of each set in `rules/`.
pub(crate) const SETS: [(&str, &str); 4] = [
    ("kafka", include_str!("../../rules/kafka.yaml")),
    ("strimzi", include_str!("../../rules/strimzi.yaml")),
    ("confluent", include_str!("../../rules/confluent.yaml")),
    ("all", include_str!("../../rules/all.yaml")),
];

/// kafka.yaml with everything switched on that is off by default.
pub(crate) const OPENED: &str = "kafka, opened";

pub(crate) const TOPICS: usize = 2;
const TIMEOUT: Duration = Duration::from_secs(120);

/// What was seen of one broker.
#[derive(Debug)]
pub(crate) struct Observed {
    pub(crate) version: KafkaVersion,
    /// Before all pages, and after.
    pub(crate) beans: [Beans; 2],
    /// By set.
    pub(crate) pages: BTreeMap<&'static str, Agent>,
}

/// An agent's page.
#[derive(Debug)]
pub(crate) struct Agent {
    pub(crate) text: String,
    /// Name -> labels of each sample, without those of the JVM and of the agent itself.
    pub(crate) series: BTreeMap<String, Vec<String>>,
    /// Name -> type.
    pub(crate) types: BTreeMap<String, String>,
    /// Name -> help.
    pub(crate) helps: BTreeMap<String, String>,
}

pub(crate) static OBSERVED: LazyLock<Vec<Observed>> =
    LazyLock::new(|| [KafkaVersion::V4_3_0, KafkaVersion::V3_9_1].map(observe).into());

/// kafka.yaml without its list of what is left out, but for the last one of the list, which is no switch.
pub(crate) fn opened() -> String {
    let switches = ["partition=*", "client-id=*", "user=*", "clientSoftwareName=*", "cipher=*"];
    let is_switch = |line: &&str| switches.iter().any(|switch| line.starts_with("- \"") && line.contains(switch));
    let lines: Vec<&str> = SETS[0].1.lines().collect();
    assert_eq!(lines.iter().filter(|line| is_switch(line)).count(), switches.len());
    lines.into_iter().filter(|line| !is_switch(line)).map(|line| format!("{line}\n")).collect()
}

fn observe(version: KafkaVersion) -> Observed {
    let cluster = Cluster::builder()
        .version(version)
        .jolokia(Jolokia::V2_5_0)
        .jmx_exporter("0.20.0", SETS[0].1)
        .start_timeout(Duration::from_secs(300))
        .start()
        .unwrap();
    let kafka = cluster.kafka();
    kafka.create_topics(&[NewTopic::new("bundled-orders", 3), NewTopic::new("bundled.payments", 2)]).unwrap();
    kafka.fill("bundled-orders", 3, 20).unwrap();
    kafka.fill("bundled.payments", 2, 5).unwrap();
    kafka.commit(&[Commit::new("bundled-group", &[("bundled-orders", 0, 10)])]).unwrap();
    let member = kafka.member("bundled-members", &["bundled-orders"]).start().unwrap();
    wait_until(TIMEOUT, "the member to read", || if member.records_read() > 0 { Ok(()) } else { Err("nothing yet") })
        .unwrap();
    member.stop().unwrap();

    let node = cluster.node(1).unwrap();
    let (agent, jolokia) = (node.agent_url().unwrap(), node.jolokia_url().unwrap());
    let rules = cluster.lab().folder().join("node-1/jmx_exporter.yaml");
    let opened = opened();
    let mut pages = BTreeMap::new();
    let before = beans(&jolokia);
    for (name, text) in SETS.into_iter().chain([(OPENED, opened.as_str())]) {
        // The agent looks whether the file is younger than the one it knows, to the millisecond.
        std::thread::sleep(Duration::from_millis(1100));
        std::fs::write(&rules, text).unwrap();
        // The second page: the first may register beans of its own.
        http::get_ok(&agent, TIMEOUT).unwrap();
        pages.insert(name, Agent::parse(http::get_ok(&agent, TIMEOUT).unwrap()));
    }
    Observed { version, beans: [before, beans(&jolokia)], pages }
}

fn beans(jolokia: &str) -> Beans {
    let mut all = Beans::new();
    for domain in ["kafka*", "org.apache.kafka*"] {
        let url = format!("{jolokia}/read/{domain}:*?canonicalNaming=false&ignoreErrors=true");
        let mut answer: serde_json::Value = serde_json::from_str(&http::get_ok(&url, TIMEOUT).unwrap()).unwrap();
        if answer["status"] == 404 {
            continue;
        }
        all.extend(serde_json::from_value::<Beans>(answer["value"].take()).unwrap());
    }
    assert!(all.len() > 1000, "only {} beans", all.len());
    all
}

impl Agent {
    fn parse(text: String) -> Self {
        let (mut series, mut types, mut helps) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for line in text.lines() {
            let words: Vec<&str> = line.splitn(4, ' ').collect();
            match words[..] {
                ["#", "TYPE", name, kind] => drop(types.insert(name.to_owned(), kind.to_owned())),
                ["#", "HELP", name, help] => drop(helps.insert(name.to_owned(), help.to_owned())),
                _ if line.starts_with("kafka_") => {
                    let name = line.split(['{', ' ']).next().unwrap();
                    let labels = line[name.len()..].rsplit_once(' ').unwrap().0;
                    series.entry(name.to_owned()).or_insert_with(Vec::new).push(labels.to_owned());
                }
                _ => {}
            }
        }
        Self { text, series, types, helps }
    }

    /// A family's type and help. This agent writes a counter that is not named so with `_total` in these lines alone.
    pub(crate) fn told<'a>(&self, of: &'a BTreeMap<String, String>, name: &str) -> Option<&'a str> {
        of.get(name).or_else(|| of.get(&format!("{name}_total"))).map(String::as_str)
    }

    pub(crate) fn value(&self, series: &str) -> f64 {
        let line = self.text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {series}")).parse().unwrap()
    }

    pub(crate) fn count(&self) -> usize {
        self.series.values().map(Vec::len).sum()
    }
}
