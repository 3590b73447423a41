//! One collection: which questions are asked in which order, what is remembered between collections.
//!
//! Commits are read before end offsets, or groups that keep up would look ahead of the end.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use kafka_admin::{
    AdminError, Cluster, ErrorKind, GroupDescription, GroupId, GroupListing, GroupState, GroupsListed, Isolation,
    KafkaAdmin, OffsetSpec,
};

use super::offsets::Questions;
use super::{Failures, Group, Part, PartitionOffsets, Snapshot, Topology};
use crate::config::Selection;

/// Reads one cluster. Lives across collections for what may be remembered: topology, group descriptions, start offsets.
#[derive(Debug)]
pub struct ClusterReader {
    admin: Arc<dyn KafkaAdmin>,
    topology: Arc<Topology>,
    selection: Selection,
    max_age: Duration,
    remembered: Mutex<Remembered>,
}

#[derive(Debug, Default)]
struct Remembered {
    descriptions: HashMap<GroupId, Described>,
    starts: Option<Starts>,
    /// All groups of the last complete listing, and when it was.
    listed: Option<(Vec<GroupListing>, Instant)>,
}

#[derive(Debug, Clone)]
struct Described {
    description: Arc<GroupDescription>,
    /// State as listed when it was described: another one makes it outdated.
    listed: GroupState,
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
    /// Reads what `selection` wants; descriptions and start offsets may be `max_age` old.
    pub fn new(admin: Arc<dyn KafkaAdmin>, topology: Arc<Topology>, selection: Selection, max_age: Duration) -> Self {
        Self { admin, topology, selection, max_age, remembered: Mutex::default() }
    }

    /// Collects by `deadline`. `publish` gets what there is when the topology is known, and again when groups are, for
    /// whoever must leave earlier.
    ///
    /// A broker that does not answer uses up the time of a step, so each step gets its share of what is left.
    pub async fn collect(&self, deadline: Instant, publish: impl Fn(&Snapshot) + Send + Sync) -> Snapshot {
        let mut snapshot = Snapshot::default();

        let first = share(deadline, 0.35);
        let (cluster, listed) = tokio::join!(self.topology.get(first), self.admin.list_groups(first));
        let cluster = match cluster {
            Ok(known) => {
                if let Some(error) = &known.refresh_error {
                    snapshot.failures.add(Part::Topology, error);
                }
                Some(known.cluster)
            }
            Err(error) => {
                snapshot.failures.add(Part::Topology, &error);
                None
            }
        };
        snapshot.cluster = cluster.clone();
        publish(&snapshot);

        let second = share(deadline, 0.5);
        let ((groups, group_failures), (starts, start_failures)) =
            tokio::join!(self.groups(listed, second), self.starts(cluster.as_ref(), second));
        snapshot.groups = groups.map(Arc::new);
        snapshot.starts = starts;
        snapshot.failures.merge(group_failures);
        snapshot.failures.merge(start_failures);
        publish(&snapshot);

        if let Some(cluster) = &cluster {
            let (ends, failures) = self.offsets(cluster, OffsetSpec::Latest, share(deadline, 0.95)).await;
            snapshot.ends = Arc::new(ends);
            snapshot.failures.merge(failures);
        }
        let moved = |kind| matches!(kind, ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Transport);
        if snapshot.failures.iter().any(|(part, kind, ..)| part == Part::Offsets && moved(kind)) {
            self.topology.suspect().await;
        }
        snapshot
    }

    async fn groups(
        &self,
        listed: Result<GroupsListed, AdminError>,
        deadline: Instant,
    ) -> (Option<Vec<Group>>, Failures) {
        let mut failures = Failures::default();
        let GroupsListed { groups, errors } =
            listed.unwrap_or_else(|error| GroupsListed { groups: Vec::new(), errors: vec![error] });
        for error in &errors {
            failures.add(Part::Groups, error);
        }
        let Some(mut listings) = self.with_remembered_names(groups, errors.is_empty()) else {
            return (None, failures);
        };
        listings.retain(|group| group.state != GroupState::Dead && self.selection.group(&group.id));
        let ids: Vec<GroupId> = listings.iter().map(|group| group.id.clone()).collect();

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
        let groups = listings.into_iter().zip(committed).map(|(listing, committed)| Group {
            description: descriptions.remove(&listing.id),
            id: listing.id,
            state: listing.state,
            kind: listing.kind,
            committed,
        });
        (Some(groups.collect()), failures)
    }

