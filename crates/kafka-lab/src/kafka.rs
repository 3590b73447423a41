//! A client for state builders and tests: broker addresses in, Metadata out. Topics, records, offsets and groups are in `state`.

use std::{collections::BTreeMap, time::Duration};

use kafka_protocol::{
    messages::{ApiKey, MetadataRequest, MetadataResponse, metadata_request::MetadataRequestTopic},
    protocol::StrBytes,
};

use crate::{LabError, Result, wire::Connection};

/// A frozen broker accepts connections and never answers: the next one is asked after this.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Metadata v11 is known to brokers from 2.8 on.
const METADATA: i16 = 11;

/// Brokers to talk to. Cheap to clone; connections are made for each call.
#[derive(Clone, Debug)]
pub struct Kafka {
    addresses: Vec<String>,
}

/// What a broker says of the cluster.
#[derive(Clone, Debug)]
pub struct Metadata {
    /// Kafka's cluster id.
    pub cluster_id: Option<String>,
    /// The controller's node id; a KRaft broker names some live broker instead, and none while it knows no controller.
    pub controller: Option<i32>,
    /// host:port of each broker that is alive, by node id.
    pub brokers: BTreeMap<i32, String>,
    /// Partitions of each topic, by name and partition number.
    pub topics: BTreeMap<String, BTreeMap<i32, Partition>>,
}

/// Who holds a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// The leader's node id, `None` while there is none.
    pub leader: Option<i32>,
    /// Node ids of all replicas, the preferred leader first.
    pub replicas: Vec<i32>,
    /// Node ids of the replicas in sync.
    pub isr: Vec<i32>,
}

impl Kafka {
    /// A client for brokers at these `host:port` addresses.
    pub fn new(addresses: impl IntoIterator<Item = String>) -> Self {
        Self { addresses: addresses.into_iter().collect() }
    }

    /// The addresses as clients take them, `host:port,host:port`.
    pub fn bootstrap(&self) -> String {
        self.addresses.join(",")
    }

    /// Asks the first broker that answers; `topics` by name, or `None` for all.
    ///
    /// A topic that does not exist is left out.
    ///
    /// # Errors
    /// The last broker's error when none answers.
    pub fn metadata(&self, topics: Option<&[&str]>) -> Result<Metadata> {
        let topic =
            |name: &&str| MetadataRequestTopic::default().with_name(Some(StrBytes::from_string((*name).into()).into()));
        let request = MetadataRequest::default()
            .with_topics(topics.map(|names| names.iter().map(topic).collect()))
            .with_allow_auto_topic_creation(false);
        let response: MetadataResponse =
            self.ask(|connection| connection.call(ApiKey::Metadata, METADATA, &request))?;
        Ok(response.into())
    }

    /// A connection to the first broker that answers.
    pub(crate) fn connect_any(&self, timeout: Duration) -> Result<Connection> {
        let request = MetadataRequest::default().with_topics(Some(Vec::new()));
        self.ask(|connection| {
            connection.call::<_, MetadataResponse>(ApiKey::Metadata, METADATA, &request)?;
            connection.again(timeout)
        })
    }

    /// A connection to the controller, who alone makes topics where ZooKeeper is; with KRaft, to the broker that passes it on.
    pub(crate) fn connect_controller(&self, timeout: Duration) -> Result<Connection> {
        let metadata = self.metadata(Some(&[]))?;
        let address = metadata.controller.and_then(|id| metadata.brokers.get(&id));
        Connection::open(address.ok_or_else(|| LabError::Input("Kafka has no controller".into()))?, timeout)
    }

    /// Tries the brokers in turn until one answers.
    pub(crate) fn ask<T>(&self, mut request: impl FnMut(&mut Connection) -> Result<T>) -> Result<T> {
        let mut last = LabError::Input("no Kafka address was given".into());
        for address in &self.addresses {
            match Connection::open(address, TIMEOUT).and_then(|mut connection| request(&mut connection)) {
                Ok(answer) => return Ok(answer),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

impl From<MetadataResponse> for Metadata {
    fn from(response: MetadataResponse) -> Self {
        let node = |id: i32| (id >= 0).then_some(id);
        let brokers =
            response.brokers.iter().map(|broker| (broker.node_id.0, format!("{}:{}", broker.host, broker.port)));
        let topics = response.topics.iter().filter(|topic| topic.error_code == 0).filter_map(|topic| {
            let partitions = topic.partitions.iter().map(|partition| {
                let ids = |nodes: &[kafka_protocol::messages::BrokerId]| nodes.iter().map(|node| node.0).collect();
                let holders = Partition {
                    leader: node(partition.leader_id.0),
                    replicas: ids(&partition.replica_nodes),
                    isr: ids(&partition.isr_nodes),
                };
                (partition.partition_index, holders)
            });
            Some((topic.name.as_ref()?.to_string(), partitions.collect()))
        });
        Self {
            cluster_id: response.cluster_id.as_ref().map(ToString::to_string),
            controller: node(response.controller_id.0),
            brokers: brokers.collect(),
            topics: topics.collect(),
        }
    }
}
