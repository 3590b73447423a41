//! The cluster's state at one moment, as one [`Snapshot`] per collection, read over the admin trait. What the numbers
//! mean (lag) and how they are named (families) is decided elsewhere.

mod collection;
mod log_times;
mod offsets;
mod topology;

use std::sync::Arc;

use kafka_admin::{
    AdminError, Cluster, CommittedOffset, ErrorKind, GroupDescription, GroupId, GroupState, GroupType, Quorum,
};

pub use collection::ClusterReader;
pub use log_times::{Effort, LogTimes};
pub use offsets::{Lookup, PartitionOffsets};
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
    /// Groups that pass the filters, in ascending order of id; absent when no broker listed any.
    pub groups: Option<Arc<Vec<Group>>>,
    /// What failed.
    pub failures: Failures,
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
}

impl Part {
    /// All parts.
    pub const ALL: [Self; 3] = [Self::Topology, Self::Offsets, Self::Groups];

    /// The label value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Topology => "topology",
            Self::Offsets => "offsets",
            Self::Groups => "groups",
        }
    }
}

/// Failed calls and items, counted by part and kind, each with the first error for the log.
#[derive(Debug, Clone, Default)]
pub struct Failures(std::collections::BTreeMap<(Part, ErrorKind), (u64, AdminError)>);

impl Failures {
    /// Counts one failure.
    pub fn add(&mut self, part: Part, error: &AdminError) {
        self.0.entry((part, error.kind())).or_insert_with(|| (0, error.clone())).0 += 1;
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: Self) {
        for (key, (count, error)) in other.0 {
            self.0.entry(key).or_insert((0, error)).0 += count;
        }
    }

    /// Part, kind, count and first error of each.
    pub fn iter(&self) -> impl Iterator<Item = (Part, ErrorKind, u64, &AdminError)> {
        self.0.iter().map(|((part, kind), (count, error))| (*part, *kind, *count, error))
    }

    /// Whether everything of `part` succeeded.
    pub fn none_in(&self, part: Part) -> bool {
        !self.0.keys().any(|(failed, _)| *failed == part)
    }

    /// Whether everything succeeded.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
