//! One collection: which questions are asked in which order, what is remembered between collections.
//!
//! Commits are read before end offsets, or groups that keep up would look ahead of the end.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use kafka_admin::{
    AdminError, Cluster, CommittedOffset, ErrorCode, ErrorKind, GroupDescription, GroupId, GroupListing, GroupRef,
    GroupState, GroupType, GroupsListed, Isolation, KafkaAdmin, OffsetSpec, TopicPartition,
};

use super::log_times::{LogTimeReader, Scope};
use super::markers::{FETCH, MarkerReader};
use super::offsets::{Position, Questions, all_of};
use super::vanished::Vanished;
use super::{Access, Failures, Group, Inventory, Part, PartitionOffsets, Snapshot, Topology};
use crate::config::Selection;
use crate::lag::unread::{Unread, unread};
use crate::lag::{TopicIndex, position};
use crate::locked::locked;

const GROUP_ID_NOT_FOUND: ErrorCode = ErrorCode(69);

/// Reads one cluster. Lives across collections for what may be remembered: topology, group descriptions, start offsets.
#[derive(Debug)]
pub struct ClusterReader {
    admin: Arc<dyn KafkaAdmin>,
    topology: Arc<Topology>,
    inventory: Inventory,
    selection: Selection,
    max_age: Duration,
    forget_after: Duration,
    remembered: Mutex<Remembered>,
    log_times: LogTimeReader,
    markers: MarkerReader,
}

#[derive(Debug, Default)]
struct Remembered {
    descriptions: HashMap<GroupId, Described>,
    starts: Option<Starts>,
    /// Groups by name, as they were last listed, and when.
    groups: HashMap<GroupId, (GroupListing, Instant)>,
    /// Topics that are visible no more.
    vanished: Vanished,
    /// The calls that have ever been made.
    asked: BTreeSet<&'static str>,
    /// Committed partitions that the last metadata did not have.
    unplaced: HashSet<TopicPartition>,
}

#[derive(Debug, Clone)]
struct Described {
    description: Arc<GroupDescription>,
    /// State and protocol as listed when it was described: others make it outdated.
    listed: (GroupState, GroupType),
    at: Instant,
}

#[derive(Debug, Clone)]
struct Starts {
    offsets: Arc<PartitionOffsets>,
    /// The cluster that the positions refer to.
    cluster: Arc<Cluster>,
    at: Instant,
}

impl ClusterReader {
    /// Reads what `selection` wants; descriptions and start offsets may be `max_age` old. The name of a group that no
    /// broker lists any more, and that Kafka has not said to be gone, is kept for `forget_after`.
    pub fn new(
        admin: Arc<dyn KafkaAdmin>,
        topology: Arc<Topology>,
        inventory: Inventory,
        selection: Selection,
        max_age: Duration,
        forget_after: Duration,
    ) -> Self {
        let log_times = LogTimeReader::new(Arc::clone(&admin), max_age);
        let markers = MarkerReader::new(Arc::clone(&admin));
        let remembered = Mutex::default();
        Self { admin, topology, inventory, selection, max_age, forget_after, remembered, log_times, markers }
    }

