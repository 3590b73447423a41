//! The cluster's state at one moment, as one [`Snapshot`] per collection, read over the admin trait. What the numbers
//! mean (lag) and how they are named (families) is decided elsewhere.

mod access;
mod collection;
mod inventory;
mod log_dirs;
mod log_times;
mod markers;
mod offsets;
mod renewable;
mod topic_config;
mod topology;
mod vanished;

use std::collections::BTreeMap;
use std::sync::Arc;

use kafka_admin::{
    AdminError, Cluster, CommittedOffset, ErrorKind, GroupDescription, GroupId, GroupState, GroupType, Quorum,
    RegisteredBroker,
};

pub use access::Access;
pub use collection::ClusterReader;
pub use inventory::Inventory;
pub use log_dirs::{LogDirUse, LogDirs};
pub use log_times::{Effort, LogTimes};
pub use markers::{Markers, Rest};
pub use offsets::{Lookup, PartitionOffsets};
pub use renewable::Renewable;
pub use topic_config::{CleanupPolicy, Limit, Retention, TopicConfig, TopicConfigs};
pub use topology::Topology;

/// What one collection found. Parts that failed are absent, never old.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Brokers, topics and partitions; absent when metadata could not be had.
    pub cluster: Option<Arc<Cluster>>,
    /// The controllers, where they are wanted and can be asked for.
    pub quorum: Option<Arc<Quorum>>,
    /// Log end offsets (high watermarks), asked after the commits.
    pub ends: Arc<PartitionOffsets>,
    /// Log start offsets.
    pub starts: Arc<PartitionOffsets>,
    /// Last stable offsets of the partitions on which a group has lag.
    pub stable_ends: Arc<PartitionOffsets>,
    /// Times of the records from which on groups have not read.
    pub log_times: Arc<LogTimes>,
    /// Where groups have only transaction markers left to read; empty unless it is wanted.
    pub markers: Arc<Markers>,
    /// Groups that pass the filters, in ascending order of id; absent when no broker listed any.
    pub groups: Option<Arc<Vec<Group>>>,
    /// Brokers that are registered, alive or not, in ascending order of id; absent where nobody can tell.
    pub registered: Option<Arc<Vec<RegisteredBroker>>>,
    /// Configurations of the topics that pass the filters.
    pub configs: Arc<TopicConfigs>,
    /// Log directories of the brokers in the metadata.
    pub log_dirs: LogDirs,
    /// What failed.
    pub failures: Failures,
    /// What was denied, and what cannot be asked.
    pub access: Access,
}

/// One group of a snapshot.
#[derive(Debug, Clone)]
pub struct Group {
    /// `group.id`.
    pub id: GroupId,
    /// State as listed.
    pub state: GroupState,
    /// Protocol generation as listed.
    pub kind: GroupType,
    /// Description; absent for groups without members, which need none, and where it failed.
    pub description: Option<Arc<GroupDescription>>,
    /// Committed offsets.
    pub committed: Result<Vec<CommittedOffset>, AdminError>,
}

impl Group {
    /// Number of members; absent when it is not known.
    pub fn members(&self) -> Option<usize> {
        match (&self.description, self.state) {
            (Some(description), _) => Some(description.members.len()),
            (None, GroupState::Empty | GroupState::Dead) => Some(0),
            (None, _) => None,
        }
    }
}

/// The parts of a cluster collection that can fail on their own; label values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// Metadata, DescribeQuorum.
    Topology,
    /// ListOffsets.
    Offsets,
    /// ListGroups, group descriptions, OffsetFetch.
    Groups,
    /// DescribeCluster.
    RegisteredBrokers,
    /// DescribeConfigs.
    Configs,
    /// DescribeLogDirs.
    LogDirs,
}

impl Part {
    /// All parts.
    pub const ALL: [Self; 6] =
        [Self::Topology, Self::Offsets, Self::Groups, Self::RegisteredBrokers, Self::Configs, Self::LogDirs];

    /// The label value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Topology => "topology",
            Self::Offsets => "offsets",
            Self::Groups => "groups",
            Self::RegisteredBrokers => "registered_brokers",
            Self::Configs => "configs",
            Self::LogDirs => "log_dirs",
        }
    }

    /// Whether it is read beside collections ([`Inventory`]): a collection is complete without it.
    pub fn is_inventory(self) -> bool {
        matches!(self, Self::RegisteredBrokers | Self::Configs | Self::LogDirs)
    }
}

/// Failed calls and items, counted by part and kind, each with the first error for the log.
#[derive(Debug, Clone, Default)]
pub struct Failures {
    by_kind: BTreeMap<(Part, ErrorKind), (u64, AdminError)>,
    /// The same by call, as far as it is about what may be asked.
    access: Access,
}

impl Failures {
    /// A call is made: one that denies nothing is known to.
    pub fn asked(&mut self, call: &'static str) {
        self.access.asked(call);
    }

    /// Counts one failure.
    pub fn add(&mut self, part: Part, error: &AdminError) {
        self.access.failed(error);
        self.by_kind.entry((part, error.kind())).or_insert_with(|| (0, error.clone())).0 += 1;
    }

    /// Takes up one that was counted when it happened, and is still so.
    pub fn add_known(&mut self, part: Part, error: &AdminError) {
        self.by_kind.entry((part, error.kind())).or_insert_with(|| (0, error.clone()));
    }

    /// The same for one that was denied, and counts as that each time.
    pub fn add_denied(&mut self, part: Part, error: &AdminError) {
        self.access.failed(error);
        self.add_known(part, error);
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: Self) {
        self.access.merge(other.access);
        for (key, (count, error)) in other.by_kind {
            self.by_kind.entry(key).or_insert((0, error)).0 += count;
        }
    }

    /// Part, kind, count and first error of each.
    pub fn iter(&self) -> impl Iterator<Item = (Part, ErrorKind, u64, &AdminError)> {
        self.by_kind.iter().map(|((part, kind), (count, error))| (*part, *kind, *count, error))
    }

    /// Whether everything of `part` succeeded.
    pub fn none_in(&self, part: Part) -> bool {
        !self.by_kind.keys().any(|(failed, _)| *failed == part)
    }

    /// What they say about access.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// Whether everything succeeded.
    pub fn is_empty(&self) -> bool {
        self.by_kind.is_empty()
    }
}
