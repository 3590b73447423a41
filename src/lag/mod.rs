//! Lag in records: a group's commits beside the partitions' ends and starts. Pure.
//!
//! `lag = max(0, end - committed)`, with the high watermark as end (KafkaConsumer's own `records-lag` under
//! read_uncommitted), unless the coordinator tells the lag itself (share groups). A partition whose end or commit is not
//! known makes its topic's sums unknown, not smaller.

pub mod anchors;
pub mod log_time;
pub mod plan;
pub mod seconds;
pub mod unread;

use std::collections::{BTreeMap, HashMap};

use kafka_admin::{Cluster, CommittedOffset, Topic, TopicName};

use crate::kafka::{Lookup, Markers, PartitionOffsets, Rest};
use unread::first_unread;

/// One group's lag on one topic to which it has committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicLag {
    /// Position of the topic in the cluster.
    pub topic: usize,
    /// Partitions to show, in ascending order.
    pub partitions: Vec<PartitionLag>,
    /// Sum of the committed offsets; absent when one could not be read.
    pub committed_sum: Option<i64>,
    /// Sum of the lags of the committed partitions, in records; absent when one is unknown.
    pub lag_sum: Option<i64>,
    /// Partitions that a committed offset is known or supposed for, and no lag.
    pub unknown_partitions: u32,
    /// Why, with how many of them: `commit` and `metadata` for what could not be read, else what asking for the end came to.
    pub unknown_reasons: BTreeMap<&'static str, u32>,
    /// Committed partitions whose committed offset lies beyond the end.
    pub beyond_end_partitions: u32,
    /// Records between the committed offsets and the log starts: gone before they were read. Absent when a start is
    /// unknown.
    pub lost_records: Option<i64>,
    /// The largest lag of a partition, in records; absent when one is unknown.
    pub lag_max: Option<i64>,
    /// Sum of the lags up to the last stable offset; absent when one is unknown or told by the coordinator.
    pub stable_lag_sum: Option<i64>,
    /// Records between the start and the committed offset, where they are fewest among the partitions with lag; absent
    /// without lag, or when a start is unknown.
    pub margin_records: Option<i64>,
}

/// The offsets of a cluster's partitions.
#[derive(Debug, Clone, Copy)]
pub struct Offsets<'a> {
    /// High watermarks: one after the last visible record.
    pub ends: &'a PartitionOffsets,
    /// Offsets of the first records.
    pub starts: &'a PartitionOffsets,
    /// Last stable offsets, one after the last record that read_committed consumers see, where a group has lag.
    pub stable_ends: &'a PartitionOffsets,
    /// Where only transaction markers are left to read.
    pub markers: &'a Markers,
}

/// One group's lag on one partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartitionLag {
    /// Position of the partition in its topic.
    pub partition: usize,
    /// Committed offset: the next one to read.
    pub commit: Commit,
    /// Lag in records; absent when the end is unknown or nothing is committed.
    pub lag: Option<i64>,
    /// What the lag consists of.
    pub rest: Rest,
}

/// What a group has committed for a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commit {
    /// This offset.
    At(i64),
    /// Nothing.
    Nothing,
    /// It could not be read.
    Unknown,
}

/// Which partitions without a commit are shown.
#[derive(Debug, Clone, Copy)]
pub enum Show<'a> {
    /// All of a topic that has any commit.
    All,
    /// Those assigned to a member; others are not shown even if committed.
    Assigned(&'a Assigned<'a>),
    /// None: the committed partitions only.
    Committed,
}

/// The partitions that a group's members own, by topic name: ids, ascending, each once.
pub type Assigned<'a> = HashMap<&'a str, Vec<i32>>;

/// Finds topics by name.
#[derive(Debug)]
pub struct TopicIndex<'a>(HashMap<&'a str, usize>);

impl<'a> TopicIndex<'a> {
    /// Of the cluster's topics, those that `wanted` accepts.
    pub fn new(cluster: &'a Cluster, wanted: impl Fn(&str) -> bool) -> Self {
        let topics = cluster.topics.iter().enumerate().filter(|(_, topic)| wanted(&topic.name));
        Self(topics.map(|(position, topic)| (&*topic.name, position)).collect())
    }

    /// Position of the topic in the cluster.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.0.get(name).copied()
    }
}

/// What a group has committed on a partition.
#[derive(Debug, Clone, Copy)]
struct Committed {
    /// Position of the topic in the cluster.
    topic: usize,
    /// Partition id.
    partition: i32,
    commit: Commit,
    /// The lag that the group's coordinator tells.
    told_lag: Option<i64>,
}