    /// Collects by `deadline`. `publish` gets what there is when the topology is known, again when groups are and again
    /// when the lag in records is, for whoever must leave earlier.
    ///
    /// A broker that does not answer uses up the time of a step, so each step gets its share of what is left.
    pub async fn collect(&self, deadline: Instant, publish: impl Fn(&Snapshot) + Send + Sync) -> Snapshot {
        let mut snapshot = Snapshot::default();
        let began = Instant::now();

        let first = share(deadline, 0.35);
        let topology = async {
            let known = self.topology.get(first).await;
            if let Ok(known) = &known {
                let (cluster, quorum) = (Some(Arc::clone(&known.cluster)), known.quorum.clone());
                publish(&Snapshot { cluster, quorum, ..Snapshot::default() });
            }
            known
        };
        let (cluster, listed) = tokio::join!(topology, self.admin.list_groups(first));
        let cluster = match cluster {
            Ok(known) => {
                if let Some(error) = &known.refresh_error {
                    snapshot.failures.add(Part::Topology, error);
                }
                snapshot.access = known.access;
                snapshot.quorum = known.quorum;
                Some(known.cluster)
            }
            Err(error) => {
                snapshot.failures.asked("Metadata");
                snapshot.failures.add(Part::Topology, &error);
                None
            }
        };
        if let Some(cluster) = &cluster {
            snapshot.failures.merge(faults_of(cluster, &self.selection));
        }
        snapshot.cluster = cluster.clone();

        let second = share(deadline, 0.5);
        let ((groups, group_failures), (starts, start_failures)) =
            tokio::join!(self.groups(listed, second), self.starts(cluster.as_ref(), second));
        snapshot.groups = groups.map(Arc::new);
        snapshot.starts = starts;
        snapshot.failures.merge(group_failures);
        snapshot.failures.merge(start_failures);
        let cluster = self.grown(cluster, &mut snapshot, second).await;
        self.inventory.show_in(&mut snapshot, began);
        publish(&snapshot);

        let mut vanished = Failures::default();
        if let Some(cluster) = &cluster {
            let third = share(deadline, 0.8);
            let all = all_of(cluster, |topic| self.selection.topic(topic));
            let ends = self.offsets(cluster, all, OffsetSpec::Latest, Isolation::ReadUncommitted, third);
            let ((ends, failures), gone) = tokio::join!(ends, self.vanished(cluster, third));
            snapshot.ends = Arc::new(ends);
            snapshot.failures.merge(failures);
            vanished = gone;
            publish(&snapshot);
            self.times(cluster, &mut snapshot, share(deadline, 0.9)).await;
        }
        // Topics that are denied are in no metadata.
        let moved = |part: Part, kind, error: &AdminError| match kind {
            ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Transport => {
                part != Part::Topology && !part.is_inventory()
            }
            ErrorKind::Authorization => part == Part::Offsets && error.call() != Some(FETCH),
            _ => false,
        };
        if snapshot.failures.iter().any(|(part, kind, _, error)| moved(part, kind, error)) {
            self.topology.suspect();
        }
        snapshot.failures.merge(vanished);
        if let Some(cluster) = &cluster
            && self.inventory.renew(cluster)
        {
            publish(&snapshot);
            self.inventory.settle(share(deadline, 0.5)).await;
        }
        self.inventory.show_in(&mut snapshot, began);
        self.inventory.conclude_in(&mut snapshot);
        snapshot.access = self.access(&snapshot);
        snapshot
    }

    /// The cluster with the partitions that groups have committed to: asked for again if it is older than some of them.
    async fn grown(
        &self,
        cluster: Option<Arc<Cluster>>,
        snapshot: &mut Snapshot,
        deadline: Instant,
    ) -> Option<Arc<Cluster>> {
        let (Some(before), Some(groups)) = (&cluster, &snapshot.groups) else { return cluster };
        let unplaced = unplaced(before, groups, &self.selection);
        // Those that stay so are of topics that are gone: each is a reason to ask once.
        let known = std::mem::replace(&mut locked(&self.remembered).unplaced, unplaced.clone());
        if unplaced.is_subset(&known) {
            return cluster;
        }
        self.topology.suspect();
        let Ok(now) = self.topology.get(deadline).await.map(|known| known.cluster) else { return cluster };
        if !Arc::ptr_eq(before, &now) {
            let (starts, failures) = self.starts(Some(&now), deadline).await;
            snapshot.starts = starts;
            snapshot.failures.merge(failures);
            snapshot.cluster = Some(Arc::clone(&now));
        }
        Some(now)
    }

    /// Of this collection, with the calls of earlier ones, which are not denied when there was nothing to ask.
    fn access(&self, snapshot: &Snapshot) -> Access {
        let mut access = snapshot.failures.access().clone();
        access.recall(&snapshot.access);
        let unsupported = self.admin.unsupported().iter();
        let is_wanted = |call: &&&str| self.selection.skip_markers || **call != FETCH;
        unsupported.filter(is_wanted).for_each(|call| access.lacks(call));
        let asked = &mut locked(&self.remembered).asked;
        asked.extend(access.denied().map(|(call, _)| call));
        asked.iter().for_each(|call| access.asked(call));
        access
    }

