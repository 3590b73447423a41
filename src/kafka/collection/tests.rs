//! Collections over an engine that fails as a real cluster's does only by chance at the wanted moment.

use std::ffi::OsString;

use kafka_admin::{Broker, FoundOffset, GroupType, OffsetQuery, Partition, Topic};

use super::*;
use crate::config::{Invocation, from_command_line};

/// The coordinator of the group `busy`.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
enum Coordinator {
    #[default]
    Up,
    /// Does not answer ListGroups.
    Silent,
    /// Lists nothing, but has the group's commits.
    Loading,
    /// Kafka has deleted the group.
    WithoutGroup,
    /// Has a commit for a partition that no metadata has.
    Ahead,
}

/// Answers at once, counts what it is asked, and has a coordinator that fails as a real cluster's does only by chance
/// at the wanted moment.
#[derive(Debug, Default)]
struct FakeAdmin {
    calls: Mutex<Vec<String>>,
    coordinator: Mutex<Coordinator>,
    silent_leader: std::sync::atomic::AtomicBool,
    dead_broker: std::sync::atomic::AtomicBool,
    no_metadata: std::sync::atomic::AtomicBool,
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

    async fn cluster(&self, deadline: Instant) -> Result<Cluster, AdminError> {
        self.called("cluster");
        if self.no_metadata.load(std::sync::atomic::Ordering::SeqCst) {
            tokio::time::sleep_until(deadline.into()).await;
            return Err(AdminError::Timeout { call: "Metadata" });
        }
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
        let coordinator = *self.coordinator.lock().unwrap();
        if !matches!(coordinator, Coordinator::Up | Coordinator::Ahead) {
            listed.groups.remove(0);
        }
        if coordinator == Coordinator::Silent {
            listed.errors.push(AdminError::Timeout { call: "ListGroups" });
        }
        Ok(listed)
    }

    async fn describe_groups(&self, groups: &[GroupRef], _: Instant) -> Vec<Result<GroupDescription, AdminError>> {
        let ids: Vec<&GroupId> = groups.iter().map(|group| &group.id).collect();
        self.called(format!("describe {ids:?}"));
        let description = |id: &GroupId| GroupDescription {
            id: id.clone(),
            state: GroupState::Stable,
            kind: GroupType::Classic,
            protocol_type: None,
            assignor: String::new(),
            epoch: None,
            coordinator: None,
            members: Vec::new(),
        };
        ids.into_iter().map(|id| Ok(description(id))).collect()
    }

    async fn committed(&self, groups: &[GroupRef], _: Instant) -> Vec<Result<Vec<CommittedOffset>, AdminError>> {
        self.called("committed");
        let coordinator = *self.coordinator.lock().unwrap();
        let has_commits = matches!(coordinator, Coordinator::Loading | Coordinator::Ahead);
        let partition = if coordinator == Coordinator::Ahead { 7 } else { 0 };
        let commit = || CommittedOffset { topic: "t".into(), partition, offset: Ok(Some(1)), told_lag: None };
        groups.iter().map(|_| Ok(has_commits.then(commit).into_iter().collect())).collect()
    }

    async fn offsets(&self, queries: &[OffsetQuery], _: Isolation, _: Instant) -> Vec<Result<FoundOffset, AdminError>> {
        self.called(format!("{:?}", queries[0].spec));
        let found = if self.silent_leader.load(std::sync::atomic::Ordering::SeqCst) {
            Err(AdminError::Timeout { call: "ListOffsets" })
        } else {
            Ok(FoundOffset { offset: Some(5), timestamp: None })
        };
        vec![found; queries.len()]
    }
}

const FORGET: Duration = Duration::from_secs(3600);

fn reader(max_age: Duration) -> (ClusterReader, Arc<FakeAdmin>) {
    let line = ["kafka-vitals", "--kafka.server=h:1"].map(OsString::from);
    let Invocation::Serve(config) = from_command_line(line).unwrap() else { panic!("not asked for") };
    let admin = Arc::new(FakeAdmin::default());
    let dynamic = || Arc::clone(&admin) as Arc<dyn KafkaAdmin>;
    let topology = Arc::new(Topology::new(dynamic(), max_age, false));
    let inventory = Inventory::new(dynamic(), config.selection.clone(), max_age);
    let reader = ClusterReader::new(dynamic(), topology, inventory, config.selection, max_age, FORGET);
    (reader, admin)
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
        reader.topology.suspect();
        collect(&reader).await;
        admin.take_calls();
        collect(&reader).await;
        assert_eq!(admin.take_calls().contains(&"cluster".to_owned()), is_on);
    }
}