    /// Adds to an incomplete listing the groups that the last complete one had, so that a coordinator that does not
    /// answer does not make its groups disappear: only their names are remembered, all else of them is asked for.
    /// `None` when nothing is known.
    fn with_remembered_names(&self, mut groups: Vec<GroupListing>, is_complete: bool) -> Option<Vec<GroupListing>> {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if is_complete {
            remembered.listed = Some((groups.clone(), Instant::now()));
            return Some(groups);
        }
        if let Some((before, _)) = remembered.listed.as_ref().filter(|(_, at)| at.elapsed() < self.max_age) {
            let listed: HashSet<GroupId> = groups.iter().map(|group| group.id.clone()).collect();
            let missing = before.iter().filter(|known| !listed.contains(&known.id));
            groups.extend(missing.map(|known| GroupListing { state: GroupState::Unknown, ..known.clone() }));
            groups.sort_by(|a, b| a.id.cmp(&b.id));
        }
        (!groups.is_empty()).then_some(groups)
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
            let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
            remembered.descriptions.retain(|_, described| described.at.elapsed() < self.max_age);
            for listing in listings.iter().filter(|listing| listing.state != GroupState::Empty) {
                match remembered.descriptions.get(&listing.id) {
                    Some(described) if described.listed == listing.state => {
                        known.insert(listing.id.clone(), Arc::clone(&described.description));
                    }
                    _ => wanted.push(listing),
                }
            }
        }
        if wanted.is_empty() {
            return known;
        }
        let ids: Vec<GroupId> = wanted.iter().map(|listing| listing.id.clone()).collect();
        let described = self.admin.describe_groups(&ids, deadline).await;
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        for (listing, described) in wanted.into_iter().zip(described) {
            match described {
                Ok(description) => {
                    let description = Arc::new(description);
                    known.insert(listing.id.clone(), Arc::clone(&description));
                    let described = Described { description, listed: listing.state, at: Instant::now() };
                    remembered.descriptions.insert(listing.id.clone(), described);
                }
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
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner).starts.clone();
        if let Some(starts) = remembered
            && starts.at.elapsed() < self.max_age
            && Arc::ptr_eq(&starts.cluster, cluster)
        {
            return (starts.offsets, Failures::default());
        }
        let (offsets, failures) = self.offsets(cluster, OffsetSpec::Earliest, deadline).await;
        let offsets = Arc::new(offsets);
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner).starts = failures.is_empty().then(|| Starts {
            offsets: Arc::clone(&offsets),
            cluster: Arc::clone(cluster),
            at: Instant::now(),
        });
        (offsets, failures)
    }

    async fn offsets(&self, cluster: &Cluster, spec: OffsetSpec, deadline: Instant) -> (PartitionOffsets, Failures) {
        let questions = Questions::new(cluster, spec, |topic| self.selection.topic(topic));
        let found = self.admin.offsets(&questions.queries, Isolation::ReadUncommitted, deadline).await;
        let mut failures = Failures::default();
        let offsets = questions.answer(found, |error| failures.add(Part::Offsets, error));
        (offsets, failures)
    }
}