    /// What the brokers say of topics that were visible and are no longer.
    async fn vanished(&self, cluster: &Arc<Cluster>, deadline: Instant) -> Failures {
        let questions = locked(&self.remembered).vanished.questions(cluster, self.forget_after, Instant::now());
        let questions: Vec<_> = questions.into_iter().filter(|query| self.selection.topic(&query.topic)).collect();
        let mut failures = Failures::default();
        if questions.is_empty() {
            return failures;
        }
        let answers = self.admin.offsets(&questions, Isolation::ReadUncommitted, deadline).await;
        let denied = |error: &AdminError| failures.add(Part::Offsets, error);
        if locked(&self.remembered).vanished.settle(&questions, answers, denied) {
            self.topology.suspect();
        }
        failures
    }

    async fn groups(
        &self,
        listed: Result<GroupsListed, AdminError>,
        deadline: Instant,
    ) -> (Option<Vec<Group>>, Failures) {
        let mut failures = Failures::default();
        failures.asked("ListGroups");
        let GroupsListed { groups, errors } =
            listed.unwrap_or_else(|error| GroupsListed { groups: Vec::new(), errors: vec![error] });
        for error in &errors {
            failures.add(Part::Groups, error);
        }
        let is_complete = errors.is_empty();
        let unlisted = self.unlisted(&groups);
        let is_unlisted: HashSet<GroupId> = unlisted.iter().map(|group| group.id.clone()).collect();
        let mut listings = groups;
        listings.extend(unlisted);
        listings.retain(|group| group.state != GroupState::Dead && self.selection.group(&group.id));
        listings.sort_by(|a, b| a.id.cmp(&b.id));
        if listings.is_empty() && !is_complete {
            return (None, failures);
        }
        let ids: Vec<GroupRef> = listings.iter().map(GroupRef::from).collect();
        ids.iter().for_each(|group| failures.asked(group.kind.committed_call()));

        let (committed, mut descriptions) =
            tokio::join!(self.admin.committed(&ids, deadline), self.descriptions(&listings, &mut failures, deadline));
        for error in committed.iter().filter_map(|committed| committed.as_ref().err()) {
            failures.add(Part::Groups, error);
        }
        let partition_errors =
            committed.iter().flatten().flatten().filter_map(|committed| committed.offset.as_ref().err());
        for error in partition_errors {
            failures.add(Part::Groups, error);
        }
        let mut groups = Vec::with_capacity(listings.len());
        for (listing, committed) in listings.into_iter().zip(committed) {
            let nothing_committed = committed.as_ref().is_ok_and(Vec::is_empty);
            if is_complete && nothing_committed && is_unlisted.contains(&listing.id) {
                // Kafka does not list it and has nothing of it: it is gone.
                locked(&self.remembered).groups.remove(&listing.id);
                continue;
            }
            groups.push(Group {
                description: descriptions.remove(&listing.id),
                id: listing.id,
                state: listing.state,
                kind: listing.kind,
                committed,
            });
        }
        (Some(groups), failures)
    }

    /// Groups that were listed before and are not now. A coordinator that does not answer, or that has not loaded its
    /// groups yet after a restart, must not make them disappear: only their names are remembered, all else of them is
    /// asked for.
    fn unlisted(&self, listed: &[GroupListing]) -> Vec<GroupListing> {
        let now = Instant::now();
        let mut remembered = locked(&self.remembered);
        for group in listed {
            remembered.groups.insert(group.id.clone(), (group.clone(), now));
        }
        remembered.groups.retain(|_, (_, at)| now.duration_since(*at) <= self.forget_after);
        let before = remembered.groups.values().filter(|(_, at)| *at != now);
        before.map(|(group, _)| GroupListing { state: GroupState::Unknown, ..group.clone() }).collect()
    }

