//! What only watching tells of groups: how long they have been in their state, rebalances, how long their commits have not
//! moved. In: one [`Snapshot`] per collection and its time; out: what is known now, per group. The only memory across
//! collections that values are made from, so that everything in it is a lower bound: what happened before the first
//! collection, or between two, may have gone unseen.
//!
//! Memory: 16 bytes per committed partition, some 100 per group and topic and some 300 per group, besides the group's last
//! description, which it shares with the snapshot. 300,000 commits of 1,000 groups take about 6 MB. What Kafka has deleted
//! is forgotten at the next collection.

mod commits;
mod rebalances;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kafka_admin::{Cluster, CommittedOffset, GroupId, GroupState};

use crate::kafka::{Group, Snapshot};
use crate::lag::{Offsets, Show, TopicIndex, group_lag};
use commits::Commits;
use rebalances::Watch;
pub use rebalances::{Rebalances, Seen};

/// Everything that is remembered of one cluster.
#[derive(Debug)]
pub struct History {
    began: Instant,
    groups: HashMap<GroupId, Memory>,
}

/// What has been seen of one group up to a collection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupHistory {
    /// Time in the current state: since it was first seen in it. Absent while the state is unknown, and when the group is
    /// seen for the first time.
    pub in_state: Option<Duration>,
    /// Rebalances since the group was first seen.
    pub rebalances: Rebalances,
    /// By position of the topic in the cluster, in ascending order: for how long the committed offset of a partition has
    /// not moved although there was lag on it, of those partitions that have lag the longest; 0 if none has. Topics of
    /// which a commit or a lag is unknown are left out, and all of them when the commits are seen for the first time.
    pub unmoved: Vec<(usize, Duration)>,
    /// Whether a topic is left out of those.
    pub is_unmoved_partial: bool,
    /// For how long it has had no members and no commit of it has moved. Absent while it has members, or may have.
    pub abandoned: Option<Duration>,
}

impl GroupHistory {
    /// Of all topics the longest; absent when it is of one of them, or when there are none.
    pub fn longest_unmoved(&self) -> Option<Duration> {
        self.unmoved.iter().map(|(_, time)| *time).max().filter(|_| !self.is_unmoved_partial)
    }
}

/// What is remembered of one group.
#[derive(Debug)]
struct Memory {
    /// The last known state, and since when it has been seen.
    state: Option<(GroupState, Instant)>,
    rebalances: Watch,
    /// Absent until its commits have been read.
    commits: Option<Commits>,
    /// The last time that it had members or that a commit moved, as far as seen.
    alive: Instant,
}

/// What positions in a snapshot refer to.
struct World<'s> {
    cluster: &'s Cluster,
    index: TopicIndex<'s>,
    offsets: Offsets<'s>,
}

impl History {
    /// Remembers nothing yet.
    pub fn new(now: Instant) -> Self {
        Self { began: now, groups: HashMap::new() }
    }

    /// Takes in a collection with the times of its start and end; `wanted` tells topics that are exported. Returned is what
    /// is known of each group, in the order of the snapshot's; nothing while no broker lists groups, of which nothing is
    /// forgotten then.
    pub fn advance(
        &mut self,
        snapshot: &Snapshot,
        wanted: impl Fn(&str) -> bool,
        (started, ended): (Instant, Instant),
    ) -> Vec<GroupHistory> {
        let Some(groups) = &snapshot.groups else { return Vec::new() };
        let world = snapshot.cluster.as_ref().map(|cluster| World {
            cluster,
            index: TopicIndex::new(cluster, wanted),
            offsets: Offsets {
                ends: &snapshot.ends,
                starts: &snapshot.starts,
                stable_ends: &snapshot.stable_ends,
                markers: &snapshot.markers,
            },
        });
        let mut before = std::mem::take(&mut self.groups);
        let clock = Clock { began: self.began, started, ended };
        let mut seen = Vec::with_capacity(groups.len());
        for group in groups.iter() {
            let known = before.remove(&group.id);
            let is_new = known.is_none();
            let mut memory = known.unwrap_or_else(|| Memory::new(ended));
            seen.push(memory.advance(group, world.as_ref(), is_new, clock));
            self.groups.insert(Arc::clone(&group.id), memory);
        }
        seen
    }
}

impl Memory {
    fn new(now: Instant) -> Self {
        Self { state: None, rebalances: Watch::default(), commits: None, alive: now }
    }

    fn advance(&mut self, group: &Group, world: Option<&World<'_>>, is_new: bool, clock: Clock) -> GroupHistory {
        let (mut unmoved, mut is_unmoved_partial) = (Vec::new(), true);
        if let (Some(world), Ok(committed)) = (world, &group.committed) {
            let advanced = self.advance_commits(world, committed, clock);
            if advanced.has_moved {
                self.alive = clock.ended;
            }
            (unmoved, is_unmoved_partial) = (advanced.unmoved, advanced.is_partial);
        }
        let is_empty = group.members() == Some(0);
        if group.members().is_some() && !is_empty {
            self.alive = clock.ended;
        }
        GroupHistory {
            in_state: self.advance_state(group.state, clock).filter(|_| !is_new),
            rebalances: self.rebalances.advance(group),
            unmoved,
            is_unmoved_partial,
            abandoned: is_empty.then(|| clock.since(self.alive)),
        }
    }

    /// An unknown state leaves the last one: before and after it, as between two collections, is all that is seen.
    fn advance_state(&mut self, state: GroupState, clock: Clock) -> Option<Duration> {
        if state == GroupState::Unknown {
            return None;
        }
        let since = match self.state {
            Some((before, since)) if before == state => since,
            _ => clock.ended,
        };
        self.state = Some((state, since));
        Some(clock.since(since))
    }

    fn advance_commits(&mut self, world: &World<'_>, committed: &[CommittedOffset], clock: Clock) -> commits::Advanced {
        let lag = group_lag(world.cluster, &world.index, world.offsets, committed, Show::Committed);
        let before = self.commits.take();
        let (commits, advanced) = Commits::advance(before, world.cluster, &lag, clock);
        self.commits = Some(commits);
        advanced
    }
}

/// A collection's times, and what short times are counted from. Something was read at any time between: what lasts
/// counts from the end of the collection that first saw it to the start of the one that last did, so that it is never said
/// to have lasted longer than it has.
#[derive(Debug, Clone, Copy)]
struct Clock {
    began: Instant,
    started: Instant,
    ended: Instant,
}

impl Clock {
    fn since(self, ended: Instant) -> Duration {
        self.started.saturating_duration_since(ended)
    }
}

#[cfg(test)]
mod tests;
