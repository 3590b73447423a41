//! The running exporter: which sources a page joins, and what the page is made of.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use kafka_admin::{AdminError, Cluster, GroupId, KafkaAdmin};

use crate::collect::groups::Groups;
use crate::collect::node::{NodeCollector, NodeReading};
use crate::collect::{
    access, brokers, cluster_health, exporter, groups, kafka_requests, limits, log_dirs, topic_configs, topics,
};
use crate::config::{Config, JolokiaConfig, Selection};
use crate::history::{GroupHistory, History};
use crate::jolokia::{AgentConfig, Jolokia, JolokiaError, Limits};
use crate::kafka::{ClusterReader, Group, Inventory, Part, Snapshot, Topology};
use crate::lag::Offsets;
use crate::locked::locked;
use crate::metrics::Family;
use crate::nodes::{Node, Nodes};
use crate::objectives::Objectives;
use crate::rules::{self, OtherNames, RenamedSeries, Rules};
use crate::scrape::{Lost, Outcome, Progress, Run, Source};
use crate::stats::{AgentStats, CollectorId, Failure, Stats};

/// Label value of the collector of a node's MBeans.
const JMX: &str = "jmx";

/// Everything that lives as long as the process.
#[derive(Debug)]
pub struct Exporter {
    /// The configuration it was started with.
    pub config: Config,
    /// What it has done so far.
    pub stats: Arc<Stats>,
    kafka: Option<Kafka>,
    nodes: Arc<Mutex<Nodes>>,
    agents: Mutex<HashMap<AgentKey, Arc<Agent>>>,
    rules: Mutex<Arc<Rules>>,
    objectives: Mutex<Arc<Objectives>>,
    /// Held from reading the files to taking what is in them: of two reloads the one that read last must win.
    reloading: tokio::sync::Mutex<()>,
    /// The rules of which the log has what the other generation would call their series.
    renamed_told: Arc<Mutex<Option<Arc<Rules>>>>,
}

#[derive(Debug)]
struct Kafka {
    admin: Arc<dyn KafkaAdmin>,
    topology: Arc<Topology>,
    reader: Arc<ClusterReader>,
    watched: Arc<Mutex<Watched>>,
    source: Source<ClusterReading>,
}

/// What is known of groups from one collection to the next.
#[derive(Debug)]
struct Watched {
    selection: Selection,
    forget_after: Option<Duration>,
    history: History,
    /// Those that `--group.forget-after` leaves out.
    forgotten: Arc<HashSet<GroupId>>,
}

impl Watched {
    /// Takes in a collection with the times of its start and end; what it tells of each of its groups.
    fn advance(&mut self, snapshot: &Snapshot, times: (Instant, Instant)) -> Vec<GroupHistory> {
        let history = self.history.advance(snapshot, |topic| self.selection.topic(topic), times);
        if let (Some(after), Some(groups)) = (self.forget_after, &snapshot.groups) {
            let is_forgotten = |history: &GroupHistory| history.abandoned.is_some_and(|time| time >= after);
            let forgotten = groups.iter().zip(&history).filter(|(_, history)| is_forgotten(history));
            self.forgotten = Arc::new(forgotten.map(|(group, _)| Arc::clone(&group.id)).collect());
        }
        history
    }
}

/// An agent's URL, and the id that its node must have. Several brokers behind one host have the same implied URL, and at
/// most one of them has that agent.
type AgentKey = (String, Option<i32>);

#[derive(Debug)]
struct Agent {
    collector: NodeCollector<Jolokia>,
    source: Source<NodeReading>,
}

/// A snapshot with all that belongs to it and, made on first use, its families.
#[derive(Debug)]
pub struct ClusterReading {
    snapshot: Snapshot,
    /// Of each group of the snapshot; empty while the snapshot is not complete.
    history: Vec<GroupHistory>,
    forgotten: Arc<HashSet<GroupId>>,
    objectives: Arc<Objectives>,
    families: OnceLock<Vec<Family>>,
}

impl ClusterReading {
    fn new(
        snapshot: Snapshot,
        history: Vec<GroupHistory>,
        forgotten: Arc<HashSet<GroupId>>,
        objectives: Arc<Objectives>,
    ) -> Self {
        Self { snapshot, history, forgotten, objectives, families: OnceLock::new() }
    }

