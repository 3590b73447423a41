//! What a cluster should look like: calls in, the request that `Cluster` starts out.

use std::time::Duration;

use crate::{ClientAuth, Cluster, Jolokia, KafkaVersion, LabError, Result, sasl::Mechanism, security::Security};

/// What one node's JVM gets.
#[derive(Clone, Debug)]
pub struct NodeSpec {
    pub(crate) jolokia: Option<Jolokia>,
    pub(crate) jolokia_options: Vec<(String, String)>,
    pub(crate) jmx_exporter: Option<(String, String)>,
    pub(crate) hand_made_beans: bool,
    pub(crate) jmx: bool,
    pub(crate) properties: Vec<(String, String)>,
    pub(crate) heap_mib: u32,
    pub(crate) quick_start: bool,
}

impl Default for NodeSpec {
    fn default() -> Self {
        Self {
            jolokia: None,
            jolokia_options: Vec::new(),
            jmx_exporter: None,
            hand_made_beans: false,
            jmx: false,
            properties: Vec::new(),
            heap_mib: 512,
            quick_start: true,
        }
    }
}

impl NodeSpec {
    /// Loads a Jolokia agent, or none.
    pub fn jolokia(&mut self, version: impl Into<Option<Jolokia>>) -> &mut Self {
        self.jolokia = version.into();
        self
    }

    /// Adds an option of the Jolokia agent, such as `user` or `password`; port and host are the lab's.
    pub fn jolokia_option(&mut self, key: &str, value: &str) -> &mut Self {
        self.jolokia_options.push((key.into(), value.into()));
        self
    }

    /// Loads a jmx_exporter agent of a version (`0.17.2`, `0.20.0`, `1.0.1`, ...) with the text of its YAML, beside Jolokia if asked for.
    ///
    /// One per node, the last call wins: all versions have the same class names and share the JVM's class loader, so that a second one
    /// would be the first one again. Several versions at once = one node each.
    pub fn jmx_exporter(&mut self, version: &str, rules: &str) -> &mut Self {
        self.jmx_exporter = Some((version.into(), rules.into()));
        self
    }

    /// Registers MBeans of every shape that JMX allows and Kafka does not have (see `java/lab/HandMadeBeans.java`), in domains of their own
    /// and in `kafka.lab`. Needs a JDK, not only a JVM.
    pub fn hand_made_beans(&mut self) -> &mut Self {
        self.hand_made_beans = true;
        self
    }

    /// Opens a JMX port (RMI, without password or TLS).
    pub fn jmx(&mut self) -> &mut Self {
        self.jmx = true;
        self
    }

    /// Sets a server property; it wins over the lab's own.
    pub fn property(&mut self, key: &str, value: &str) -> &mut Self {
        self.properties.push((key.into(), value.into()));
        self
    }

    /// The largest heap in MiB, 512 by default.
    pub fn heap_mib(&mut self, mib: u32) -> &mut Self {
        self.heap_mib = mib;
        self
    }

    /// Whether the JVM compiles for a quick start (C1 only, the default). Turn it off where the broker's own speed is measured.
    pub fn quick_start(&mut self, quick: bool) -> &mut Self {
        self.quick_start = quick;
        self
    }
}

/// The nodes' roles.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Roles {
    /// n nodes that are broker and controller.
    Combined(u8),
    /// Brokers 1..=brokers, then controllers.
    Split { controllers: u8, brokers: u8 },
}

/// Describes a cluster; [`start`](Self::start) makes it. By default: Kafka 4.3.0, one combined node, no agents.
#[derive(Clone, Debug)]
pub struct ClusterBuilder {
    pub(crate) version: KafkaVersion,
    pub(crate) roles: Roles,
    pub(crate) all: NodeSpec,
    pub(crate) single: Vec<(i32, NodeSpec)>,
    pub(crate) security: Security,
    pub(crate) start_timeout: Duration,
}

