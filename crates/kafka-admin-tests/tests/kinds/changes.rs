//! Groups that are of another kind than when they were listed.

use kafka_admin::{GroupRef, GroupState, GroupType, KafkaAdmin};
use kafka_lab::{Commit, GroupProtocol, NewTopic, ShareOf};

use kafka_admin_tests::{Engine, plain, soon};

use crate::{WAIT, WORLD};

const TOPIC: &str = "changes";

fn group(id: &str, kind: GroupType) -> [GroupRef; 1] {
    [GroupRef { id: id.into(), kind }]
}

/// Kind, state and number of members, as told to one who takes the group for `taken_for`.
async fn found(admin: &dyn KafkaAdmin, id: &str, taken_for: GroupType) -> (GroupType, GroupState, usize) {
    let described = admin.describe_groups(&group(id, taken_for), soon()).await.remove(0);
    let described = described.unwrap_or_else(|error| panic!("{id} taken for {taken_for:?}: {error}"));
    (described.kind, described.state, described.members.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_turned_from_classic_to_consumer_and_back_is_found() {
    let world = WORLD.read().await;
    let cluster = &world.cluster;
    let kafka = cluster.kafka();
    kafka.create_topics(&[NewTopic::new(TOPIC, 1)]).expect("a topic");
    kafka.commit(&[Commit::new("turning", &[(TOPIC, 0, 4)])]).expect("a commit");
    for (engine, admin) in Engine::admins(&cluster.bootstrap()) {
        println!("{engine}");
        let mut was = GroupType::Classic;
        for (protocol, kind) in
            [(GroupProtocol::Consumer, GroupType::Consumer), (GroupProtocol::Classic, GroupType::Classic)]
        {
            let member = kafka.member("turning", &[TOPIC]).protocol(protocol).start().expect("a member");
            kafka.await_stable("turning", 1, WAIT).expect("a stable group");
            assert_eq!(found(&*admin, "turning", was).await, (kind, GroupState::Stable, 1));
            member.stop().expect("left");
            kafka.await_state("turning", "Empty", WAIT).expect("an empty group");
            assert_eq!(found(&*admin, "turning", was).await, (kind, GroupState::Empty, 0));
            let committed = admin.committed(&group("turning", was), soon()).await;
            assert_eq!(plain(&committed[0]), [(TOPIC.to_owned(), 0, Some(4))]);
            was = kind;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_was_deleted_and_made_anew_as_another_kind_is_found() {
    const GROUP: &str = "reborn";
    const READ: &str = "changes-read";
    let world = WORLD.read().await;
    let cluster = &world.cluster;
    let kafka = cluster.kafka();
    kafka.create_topics(&[NewTopic::new(READ, 1)]).expect("a topic");
    kafka.fill(READ, 1, 6).expect("records");
    let admin = Engine::Protocol.admin(&cluster.bootstrap());

    kafka.commit(&[Commit::new(GROUP, &[(READ, 0, 4)])]).expect("a commit");
    assert_eq!(found(&*admin, GROUP, GroupType::Share).await, (GroupType::Classic, GroupState::Empty, 0));
    let committed = admin.committed(&group(GROUP, GroupType::Share), soon()).await;
    assert_eq!(plain(&committed[0]), [(READ.to_owned(), 0, Some(4))]);

    kafka.delete_group(GROUP).expect("deleted");
    let share = ShareOf { records: 6, given_back_below: 1 };
    let mut member = cluster.share_member(GROUP, "c", &[READ], share).expect("a member");
    tokio::task::block_in_place(|| member.await_read()).expect("read");
    for was in [GroupType::Classic, GroupType::Consumer, GroupType::Streams] {
        assert_eq!(found(&*admin, GROUP, was).await, (GroupType::Share, GroupState::Stable, 1));
    }
    tokio::task::block_in_place(|| member.stop()).expect("left");
    kafka.await_state(GROUP, "Empty", WAIT).expect("an empty group");
    assert_eq!(found(&*admin, GROUP, GroupType::Classic).await, (GroupType::Share, GroupState::Empty, 0));
    let committed = admin.committed(&group(GROUP, GroupType::Unknown), soon()).await;
    let committed = committed[0].as_ref().expect("starts");
    let told: Vec<_> = committed.iter().map(|one| (one.offset.clone(), one.told_lag)).collect();
    assert_eq!(told, [(Ok(Some(0)), Some(1))]);

    kafka.delete_group(GROUP).expect("deleted");
    kafka.commit(&[Commit::new(GROUP, &[(READ, 0, 5)])]).expect("a commit");
    assert_eq!(found(&*admin, GROUP, GroupType::Share).await, (GroupType::Classic, GroupState::Empty, 0));
    let committed = admin.committed(&group(GROUP, GroupType::Share), soon()).await;
    assert_eq!(plain(&committed[0]), [(READ.to_owned(), 0, Some(5))]);
}
