//! Rebalances as they can be seen from outside. In: a group, collection by collection; out: how many there have been, by
//! what showed them.
//!
//! Where the coordinator tells the group epoch (KIP-848, share and streams groups), its difference counts exactly, with
//! those that began and ended between two collections. A classic group's generation is in no answer: a rebalance shows by
//! the group's state, else by other members than before, else by another assignment, and short ones may go unseen. What
//! shows in several ways, one after the other, is counted once.

use std::hash::{DefaultHasher, Hasher as _};
use std::sync::Arc;

use kafka_admin::{GroupDescription, GroupState, GroupType};

use crate::kafka::Group;

/// What showed a rebalance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// The group epoch has grown.
    Epoch,
    /// The group was in a state of rebalancing.
    State,
    /// Members have come or gone.
    Members,
    /// Partitions have changed hands.
    Assignment,
}

impl Seen {
    const ALL: [Self; 4] = [Self::Epoch, Self::State, Self::Members, Self::Assignment];

    /// The label value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Epoch => "epoch",
            Self::State => "state",
            Self::Members => "members",
            Self::Assignment => "assignment",
        }
    }
}

/// Rebalances since a group was first seen, by what showed them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rebalances {
    counts: [u64; 4],
    /// Whether the group tells its epoch, and whether it is of a kind, or read by an engine, that does not.
    by_epoch: bool,
    by_sight: bool,
}

impl Rebalances {
    /// What can show rebalances of the group, with how many it has.
    pub fn counts(&self) -> impl Iterator<Item = (Seen, u64)> {
        let can_show = |seen| if seen == Seen::Epoch { self.by_epoch } else { self.by_sight };
        Seen::ALL.into_iter().zip(self.counts).filter(move |(seen, _)| can_show(*seen))
    }

    fn add(&mut self, seen: Seen, count: u64) {
        let place = self.counts.get_mut(seen as usize);
        place.into_iter().for_each(|place| *place += count);
    }
}

/// What is remembered of one group.
#[derive(Debug, Default)]
pub(super) struct Watch {
    rebalances: Rebalances,
    /// The highest epoch, and the kind of group that it was of.
    epoch: Option<(GroupType, i32)>,
    /// The last known state.
    state: Option<GroupState>,
    /// Whether what came of a rebalance that has been counted is still to be seen.
    is_unsettled: bool,
    /// Who had what when it was last seen settled.
    settled: Option<Sight>,
    /// The description that is in it already: most collections bring the same again.
    described: Option<Arc<GroupDescription>>,
}

/// Members and their partitions, each as one number that does not depend on their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sight {
    members: u64,
    assignment: u64,
}

impl Sight {
    const NOBODY: Self = Self { members: 0, assignment: 0 };

    fn of(description: &GroupDescription) -> Self {
        let mut sight = Self::NOBODY;
        for member in &description.members {
            // A static member that comes back has another id, the same partitions, and makes no rebalance (KIP-345).
            let id = member.instance_id.as_ref().unwrap_or(&member.id);
            sight.members = sight.members.wrapping_add(hash(id));
            for partition in &member.assignment {
                sight.assignment = sight.assignment.wrapping_add(hash(&(id, partition)));
            }
        }
        sight
    }
}

fn hash(of: &impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

impl Watch {
    /// Takes in the group as a collection saw it.
    pub(super) fn advance(&mut self, group: &Group) -> Rebalances {
        let description = group.description.as_ref();
        match description.and_then(|description| Some((description.kind, description.epoch?))) {
            Some((kind, epoch)) => self.advance_epoch(kind, epoch),
            None if self.epoch.is_some() && description.is_none() => {}
            None => self.advance_sight(group),
        }
        self.rebalances
    }

    fn advance_epoch(&mut self, kind: GroupType, epoch: i32) {
        if let Some((before, last)) = self.epoch
            && before == kind
        {
            // A lower one is that of a new group of the same name.
            let bumps = u64::try_from(epoch.saturating_sub(last)).unwrap_or(0);
            self.rebalances.add(Seen::Epoch, bumps);
        }
        self.epoch = Some((kind, epoch));
        self.rebalances.by_epoch = true;
        // A classic group that has become one of consumers: its members are seen otherwise from now on.
        (self.state, self.is_unsettled, self.settled, self.described) = (None, false, None, None);
    }

    fn advance_sight(&mut self, group: &Group) {
        use GroupState::{Assigning, CompletingRebalance, Empty, PreparingRebalance, Reconciling, Stable};
        let is_classic = matches!(group.kind, GroupType::Classic | GroupType::Unknown);
        self.rebalances.by_sight |= is_classic || group.description.is_some();
        self.epoch = None;
        let before = self.state;
        if group.state != GroupState::Unknown {
            self.state = Some(group.state);
        }
        match (group.state, &group.description) {
            (PreparingRebalance | CompletingRebalance | Assigning | Reconciling, _) => {
                let goes_on = match (before, group.state) {
                    // Members have to join anew before those who joined got their assignment: another generation.
                    (None, _) | (Some(CompletingRebalance), PreparingRebalance) => false,
                    (Some(before), _) => !matches!(before, Stable | Empty),
                };
                if !goes_on {
                    self.rebalances.add(Seen::State, 1);
                }
                self.is_unsettled = true;
            }
            (Empty, _) if self.rebalances.by_sight => self.settle(Sight::NOBODY),
            (Stable, Some(description)) if description.state == Stable => {
                let is_known = self.described.as_ref().is_some_and(|known| Arc::ptr_eq(known, description));
                if !is_known {
                    self.settle(Sight::of(description));
                    self.described = Some(Arc::clone(description));
                }
            }
            // A state that is not told, or a description from within a rebalance: the next one shows what came of it.
            _ => {}
        }
    }

    fn settle(&mut self, sight: Sight) {
        let before = self.settled.replace(sight);
        let was_counted = std::mem::take(&mut self.is_unsettled);
        self.described = None;
        if let Some(before) = before
            && !was_counted
            && before != sight
        {
            let seen = if before.members == sight.members { Seen::Assignment } else { Seen::Members };
            self.rebalances.add(seen, 1);
        }
    }
}