#[tokio::test]
async fn who_waits_in_vain_for_anothers_metadata_takes_what_is_remembered() {
    let (reader, admin) = reader(Duration::from_secs(30));
    collect(&reader).await;
    admin.no_metadata.store(true, std::sync::atomic::Ordering::SeqCst);
    reader.topology.suspect();
    let within = |milliseconds| Instant::now() + Duration::from_millis(milliseconds);
    let (patient, hasty) = tokio::join!(reader.topology.get(within(2_000)), reader.topology.get(within(50)));
    for known in [patient, hasty] {
        assert_eq!(known.unwrap().refresh_error, Some(AdminError::Timeout { call: "Metadata" }));
    }
}

#[tokio::test]
async fn a_commit_on_a_partition_that_metadata_lacks_is_a_reason_to_ask_for_it_once() {
    let (reader, admin) = reader(Duration::from_secs(30));
    collect(&reader).await;
    admin.take_calls();
    *admin.coordinator.lock().unwrap() = Coordinator::Ahead;
    for asks in [true, false] {
        let snapshot = collect(&reader).await;
        assert!(snapshot.failures.is_empty(), "{:?}", snapshot.failures);
        assert_eq!(admin.take_calls().contains(&"cluster".to_owned()), asks);
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
async fn a_group_that_is_not_listed_stays_by_name_until_kafka_has_nothing_of_it() {
    let (reader, admin) = reader(Duration::ZERO);
    for (coordinator, expected) in [
        (Coordinator::Up, &[("busy", GroupState::Stable), ("idle", GroupState::Empty)][..]),
        (Coordinator::Silent, &[("busy", GroupState::Unknown), ("idle", GroupState::Empty)]),
        (Coordinator::Loading, &[("busy", GroupState::Unknown), ("idle", GroupState::Empty)]),
        (Coordinator::WithoutGroup, &[("idle", GroupState::Empty)]),
        // And it does not come back by itself.
        (Coordinator::Silent, &[("idle", GroupState::Empty)]),
    ] {
        *admin.coordinator.lock().unwrap() = coordinator;
        let snapshot = collect(&reader).await;
        let groups = snapshot.groups.unwrap();
        let groups: Vec<_> = groups.iter().map(|group| (&*group.id, group.state)).collect();
        assert_eq!(groups, expected, "{coordinator:?}");
        assert_eq!(snapshot.failures.none_in(Part::Groups), coordinator != Coordinator::Silent, "{coordinator:?}");
    }
}

#[test]
fn what_the_metadata_says_to_be_wrong_is_a_failure() {
    let line = ["kafka-vitals", "--kafka.server=h:1", "--topic.exclude=^unwanted$"].map(OsString::from);
    let Invocation::Serve(config) = from_command_line(line).unwrap() else { panic!("not asked for") };
    let partition = |leader| Partition { id: 0, leader, replicas: vec![1], isr: vec![1], error: None };
    let topic =
        |name: &str, error, leader| Topic { name: name.into(), id: None, error, partitions: vec![partition(leader)] };
    let cluster = Cluster {
        topics: vec![
            topic("fine", None, None),
            topic("broken", Some(ErrorCode(29)), Some(1)),
            topic("unwanted", Some(ErrorCode(29)), Some(1)),
            topic("__consumer_offsets", None, None),
        ],
        ..Cluster::default()
    };
    let failures = faults_of(&cluster, &config.selection);
    let failures: Vec<_> = failures.iter().map(|(part, kind, count, _)| (part, kind, count)).collect();
    let expected = [(Part::Topology, ErrorKind::Authorization, 1), (Part::Groups, ErrorKind::Unavailable, 1)];
    assert_eq!(failures, expected);
}