impl ClusterBuilder {
    pub(crate) fn new() -> Self {
        Self {
            version: KafkaVersion::default(),
            roles: Roles::Combined(1),
            all: NodeSpec::default(),
            single: Vec::new(),
            security: Security::default(),
            start_timeout: Duration::from_secs(120),
        }
    }

    /// The Kafka release.
    pub fn version(mut self, version: KafkaVersion) -> Self {
        self.version = version;
        self
    }

    /// `count` nodes that are broker and controller, node ids 1..=count.
    pub fn nodes(mut self, count: u8) -> Self {
        self.roles = Roles::Combined(count);
        self
    }

    /// Split roles: brokers have the node ids 1..=brokers, controllers those that follow.
    pub fn split(mut self, controllers: u8, brokers: u8) -> Self {
        self.roles = Roles::Split { controllers, brokers };
        self
    }

    /// Changes what every node gets (those too that [`node`](Self::node) set apart, if called after it).
    pub fn each(mut self, change: impl Fn(&mut NodeSpec)) -> Self {
        change(&mut self.all);
        self.single.iter_mut().for_each(|(_, spec)| change(spec));
        self
    }

    /// Changes what one node gets, on top of what all nodes have been given so far.
    pub fn node(mut self, id: i32, change: impl FnOnce(&mut NodeSpec)) -> Self {
        let mut spec = self.spec(id).clone();
        change(&mut spec);
        self.single.retain(|(other, _)| *other != id);
        self.single.push((id, spec));
        self
    }

    /// A Jolokia agent on every node.
    pub fn jolokia(self, version: Jolokia) -> Self {
        self.each(|node| {
            node.jolokia(version);
        })
    }

    /// A jmx_exporter agent on every node, see [`NodeSpec::jmx_exporter`].
    pub fn jmx_exporter(self, version: &str, rules: &str) -> Self {
        self.each(|node| {
            node.jmx_exporter(version, rules);
        })
    }

    /// Hand-made MBeans on every node, see [`NodeSpec::hand_made_beans`].
    pub fn hand_made_beans(self) -> Self {
        self.each(|node| {
            node.hand_made_beans();
        })
    }

    /// A server property on every node.
    pub fn property(self, key: &str, value: &str) -> Self {
        self.each(|node| {
            node.property(key, value);
        })
    }

    /// The heap of every node in MiB, see [`NodeSpec::heap_mib`].
    pub fn heap_mib(self, mib: u32) -> Self {
        self.each(|node| {
            node.heap_mib(mib);
        })
    }

    /// See [`NodeSpec::quick_start`].
    pub fn quick_start(self, quick: bool) -> Self {
        self.each(|node| {
            node.quick_start(quick);
        })
    }

    /// Adds TLS listeners to every broker: [`Listener::Tls`](crate::Listener::Tls), and two like it whose certificates are bad. The plain
    /// listener stays, for the lab's own tools and the brokers themselves.
    pub fn tls(mut self, client_auth: ClientAuth) -> Self {
        self.security.tls = Some(client_auth);
        self
    }

    /// Adds listeners with these SASL mechanisms to every broker, [`Listener::Sasl`](crate::Listener::Sasl) without and
    /// [`Listener::SaslTls`](crate::Listener::SaslTls) with TLS, and where [`tls`](Self::tls) requires client certificates
    /// [`Listener::SaslMutualTls`](crate::Listener::SaslMutualTls) with those too. See [`sasl`](crate::sasl) for the users.
    pub fn sasl(mut self, mechanisms: &[Mechanism]) -> Self {
        self.security.sasl = mechanisms.to_vec();
        self
    }

    /// Has brokers ask an authorizer: who comes with a name may do only what [`Kafka::allow`](crate::Kafka::allow) allows; who comes
    /// without one, as over the plain listener, may do everything.
    pub fn authorizer(mut self) -> Self {
        self.security.authorizer = true;
        self
    }

    /// Adds a listener to every broker that is this far away, each way: [`Listener::Delayed`](crate::Listener::Delayed), and with SASL
    /// [`Listener::DelayedSaslTls`](crate::Listener::DelayedSaslTls). A broker names the far address to those who come by it.
    pub fn delayed(mut self, one_way: Duration) -> Self {
        self.security.delay = Some(one_way);
        self
    }

