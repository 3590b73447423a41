//! The brokers with their agents and our exporters: Kafka and agent versions in, pages of both sides out.

use std::cell::Cell;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use kafka_lab::{Cluster, Commit, Jolokia, KafkaVersion, Member, NewTopic, Node, http};

use crate::support::{PATIENCE, Page, Vitals};

/// What the agents and we start with: nothing is read.
pub(crate) const NOTHING: &str = "whitelistObjectNames: []\nrules: []\n";

/// The agents, each in a JVM of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Agent {
    V0_17_2,
    V0_20_0,
    V1_0_1,
}

impl Agent {
    pub(crate) const ALL: [Self; 3] = [Self::V0_17_2, Self::V0_20_0, Self::V1_0_1];

    pub(crate) fn parse(text: &str) -> Self {
        Self::ALL.into_iter().find(|agent| agent.version() == text).unwrap_or_else(|| panic!("no agent {text:?}"))
    }

    fn version(self) -> &'static str {
        match self {
            Self::V0_17_2 => "0.17.2",
            Self::V0_20_0 => "0.20.0",
            Self::V1_0_1 => "1.0.1",
        }
    }

    /// What `--jmx.compat` calls its generation.
    fn generation(self) -> &'static str {
        if self < Self::V1_0_1 { "0.x" } else { "1.x" }
    }
}

/// One cluster, a node for each agent, and an exporter for each generation.
pub(crate) struct World {
    cluster: Cluster,
    ours: Vec<(&'static str, Vitals)>,
    our_rules: PathBuf,
    /// How often the rules files were written; also the seconds by which the next one is newer than the first.
    loads: Cell<u32>,
    started: SystemTime,
    _member: Member,
}

/// One node's two pages.
pub(crate) struct Side<'a> {
    pub(crate) agent: Agent,
    node: &'a Node,
    vitals: &'a Vitals,
}

impl World {
    pub(crate) fn start(version: KafkaVersion, jolokia: Jolokia) -> Self {
        let nodes = u8::try_from(Agent::ALL.len()).unwrap();
        let mut builder = Cluster::builder().version(version).nodes(nodes).heap_mib(256).jolokia(jolokia);
        // Half of the small heap otherwise.
        builder = builder.property("log.cleaner.dedupe.buffer.size", "10485760");
        for (id, agent) in (1..).zip(Agent::ALL) {
            builder = builder.node(id, |node| {
                node.jmx_exporter(agent.version(), NOTHING);
            });
        }
        let cluster = builder.start().unwrap();
        let our_rules = cluster.lab().folder().join("rules.yaml");
        fs::write(&our_rules, NOTHING).unwrap();
        let ours = ["0.x", "1.x"].map(|generation| (generation, vitals(&cluster, generation, &our_rules)));
        let member = fill(&cluster);
        let started = SystemTime::now();
        Self { cluster, ours: ours.into(), our_rules, loads: Cell::new(0), started, _member: member }
    }

    /// The nodes, by agent.
    pub(crate) fn sides(&self) -> impl Iterator<Item = Side<'_>> {
        Agent::ALL.into_iter().zip(self.cluster.nodes()).map(|(agent, node)| {
            let (_, vitals) = self.ours.iter().find(|(generation, _)| *generation == agent.generation()).unwrap();
            Side { agent, node, vitals }
        })
    }

    /// Gives the file to these agents and to us.
    #[track_caller]
    pub(crate) fn load(&self, name: &str, text: &str, agents: &[Agent]) {
        self.write(text, agents);
        for (generation, (status, body)) in self.ours.iter().map(|(generation, vitals)| (generation, reload(vitals))) {
            assert_eq!(status, 200, "{generation} does not take {name}: {body}");
        }
    }

    /// Writes the rules files of these agents, newer than those before, and ours.
    pub(crate) fn write(&self, text: &str, agents: &[Agent]) {
        self.loads.set(self.loads.get() + 1);
        let newer = self.started + Duration::from_secs(self.loads.get().into());
        for side in self.sides().filter(|side| agents.contains(&side.agent)) {
            write_as_of(&side.node.agent_rules_file().unwrap(), text, newer);
        }
        fs::write(&self.our_rules, text).unwrap();
    }

    /// What our exporters say to the file that is there, each as it is asked to reload: status and text.
    pub(crate) fn our_reloads(&self) -> Vec<(u16, String)> {
        self.ours.iter().map(|(_, vitals)| reload(vitals)).collect()
    }
}

/// An agent's counts of good and bad reloads.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Reloads {
    pub(crate) good: f64,
    pub(crate) bad: f64,
}

impl Reloads {
    /// As a page of the agent tells them. It counts a page late.
    pub(crate) fn of(page: &str) -> Self {
        let page = Page::parse(page);
        let count = |which: &str| page.value(&format!("jmx_config_reload_{which}_total"));
        Self { good: count("success"), bad: count("failure") }
    }
}

impl Side<'_> {
    /// The agent's page, or what it answers instead.
    pub(crate) fn agent_page(&self) -> Result<String, String> {
        let answer = http::get(&self.node.agent_url().unwrap(), &[], PATIENCE).unwrap();
        let text = answer.text();
        if answer.status == 200 { Ok(text) } else { Err(text.lines().next().unwrap_or_default().to_owned()) }
    }

    /// Our page of the node, or what we answer instead.
    pub(crate) fn our_page(&self) -> Result<String, String> {
        let path = format!("/metrics/brokers/{}", self.node.id());
        let answer = self.vitals.try_get(&path, &[("X-Prometheus-Scrape-Timeout-Seconds", "30")]).unwrap();
        let text = answer.text();
        if answer.status == 200 { Ok(text) } else { Err(format!("we have no page: {}", text.trim_end())) }
    }
}

fn vitals(cluster: &Cluster, generation: &str, rules: &Path) -> Vitals {
    Vitals::start(
        cluster.lab(),
        &[
            &format!("--kafka.server={}", cluster.bootstrap()),
            &format!("--jolokia.port={}", cluster.jolokia_port()),
            &format!("--jmx.rules={}", rules.display()),
            &format!("--jmx.compat={generation}"),
            "--scrape.reuse=0s",
        ],
    )
}

/// Topics, records, commits and a live member, so that there are beans per topic, partition and request.
fn fill(cluster: &Cluster) -> Member {
    let kafka = cluster.kafka();
    kafka.create_topics(&[NewTopic::new("oracle-orders", 6), NewTopic::new("oracle.payments", 3)]).unwrap();
    kafka.fill("oracle-orders", 6, 20).unwrap();
    kafka.fill("oracle.payments", 3, 5).unwrap();
    kafka.commit(&[Commit::new("oracle-committed", &[("oracle-orders", 0, 10)])]).unwrap();
    let member = kafka.member("oracle-live", &["oracle-orders", "oracle.payments"]).client("oracle-client");
    let member = member.setting("enable.auto.commit", "true").start().unwrap();
    kafka.await_stable("oracle-live", 1, PATIENCE).unwrap();
    member
}

fn write_as_of(file: &Path, text: &str, modified: SystemTime) {
    // In one step, or the agent could read half of it.
    let new = file.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::File::options().append(true).open(&new).unwrap().set_modified(modified).unwrap();
    fs::rename(&new, file).unwrap();
}

/// `POST /-/reload`: status and body.
fn reload(vitals: &Vitals) -> (u16, String) {
    let host = vitals.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "POST /-/reload HTTP/1.0\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}
