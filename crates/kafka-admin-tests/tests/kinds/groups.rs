//! Groups of every kind, with live members that have read some records.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use kafka_admin::{
    AdminError, CommittedOffset, GroupDescription, GroupRef, GroupState, GroupType, KafkaAdmin, TopicPartition,
};
use kafka_lab::{Cluster, GroupProtocol, JavaMember, Member, NewTopic, ShareOf};

use kafka_admin_tests::{Engine, soon};

use crate::{WAIT, WORLD};

/// Both topics are read by every group.
const WIDE: &str = "kinds-wide";
const NARROW: &str = "kinds-narrow";
const KINDS: [(&str, GroupType); 4] = [
    ("kinds-classic", GroupType::Classic),
    ("kinds-consumer", GroupType::Consumer),
    ("kinds-share", GroupType::Share),
    ("kinds-streams", GroupType::Streams),
];

/// The members of the four groups.
pub(crate) struct Members {
    _native: [Member; 2],
    _java: [JavaMember; 2],
}

/// Returns when they have read what there is: 10 records of each partition.
pub(crate) fn join(cluster: &Cluster) -> Members {
    let kafka = cluster.kafka();
    kafka.create_topics(&[NewTopic::new(WIDE, 2), NewTopic::new(NARROW, 1)]).expect("topics");
    kafka.fill(WIDE, 2, 10).expect("records");
    kafka.fill(NARROW, 1, 10).expect("records");
    let topics = [WIDE, NARROW];
    // Of each partition the share group gives back 0, 1 and 2.
    let share = ShareOf { records: 30, given_back_below: 3 };
    let mut share = cluster.share_member("kinds-share", "c-share", &topics, share).expect("a member");
    let mut streams = cluster.streams_member("kinds-streams", "c-streams", &topics, 30).expect("a member");
    let native = |group, client, protocol| {
        let member = kafka.member(group, &topics).client(client).protocol(protocol);
        member.setting("enable.auto.commit", "true").setting("auto.commit.interval.ms", "100").start()
    };
    let classic = native("kinds-classic", "c-classic", GroupProtocol::Classic).expect("a member");
    let consumer = native("kinds-consumer", "c-consumer", GroupProtocol::Consumer).expect("a member");
    share.await_read().expect("read and acknowledged");
    streams.await_read().expect("read");
    for (group, _) in KINDS {
        kafka.await_state(group, "Stable", WAIT).expect("a stable group");
    }
    Members { _native: [classic, consumer], _java: [share, streams] }
}

fn asked(kind: impl Fn(GroupType) -> GroupType) -> Vec<GroupRef> {
    KINDS.iter().map(|(id, listed)| GroupRef { id: (*id).into(), kind: kind(*listed) }).collect()
}

/// All partitions of both topics, and nothing else.
fn everything() -> Vec<TopicPartition> {
    [(NARROW, 0), (WIDE, 0), (WIDE, 1)]
        .map(|(topic, partition)| TopicPartition { topic: topic.into(), partition })
        .to_vec()
}

fn sorted(partitions: &[TopicPartition]) -> Vec<TopicPartition> {
    let mut partitions = partitions.to_vec();
    partitions.sort();
    partitions
}

/// Topic and partition to committed offset and told lag.
type Told = BTreeMap<(String, i32), (Option<i64>, Option<i64>)>;

fn told(committed: &Result<Vec<CommittedOffset>, AdminError>) -> Told {
    let committed = committed.as_ref().expect("committed offsets").iter();
    let told = committed.map(|one| {
        let offset = *one.offset.as_ref().expect("an offset");
        ((one.topic.to_string(), one.partition), (offset, one.told_lag))
    });
    told.collect()
}

/// The same for all partitions.
fn each(offset: i64, lag: Option<i64>) -> Told {
    let partitions = everything().into_iter().map(|one| ((one.topic.to_string(), one.partition), (Some(offset), lag)));
    partitions.collect()
}

