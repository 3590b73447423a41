//! What kafka-vitals asks a Kafka cluster, independent of the client library that asks.
//!
//! An engine implements [`KafkaAdmin`]: batches in, one result per item out. What an engine cannot know is
//! [`AdminError::Unsupported`], never an empty answer. No call writes to Kafka.

mod config;
mod error;
mod types;

use std::time::Instant;

use async_trait::async_trait;

pub use config::{ClientConfig, Sasl, SecurityConfig, Tls, Token, TokenProvider};
pub use error::{AdminError, ErrorCode, ErrorKind};
pub use types::{
    Broker, Cluster, CommittedOffset, ConfigEntry, ConfigResource, FoundOffset, GroupDescription, GroupId,
    GroupListing, GroupRef, GroupState, GroupType, GroupsListed, Isolation, LogDir, LogDirReplica, Member, OffsetQuery,
    OffsetRange, OffsetSpec, Partition, Quorum, QuorumNode, QuorumReplica, RegisteredBroker, RequestTime, Topic,
    TopicName, TopicPartition,
};

/// The calls every engine answers. All of them return by `deadline` (give or take the time of a thread switch), with
/// whatever is known by then; an item that was not answered in time carries [`AdminError::Timeout`].
#[async_trait]
pub trait KafkaAdmin: Send + Sync + std::fmt::Debug {
    /// The engine's name as it stands in metrics and logs: `librdkafka`, `protocol`.
    fn engine(&self) -> &'static str;

    /// The calls, in Kafka's terms, that this engine can ask of no broker.
    fn unsupported(&self) -> &'static [&'static str] {
        &[]
    }

    /// Brokers, controller and all topics with their partitions, in one go (Metadata, API key 3).
    async fn cluster(&self, deadline: Instant) -> Result<Cluster, AdminError>;

    /// All groups of all brokers, each once (ListGroups, API key 16). Brokers that did not answer are named in
    /// [`GroupsListed::errors`]: the list is complete only when that is empty.
    async fn list_groups(&self, deadline: Instant) -> Result<GroupsListed, AdminError>;

    /// State, members and assignments of each group, in the order asked.
    async fn describe_groups(
        &self,
        groups: &[GroupRef],
        deadline: Instant,
    ) -> Vec<Result<GroupDescription, AdminError>>;

    /// All committed offsets of each group (OffsetFetch, API key 9; of a share group its start offsets,
    /// DescribeShareGroupOffsets, API key 90), in the order asked. A group without any commit is an empty list.
    /// Partitions that failed carry their own error.
    async fn committed(&self, groups: &[GroupRef], deadline: Instant) -> Vec<Result<Vec<CommittedOffset>, AdminError>>;

    /// One offset per query (ListOffsets, API key 2), in the order asked. The same partition may be asked with several
    /// specs; the engine sends them apart where the protocol demands it.
    async fn offsets(
        &self,
        queries: &[OffsetQuery],
        isolation: Isolation,
        deadline: Instant,
    ) -> Vec<Result<FoundOffset, AdminError>>;

    /// The metadata quorum (DescribeQuorum, API key 55). A cluster on ZooKeeper answers UNSUPPORTED_VERSION.
    async fn quorum(&self, _deadline: Instant) -> Result<Quorum, AdminError> {
        Err(AdminError::Unsupported { call: "DescribeQuorum" })
    }

    /// All registered brokers, fenced ones too (DescribeCluster, API key 60), in ascending order of id. Brokers before
    /// Kafka 4.0 know nothing of fenced ones and answer UNSUPPORTED_VERSION.
    async fn registered_brokers(&self, _deadline: Instant) -> Result<Vec<RegisteredBroker>, AdminError> {
        Err(AdminError::Unsupported { call: "DescribeCluster" })
    }

    /// The log directories of each broker (DescribeLogDirs, API key 35), in the order asked. Without the right to
    /// describe the cluster the answer is CLUSTER_AUTHORIZATION_FAILED or, before Kafka 3.2, empty.
    async fn log_dirs(&self, brokers: &[i32], _deadline: Instant) -> Vec<Result<Vec<LogDir>, AdminError>> {
        vec![Err(AdminError::Unsupported { call: "DescribeLogDirs" }); brokers.len()]
    }

    /// The configuration of each resource (DescribeConfigs, API key 32), in the order asked: of each the entries with
    /// these names, those that a broker does not know left out, or all entries.
    async fn configs(
        &self,
        resources: &[ConfigResource],
        _names: Option<&[&str]>,
        _deadline: Instant,
    ) -> Vec<Result<Vec<ConfigEntry>, AdminError>> {
        vec![Err(AdminError::Unsupported { call: "DescribeConfigs" }); resources.len()]
    }

    /// Of each range whether no records stand in it but control records (markers that end transactions, KIP-98), in the order
    /// asked (Fetch, API key 1). What is not seen counts as records.
    async fn only_control_records(&self, ranges: &[OffsetRange], _deadline: Instant) -> Vec<Result<bool, AdminError>> {
        vec![Err(AdminError::Unsupported { call: "Fetch" }); ranges.len()]
    }

    /// How long brokers have taken to answer since the start, in ascending order of broker and API; `None` where the
    /// engine does not measure it.
    fn request_times(&self) -> Option<Vec<RequestTime>> {
        None
    }
}