    /// `kafka_broker*`, `kafka_cluster_*`, `kafka_topic_*`, `kafka_log_dir_*`, `kafka_consumergroup_*`, and what is left out of
    /// them. Takes CPU time at the first call.
    pub fn families(&self, config: &Config) -> &[Family] {
        self.families.get_or_init(|| {
            let Snapshot { cluster, ends, starts, stable_ends, log_times, markers, groups, .. } = &self.snapshot;
            let Snapshot { registered, configs, log_dirs: dirs, access, .. } = &self.snapshot;
            let mut families = access::families(access);
            if let Some(cluster) = cluster {
                let level = config.granularity.topic_partition;
                families.extend(brokers::families(cluster));
                families.extend(cluster_health::families(cluster));
                families.extend(topics::families(cluster, ends, starts, |topic| config.selection.topic(topic), level));
            }
            if let Some(registered) = registered {
                families.extend(brokers::registered_families(registered));
            }
            families.extend(topic_configs::families(configs));
            let topics = cluster.iter().flat_map(|cluster| &cluster.topics).map(|topic| &*topic.name);
            let topics: HashSet<&str> = topics.collect();
            families.extend(log_dirs::families(dirs, |topic| cluster.is_none() || topics.contains(topic)));
            let mut left_out = Vec::new();
            if let Some(groups) = groups {
                let groups = Groups {
                    groups: self.shown(groups),
                    cluster: cluster.as_deref(),
                    offsets: Offsets { ends, starts, stable_ends, markers },
                    log_times,
                    configs,
                    objectives: &self.objectives,
                };
                families.extend(groups::families(&groups, config));
                left_out.push(exporter::groups_forgotten(self.forgotten.len()));
            }
            left_out.push(limits::apply(&mut families, &config.limits));
            families.extend(left_out);
            families
        })
    }

    /// The groups that are not forgotten, with their history.
    fn shown<'a>(&'a self, groups: &'a [Group]) -> Vec<(&'a Group, Option<&'a GroupHistory>)> {
        let history = self.history.iter().map(Some).chain(std::iter::repeat(None));
        groups.iter().zip(history).filter(|(group, _)| !self.forgotten.contains(&group.id)).collect()
    }
}

/// A node and what its source had in time.
#[derive(Debug, Clone)]
pub struct NodeRun {
    /// The node.
    pub node: Node,
    /// What there is.
    pub run: Run<NodeReading>,
}

/// Why a node page cannot be shown.
#[derive(Debug)]
pub enum NoNode {
    /// No such node.
    Unknown,
    /// Nothing is known of the cluster yet.
    NoMetadata(AdminError),
}

impl Exporter {
    /// Connects nothing yet.
    pub fn new(config: Config, admin: Option<Arc<dyn KafkaAdmin>>, rules: Rules, objectives: Objectives) -> Self {
        let kafka = admin.map(|admin| {
            // Controllers are in no metadata; nobody but `--jolokia.port` needs their addresses.
            let with_quorum = config.jolokia.port.is_some();
            let topology = Arc::new(Topology::new(Arc::clone(&admin), config.scrape.refresh, with_quorum));
            let inventory =
                Inventory::new(Arc::clone(&admin), config.selection.clone(), config.scrape.refresh_inventory);
            let reader = ClusterReader::new(
                Arc::clone(&admin),
                Arc::clone(&topology),
                inventory,
                config.selection.clone(),
                config.scrape.refresh,
                config.scrape.forget_after,
            );
            let watched = Watched {
                selection: config.selection.clone(),
                forget_after: config.groups.forget_after,
                history: History::new(Instant::now()),
                forgotten: Arc::default(),
            };
            let (reader, watched) = (Arc::new(reader), Arc::new(Mutex::new(watched)));
            Kafka { admin, topology, reader, watched, source: source(&config) }
        });
        Self {
            nodes: Arc::new(Mutex::new(Nodes::new(config.jolokia.clone(), config.scrape.forget_after))),
            stats: Arc::default(),
            agents: Mutex::default(),
            rules: Mutex::new(Arc::new(rules)),
            objectives: Mutex::new(Arc::new(objectives)),
            reloading: tokio::sync::Mutex::default(),
            renamed_told: Arc::default(),
            kafka,
            config,
        }
    }

