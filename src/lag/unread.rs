//! The positions from which on groups have not read: what lag in seconds is asked for. In: commits, ends and starts; out:
//! each position once, with the groups that stand there.

use kafka_admin::Cluster;

use super::TopicIndex;
use crate::kafka::{Group, PartitionOffsets};

/// Where groups stand in front of records that they have not read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unread {
    /// The positions, in ascending order, each once.
    pub positions: Vec<Unseen>,
    /// Which position (by its place in `positions`) is one of which pair of a group and a topic, pairs being numbered.
    pub owners: Vec<(u32, u32)>,
    /// The number of such pairs.
    pub pairs: usize,
}

/// One position in a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unseen {
    /// Position of the topic in the cluster.
    pub topic: u32,
    /// Position of the partition in its topic.
    pub partition: u32,
    /// Offset of the first record that has not been read and is still there, before the partition's end.
    pub offset: i64,
}

impl Unread {
    /// Takes out the positions that `is_kept` does not accept, and the groups there.
    pub(crate) fn retain(&mut self, is_kept: impl Fn(&Unseen) -> bool) {
        let mut kept = 0..;
        let places: Vec<Option<u32>> =
            self.positions.iter().map(|position| is_kept(position).then(|| kept.next()).flatten()).collect();
        let place = |(at, pair): &(u32, u32)| Some(((*places.get(*at as usize)?)?, *pair));
        self.owners = self.owners.iter().filter_map(place).collect();
        self.positions.retain(is_kept);
    }
}

/// The offset from which on there is something to read: what was committed, or the start if retention has passed that.
pub fn first_unread(committed: i64, start: Option<i64>) -> i64 {
    start.map_or(committed, |start| committed.max(start))
}

/// All positions on topics of `index`.
pub fn unread(
    cluster: &Cluster,
    index: &TopicIndex<'_>,
    ends: &PartitionOffsets,
    starts: &PartitionOffsets,
    groups: &[Group],
) -> Unread {
    let mut found: Vec<(Unseen, u32)> = Vec::new();
    let mut pairs: u32 = 0;
    for committed in groups.iter().filter_map(|group| group.committed.as_ref().ok()) {
        for of_topic in committed.chunk_by(|a, b| a.topic == b.topic) {
            let Some(topic) = of_topic.first().and_then(|item| index.find(&item.topic)) else { continue };
            let Some(data) = cluster.topics.get(topic) else { continue };
            for item in of_topic {
                let (Ok(Some(committed)), Some(partition)) = (&item.offset, super::position(data, item.partition))
                else {
                    continue;
                };
                let Some(end) = ends.get(topic, partition).known() else { continue };
                let offset = first_unread(*committed, starts.get(topic, partition).known());
                if offset >= end || item.told_lag == Some(0) {
                    continue;
                }
                if let (Ok(topic), Ok(partition)) = (u32::try_from(topic), u32::try_from(partition)) {
                    found.push((Unseen { topic, partition, offset }, pairs));
                }
            }
            pairs = pairs.saturating_add(1);
        }
    }
    found.sort_unstable();
    let mut unread = Unread { pairs: pairs as usize, ..Unread::default() };
    for (position, pair) in found {
        if unread.positions.last() != Some(&position) {
            unread.positions.push(position);
        }
        // As many as there are commits.
        let place = u32::try_from(unread.positions.len() - 1).unwrap_or(u32::MAX);
        unread.owners.push((place, pair));
    }
    unread
}