/// The lag of one group, by topic in ascending order of name. Topics that no longer exist or are not wanted are left
/// out, and so are topics on which it has committed nothing (to a shown partition). Of several commits for a partition
/// the last one counts. Linear in the commits and the partitions shown, if the commits come sorted.
pub fn group_lag(
    cluster: &Cluster,
    index: &TopicIndex<'_>,
    offsets: Offsets<'_>,
    committed: &[CommittedOffset],
    show: Show<'_>,
) -> Vec<TopicLag> {
    let mut commits = Vec::with_capacity(committed.len());
    let mut last: Option<(&TopicName, Option<usize>)> = None;
    for item in committed {
        let found = match last {
            Some((name, found)) if *name == item.topic => found,
            _ => index.find(&item.topic),
        };
        last = Some((&item.topic, found));
        let Some(topic) = found else { continue };
        let commit = match &item.offset {
            Ok(Some(offset)) => Commit::At(*offset),
            Ok(None) => Commit::Nothing,
            Err(_) => Commit::Unknown,
        };
        commits.push(Committed { topic, partition: item.partition, commit, told_lag: item.told_lag });
    }
    // Stable: linear in what is sorted already, and the last of several commits stays the last.
    commits.sort_by_key(|item| (item.topic, item.partition));
    commits.dedup_by(|later, earlier| {
        let is_same = (later.topic, later.partition) == (earlier.topic, earlier.partition);
        if is_same {
            *earlier = *later;
        }
        is_same
    });
    let by_topic = commits.chunk_by(|a, b| a.topic == b.topic);
    by_topic.filter_map(|commits| topic_lag(cluster, commits, offsets, show)).collect()
}

/// Of the commits on one topic, in ascending order of partition.
fn topic_lag(cluster: &Cluster, commits: &[Committed], offsets: Offsets<'_>, show: Show<'_>) -> Option<TopicLag> {
    let topic = commits.first()?.topic;
    let data = cluster.topics.get(topic)?;
    let assigned = match show {
        Show::Assigned(assigned) => Some(assigned.get(&*data.name)?),
        Show::All | Show::Committed => None,
    };
    if data.error.is_some() {
        return unreadable_topic(topic, commits);
    }
    let mut lag = TopicLag {
        topic,
        partitions: Vec::with_capacity(commits.len()),
        committed_sum: Some(0),
        lag_sum: Some(0),
        unknown_partitions: 0,
        unknown_reasons: BTreeMap::new(),
        beyond_end_partitions: 0,
        lost_records: Some(0),
        lag_max: Some(0),
        stable_lag_sum: Some(0),
        margin_records: None,
    };
    let mut margin = Some(i64::MAX);
    let mut add = |position: usize, item: Option<&Committed>| {
        let of_partition = |offsets: &PartitionOffsets| offsets.get(topic, position).known();
        let ends = Ends {
            end: offsets.ends.get(topic, position),
            start: of_partition(offsets.starts),
            stable_end: of_partition(offsets.stable_ends),
        };
        let (commit, told_lag) = item.map_or((Commit::Nothing, None), |item| (item.commit, item.told_lag));
        let rest = match commit {
            Commit::At(offset) => offsets.markers.rest(topic, position, first_unread(offset, ends.start)),
            Commit::Nothing | Commit::Unknown => Rest::default(),
        };
        lag.add(position, commit, told_lag, ends, rest, &mut margin);
    };
    let of =
        |partition: i32| commits.binary_search_by_key(&partition, |item| item.partition).ok().map(|at| &commits[at]);
    match (assigned, show) {
        (Some(assigned), _) => assigned
            .iter()
            .filter_map(|partition| Some((position(data, *partition)?, of(*partition))))
            .for_each(|(position, item)| add(position, item)),
        (None, Show::All) => {
            data.partitions.iter().enumerate().for_each(|(position, partition)| add(position, of(partition.id)));
        }
        (None, _) => commits
            .iter()
            .filter(|item| item.commit != Commit::Nothing)
            .filter_map(|item| Some((position(data, item.partition)?, item)))
            .for_each(|(position, item)| add(position, Some(item))),
    }
    lag.margin_records = margin.filter(|margin| *margin != i64::MAX);
    let has_commit = lag.partitions.iter().any(|partition| partition.commit != Commit::Nothing);
    has_commit.then_some(lag)
}