    /// Descriptions of the groups that have members: remembered ones while they are young and the group's state is the
    /// same, the others asked for.
    async fn descriptions(
        &self,
        listings: &[GroupListing],
        failures: &mut Failures,
        deadline: Instant,
    ) -> HashMap<GroupId, Arc<GroupDescription>> {
        let mut known = HashMap::new();
        let mut wanted = Vec::new();
        {
            let mut remembered = locked(&self.remembered);
            remembered.descriptions.retain(|_, described| described.at.elapsed() < self.max_age);
            for listing in listings.iter().filter(|listing| listing.state != GroupState::Empty) {
                match remembered.descriptions.get(&listing.id) {
                    Some(described) if described.listed == (listing.state, listing.kind) => {
                        known.insert(listing.id.clone(), Arc::clone(&described.description));
                    }
                    _ => wanted.push(listing),
                }
            }
        }
        if wanted.is_empty() {
            return known;
        }
        let ids: Vec<GroupRef> = wanted.iter().copied().map(GroupRef::from).collect();
        ids.iter().for_each(|group| failures.asked(group.kind.describe_call()));
        let described = self.admin.describe_groups(&ids, deadline).await;
        let mut remembered = locked(&self.remembered);
        for (listing, described) in wanted.into_iter().zip(described) {
            match described {
                Ok(description) => {
                    let description = Arc::new(description);
                    known.insert(listing.id.clone(), Arc::clone(&description));
                    let described =
                        Described { description, listed: (listing.state, listing.kind), at: Instant::now() };
                    remembered.descriptions.insert(listing.id.clone(), described);
                }
                // Kafka has deleted it meanwhile, or since it was listed last.
                Err(AdminError::Broker { code: GROUP_ID_NOT_FOUND, .. }) => {}
                Err(error) => failures.add(Part::Groups, &error),
            }
        }
        known
    }

    /// Start offsets move only by retention and deletion: asked when they are old, when the topology changed, or when
    /// the last ones were incomplete.
    async fn starts(&self, cluster: Option<&Arc<Cluster>>, deadline: Instant) -> (Arc<PartitionOffsets>, Failures) {
        let Some(cluster) = cluster else {
            return Default::default();
        };
        let remembered = locked(&self.remembered).starts.clone();
        if let Some(starts) = remembered
            && starts.at.elapsed() < self.max_age
            && Arc::ptr_eq(&starts.cluster, cluster)
        {
            return (starts.offsets, Failures::default());
        }
        let all = all_of(cluster, |topic| self.selection.topic(topic));
        let (offsets, failures) =
            self.offsets(cluster, all, OffsetSpec::Earliest, Isolation::ReadUncommitted, deadline).await;
        let offsets = Arc::new(offsets);
        locked(&self.remembered).starts = failures.is_empty().then(|| Starts {
            offsets: Arc::clone(&offsets),
            cluster: Arc::clone(cluster),
            at: Instant::now(),
        });
        (offsets, failures)
    }

    /// Of the partitions on which a group has lag, the last stable offsets and the times of what is unread.
    async fn times(&self, cluster: &Cluster, snapshot: &mut Snapshot, deadline: Instant) {
        let now = unix_millis(SystemTime::now());
        let Snapshot { ends, starts, groups, configs, .. } = &*snapshot;
        let index = TopicIndex::new(cluster, |topic| self.selection.topic(topic));
        let groups = groups.as_deref().map(Vec::as_slice).unwrap_or_default();
        let mut unread = unread(cluster, &index, ends, starts, groups);
        let (markers, marker_failures) = if self.selection.skip_markers {
            self.markers.read(cluster, ends, &mut unread, share(deadline, 0.5)).await
        } else {
            Default::default()
        };
        let partitions = partitions_of(&unread);
        let stable = self.offsets(cluster, partitions, OffsetSpec::Latest, Isolation::ReadCommitted, deadline);
        let scope = Scope { cluster, ends, starts, configs };
        let times = self.log_times.read(scope, unread, now, deadline);
        let ((stable_ends, stable_failures), (times, time_failures)) = tokio::join!(stable, times);
        if times.lack_timestamps() {
            // Or the log begins later than remembered, and what is asked for is gone.
            locked(&self.remembered).starts = None;
        }
        snapshot.stable_ends = Arc::new(stable_ends);
        snapshot.log_times = Arc::new(times);
        snapshot.markers = Arc::new(markers);
        snapshot.failures.merge(marker_failures);
        snapshot.failures.merge(stable_failures);
        snapshot.failures.merge(time_failures);
    }

