//! When commits moved. In: a group's lag, collection by collection; out: for how long the committed offsets of each topic
//! have stood still although there was lag.

use std::time::Duration;

use kafka_admin::{Cluster, Topic, TopicName};

use super::Clock;
use crate::kafka::Rest;
use crate::lag::{Commit, PartitionLag, TopicLag};

/// A group's commits as they were last seen, in ascending order of topic name.
#[derive(Debug, Default)]
pub(super) struct Commits(Box<[TopicCommits]>);

#[derive(Debug)]
struct TopicCommits {
    name: TopicName,
    /// Another id is another topic of the same name. Absent where the engine does not learn ids.
    id: Option<u128>,
    /// In ascending order of partition.
    partitions: Box<[Place]>,
}

/// A committed partition. Sixteen bytes: there are hundreds of thousands of them.
#[derive(Debug, Clone, Copy)]
struct Place {
    offset: i64,
    partition: i32,
    /// Since when the offset has been seen not to move, with lag.
    stuck: Since,
}

/// A point in time, in tenths of a second since the history began, rounded up, so that times since then are lower bounds;
/// it is good for 13 years. The highest number stands for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Since(u32);

/// What a collection told.
#[derive(Debug, Default)]
pub(super) struct Advanced {
    /// As in [`super::GroupHistory`].
    pub(super) unmoved: Vec<(usize, Duration)>,
    pub(super) is_partial: bool,
    /// Whether any commit is another one than before, new or gone.
    pub(super) has_moved: bool,
}

impl Since {
    const NEVER: Self = Self(u32::MAX);

    fn at(clock: Clock) -> Self {
        let tenths = clock.ended.saturating_duration_since(clock.began).as_millis().div_ceil(100);
        Self(u32::try_from(tenths).unwrap_or(u32::MAX))
    }

    fn elapsed(self, clock: Clock) -> Option<Duration> {
        let then = Duration::from_millis(u64::from(self.0) * 100);
        (self != Self::NEVER).then(|| clock.since(clock.began).saturating_sub(then))
    }
}

impl Commits {
    /// What is to be remembered after `before` and this `lag` (of the committed partitions, by topic in ascending order),
    /// and what is known now: nothing of how long when there is no `before`.
    pub(super) fn advance(before: Option<Self>, cluster: &Cluster, lag: &[TopicLag], clock: Clock) -> (Self, Advanced) {
        let is_first = before.is_none();
        let before = before.unwrap_or_default();
        let mut advanced = Advanced::default();
        let mut topics = Vec::with_capacity(lag.len());
        for topic_lag in lag {
            let Some(topic) = cluster.topics.get(topic_lag.topic) else { continue };
            let known = before.topic(topic);
            advanced.has_moved |= known.is_none();
            let partitions = match known {
                // Neither partitions nor commits can be seen: what is known of them stays.
                Some(known) if topic_lag.partitions.is_empty() => known.partitions.clone(),
                _ => places(known, topic, topic_lag, clock, &mut advanced.has_moved),
            };
            if !is_first && topic_lag.unknown_partitions == 0 {
                let unmoved = partitions.iter().filter_map(|place| place.stuck.elapsed(clock)).max();
                advanced.unmoved.push((topic_lag.topic, unmoved.unwrap_or_default()));
            } else {
                advanced.is_partial = true;
            }
            topics.push(TopicCommits { name: topic.name.clone(), id: topic.id, partitions });
        }
        advanced.has_moved |= topics.len() != before.0.len();
        (Self(topics.into()), advanced)
    }

    fn topic(&self, topic: &Topic) -> Option<&TopicCommits> {
        let at = self.0.binary_search_by(|known| (*known.name).cmp(&topic.name)).ok()?;
        self.0.get(at).filter(|known| known.id == topic.id)
    }
}

/// The commits of one topic now; `has_moved` becomes true when they are others than before.
fn places(
    known: Option<&TopicCommits>,
    topic: &Topic,
    lag: &TopicLag,
    clock: Clock,
    has_moved: &mut bool,
) -> Box<[Place]> {
    let before = known.map(|known| &*known.partitions).unwrap_or_default();
    let mut now = Vec::with_capacity(lag.partitions.len());
    for shown in &lag.partitions {
        let Some(id) = topic.partitions.get(shown.partition).map(|partition| partition.id) else { continue };
        let at = before.binary_search_by_key(&id, |place| place.partition).ok();
        let before = at.and_then(|at| before.get(at));
        if let Some(place) = place(before, id, *shown, clock) {
            *has_moved |= before.is_none_or(|before| before.offset != place.offset);
            now.push(place);
        }
    }
    *has_moved |= now.len() != before.len();
    now.into()
}

fn place(before: Option<&Place>, partition: i32, shown: PartitionLag, clock: Clock) -> Option<Place> {
    let offset = match shown.commit {
        Commit::At(offset) => offset,
        Commit::Nothing => return None,
        Commit::Unknown => return before.copied(),
    };
    let stood = before.filter(|before| before.offset == offset).map(|before| before.stuck);
    let lag = match shown.rest {
        Rest::Records => shown.lag,
        Rest::Markers => Some(0),
        Rest::Unknown => None,
    };
    let stuck = match (lag, stood) {
        (Some(0), _) => Since::NEVER,
        (Some(_), Some(since)) if since != Since::NEVER => since,
        (Some(_), _) => Since::at(clock),
        // The end cannot be seen, or what stands before it. If there was lag before there is now, as the commit has not moved.
        (None, stood) => stood.unwrap_or(Since::NEVER),
    };
    Some(Place { offset, partition, stuck })
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_commit_is_remembered_in_sixteen_bytes() {
        assert_eq!(size_of::<super::Place>(), 16);
    }
}