/// The moment when `fraction` of the time that is left until `deadline` will have passed.
fn share(deadline: Instant, fraction: f64) -> Instant {
    let now = Instant::now();
    now + deadline.saturating_duration_since(now).mul_f64(fraction)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use kafka_admin::{Broker, CommittedOffset, FoundOffset, GroupType, OffsetQuery, Partition, Topic};

    use super::*;
    use crate::config::{Invocation, from_command_line};

    /// Answers at once, counts what it is asked, and can be told that a broker does not list its groups: what a real
    /// cluster does only by chance at the wanted moment.
    #[derive(Debug, Default)]
    struct FakeAdmin {
        calls: Mutex<Vec<String>>,
        silent_broker: std::sync::atomic::AtomicBool,
        silent_leader: std::sync::atomic::AtomicBool,
        dead_broker: std::sync::atomic::AtomicBool,
    }

    impl FakeAdmin {
        fn called(&self, call: impl Into<String>) {
            self.calls.lock().unwrap().push(call.into());
        }

        fn take_calls(&self) -> Vec<String> {
            let mut calls = std::mem::take(&mut *self.calls.lock().unwrap());
            calls.sort();
            calls
        }
    }

    #[async_trait::async_trait]
    impl KafkaAdmin for FakeAdmin {
        fn engine(&self) -> &'static str {
            "fake"
        }

        async fn cluster(&self, _: Instant) -> Result<Cluster, AdminError> {
            self.called("cluster");
            let is_dead = self.dead_broker.load(std::sync::atomic::Ordering::SeqCst);
            let partition = Partition {
                id: 0,
                leader: Some(1),
                replicas: if is_dead { vec![1, 2] } else { vec![1] },
                isr: vec![1],
                error: None,
            };
            let topic = Topic { name: "t".into(), id: None, error: None, partitions: vec![partition] };
            let broker = Broker { id: 1, host: "h".into(), port: 1, rack: None };
            Ok(Cluster { brokers: vec![broker], topics: vec![topic], ..Cluster::default() })
        }

        async fn list_groups(&self, _: Instant) -> Result<GroupsListed, AdminError> {
            self.called("list");
            let group = |id: &str, state| GroupListing { id: id.into(), state, kind: GroupType::Classic };
            let mut listed = GroupsListed {
                groups: vec![group("busy", GroupState::Stable), group("idle", GroupState::Empty)],
                errors: Vec::new(),
            };
            if self.silent_broker.load(std::sync::atomic::Ordering::SeqCst) {
                listed.groups.remove(0);
                listed.errors.push(AdminError::Timeout { call: "ListGroups" });
            }
            Ok(listed)
        }

        async fn describe_groups(&self, groups: &[GroupId], _: Instant) -> Vec<Result<GroupDescription, AdminError>> {
            self.called(format!("describe {groups:?}"));
            let description = |id: &GroupId| GroupDescription {
                id: id.clone(),
                state: GroupState::Stable,
                kind: GroupType::Classic,
                assignor: String::new(),
                coordinator: None,
                members: Vec::new(),
            };
            groups.iter().map(|id| Ok(description(id))).collect()
        }

        async fn committed(&self, groups: &[GroupId], _: Instant) -> Vec<Result<Vec<CommittedOffset>, AdminError>> {
            self.called("committed");
            groups.iter().map(|_| Ok(Vec::new())).collect()
        }

        async fn offsets(
            &self,
            queries: &[OffsetQuery],
            _: Isolation,
            _: Instant,
        ) -> Vec<Result<FoundOffset, AdminError>> {
            self.called(format!("{:?}", queries[0].spec));
            let found = if self.silent_leader.load(std::sync::atomic::Ordering::SeqCst) {
                Err(AdminError::Timeout { call: "ListOffsets" })
            } else {
                Ok(FoundOffset { offset: Some(5), timestamp: None })
            };
            vec![found; queries.len()]
        }
    }

    fn reader(max_age: Duration) -> (ClusterReader, Arc<FakeAdmin>) {
        let line = ["kafka-vitals", "--kafka.server=h:1"].map(OsString::from);
        let Invocation::Serve(config) = from_command_line(line).unwrap() else { panic!("not asked for") };
        let admin = Arc::new(FakeAdmin::default());
        let topology = Arc::new(Topology::new(Arc::clone(&admin) as Arc<dyn KafkaAdmin>, max_age));
        (ClusterReader::new(Arc::clone(&admin) as Arc<dyn KafkaAdmin>, topology, config.selection, max_age), admin)
    }

    async fn collect(reader: &ClusterReader) -> Snapshot {
        reader.collect(Instant::now() + Duration::from_secs(5), |_| {}).await
    }

    #[tokio::test]
    async fn a_steady_collection_asks_only_for_what_moves() {
        let (reader, admin) = reader(Duration::from_secs(30));
        collect(&reader).await;
        let first = admin.take_calls();
        assert_eq!(first, ["Earliest", "Latest", "cluster", "committed", "describe [\"busy\"]", "list"]);
        collect(&reader).await;
        assert_eq!(admin.take_calls(), ["Latest", "committed", "list"]);
    }

    #[tokio::test]
    async fn nothing_is_remembered_without_an_age() {
        let (reader, admin) = reader(Duration::ZERO);
        collect(&reader).await;
        let first = admin.take_calls();
        collect(&reader).await;
        assert_eq!(admin.take_calls(), first);
    }

    #[tokio::test]
    async fn topology_is_asked_each_time_while_a_broker_is_away_or_a_leader_silent() {
        let (reader, admin) = reader(Duration::from_secs(30));
        for (fault, is_on) in [(&admin.dead_broker, true), (&admin.dead_broker, false), (&admin.silent_leader, true)] {
            fault.store(is_on, std::sync::atomic::Ordering::SeqCst);
            reader.topology.suspect().await;
            collect(&reader).await;
            admin.take_calls();
            collect(&reader).await;
            assert_eq!(admin.take_calls().contains(&"cluster".to_owned()), is_on);
        }
    }

    #[tokio::test]
    async fn ends_are_asked_after_the_commits() {
        let (reader, admin) = reader(Duration::from_secs(30));
        collect(&reader).await;
        let calls = admin.calls.lock().unwrap().clone();
        let position = |name: &str| calls.iter().position(|call| call == name).unwrap();
        assert!(position("committed") < position("Latest"), "{calls:?}");
    }

    #[tokio::test]
    async fn groups_of_a_broker_that_does_not_list_them_stay_by_name_only() {
        let (reader, admin) = reader(Duration::from_secs(30));
        collect(&reader).await;
        admin.silent_broker.store(true, std::sync::atomic::Ordering::SeqCst);
        let snapshot = collect(&reader).await;
        let groups: Vec<_> =
            snapshot.groups.iter().flat_map(|groups| groups.iter()).map(|group| (&*group.id, group.state)).collect();
        assert_eq!(groups, [("busy", GroupState::Unknown), ("idle", GroupState::Empty)]);
        assert!(!snapshot.failures.none_in(Part::Groups));
    }
}