    /// The Kafka client's name; absent without Kafka.
    pub fn client(&self) -> Option<&'static str> {
        self.kafka.as_ref().map(|kafka| kafka.admin.engine())
    }

    /// All known nodes that have an agent.
    pub fn nodes(&self) -> Vec<Node> {
        locked(&self.nodes).list()
    }

    /// Reads the rules file and the objectives again. A good file replaces what is in use of it, and no page is made from
    /// results of the old one any more; a bad one changes nothing.
    pub async fn reload(&self) -> Result<(), String> {
        let _turn = self.reloading.lock().await;
        let config = self.config.clone();
        // Thousands of patterns take a second to compile.
        let read = tokio::task::spawn_blocking(move || (read_rules(&config), read_objectives(&config))).await;
        let failed = || Err("reading the files failed; please report this as a bug".to_owned());
        let (rules, objectives) = read.unwrap_or_else(|_| (failed(), Ok(None)));
        let rules = rules.map(|rules| {
            *locked(&self.rules) = Arc::new(rules);
            locked(&self.agents).values().for_each(|agent| agent.source.forget());
            tracing::info!("reloaded the rules");
        });
        let objectives = objectives.map(|objectives| {
            let Some(objectives) = objectives else { return };
            *locked(&self.objectives) = Arc::new(objectives);
            self.kafka.iter().for_each(|kafka| kafka.source.forget());
            tracing::info!("reloaded the objectives");
        });
        self.stats.reloaded(rules.is_ok() && objectives.is_ok());
        let errors: Vec<String> = [rules, objectives].into_iter().filter_map(Result::err).collect();
        for error in &errors {
            tracing::error!(error, "reload failed, what was read of this file before stays in use");
        }
        if errors.is_empty() { Ok(()) } else { Err(errors.join("; ")) }
    }

    /// The cluster's reading; absent without Kafka.
    pub async fn cluster(&self, deadline: Instant) -> Option<Run<ClusterReading>> {
        let kafka = self.kafka.as_ref()?;
        let start = |progress: Arc<Progress<ClusterReading>>, deadline| {
            let (reader, stats, nodes) = (Arc::clone(&kafka.reader), Arc::clone(&self.stats), Arc::clone(&self.nodes));
            let (watched, objectives) = (Arc::clone(&kafka.watched), Arc::clone(&locked(&self.objectives)));
            async move {
                let started = Instant::now();
                let forgotten = Arc::clone(&locked(&watched).forgotten);
                let snapshot = reader
                    .collect(deadline, |partial| {
                        if let Some(cluster) = &partial.cluster {
                            locked(&nodes).observe(cluster, partial.quorum.as_deref(), Instant::now());
                        }
                        let (forgotten, objectives) = (Arc::clone(&forgotten), Arc::clone(&objectives));
                        progress.publish(ClusterReading::new(partial.clone(), Vec::new(), forgotten, objectives));
                    })
                    .await;
                for part in Part::ALL {
                    stats.collector_ended(cluster_collector(part), started.elapsed(), &failures(&snapshot, part));
                }
                let complete = snapshot.failures.iter().all(|(part, ..)| part.is_inventory());
                let ended = Instant::now();
                let reading = tokio::task::spawn_blocking(move || {
                    let mut watched = locked(&watched);
                    let history = watched.advance(&snapshot, (started, ended));
                    ClusterReading::new(snapshot, history, Arc::clone(&watched.forgotten), objectives)
                });
                // A panic in it is this run's.
                let reading = reading.await.unwrap_or_else(|lost| std::panic::resume_unwind(lost.into_panic()));
                Outcome { value: Some(reading), complete }
            }
        };
        let stats = Arc::clone(&self.stats);
        let lost = move |how: Lost| {
            for part in Part::ALL {
                stats.collector_ended(cluster_collector(part), Duration::ZERO, &[lost_failure(&how)]);
            }
        };
        Some(kafka.source.join(deadline, start, lost).await)
    }

    /// The topology, asked for if it is not remembered, so that new brokers become nodes.
    async fn topology(&self, deadline: Instant) -> Option<Result<Arc<Cluster>, AdminError>> {
        let kafka = self.kafka.as_ref()?;
        let result = match tokio::time::timeout_at(deadline.into(), kafka.topology.get(deadline)).await {
            Ok(result) => result,
            Err(_) => Err(AdminError::Timeout { call: "Metadata" }),
        };
        if let Ok(known) = &result {
            locked(&self.nodes).observe(&known.cluster, known.quorum.as_deref(), Instant::now());
        }
        Some(result.map(|known| known.cluster))
    }

    /// The nodes for `/sd`, with the cluster's id, from a topology as fresh as can be had. An error while no metadata
    /// has ever been seen.
    pub async fn discover(&self, deadline: Instant) -> Result<(Vec<Node>, Option<String>), AdminError> {
        match self.topology(deadline).await {
            Some(Err(error)) if locked(&self.nodes).no_broker_seen() => return Err(error),
            Some(_) | None => {}
        }
        self.forget_the_gone();
        Ok((self.nodes(), locked(&self.nodes).cluster_id().map(str::to_owned)))
    }

    /// Agents and statistics of nodes that are no longer known go.
    fn forget_the_gone(&self) {
        let nodes = self.nodes();
        self.stats.keep_brokers(|key| nodes.iter().any(|node| node.key() == key));
        let wanted: Vec<AgentKey> = nodes.iter().map(|node| self.agent_key(node)).collect();
        locked(&self.agents).retain(|key, _| wanted.contains(key));
    }

    /// All nodes' readings. Waits for metadata only while no broker is known, because a broker that does not answer
    /// must not hold up the others' MBeans; agents given by URL do not wait even then.
    pub async fn all_nodes(&self, deadline: Instant) -> Vec<NodeRun> {
        if !self.config.jolokia.is_enabled() {
            return Vec::new();
        }
        let nodes = self.nodes();
        let first = self.node_runs(&nodes, deadline);
        let later = async {
            if self.config.jolokia.port.is_none() || !locked(&self.nodes).no_broker_seen() {
                return Vec::new();
            }
            let now = Instant::now();
            self.topology(now + deadline.saturating_duration_since(now) / 3).await;
            let is_new = |node: &Node| nodes.iter().all(|known| known.agent_url != node.agent_url);
            let new: Vec<Node> = self.nodes().into_iter().filter(is_new).collect();
            self.node_runs(&new, deadline).await
        };
        let (mut runs, later) = tokio::join!(first, later);
        runs.extend(later);
        // Agents may have told their ids meanwhile, and two URLs may have turned out to be the same node.
        let known = self.nodes();
        let now = |key: &AgentKey| known.iter().find(|node| self.agent_key(node) == *key).cloned();
        runs.into_iter().filter_map(|(key, run)| Some(NodeRun { node: now(&key)?, run })).collect()
    }

    async fn node_runs(&self, nodes: &[Node], deadline: Instant) -> Vec<(AgentKey, Run<NodeReading>)> {
        let run = async |node: &Node| (self.agent_key(node), self.node_run(node, deadline).await);
        join_all(nodes.iter().map(run)).await
    }

    /// One node's reading.
    pub async fn node(&self, key: &str, deadline: Instant) -> Result<NodeRun, NoNode> {
        let mut node = locked(&self.nodes).find(key);
        if node.is_none() {
            let now = Instant::now();
            let topology = self.topology(now + deadline.saturating_duration_since(now) / 2).await;
            node = locked(&self.nodes).find(key);
            if let (None, Some(Err(error))) = (&node, topology)
                && locked(&self.nodes).no_broker_seen()
            {
                return Err(NoNode::NoMetadata(error));
            }
        }
        let node = node.ok_or(NoNode::Unknown)?;
        let run = self.node_run(&node, deadline).await;
        Ok(NodeRun { run, node })
    }

    async fn node_run(&self, node: &Node, deadline: Instant) -> Run<NodeReading> {
        let agent = match self.agent(node) {
            Ok(agent) => agent,
            Err(message) => {
                let failure = Failure { kind: "internal", count: 1, message };
                self.stats.collector_ended(node_collector(&node.key()), Duration::ZERO, &[failure]);
                return Run::failed();
            }
        };
        let (url, expected) = self.agent_key(node);
        let start = |progress: Arc<Progress<NodeReading>>, deadline| {
            let (stats, nodes) = (Arc::clone(&self.stats), Arc::clone(&self.nodes));
            let (agent, node, url) = (Arc::clone(&agent), node.clone(), url.clone());
            let (rules, told) = (Arc::clone(&locked(&self.rules)), Arc::clone(&self.renamed_told));
            let has_file = self.config.rules_file.is_some();
            async move {
                let started = Instant::now();
                let (essentials_url, essentials_progress) = (url.clone(), Arc::clone(&progress));
                let on_essentials = move |reading: NodeReading| {
                    let reading = reading.of_node(expected, &essentials_url);
                    if reading.result.is_ok() {
                        essentials_progress.publish(reading);
                    }
                };
                let reading = agent.collector.collect(&rules, deadline, on_essentials).await.of_node(expected, &url);
                if let Some(id) = reading.node_id {
                    locked(&nodes).learn_id(&url, id);
                    if node.id.is_none() {
                        stats.rename_broker(&node.key(), &id.to_string());
                    }
                }
                let key = reading.node_id.or(node.id).map_or_else(|| node.key(), |id| id.to_string());
                let failures: Vec<Failure> = reading.result.as_ref().err().into_iter().map(read_failure).collect();
                stats.collector_ended(node_collector(&key), started.elapsed(), &failures);
                let run = AgentStats {
                    requests: reading.requests,
                    bytes: reading.bytes,
                    beans: reading.beans,
                    pending: reading.pending_beans,
                    dropped: reading.duplicates_dropped + reading.reserved_dropped,
                    gave_up: reading.gave_up,
                };
                stats.agent_ended(&key, run);
                if reading.complete && has_file {
                    tell_renamed(&told, &rules, &key, &reading.renamed);
                }
                let complete = reading.complete && failures.is_empty();
                // A reading that was lost at its end does not take the published essentials with it.
                let keeps = progress.has_value() && !reading.has_essentials;
                Outcome { value: (!keeps).then_some(reading), complete }
            }
        };
        let (stats, key) = (Arc::clone(&self.stats), node.key());
        let lost = move |how: Lost| {
            stats.collector_ended(node_collector(&key), Duration::ZERO, &[lost_failure(&how)]);
        };
        agent.source.join(deadline, start, lost).await
    }

    fn agent_key(&self, node: &Node) -> AgentKey {
        (node.agent_url.clone(), locked(&self.nodes).expected_id(node))
    }

    fn agent(&self, node: &Node) -> Result<Arc<Agent>, String> {
        let key = self.agent_key(node);
        if let Some(agent) = locked(&self.agents).get(&key) {
            return Ok(Arc::clone(agent));
        }
        let transport = connect_agent(&self.config.jolokia, &node.agent_url).map_err(|error| error.to_string())?;
        let agent = Arc::new(Agent { collector: NodeCollector::new(transport), source: source(&self.config) });
        // Two pages may have met the same new node.
        Ok(Arc::clone(locked(&self.agents).entry(key).or_insert(agent)))
    }

    /// The exporter's own families for a page that joined these runs.
    pub fn own_families(&self, cluster: Option<&Run<ClusterReading>>, nodes: &[NodeRun]) -> Vec<Family> {
        self.forget_the_gone();
        let mut late = Vec::new();
        if cluster.is_some_and(|run| run.ended.is_none()) {
            late.extend(Part::ALL.map(cluster_collector));
        }
        late.extend(nodes.iter().filter(|node| node.run.ended.is_none()).map(|node| node_collector(&node.node.key())));
        let nodes = self.nodes().len();
        let mut families =
            exporter::families(&self.stats, exporter::Context { client: self.client(), nodes, late: &late });
        let times = self.kafka.as_ref().and_then(|kafka| kafka.admin.request_times());
        families.push(kafka_requests::family(&times.unwrap_or_default()));
        families
    }
}

