//! A cluster of real Kafka nodes: a builder's wishes in, running nodes and a client for them out.

use std::{
    fs,
    hash::{BuildHasher, Hasher},
    net::Ipv4Addr,
    path::Path,
    sync::Arc,
    thread,
    time::Duration,
};

use crate::{
    Certificates, ClusterBuilder, Kafka, Lab, LabError, Listener, Node, Result, RoundTrips,
    distance::{Counter, DelayLine},
    error::IoContext,
    jars::Jars,
    launch::{self, AgentJars, Plan},
    listener,
    properties::{self, Quorum},
    reservations::Reservations,
    sasl::{Issuer, Kerberos},
    security::Secrets,
    tools, wait_until,
    zookeeper::ZooKeeper,
};

/// Formatting takes a second; a machine busy with other clusters takes longer.
const FORMAT: Duration = Duration::from_secs(120);

/// Running nodes. Dropping it kills them and removes their data; when the thread is panicking, the data is kept and its folder named.
#[derive(Debug)]
pub struct Cluster {
    nodes: Vec<Node>,
    /// After the nodes, which need it to the end.
    _zookeeper: Option<ZooKeeper>,
    kafka: Kafka,
    lab: Arc<Lab>,
    id: String,
    secrets: Secrets,
    counter: Arc<Counter>,
    _lines: Vec<DelayLine>,
}

impl Cluster {
    /// Kafka 4.3.0, one combined node, no agents, unless told otherwise.
    pub fn builder() -> ClusterBuilder {
        ClusterBuilder::new()
    }

    pub(crate) fn start(builder: ClusterBuilder) -> Result<Self> {
        let java = tools::java()?;
        let lab = Lab::new()?;
        let jars = Jars::new(&lab)?;
        let kafka_jars = jars.kafka(builder.version)?.join("*");
        let (ids, security) = (builder.node_ids()?, &builder.security);
        let hosts: Vec<Ipv4Addr> = ids.iter().map(|id| host(*id)).collect();
        let mut reserved = Reservations::make(&hosts, &security.listeners())?;
        let secrets = Secrets::new(&lab, security, &hosts)?;
        let jvm = |folder: &Path| {
            fs::create_dir_all(folder).context(|| format!("make {}", folder.display()))?;
            write(&folder.join(launch::LOGGING), properties::logging_properties(builder.version))?;
            Ok(launch::java(&java, builder.version, &kafka_jars, folder))
        };
        let (zookeeper, quorum) = if builder.version.has_kraft() {
            let controllers = ids.iter().filter(|id| builder.is_controller(**id));
            (None, Quorum::KRaft(controllers.map(|id| (*id, host(*id))).collect()))
        } else {
            let folder = lab.folder().join("zookeeper");
            let server = ZooKeeper::start(&lab, jvm(&folder)?, &folder, builder.start_timeout)?;
            let quorum = Quorum::ZooKeeper(server.address().to_owned());
            (Some(server), quorum)
        };
        let brokers = ids.iter().filter(|id| builder.is_broker(**id)).count();
        let id = new_cluster_id();
        let mut nodes = Vec::new();
        let mut formats = Vec::new();
        for node in ids {
            let plan = Plan {
                id: node,
                host: host(node),
                broker: builder.is_broker(node),
                controller: builder.is_controller(node),
                folder: lab.folder().join(format!("node-{node}")),
                ports: reserved.ports(),
                spec: builder.spec(node).clone(),
                properties: security.properties(builder.version, host(node), &secrets)?,
                jvm_options: security.jvm_options(&secrets),
            };
            let mut command = jvm(&plan.folder)?;
            write(&plan.properties_file(), &properties::server_properties(&plan, &quorum, brokers))?;
            if let Some((_, rules)) = &plan.spec.jmx_exporter {
                write(&plan.rules_file(), rules)?;
            }
            if zookeeper.is_none() {
                let mut format = jvm(&plan.folder)?;
                format.args(["-Xmx128m", "-XX:TieredStopAtLevel=1", "kafka.tools.StorageTool", "format", "-t", &id]);
                format.arg("-c").arg(plan.properties_file()).args(security.format_options());
                formats.push((node, lab.spawn_logged(&format, &plan.folder.join("format.log"))?));
            }

            let exporter = plan.spec.jmx_exporter.as_ref();
            let agents = AgentJars {
                jolokia: plan.spec.jolokia.map(|version| jars.jolokia(version)).transpose()?,
                exporter: exporter.map(|(version, _)| jars.jmx_exporter(version)).transpose()?,
                hand_made_beans: plan.spec.hand_made_beans.then(|| jars.hand_made_beans()).transpose()?,
            };
            command.args(launch::node_arguments(&plan, &agents));
            nodes.push(Node::new(plan, command, &lab, builder.start_timeout));
        }
        let counter = Arc::default();
        let lines = reserved.delay_lines(builder.security.delay.unwrap_or_default(), &counter)?;
        let addresses = nodes.iter().filter(|node| node.is_broker()).map(Node::kafka_address);
        let kafka = Kafka::new(addresses);
        let mut cluster = Self { kafka, nodes, _zookeeper: zookeeper, lab, id, secrets, counter, _lines: lines };
        for (node, mut format) in formats {
            let log = cluster.lab.folder().join(format!("node-{node}/format.log"));
            let status = format.wait(FORMAT)?;
            // A process that has ended is never ready: this is for the error with the log.
            if !status.success() {
                format.await_ready(&format!("formatting node {node}"), &log, FORMAT, || Err("ended"))?;
            }
        }
        reserved.release();
        cluster.nodes.iter().try_for_each(Node::spawn)?;
        cluster.nodes.iter().try_for_each(Node::await_answer)?;
        cluster.await_ready(builder.start_timeout)?;
        if cluster._zookeeper.is_some() {
            // The first broker made it up.
            cluster.id = cluster.kafka.metadata(Some(&[]))?.cluster_id.unwrap_or_default();
        }
        Ok(cluster)
    }

