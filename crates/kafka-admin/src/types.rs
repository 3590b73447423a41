//! Plain data: clusters, topics, groups and offsets as Kafka reports them.

use std::sync::Arc;
use std::time::Duration;

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

/// A group to ask about, and the protocol that it speaks: that decides which call tells what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GroupRef {
    /// `group.id`.
    pub id: GroupId,
    /// As listed; [`GroupType::Unknown`] has the engine find out.
    pub kind: GroupType,
}

impl From<&GroupListing> for GroupRef {
    fn from(listing: &GroupListing) -> Self {
        Self { id: listing.id.clone(), kind: listing.kind }
    }
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

impl GroupState {
    /// As Kafka spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "Unknown",
            Self::PreparingRebalance => "PreparingRebalance",
            Self::CompletingRebalance => "CompletingRebalance",
            Self::Stable => "Stable",
            Self::Dead => "Dead",
            Self::Empty => "Empty",
            Self::Assigning => "Assigning",
            Self::Reconciling => "Reconciling",
            Self::NotReady => "NotReady",
        }
    }
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

impl GroupType {
    /// As brokers spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Classic => "classic",
            Self::Consumer => "consumer",
            Self::Share => "share",
            Self::Streams => "streams",
        }
    }

    /// The call that describes such a group, in Kafka's terms.
    pub fn describe_call(self) -> &'static str {
        match self {
            Self::Unknown | Self::Classic => "DescribeGroups",
            Self::Consumer => "ConsumerGroupDescribe",
            Self::Share => "ShareGroupDescribe",
            Self::Streams => "StreamsGroupDescribe",
        }
    }

    /// The call that tells what such a group has committed.
    pub fn committed_call(self) -> &'static str {
        match self {
            Self::Unknown | Self::Classic | Self::Consumer | Self::Streams => "OffsetFetch",
            Self::Share => "DescribeShareGroupOffsets",
        }
    }
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
    /// What a classic group's members use the group for (`consumer`, `connect`, ...); empty before the first has joined.
    /// Absent for other kinds, whose kind tells it, and where the engine does not learn it.
    pub protocol_type: Option<String>,
    /// Assignor in use (`range`, `uniform`, ...); empty when there is none.
    pub assignor: String,
    /// Group epoch (KIP-848): one more at each change of members, subscriptions or their topics. Absent for classic
    /// groups, whose generation no call tells, and where the engine does not learn it.
    pub epoch: Option<i32>,
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

/// One partition's committed offset of one group; of a share group the start offset, before which all is consumed.
#[derive(Debug, Clone, PartialEq)]
pub struct CommittedOffset {
    /// Topic name.
    pub topic: TopicName,
    /// Partition id.
    pub partition: i32,
    /// Next offset to consume; `None` when the group has committed nothing for this partition. An error is the
    /// partition's own (UNSTABLE_OFFSET_COMMIT, TOPIC_AUTHORIZATION_FAILED, ...).
    pub offset: Result<Option<i64>, AdminError>,
    /// Records that are left to consume, where the coordinator counts them: share groups from Kafka 4.2 on, of which
    /// records beyond the start offset may be consumed already (KIP-1226).
    pub told_lag: Option<i64>,
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

/// Some offsets of one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffsetRange {
    /// Topic name.
    pub topic: TopicName,
    /// Partition id.
    pub partition: i32,
    /// First offset, inclusive.
    pub from: i64,
    /// Last offset, exclusive.
    pub to: i64,
    /// The leader as last known.
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

/// The metadata quorum of KRaft as its leader tells it (DescribeQuorum, KIP-595, KIP-836).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quorum {
    /// The active controller's node id; absent during an election.
    pub leader: Option<i32>,
    /// Epoch of that leader.
    pub leader_epoch: i32,
    /// High watermark of the metadata log.
    pub high_watermark: i64,
    /// Controllers that vote.
    pub voters: Vec<QuorumReplica>,
    /// Brokers, and controllers that do not vote.
    pub observers: Vec<QuorumReplica>,
    /// Endpoints of the voters; empty before Kafka 3.9 (DescribeQuorum version 2, KIP-853).
    pub nodes: Vec<QuorumNode>,
}

/// How far a replica of the metadata log has got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuorumReplica {
    /// `node.id`.
    pub id: i32,
    /// End of its log, as the leader knows it.
    pub log_end_offset: Option<i64>,
    /// When it last fetched, in milliseconds since the epoch by the leader's clock; absent before Kafka 3.3.
    pub last_fetch: Option<i64>,
    /// When it had last caught up, likewise.
    pub last_caught_up: Option<i64>,
}

/// A controller's endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuorumNode {
    /// `node.id`.
    pub id: i32,
    /// Listener name, host (without brackets) and port.
    pub listeners: Vec<(String, String, u16)>,
}

/// A broker that is registered, alive or not (DescribeCluster version 2, KIP-1073).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredBroker {
    /// The broker.
    pub broker: Broker,
    /// Whether it is fenced: registered, and not in service.
    pub is_fenced: bool,
}

/// One log directory of a broker (DescribeLogDirs, API key 35).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogDir {
    /// Absolute path.
    pub path: String,
    /// The directory's own error, e.g. KAFKA_STORAGE_ERROR for one that is offline.
    pub error: Option<ErrorCode>,
    /// Size of its volume in bytes; absent before Kafka 3.3 (KIP-827).
    pub total_bytes: Option<i64>,
    /// Bytes of the volume that Kafka may still use, likewise.
    pub usable_bytes: Option<i64>,
    /// Replicas in it.
    pub replicas: Vec<LogDirReplica>,
}

/// One replica in a log directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogDirReplica {
    /// Topic name.
    pub topic: TopicName,
    /// Partition id.
    pub partition: i32,
    /// Size of its log segments in bytes.
    pub size: i64,
    /// Records by which its log end is behind: the high watermark, or of a future replica the current one's end.
    pub offset_lag: i64,
    /// Whether it is the copy that a move to this directory is making.
    pub is_future: bool,
}

/// What a configuration belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ConfigResource {
    /// A topic.
    Topic(TopicName),
    /// A broker, which alone can answer for itself.
    Broker(i32),
}

/// One entry of a configuration (DescribeConfigs, API key 32).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigEntry {
    /// Name, e.g. `retention.ms`.
    pub name: String,
    /// Value; absent for sensitive entries and for those without one.
    pub value: Option<String>,
    /// Whether nobody has set it: it is Kafka's own default.
    pub is_default: bool,
}

/// How long a broker has taken to answer the requests of one API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestTime {
    /// The broker's id.
    pub broker: i32,
    /// The API in Kafka's terms: `ListOffsets`.
    pub api: &'static str,
    /// Requests that have been answered, those whose answer nobody waited for any more included.
    pub answers: u64,
    /// Time between sending and the end of the answer, of all of them together.
    pub total: Duration,
}