/// Logs, once for these rules, what the other generation of jmx_exporter would call the series that they give: only beans
/// show what captures hold.
fn tell_renamed(told: &Mutex<Option<Arc<Rules>>>, rules: &Arc<Rules>, broker: &str, renamed: &RenamedSeries) {
    if renamed.series == 0 {
        return;
    }
    let before = locked(told).replace(Arc::clone(rules));
    if before.is_some_and(|before| Arc::ptr_eq(&before, rules)) {
        return;
    }
    let examples: Vec<String> = renamed.examples.iter().map(|(here, there)| format!("{here} -> {there}")).collect();
    tracing::info!(
        broker,
        compat = rules.compat.as_str(),
        "jmx_exporter {} would call {} of this node's series something else, e.g. {}; --jmx.compat chooses",
        rules.compat.other().as_str(),
        renamed.series,
        examples.join(", ")
    );
}

/// The agent at `url`, reached as `config` says; nothing is sent yet.
pub(crate) fn connect_agent(config: &JolokiaConfig, url: &str) -> Result<Jolokia, JolokiaError> {
    let limits = Limits { max_body: config.max_body_bytes, ..Limits::default() };
    let (username, password) = config.credentials.clone().unzip();
    let agent = AgentConfig {
        url: url.to_owned(),
        username,
        password,
        ca_file: config.ca_file.clone(),
        insecure: config.insecure_skip_verify,
    };
    Jolokia::new(agent, limits)
}