    /// How long all nodes together may take to get ready, 120 s by default (a shared machine may be slow).
    pub fn start_timeout(mut self, timeout: Duration) -> Self {
        self.start_timeout = timeout;
        self
    }

    /// Fetches the jars if need be, formats and starts the nodes, and waits until Metadata of each broker names a controller and all
    /// brokers (and until controllers apart answer).
    ///
    /// # Errors
    /// When a tool is missing, a jar cannot be fetched, or a node does not come up: then its folder is kept and the log's end shown.
    pub fn start(self) -> Result<Cluster> {
        let ids = self.node_ids()?;
        if let Some((id, _)) = self.single.iter().find(|(id, _)| !ids.contains(id)) {
            return Err(LabError::Input(format!("there is no node {id} in this cluster, only {ids:?}")));
        }
        if !self.version.has_kraft() && matches!(self.roles, Roles::Split { .. }) {
            return Err(LabError::Input(format!("Kafka {} has no controllers apart", self.version.as_str())));
        }
        self.security.check(self.version)?;
        Cluster::start(self)
    }

    pub(crate) fn spec(&self, id: i32) -> &NodeSpec {
        self.single.iter().find(|(other, _)| *other == id).map_or(&self.all, |(_, spec)| spec)
    }

    /// All node ids; a node's id is also the last octet of its address, hence the limit.
    pub(crate) fn node_ids(&self) -> Result<Vec<i32>> {
        let (nodes, enough) = match self.roles {
            Roles::Combined(nodes) => (i32::from(nodes), nodes > 0),
            Roles::Split { controllers, brokers } => {
                (i32::from(controllers) + i32::from(brokers), controllers > 0 && brokers > 0)
            }
        };
        if enough && nodes <= 200 {
            Ok((1..=nodes).collect())
        } else {
            Err(LabError::Input(format!("{:?} is no cluster: one to 200 nodes, at least one of each role", self.roles)))
        }
    }

    pub(crate) fn is_broker(&self, id: i32) -> bool {
        match self.roles {
            Roles::Combined(_) => true,
            Roles::Split { brokers, .. } => id <= i32::from(brokers),
        }
    }

    pub(crate) fn is_controller(&self, id: i32) -> bool {
        match self.roles {
            Roles::Combined(_) => true,
            Roles::Split { brokers, .. } => id > i32::from(brokers),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_node_is_set_apart_on_top_of_what_all_have() {
        let builder = Cluster::builder().split(1, 2).heap_mib(300).node(2, |node| {
            node.jolokia(Jolokia::V1_7_2);
        });
        assert_eq!(builder.node_ids().expect("ids"), [1, 2, 3]);
        assert_eq!((builder.spec(2).jolokia, builder.spec(2).heap_mib), (Some(Jolokia::V1_7_2), 300));
        assert_eq!(builder.spec(1).jolokia, None);
        assert_eq!((builder.is_broker(2), builder.is_broker(3), builder.is_controller(3)), (true, false, true));
    }

    #[test]
    fn impossible_clusters_are_refused() {
        for builder in [Cluster::builder().nodes(0), Cluster::builder().split(0, 3), Cluster::builder().nodes(201)] {
            assert!(builder.node_ids().is_err());
        }
        let error = Cluster::builder().node(2, |_| {}).start().expect_err("there is one node only");
        assert_eq!(error.to_string(), "there is no node 2 in this cluster, only [1]");
        let old = || Cluster::builder().version(KafkaVersion::V2_8_2);
        let scram = old().sasl(&[Mechanism::ScramSha256]);
        for (builder, why) in [
            (old().split(1, 1), "Kafka 2.8.2 has no controllers apart"),
            (scram, "the lab has no users for SCRAM-SHA-256 on Kafka 2.8.2, only for PLAIN"),
        ] {
            assert_eq!(builder.start().expect_err(why).to_string(), why);
        }
    }
}
