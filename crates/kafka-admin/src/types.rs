//! Plain data: clusters, topics, groups and offsets as Kafka reports them.

use std::sync::Arc;

use crate::{AdminError, ErrorCode};

/// A topic's name, shared by all partitions and offsets that mention it.
pub type TopicName = Arc<str>;

/// A group's `group.id`.
pub type GroupId = Arc<str>;

/// The cluster as one Metadata answer tells it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cluster {
    /// `cluster.id`; absent when the broker did not tell.
    pub id: Option<String>,
    /// The broker id given as controller. In KRaft this is any broker that forwards, not the quorum leader.
    pub controller: Option<i32>,
    /// Brokers that are registered and unfenced, in ascending order of id.
    pub brokers: Vec<Broker>,
    /// All topics that the principal may describe, internal ones included, in ascending order of name.
    pub topics: Vec<Topic>,
}

/// A broker's id and the address that it advertises on the listener we use.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Broker {
    /// `node.id`.
    pub id: i32,
    /// Advertised host, without brackets around an IPv6 address.
    pub host: String,
    /// Advertised port.
    pub port: u16,
    /// `broker.rack`, where the engine learns it.
    pub rack: Option<String>,
}

/// One topic of a Metadata answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Topic {
    /// Name.
    pub name: TopicName,
    /// Topic id (KIP-516) in its 128 bits; absent where the engine does not learn it.
    pub id: Option<u128>,
    /// The topic's own error; its partitions are then usually empty.
    pub error: Option<ErrorCode>,
    /// Partitions in ascending order of id.
    pub partitions: Vec<Partition>,
}

/// One partition of a Metadata answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Partition id.
    pub id: i32,
    /// The leader's broker id; absent while there is none.
    pub leader: Option<i32>,
    /// Assigned replicas in order of preference.
    pub replicas: Vec<i32>,
    /// In-sync replicas.
    pub isr: Vec<i32>,
    /// The partition's own error, e.g. LEADER_NOT_AVAILABLE.
    pub error: Option<ErrorCode>,
}

/// Topic and partition id.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TopicPartition {
    /// Topic name.
    pub topic: TopicName,
    /// Partition id.
    pub partition: i32,
}

/// The answer to ListGroups over all brokers.
#[derive(Debug, Clone, Default)]
pub struct GroupsListed {
    /// Groups in ascending order of id, each once.
    pub groups: Vec<GroupListing>,
    /// What failed. While this is not empty, a group that is not listed may exist all the same.
    pub errors: Vec<AdminError>,
}

/// One group as ListGroups tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupListing {
    /// `group.id`.
    pub id: GroupId,
    /// State at the coordinator.
    pub state: GroupState,
    /// Protocol generation.
    pub kind: GroupType,
}

/// A group's state, the union over all group types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GroupState {
    /// Not told, or a state that the engine does not know.
    Unknown,
    /// Classic: members are joining.
    PreparingRebalance,
    /// Classic: waiting for the leader's assignment.
    CompletingRebalance,
    /// All members have their assignment.
    Stable,
    /// Being removed, or unknown to the coordinator.
    Dead,
    /// No members; committed offsets may exist.
    Empty,
    /// KIP-848: a new target assignment is being computed.
    Assigning,
    /// KIP-848: members are moving towards the target assignment.
    Reconciling,
    /// KIP-1071: a streams group whose topics are not ready.
    NotReady,
}

/// Which protocol a group speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GroupType {
    /// Not told, or a type that the engine does not know.
    Unknown,
    /// JoinGroup/SyncGroup, the protocol before KIP-848.
    Classic,
    /// KIP-848.
    Consumer,
    /// KIP-932.
    Share,
    /// KIP-1071.
    Streams,
}

/// A group as its coordinator describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupDescription {
    /// `group.id`.
    pub id: GroupId,
    /// State at the coordinator.
    pub state: GroupState,
    /// Protocol generation.
    pub kind: GroupType,
    /// Assignor in use (`range`, `uniform`, ...); empty when there is none.
    pub assignor: String,
    /// The coordinator's broker id.
    pub coordinator: Option<i32>,
    /// Members in the order of the answer.
    pub members: Vec<Member>,
}

/// A group member.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Member id.
    pub id: String,
    /// `client.id`.
    pub client_id: String,
    /// `group.instance.id`, for static members.
    pub instance_id: Option<String>,
    /// Host as the broker saw it, usually with a leading slash.
    pub host: String,
    /// Partitions that the member owns now.
    pub assignment: Vec<TopicPartition>,
    /// KIP-848: partitions that it is moving to.
    pub target: Option<Vec<TopicPartition>>,
}

/// One partition's committed offset of one group.
#[derive(Debug, Clone, PartialEq)]
pub struct CommittedOffset {
    /// Topic name.
    pub topic: TopicName,
    /// Partition id.
    pub partition: i32,
    /// Next offset to consume; `None` when the group has committed nothing for this partition. An error is the
    /// partition's own (UNSTABLE_OFFSET_COMMIT, TOPIC_AUTHORIZATION_FAILED, ...).
    pub offset: Result<Option<i64>, AdminError>,
}

/// What to look up in a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OffsetSpec {
    /// Log start offset.
    Earliest,
    /// End: high watermark, or last stable offset under [`Isolation::ReadCommitted`].
    Latest,
    /// First record whose timestamp is at or after this one (milliseconds since the epoch).
    Timestamp(i64),
}

/// Whether open transactions hide what comes after them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Isolation {
    /// Up to the high watermark.
    ReadUncommitted,
    /// Up to the last stable offset.
    ReadCommitted,
}

/// One offset to look up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetQuery {
    /// Topic name.
    pub topic: TopicName,
    /// Partition id.
    pub partition: i32,
    /// What to look up.
    pub spec: OffsetSpec,
    /// The leader as last known, for grouping the questions by broker; a wrong one costs time, not correctness.
    pub leader: Option<i32>,
}

/// The answer to one [`OffsetQuery`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundOffset {
    /// The offset; `None` when a timestamp lookup found no record at or after it.
    pub offset: Option<i64>,
    /// Timestamp of the found record in milliseconds since the epoch, for timestamp lookups.
    pub timestamp: Option<i64>,
}