    /// Waits until the Metadata of each broker that is up names a controller and all brokers that are up.
    ///
    /// # Errors
    /// [`LabError::Start`] when a broker ends meanwhile or it takes longer than `timeout`.
    pub fn await_ready(&self, timeout: Duration) -> Result<()> {
        let up: Vec<&Node> = self.nodes.iter().filter(|node| node.is_broker() && node.is_up()).collect();
        for node in &up {
            let kafka = Kafka::new([node.kafka_address()]);
            node.await_ready(timeout, || {
                let metadata = kafka.metadata(Some(&[])).map_err(|error| error.to_string())?;
                let all = up.iter().all(|other| metadata.brokers.contains_key(&other.id()));
                if all && metadata.controller.is_some() { Ok(()) } else { Err(format!("{metadata:?}")) }
            })?;
        }
        Ok(())
    }

    /// Waits until the brokers' Metadata no longer names `node`, as some 10 s after it froze or was killed.
    ///
    /// # Errors
    /// [`LabError::Timeout`].
    pub fn await_gone(&self, node: i32, timeout: Duration) -> Result<()> {
        let others: Vec<String> = self
            .nodes
            .iter()
            .filter(|other| other.id() != node && other.is_broker() && other.is_up())
            .map(Node::kafka_address)
            .collect();
        let kafka = Kafka::new(others);
        wait_until(timeout, &format!("broker {node} to leave Metadata"), || match kafka.metadata(Some(&[])) {
            Ok(metadata) if !metadata.brokers.contains_key(&node) => Ok(()),
            Ok(metadata) => Err(format!("{metadata:?}")),
            Err(error) => Err(error.to_string()),
        })
    }

    /// All nodes, by id.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The node with this node.id.
    ///
    /// # Errors
    /// When there is none.
    pub fn node(&self, id: i32) -> Result<&Node> {
        let found = self.nodes.iter().find(|node| node.id() == id);
        found.ok_or_else(|| LabError::Input(format!("there is no node {id}: they are 1 to {}", self.nodes.len())))
    }

    /// The brokers' addresses, `host:port,host:port`, as clients take them.
    pub fn bootstrap(&self) -> String {
        self.kafka.bootstrap()
    }

    /// The brokers' addresses on one of the listeners that the builder was asked for.
    ///
    /// # Errors
    /// When it was not.
    pub fn bootstrap_on(&self, listener: Listener) -> Result<String> {
        let brokers = self.nodes.iter().filter(|node| node.is_broker());
        let addresses = brokers.map(|node| {
            let endpoint = listener::find(&node.plan().ports.more, listener)?;
            Ok(format!("{}:{}", node.host(), endpoint.advertised))
        });
        Ok(addresses.collect::<Result<Vec<_>>>()?.join(","))
    }

    /// What went over the delayed listeners since [`reset_round_trips`](Self::reset_round_trips), or ever.
    pub fn round_trips(&self) -> RoundTrips {
        self.counter.round_trips()
    }

    /// Starts counting anew; connections that are open stay so.
    pub fn reset_round_trips(&self) {
        self.counter.reset();
    }

    /// The files of the CA, the brokers and clients.
    pub fn certificates(&self) -> &Certificates {
        &self.secrets.certificates
    }

    /// Who signs the tokens that the brokers take.
    pub fn issuer(&self) -> &Issuer {
        &self.secrets.issuer
    }

    /// The KDC, if the builder was asked for GSSAPI.
    pub fn kerberos(&self) -> Option<&Kerberos> {
        self.secrets.kerberos.as_ref()
    }

    /// The port of every node's Jolokia agent (those that have one).
    pub fn jolokia_port(&self) -> u16 {
        self.nodes.first().map_or(0, |node| node.plan().ports.jolokia)
    }

    /// Kafka's cluster id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// To make topics, records and groups, and to look at them.
    pub fn kafka(&self) -> &Kafka {
        &self.kafka
    }

    /// The folder and guardian of this cluster, for other processes that are to end with it.
    pub fn lab(&self) -> &Arc<Lab> {
        &self.lab
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if thread::panicking() {
            self.lab.keep();
        }
    }
}

/// Node n lives on 127.0.0.n, so that all nodes can use the same ports; Linux answers on all of 127.0.0.0/8.
fn host(id: i32) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 0, u8::try_from(id).unwrap_or(1))
}

fn new_cluster_id() -> String {
    let random = || std::hash::RandomState::new().build_hasher().finish();
    let mut bytes = ((u128::from(random()) << 64) | u128::from(random())).to_be_bytes();
    // The tool would take an id that begins with a dash for an option.
    bytes[0] &= 0x7f;
    launch::cluster_id(bytes)
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).context(|| format!("write {}", path.display()))
}
