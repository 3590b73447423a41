//! The nodes whose MBeans are read: who they are, where their agents are, and how long they are remembered. Pure but
//! for the clock, which is passed in.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kafka_admin::{Cluster, Quorum};

use crate::config::{JolokiaConfig, JolokiaNode};

/// One node and its agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// `node.id`; absent until the agent has told it.
    pub id: Option<i32>,
    /// Host, without brackets: the broker's advertised one where metadata tells it, else the agent's; always the
    /// agent's where the id is learned from it.
    pub host: String,
    /// Port that belongs to `host`.
    pub port: u16,
    /// `broker.rack`.
    pub rack: Option<String>,
    /// The agent's base URL, ending in a slash.
    pub agent_url: String,
}

impl Node {
    /// `host:port`, with brackets around an IPv6 host.
    pub fn address(&self) -> String {
        host_port(&self.host, self.port)
    }

    /// The node's name in paths and in the `broker` label: its id, or its address while the id is not known.
    pub fn key(&self) -> String {
        self.id.map_or_else(|| self.address(), |id| id.to_string())
    }
}

/// `host:port`, with brackets around an IPv6 host.
pub fn host_port(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// All nodes known.
#[derive(Debug)]
pub struct Nodes {
    config: JolokiaConfig,
    forget_after: Duration,
    brokers: BTreeMap<i32, Broker>,
    configured: Vec<Configured>,
    cluster_id: Option<String>,
}

/// A node given by its agent's URL.
#[derive(Debug)]
struct Configured {
    given: JolokiaNode,
    /// What its agent has told, where no id was given.
    learned: Option<i32>,
}

#[derive(Debug)]
struct Broker {
    host: String,
    port: u16,
    rack: Option<String>,
    /// Whether it has been seen in the quorum alone: a controller without the role of a broker.
    is_controller: bool,
    last_seen: Instant,
}

impl Nodes {
    /// Knows the configured nodes only.
    pub fn new(config: JolokiaConfig, forget_after: Duration) -> Self {
        let configured = config.nodes.iter().map(|given| Configured { given: given.clone(), learned: None }).collect();
        Self { configured, config, forget_after, brokers: BTreeMap::new(), cluster_id: None }
    }

    /// Takes brokers from metadata and controllers from the quorum. A known broker that is only in a replica list is
    /// still wanted by the cluster: it is kept with its last address. Others are forgotten after a while.
    pub fn observe(&mut self, cluster: &Cluster, quorum: Option<&Quorum>, now: Instant) {
        if cluster.id.is_some() {
            self.cluster_id.clone_from(&cluster.id);
        }
        for broker in &cluster.brokers {
            let (host, rack) = (broker.host.clone(), broker.rack.clone());
            let seen = Broker { host, port: broker.port, rack, is_controller: false, last_seen: now };
            self.brokers.insert(broker.id, seen);
        }
        if let Some(quorum) = quorum {
            self.observe_quorum(quorum, now);
        }
        if cluster.brokers.len() < self.brokers.len() {
            let partitions = cluster.topics.iter().flat_map(|topic| &topic.partitions);
            for replica in partitions.flat_map(|partition| &partition.replicas) {
                if let Some(broker) = self.brokers.get_mut(replica) {
                    broker.last_seen = now;
                }
            }
        }
        self.brokers.retain(|_, broker| now.duration_since(broker.last_seen) <= self.forget_after);
    }

    /// A node that is both has been seen as a broker, and keeps that address while its broker is away.
    fn observe_quorum(&mut self, quorum: &Quorum, now: Instant) {
        for node in &quorum.nodes {
            if self.brokers.get(&node.id).is_some_and(|known| !known.is_controller) {
                continue;
            }
            if let Some((_, host, port)) = node.listeners.first() {
                let seen = Broker { host: host.clone(), port: *port, rack: None, is_controller: true, last_seen: now };
                self.brokers.insert(node.id, seen);
            }
        }
        for replica in quorum.voters.iter().chain(&quorum.observers) {
            if let Some(broker) = self.brokers.get_mut(&replica.id) {
                broker.last_seen = now;
            }
        }
    }

    /// Takes the id that an agent has told of its node; a URL without a given id may lead to another node by now.
    pub fn learn_id(&mut self, agent_url: &str, id: i32) {
        if let Some(node) = self.configured.iter_mut().find(|node| node.is_unnamed_at(agent_url)) {
            node.learned = Some(id);
        }
    }

    /// The id that the agent must tell, given or implied by metadata; `None` where the agent's word decides.
    pub fn expected_id(&self, node: &Node) -> Option<i32> {
        let learns = self.configured.iter().any(|configured| configured.is_unnamed_at(&node.agent_url));
        node.id.filter(|_| !learns)
    }

    /// The cluster's id, remembered while Kafka is away.
    pub fn cluster_id(&self) -> Option<&str> {
        self.cluster_id.as_deref()
    }

    /// Whether no broker has been seen yet.
    pub fn no_broker_seen(&self) -> bool {
        self.brokers.is_empty()
    }

    /// All nodes that have an agent, each once, those with an id first. An agent given by URL goes before the one that
    /// `--jolokia.port` implies for the same node.
    pub fn list(&self) -> Vec<Node> {
        let mut nodes: Vec<Node> = Vec::new();
        for Configured { given: configured, learned } in &self.configured {
            // Metadata and the port may imply this very URL: then the node is known before its agent has told its id.
            let mut implied =
                self.brokers.iter().filter(|(_, broker)| self.implied_url(broker).as_ref() == Some(&configured.url));
            let id = configured.id.or(*learned).or_else(|| implied.next().map(|(id, _)| *id));
            let broker = id.and_then(|id| self.brokers.get(&id));
            // Else `instance` would change once the agent has told its id, and all series with it.
            let address = broker
                .filter(|broker| configured.id.is_some() || self.implied_url(broker).as_ref() == Some(&configured.url));
            let node = Node {
                id,
                host: address.map_or_else(|| configured.host.clone(), |broker| broker.host.clone()),
                port: address.map_or(configured.port, |broker| broker.port),
                rack: broker.and_then(|broker| broker.rack.clone()),
                agent_url: configured.url.clone(),
            };
            // Two URLs may turn out to be the same node.
            if node.id.is_none() || nodes.iter().all(|known| known.id != node.id) {
                nodes.push(node);
            }
        }
        for (id, broker) in &self.brokers {
            let Some(agent_url) = self.implied_url(broker) else { continue };
            if nodes.iter().all(|known| known.id != Some(*id)) {
                nodes.push(Node {
                    id: Some(*id),
                    host: broker.host.clone(),
                    port: broker.port,
                    rack: broker.rack.clone(),
                    agent_url,
                });
            }
        }
        nodes.sort_by_key(|node| (node.id.is_none(), node.id, node.address()));
        nodes
    }

    /// Where `--jolokia.port` says that a broker's agent is.
    fn implied_url(&self, broker: &Broker) -> Option<String> {
        let JolokiaConfig { protocol, path, .. } = &self.config;
        Some(format!("{protocol}://{}{path}", host_port(&broker.host, self.config.port?)))
    }

    /// The node with this key; its address finds it too, also the one that it had before its id was learned.
    pub fn find(&self, key: &str) -> Option<Node> {
        let mut configured = self.configured.iter().map(|configured| &configured.given);
        let configured = configured.find(|node| host_port(&node.host, node.port) == key);
        let is_wanted = |node: &Node| {
            node.key() == key || node.address() == key || configured.is_some_and(|known| known.url == node.agent_url)
        };
        self.list().into_iter().find(is_wanted)
    }
}

impl Configured {
    fn is_unnamed_at(&self, agent_url: &str) -> bool {
        self.given.id.is_none() && self.given.url == agent_url
    }
}

#[cfg(test)]
mod tests {
    use kafka_admin::{Partition, QuorumNode, QuorumReplica, Topic};

    use super::*;
    use crate::config::{Invocation, from_command_line};

    fn nodes(arguments: &[&str]) -> Nodes {
        let line = ["kafka-vitals", "--kafka.server=a:9092"].iter().chain(arguments);
        let Invocation::Serve(config) = from_command_line(line.map(Into::into)).unwrap() else {
            panic!("--config.check was not given");
        };
        Nodes::new(config.jolokia, Duration::from_secs(60))
    }

    fn cluster(brokers: &[(i32, &str)], replicas: &[i32]) -> Cluster {
        let partition = Partition { id: 0, leader: None, replicas: replicas.to_vec(), isr: vec![], error: None };
        Cluster {
            brokers: brokers
                .iter()
                .map(|(id, host)| kafka_admin::Broker { id: *id, host: (*host).to_owned(), port: 9092, rack: None })
                .collect(),
            topics: vec![Topic { name: "t".into(), id: None, error: None, partitions: vec![partition] }],
            ..Cluster::default()
        }
    }

    fn keys(nodes: &Nodes) -> Vec<(String, String)> {
        nodes.list().iter().map(|node| (node.key(), node.agent_url.clone())).collect()
    }

    #[test]
    fn a_port_makes_an_agent_of_each_broker() {
        let mut nodes = nodes(&["--jolokia.port=8778"]);
        nodes.observe(&cluster(&[(1, "b1"), (2, "::1")], &[]), None, Instant::now());
        assert_eq!(
            keys(&nodes),
            [("1".into(), "http://b1:8778/jolokia/".into()), ("2".into(), "http://[::1]:8778/jolokia/".into())]
        );
    }

    #[test]
    fn a_url_goes_before_the_port_and_its_id_is_learned() {
        let mut nodes = nodes(&["--jolokia.port=8778", "--jolokia.url=http://c:1", "--jolokia.url=2=http://x:1"]);
        nodes.observe(&cluster(&[(1, "b1"), (2, "b2")], &[]), None, Instant::now());
        let unknown = ("c:1".into(), "http://c:1/jolokia/".into());
        let (first, second) =
            (("1".into(), "http://b1:8778/jolokia/".into()), ("2".into(), "http://x:1/jolokia/".into()));
        assert_eq!(keys(&nodes), [first, second, unknown]);
        assert_eq!(nodes.find("2").unwrap().address(), "b2:9092");

        nodes.learn_id("http://c:1/jolokia/", 101);
        assert_eq!(keys(&nodes)[2].0, "101");
        assert_eq!(nodes.find("c:1").unwrap().id, Some(101));
    }

    #[test]
    fn a_url_that_the_port_implies_too_is_that_broker() {
        let mut nodes = nodes(&["--jolokia.port=8778", "--jolokia.url=http://b2:8778", "--jolokia.url=http://x:1"]);
        nodes.observe(&cluster(&[(1, "b1"), (2, "b2")], &[]), None, Instant::now());
        let ids: Vec<String> = keys(&nodes).into_iter().map(|(key, _)| key).collect();
        assert_eq!(ids, ["1", "2", "x:1"]);

        // Another name of broker 1: that URL goes before the implied one, and the old key still finds it.
        nodes.learn_id("http://x:1/jolokia/", 1);
        let first = nodes.find("1").unwrap();
        assert_eq!((first.agent_url.as_str(), first.address().as_str()), ("http://x:1/jolokia/", "x:1"));
        assert_eq!(nodes.find("x:1"), Some(first));
        assert_eq!(nodes.list().len(), 2);
    }

    #[test]
    fn a_learned_id_is_revised_and_a_given_or_implied_one_is_expected() {
        let mut nodes = nodes(&["--jolokia.port=8778", "--jolokia.url=http://x:1", "--jolokia.url=5=http://y:1"]);
        nodes.observe(&cluster(&[(1, "b1")], &[]), None, Instant::now());
        for id in [7, 8] {
            nodes.learn_id("http://x:1/jolokia/", id);
            nodes.learn_id("http://y:1/jolokia/", id);
            let ids: Vec<_> = nodes.list().iter().map(|node| (node.id, nodes.expected_id(node))).collect();
            assert_eq!(ids, [(Some(1), Some(1)), (Some(5), Some(5)), (Some(id), None)]);
        }
    }

    #[test]
    fn an_address_is_the_same_before_and_after_the_id_is_learned() {
        let mut nodes = nodes(&["--jolokia.url=http://b1:8778", "--jolokia.url=2=http://b2:8778"]);
        nodes.observe(&cluster(&[(1, "b1"), (2, "b2")], &[]), None, Instant::now());
        for learned in [None, Some(1)] {
            if let Some(id) = learned {
                nodes.learn_id("http://b1:8778/jolokia/", id);
            }
            let mut addresses: Vec<_> = nodes.list().iter().map(Node::address).collect();
            addresses.sort();
            assert_eq!(addresses, ["b1:8778", "b2:9092"]);
        }
    }

    #[test]
    fn the_clusters_id_is_remembered() {
        let mut nodes = nodes(&[]);
        for id in [Some("c".to_owned()), None] {
            nodes.observe(&Cluster { id, ..Cluster::default() }, None, Instant::now());
            assert_eq!(nodes.cluster_id(), Some("c"));
        }
    }

    #[test]
    fn a_dead_broker_is_forgotten_after_a_while() {
        let start = Instant::now();
        let mut nodes = nodes(&["--jolokia.port=8778"]);
        nodes.observe(&cluster(&[(1, "b1"), (2, "b2")], &[]), None, start);
        for (after, expected) in [(59, 2), (61, 1)] {
            nodes.observe(&cluster(&[(1, "b1")], &[]), None, start + Duration::from_secs(after));
            assert_eq!(nodes.list().len(), expected, "after {after} s");
        }
    }

    #[test]
    fn a_dead_broker_stays_while_replica_lists_name_it() {
        let start = Instant::now();
        let mut nodes = nodes(&["--jolokia.port=8778"]);
        nodes.observe(&cluster(&[(1, "b1"), (2, "b2")], &[]), None, start);
        nodes.observe(&cluster(&[(1, "b1")], &[2, 1]), None, start + Duration::from_secs(600));
        assert_eq!(nodes.find("2").unwrap().address(), "b2:9092");
    }

    #[test]
    fn controllers_are_nodes_while_they_vote_and_a_broker_that_votes_keeps_its_brokers_address() {
        let mut nodes = nodes(&["--jolokia.port=8778"]);
        let replica = |id| QuorumReplica { id, log_end_offset: None, last_fetch: None, last_caught_up: None };
        let node =
            |id, host: &str| QuorumNode { id, listeners: vec![("CONTROLLER".to_owned(), host.to_owned(), 9093)] };
        let quorum = Quorum {
            voters: vec![replica(1), replica(100)],
            nodes: vec![node(1, "b1"), node(100, "c100")],
            ..Quorum::default()
        };
        let start = Instant::now();
        nodes.observe(&cluster(&[(1, "b1"), (2, "b2")], &[]), Some(&quorum), start);
        let addresses = |nodes: &Nodes| nodes.list().iter().map(Node::address).collect::<Vec<_>>();
        assert_eq!(addresses(&nodes), ["b1:9092", "b2:9092", "c100:9093"]);
        assert_eq!(nodes.find("100").unwrap().agent_url, "http://c100:8778/jolokia/");

        // Broker 1 has left the metadata; it still votes. Endpoints are not told before Kafka 3.9.
        let without_endpoints = Quorum { nodes: Vec::new(), ..quorum.clone() };
        for (seconds, quorum) in [(50, &quorum), (100, &without_endpoints), (150, &without_endpoints)] {
            nodes.observe(&cluster(&[(2, "b2")], &[]), Some(quorum), start + Duration::from_secs(seconds));
            assert_eq!(addresses(&nodes), ["b1:9092", "b2:9092", "c100:9093"]);
        }
        let gone = Quorum { voters: Vec::new(), nodes: Vec::new(), ..quorum };
        nodes.observe(&cluster(&[(2, "b2")], &[]), Some(&gone), start + Duration::from_secs(300));
        assert_eq!(addresses(&nodes), ["b2:9092"]);
    }
}