    async fn offsets(
        &self,
        cluster: &Cluster,
        partitions: impl IntoIterator<Item = Position>,
        spec: OffsetSpec,
        isolation: Isolation,
        deadline: Instant,
    ) -> (PartitionOffsets, Failures) {
        let questions = Questions::new(cluster, spec, partitions);
        let mut failures = Failures::default();
        failures.asked("ListOffsets");
        let found = match questions.queries.as_slice() {
            [] => Vec::new(),
            queries => self.admin.offsets(queries, isolation, deadline).await,
        };
        let offsets = questions.answer(found, |error| failures.add(Part::Offsets, error));
        (offsets, failures)
    }
}

/// Committed partitions of wanted topics that are not in the cluster.
fn unplaced(cluster: &Cluster, groups: &[Group], selection: &Selection) -> HashSet<TopicPartition> {
    let index = TopicIndex::new(cluster, |_| true);
    let mut unplaced = HashSet::new();
    for committed in groups.iter().filter_map(|group| group.committed.as_ref().ok()) {
        for of_topic in committed.chunk_by(|a, b| a.topic == b.topic) {
            let Some(name) = of_topic.first().map(|item| &item.topic) else { continue };
            let topic = index.find(name).and_then(|at| cluster.topics.get(at));
            let is_there =
                |item: &CommittedOffset| topic.is_some_and(|topic| position(topic, item.partition).is_some());
            let is_committed = |item: &CommittedOffset| matches!(item.offset, Ok(Some(_)));
            let missing = of_topic.iter().filter(|item| is_committed(item) && !is_there(item));
            let mut missing = missing.filter(|_| topic.is_none_or(|topic| topic.error.is_none())).peekable();
            if missing.peek().is_some() && selection.topic(name) {
                unplaced.extend(missing.map(|item| TopicPartition { topic: name.clone(), partition: item.partition }));
            }
        }
    }
    unplaced
}

/// Each partition with an unread position.
fn partitions_of(unread: &Unread) -> Vec<Position> {
    let mut partitions: Vec<Position> =
        unread.positions.iter().map(|position| (position.topic as usize, position.partition as usize)).collect();
    partitions.dedup();
    partitions
}

/// Milliseconds since the epoch, as records have them.
fn unix_millis(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// What the metadata itself says to be wrong: topics with an error, and partitions of `__consumer_offsets` without a
/// leader, whose groups no broker lists.
fn faults_of(cluster: &Cluster, selection: &Selection) -> Failures {
    const COORDINATOR_NOT_AVAILABLE: ErrorCode = ErrorCode(15);
    let mut failures = Failures::default();
    let broker = |call, code, message| AdminError::Broker { call, code, message };
    for topic in &cluster.topics {
        if let Some(code) = topic.error
            && selection.topic(&topic.name)
        {
            failures.add(Part::Topology, &broker("Metadata", code, format!("topic {}", topic.name)));
        }
        if &*topic.name == "__consumer_offsets" {
            for partition in topic.partitions.iter().filter(|partition| partition.leader.is_none()) {
                let message = format!("__consumer_offsets partition {} has no leader", partition.id);
                failures.add(Part::Groups, &broker("ListGroups", COORDINATOR_NOT_AVAILABLE, message));
            }
        }
    }
    failures
}

/// The moment when `fraction` of the time that is left until `deadline` will have passed.
fn share(deadline: Instant, fraction: f64) -> Instant {
    let now = Instant::now();
    now + deadline.saturating_duration_since(now).mul_f64(fraction)
}

#[cfg(test)]
mod tests;