/// What these groups have committed, when that is `expected`: members commit some moments after they have read.
async fn await_committed(admin: &Arc<dyn KafkaAdmin>, groups: &[GroupRef], expected: &[Told]) {
    let deadline = Instant::now() + WAIT;
    loop {
        let committed = admin.committed(groups, soon()).await;
        let committed: Vec<Told> = committed.iter().map(told).collect();
        if committed == expected {
            return;
        }
        assert!(Instant::now() < deadline, "{groups:?}: {committed:?}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_of_every_kind_are_listed_with_type_and_state() {
    let world = WORLD.read().await;
    let cluster = &world.cluster;
    for (engine, admin) in Engine::admins(&cluster.bootstrap()) {
        println!("{engine}");
        let listed = admin.list_groups(soon()).await.expect("a list");
        assert_eq!(listed.errors, []);
        for (id, kind) in KINDS {
            let group = listed.groups.iter().find(|group| &*group.id == id).map(|group| (group.kind, group.state));
            let expected = match (engine, kind) {
                // It knows of no such groups and keeps them to itself.
                (Engine::Librdkafka, GroupType::Share | GroupType::Streams) => None,
                _ => Some((kind, GroupState::Stable)),
            };
            assert_eq!(group, expected, "{id}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_of_every_kind_are_described_with_their_members_whatever_kind_they_are_taken_for() {
    let world = WORLD.read().await;
    let cluster = &world.cluster;
    let coordinators = tokio::task::block_in_place(|| cluster.kafka().groups()).expect("groups");
    let check = |engine: Engine, described: &[Result<GroupDescription, AdminError>]| {
        let clients = ["c-classic", "c-consumer", "c-share", "c-streams-StreamThread-1-consumer"];
        // Nobody tells a streams group's.
        let assignors = ["range", "uniform", "simple", ""];
        for (((id, kind), described), (client, assignor)) in
            KINDS.iter().zip(described).zip(clients.iter().zip(assignors))
        {
            let group = described.as_ref().expect(id);
            assert_eq!((&*group.id, group.kind, group.state), (*id, *kind, GroupState::Stable));
            assert_eq!(group.assignor, assignor, "{id}");
            // librdkafka tells neither.
            let (is_classic, tells) = (*kind == GroupType::Classic, engine == Engine::Protocol);
            assert_eq!(group.protocol_type.as_deref(), (is_classic && tells).then_some("consumer"), "{id}");
            assert_eq!(group.epoch.is_some_and(|epoch| epoch > 0), !is_classic && tells, "{id}");
            assert_eq!(group.coordinator, Some(coordinators[*id].coordinator), "{id}");
            let [member] = group.members.as_slice() else { panic!("{group:?}") };
            assert_eq!((member.client_id.as_str(), &member.instance_id), (*client, &None));
            assert!(!member.id.is_empty() && member.host.starts_with("/127.0.0."), "{member:?}");
            assert_eq!(sorted(&member.assignment), everything(), "{id}");
            let has_target = matches!(kind, GroupType::Consumer | GroupType::Streams);
            assert_eq!(member.target.as_deref().map(sorted), has_target.then(everything), "{id}");
        }
    };
    for is_known in [false, true] {
        let admin = Engine::Protocol.admin(&cluster.bootstrap());
        if is_known {
            admin.cluster(soon()).await.expect("metadata");
        }
        check(Engine::Protocol, &admin.describe_groups(&asked(|kind| kind), soon()).await);
        for other in [GroupType::Unknown, GroupType::Streams, GroupType::Share, GroupType::Consumer, GroupType::Classic]
        {
            println!("known: {is_known}, taken for {other:?}");
            check(Engine::Protocol, &admin.describe_groups(&asked(|_| other), soon()).await);
        }
    }

    // librdkafka knows the first two only, and says of the others that they are not there.
    let admin = Engine::Librdkafka.admin(&cluster.bootstrap());
    let described = admin.describe_groups(&asked(|kind| kind), soon()).await;
    check(Engine::Librdkafka, &described[..2]);
    for (id, described) in [("kinds-share", &described[2]), ("kinds-streams", &described[3])] {
        let is_there = described.as_ref().is_ok_and(|group| group.state != GroupState::Dead);
        assert!(!is_there, "{id}: {described:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_share_group_tells_its_starts_and_what_is_left_and_the_others_their_commits() {
    let world = WORLD.read().await;
    let cluster = &world.cluster;
    // Of 10 records 7 are accepted and 3 given back; these are the first ones, so that the start stays where it was.
    let expected = [each(10, None), each(10, None), each(0, Some(3)), each(10, None)];
    let admin = Engine::Protocol.admin(&cluster.bootstrap());
    await_committed(&admin, &asked(|kind| kind), &expected).await;
    for other in [GroupType::Unknown, GroupType::Share] {
        println!("taken for {other:?}");
        await_committed(&admin, &asked(|_| other), &expected).await;
    }
    // A group that nobody has heard of, asked as every kind.
    for (_, kind) in KINDS.into_iter().chain([("", GroupType::Unknown)]) {
        let nobody = GroupRef { id: "kinds-nobody".into(), kind };
        assert_eq!(admin.committed(&[nobody], soon()).await, [Ok(vec![])], "{kind:?}");
    }

    let admin = Engine::Librdkafka.admin(&cluster.bootstrap());
    await_committed(&admin, &asked(|kind| kind)[..2], &expected[..2]).await;
    await_committed(&admin, &asked(|kind| kind)[3..], &expected[3..]).await;
}