/// Where a topic has the partition with this id.
pub fn position(topic: &Topic, id: i32) -> Option<usize> {
    // Ids begin with 0 and none is left out, as a rule.
    let at_its_id = usize::try_from(id).ok().filter(|at| topic.partitions.get(*at).is_some_and(|at| at.id == id));
    at_its_id.or_else(|| topic.partitions.binary_search_by_key(&id, |partition| partition.id).ok())
}

/// A topic whose partitions the metadata does not tell: nothing is known but that there are commits.
fn unreadable_topic(topic: usize, commits: &[Committed]) -> Option<TopicLag> {
    let committed = commits.iter().filter(|item| item.commit != Commit::Nothing).count();
    let unknown = u32::try_from(committed).unwrap_or(u32::MAX);
    (committed > 0).then(|| TopicLag {
        topic,
        partitions: Vec::new(),
        committed_sum: None,
        lag_sum: None,
        unknown_partitions: unknown,
        unknown_reasons: BTreeMap::from([("metadata", unknown)]),
        beyond_end_partitions: 0,
        lost_records: None,
        lag_max: None,
        stable_lag_sum: None,
        margin_records: None,
    })
}

/// The offsets of one partition, where they are known.
#[derive(Debug, Clone, Copy)]
struct Ends {
    end: Lookup,
    start: Option<i64>,
    stable_end: Option<i64>,
}

impl TopicLag {
    fn add_unknown(&mut self, reason: &'static str) {
        self.unknown_partitions += 1;
        *self.unknown_reasons.entry(reason).or_default() += 1;
    }

    /// `margin` becomes the least number of records in front of which a partition with lag has its start.
    fn add(
        &mut self,
        partition: usize,
        commit: Commit,
        told_lag: Option<i64>,
        offsets: Ends,
        rest: Rest,
        margin: &mut Option<i64>,
    ) {
        let mut lag = None;
        match commit {
            Commit::Nothing => {}
            Commit::Unknown => {
                self.committed_sum = None;
                self.lag_sum = None;
                self.lost_records = None;
                self.lag_max = None;
                self.stable_lag_sum = None;
                *margin = None;
                self.add_unknown("commit");
            }
            Commit::At(offset) => {
                let end = offsets.end.known();
                let up_to = |end: i64| end.saturating_sub(offset).max(0);
                lag = told_lag.or(end.map(up_to));
                let is_emptied = end.is_some() && offsets.start >= end;
                let stable = match lag {
                    Some(0) => Some(0),
                    _ if told_lag.is_some() => None,
                    Some(_) if rest == Rest::Markers => Some(0),
                    // It is not asked for where nothing is left to read.
                    lag if is_emptied => lag,
                    _ => offsets.stable_end.map(up_to),
                };
                let lost = offsets.start.map(|start| start.saturating_sub(offset).max(0));
                self.committed_sum = plus(self.committed_sum, Some(offset));
                self.lag_sum = plus(self.lag_sum, lag);
                self.stable_lag_sum = plus(self.stable_lag_sum, stable);
                self.lost_records = plus(self.lost_records, lost);
                self.lag_max = self.lag_max.zip(lag).map(|(most, lag)| most.max(lag));
                if lag.is_none() {
                    self.add_unknown(offsets.end.reason());
                }
                self.beyond_end_partitions += u32::from(end.is_some_and(|end| offset > end));
                if lag != Some(0) {
                    let left = offsets.start.map(|start| offset.saturating_sub(start).max(0));
                    *margin = lag.and(*margin).zip(left).map(|(least, left)| least.min(left));
                }
            }
        }
        self.partitions.push(PartitionLag { partition, commit, lag, rest });
    }
}

fn plus(sum: Option<i64>, more: Option<i64>) -> Option<i64> {
    sum.zip(more).map(|(sum, more)| sum.saturating_add(more))
}