/// Whether agents can be asked with this configuration: a CA file that cannot be used is told at the start, not at
/// each scrape.
pub fn check_agents(config: &Config) -> Result<(), String> {
    let jolokia = &config.jolokia;
    let implied = jolokia.port.map(|port| format!("{}://localhost:{port}{}", jolokia.protocol, jolokia.path));
    for url in jolokia.nodes.iter().map(|node| &node.url).chain(&implied) {
        connect_agent(jolokia, url).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// The objectives of the file that the configuration names, if it names one.
pub fn read_objectives(config: &Config) -> Result<Option<Objectives>, String> {
    config.groups.objectives_file.as_deref().map(Objectives::read).transpose()
}

/// The rules that the configuration names, or those that come with kafka-vitals. What is odd in a file is logged.
pub fn read_rules(config: &Config) -> Result<Rules, String> {
    let place = config.rules_file.as_ref().map_or(rules::DEFAULT_SET.to_owned(), |path| path.display().to_string());
    let text = rules::read(&place).map_err(|error| format!("--jmx.rules: {error}"))?;
    let rules =
        Rules::load_with(&text, &place, config.compat).map_err(|error| error.to_string().replace('\n', "; "))?;
    if config.rules_file.is_none() {
        return Ok(rules);
    }
    let file = place;
    for warning in &rules.warnings {
        tracing::warn!(file, line = warning.line, rule = warning.rule, "{}", warning.text);
    }
    if let Some(summary) = OtherNames::of(&rules).summary(rules.compat) {
        tracing::info!(file, compat = rules.compat.as_str(), "{summary}; --jmx.compat chooses");
    }
    Ok(rules)
}

fn cluster_collector(part: Part) -> CollectorId {
    CollectorId { collector: part.as_str(), broker: String::new() }
}

fn node_collector(key: &str) -> CollectorId {
    CollectorId { collector: JMX, broker: key.to_owned() }
}

fn failures(snapshot: &Snapshot, part: Part) -> Vec<Failure> {
    let of_part = snapshot.failures.iter().filter(|(failed, ..)| *failed == part);
    of_part.map(|(_, kind, count, error)| Failure { kind: kind.as_str(), count, message: error.to_string() }).collect()
}

fn read_failure(error: &crate::mbean::ReadError) -> Failure {
    Failure { kind: error.kind.as_str(), count: 1, message: error.message.clone() }
}

fn lost_failure(how: &Lost) -> Failure {
    let (kind, message) = match how {
        Lost::Panicked(text) => ("panic", format!("a collector panicked, please report it: {text}")),
        Lost::Stuck => ("timeout", "a collector did not end after its time and was given up".to_owned()),
    };
    Failure { kind, count: 1, message }
}

/// Prometheus may allow a page any time; runs get this much, or what the configuration says if that is more.
const LONGEST_RUN: Duration = Duration::from_secs(60);

fn source<T: Send + Sync + 'static>(config: &Config) -> Source<T> {
    Source::new(config.scrape.reuse, config.scrape.timeout.max(LONGEST_RUN))
}