/// The partitions that members own, by topic.
pub fn assigned_partitions(description: &kafka_admin::GroupDescription) -> Assigned<'_> {
    let mut assigned = Assigned::new();
    for partition in description.members.iter().flat_map(|member| &member.assignment) {
        assigned.entry(&partition.topic).or_default().push(partition.partition);
    }
    for partitions in assigned.values_mut() {
        partitions.sort_unstable();
        partitions.dedup();
    }
    assigned
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use kafka_admin::{
        AdminError, ErrorKind, GroupDescription, GroupState, GroupType, Member, Partition, Topic, TopicPartition,
    };

    use super::*;

    fn cluster() -> Cluster {
        let partition = |id| Partition { id, leader: Some(1), replicas: vec![1], isr: vec![1], error: None };
        let partitions = |count| (0..count).map(partition).collect();
        let topic =
            |name: &str, count| Topic { name: name.into(), id: None, error: None, partitions: partitions(count) };
        Cluster { topics: vec![topic("orders", 3), topic("payments", 1)], ..Cluster::default() }
    }

    fn commit(topic: &str, partition: i32, offset: i64) -> CommittedOffset {
        CommittedOffset { topic: topic.into(), partition, offset: Ok(Some(offset)), told_lag: None }
    }

    static NO_MARKERS: LazyLock<Markers> = LazyLock::new(Markers::default);

    fn of(all: &PartitionOffsets) -> Offsets<'_> {
        Offsets { ends: all, starts: all, stable_ends: all, markers: &NO_MARKERS }
    }

    fn lag_of(committed: &[CommittedOffset], ends: &PartitionOffsets, show: Show<'_>) -> Vec<TopicLag> {
        let cluster = cluster();
        let known = |offset| Lookup::Known(offset);
        let starts = PartitionOffsets::of(vec![vec![known(0); 3], vec![known(15)]]);
        let offsets = Offsets { ends, starts: &starts, stable_ends: ends, markers: &NO_MARKERS };
        group_lag(&cluster, &TopicIndex::new(&cluster, |_| true), offsets, committed, show)
    }

    fn ends() -> PartitionOffsets {
        let known = |offset| Lookup::Known(offset);
        PartitionOffsets::of(vec![vec![known(100), known(50), known(0)], vec![known(40)]])
    }

    #[test]
    fn uncommitted_partitions_are_shown_and_in_no_sum() {
        let lag = lag_of(&[commit("orders", 0, 90), commit("orders", 1, 50)], &ends(), Show::All);
        let shown = [
            PartitionLag { partition: 0, commit: Commit::At(90), lag: Some(10), rest: Rest::Records },
            PartitionLag { partition: 1, commit: Commit::At(50), lag: Some(0), rest: Rest::Records },
            PartitionLag { partition: 2, commit: Commit::Nothing, lag: None, rest: Rest::Records },
        ];
        assert_eq!(lag.len(), 1);
        assert_eq!(lag[0].partitions, shown);
        assert_eq!((lag[0].committed_sum, lag[0].lag_sum, lag[0].unknown_partitions), (Some(140), Some(10), 0));
    }

    #[test]
    fn lag_is_never_below_zero_and_the_offset_beyond_the_end_is_counted() {
        let lag = lag_of(&[commit("payments", 0, 1000)], &ends(), Show::All);
        assert_eq!((lag[0].lag_sum, lag[0].beyond_end_partitions, lag[0].lost_records), (Some(0), 1, Some(0)));
    }

    #[test]
    fn records_removed_by_retention_are_lag_and_counted_as_lost() {
        let lag = lag_of(&[commit("payments", 0, 5)], &ends(), Show::All);
        assert_eq!((lag[0].lag_sum, lag[0].lost_records), (Some(35), Some(10)));
    }

    #[test]
    fn an_unknown_end_makes_the_sums_unknown_not_smaller() {
        let known = |offset| Lookup::Known(offset);
        let failed = Lookup::Failed(ErrorKind::Timeout);
        let ends = PartitionOffsets::of(vec![vec![known(100), failed, known(0)], vec![known(40)]]);
        let lag = lag_of(&[commit("orders", 0, 90), commit("orders", 1, 20)], &ends, Show::All);
        assert_eq!((lag[0].lag_sum, lag[0].unknown_partitions), (None, 1));
        assert_eq!(lag[0].unknown_reasons, BTreeMap::from([("timeout", 1)]));
        assert_eq!(lag[0].committed_sum, Some(110), "the commits are known");
        assert_eq!(lag[0].partitions[1].lag, None);
        // An end that nobody needs may be unknown.
        let lag = lag_of(&[commit("orders", 0, 90)], &ends, Show::All);
        assert_eq!((lag[0].lag_sum, lag[0].unknown_partitions), (Some(10), 0));
    }

    #[test]
    fn an_unreadable_commit_makes_all_sums_unknown() {
        let error = AdminError::Timeout { call: "OffsetFetch" };
        let unreadable = CommittedOffset { topic: "orders".into(), partition: 1, offset: Err(error), told_lag: None };
        let lag = lag_of(&[commit("orders", 0, 90), unreadable], &ends(), Show::All);
        assert_eq!((lag[0].committed_sum, lag[0].lag_sum, lag[0].lost_records), (None, None, None));
        assert_eq!((lag[0].unknown_partitions, &lag[0].unknown_reasons), (1, &BTreeMap::from([("commit", 1)])));
    }

    #[test]
    fn where_retention_has_left_nothing_the_lag_up_to_the_stable_offset_is_all_of_it() {
        let cluster = cluster();
        let known = |offset| PartitionOffsets::of(vec![vec![Lookup::Known(offset); 3]]);
        let (ends, none) = (known(100), PartitionOffsets::default());
        for (start, expected) in [(100, Some(90)), (50, None)] {
            let (starts, markers) = (known(start), Markers::default());
            let offsets = Offsets { ends: &ends, starts: &starts, stable_ends: &none, markers: &markers };
            let index = TopicIndex::new(&cluster, |_| true);
            let lag = group_lag(&cluster, &index, offsets, &[commit("orders", 0, 10)], Show::Committed);
            assert_eq!((lag[0].lag_sum, lag[0].stable_lag_sum), (Some(90), expected), "{start}");
        }
    }

    #[test]
    fn what_is_shown_follows_the_assignment_or_the_commits() {
        let committed = [commit("orders", 0, 90), commit("payments", 0, 30)];
        let assigned = Assigned::from([("orders", vec![0, 1])]);
        for (show, expected) in [
            (Show::All, vec![(0, 3), (1, 1)]),
            (Show::Committed, vec![(0, 1), (1, 1)]),
            (Show::Assigned(&assigned), vec![(0, 2)]),
        ] {
            let lag = lag_of(&committed, &ends(), show);
            let shown: Vec<_> = lag.iter().map(|topic| (topic.topic, topic.partitions.len())).collect();
            assert_eq!(shown, expected, "{show:?}");
        }
    }

    #[test]
    fn commits_in_any_order_are_found_and_the_last_of_a_partition_counts() {
        let sorted = [commit("orders", 0, 90), commit("orders", 1, 50), commit("payments", 0, 30)];
        let shuffled = [&sorted[2], &commit("orders", 1, 7), &sorted[1], &commit("orders", 9, 1), &sorted[0]];
        let shuffled = shuffled.map(Clone::clone);
        for show in [Show::All, Show::Committed] {
            assert_eq!(lag_of(&shuffled, &ends(), show), lag_of(&sorted, &ends(), show), "{show:?}");
        }
    }

    #[test]
    fn partitions_are_found_where_ids_are_left_out() {
        let mut cluster = cluster();
        cluster.topics[0].partitions.remove(1);
        let (index, none) = (TopicIndex::new(&cluster, |_| true), PartitionOffsets::default());
        for show in [Show::All, Show::Committed] {
            let lag = group_lag(&cluster, &index, of(&none), &[commit("orders", 2, 1)], show);
            let committed: Vec<_> = lag[0].partitions.iter().filter(|one| one.commit == Commit::At(1)).collect();
            assert_eq!(committed[0].partition, 1, "{show:?}");
        }
    }

    #[test]
    fn members_that_own_the_same_partition_count_it_once() {
        let owned = |partition| TopicPartition { topic: "orders".into(), partition };
        let member = |assignment: &[i32]| Member {
            id: String::new(),
            client_id: String::new(),
            instance_id: None,
            host: String::new(),
            assignment: assignment.iter().map(|id| owned(*id)).collect(),
            target: None,
        };
        let description = GroupDescription {
            id: "g".into(),
            state: GroupState::Stable,
            kind: GroupType::Classic,
            protocol_type: None,
            assignor: String::new(),
            epoch: None,
            coordinator: None,
            members: vec![member(&[2, 0]), member(&[1, 0])],
        };
        assert_eq!(assigned_partitions(&description), Assigned::from([("orders", vec![0, 1, 2])]));
    }

    #[test]
    fn a_topic_with_an_error_has_unknown_partitions() {
        let mut cluster = cluster();
        cluster.topics[0].error = Some(kafka_admin::ErrorCode(5));
        cluster.topics[0].partitions.clear();
        let (index, none) = (TopicIndex::new(&cluster, |_| true), PartitionOffsets::default());
        let lag = group_lag(&cluster, &index, of(&none), &[commit("orders", 0, 1)], Show::All);
        assert_eq!((lag[0].unknown_partitions, lag[0].lag_sum, lag[0].committed_sum), (1, None, None));
    }

    #[test]
    fn topics_that_are_gone_or_without_any_commit_are_left_out() {
        let nothing = CommittedOffset { topic: "orders".into(), partition: 0, offset: Ok(None), told_lag: None };
        assert_eq!(lag_of(&[commit("deleted", 0, 1), nothing], &ends(), Show::All), []);
    }
}
