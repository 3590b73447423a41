//! All calls against one real broker, by both engines.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "helpers of tests, which may fail in them")]

use std::sync::LazyLock;
use std::time::Duration;

use kafka_admin::{
    AdminError, ConfigEntry, ConfigResource, ErrorCode, GroupState, GroupType, Isolation, OffsetRange, OffsetSpec,
};
use kafka_lab::{Cluster, Commit, GroupProtocol, NewTopic, Record, wait_until};

use kafka_admin_tests::{Engine, ids, offset, plain, query, soon};

const WAIT: Duration = Duration::from_secs(60);
/// The n-th record of the topic `timed` was written this long after the epoch, in steps of a second.
const FIRST: i64 = 1_700_000_000_000;

/// Never dropped: the lab's guardian ends it with this process.
static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| {
    let cluster = Cluster::builder().heap_mib(400).property("log.index.size.max.bytes", "65536");
    cluster.property("broker.rack", "r1").start().expect("a node")
});

#[tokio::test(flavor = "multi_thread")]
async fn metadata_has_brokers_topics_and_partitions_in_order() {
    let kafka = CLUSTER.kafka();
    kafka.create_topics(&[NewTopic::new("meta-b", 3), NewTopic::new("meta-a", 1)]).expect("topics");
    for (engine, admin) in Engine::admins(&CLUSTER.bootstrap()) {
        println!("{engine}");
        assert_eq!(admin.engine(), engine.to_string());
        let cluster = admin.cluster(soon()).await.expect("metadata");
        assert_eq!(cluster.id.as_deref(), Some(CLUSTER.id()));
        assert_eq!(cluster.controller, Some(1));
        let [broker] = cluster.brokers.as_slice() else { panic!("{:?}", cluster.brokers) };
        assert_eq!(format!("{}:{}", broker.host, broker.port), CLUSTER.bootstrap());
        assert_eq!((broker.id, broker.rack.as_deref()), (1, Some("r1")));
        assert!(cluster.topics.is_sorted_by_key(|topic| topic.name.clone()));
        let topic = cluster.topics.iter().find(|topic| &*topic.name == "meta-b").expect("the topic");
        assert_eq!((topic.error, topic.partitions.len()), (None, 3));
        for (id, partition) in (0..).zip(&topic.partitions) {
            assert_eq!((partition.id, partition.leader, partition.error), (id, Some(1), None));
            assert_eq!((partition.replicas.as_slice(), partition.isr.as_slice()), ([1].as_slice(), [1].as_slice()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_of_both_protocols_are_listed_and_described_with_members_and_assignments() {
    let kafka = CLUSTER.kafka();
    kafka.create_topics(&[NewTopic::new("live", 3)]).expect("topic");
    let classic = kafka.member("live-classic", &["live"]).client("c-classic").instance("static-1").start();
    let _classic = classic.expect("a member");
    let _modern = kafka.member("live-modern", &["live"]).client("c-modern").protocol(GroupProtocol::Consumer).start();
    kafka.commit(&[Commit::new("live-empty", &[("live", 0, 5)])]).expect("a commit");
    for group in ["live-classic", "live-modern"] {
        kafka.await_stable(group, 1, WAIT).expect("a stable group");
    }
    for (engine, admin) in Engine::admins(&CLUSTER.bootstrap()) {
        println!("{engine}");
        // Before any metadata, and again when the broker is known.
        for _ in 0..2 {
            let listed = admin.list_groups(soon()).await.expect("a list");
            assert_eq!(listed.errors, []);
            assert!(listed.groups.is_sorted_by_key(|group| group.id.clone()));
            let kind =
                |id: &str| listed.groups.iter().find(|group| &*group.id == id).map(|group| (group.state, group.kind));
            assert_eq!(kind("live-classic"), Some((GroupState::Stable, GroupType::Classic)));
            assert_eq!(kind("live-modern"), Some((GroupState::Stable, GroupType::Consumer)));
            assert_eq!(kind("live-empty"), Some((GroupState::Empty, GroupType::Classic)));

            let asked = ids(["live-modern", "live-empty", "no-such-group", "live-classic", "live-empty"]);
            let described = admin.describe_groups(&asked, soon()).await;
            let [modern, empty, missing, classic, again] = described.as_slice() else { panic!("{described:?}") };
            assert_eq!(empty, again);
            let empty = empty.as_ref().expect("described");
            assert_eq!((empty.state, empty.members.len()), (GroupState::Empty, 0));
            match missing {
                Ok(group) => assert_eq!((group.state, group.members.len()), (GroupState::Dead, 0)),
                Err(error) => assert!(matches!(error, AdminError::Broker { code: ErrorCode(69), .. }), "{error}"),
            }
            let modern = modern.as_ref().expect("described");
            assert_eq!(
                (modern.state, modern.kind, modern.coordinator),
                (GroupState::Stable, GroupType::Consumer, Some(1))
            );
            assert_eq!(modern.assignor, "uniform");
            let [member] = modern.members.as_slice() else { panic!("{modern:?}") };
            assert_eq!((member.client_id.as_str(), member.instance_id.as_deref()), ("c-modern", None));
            let owned: Vec<i32> = member.assignment.iter().map(|partition| partition.partition).collect();
            assert_eq!((owned.as_slice(), member.target.as_ref().map(Vec::len)), ([0, 1, 2].as_slice(), Some(3)));
            let classic = classic.as_ref().expect("described");
            assert_eq!(
                (classic.state, classic.kind, classic.coordinator),
                (GroupState::Stable, GroupType::Classic, Some(1))
            );
            assert_eq!(classic.assignor, "range");
            let [member] = classic.members.as_slice() else { panic!("{classic:?}") };
            assert_eq!((member.client_id.as_str(), member.instance_id.as_deref()), ("c-classic", Some("static-1")));
            assert!(member.host.starts_with('/'), "{}", member.host);
            assert!(member.assignment.iter().all(|partition| &*partition.topic == "live"));
            assert_eq!((member.assignment.len(), &member.target), (3, &None));

            admin.cluster(soon()).await.expect("metadata");
        }
        assert_eq!(admin.describe_groups(&[], soon()).await, []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn committed_offsets_come_by_group_and_in_the_order_asked() {
    let kafka = CLUSTER.kafka();
    kafka.create_topics(&[NewTopic::new("done-a", 3), NewTopic::new("done-b", 1)]).expect("topics");
    let mut commits: Vec<_> =
        (0..300).map(|n| Commit::new(&format!("done-{n}"), &[("done-a", 0, n), ("done-a", 2, 7)])).collect();
    commits.push(Commit::new("done-two", &[("done-b", 0, 0), ("done-a", 1, 9)]));
    kafka.commit(&commits).expect("commits");
    for (engine, admin) in Engine::admins(&CLUSTER.bootstrap()) {
        println!("{engine}");
        for known in [false, true] {
            let mut asked = ids((0..300).rev().map(|n| format!("done-{n}")));
            asked.extend(ids(["done-two", "done-none", "done-7"]));
            let committed = admin.committed(&asked, soon()).await;
            assert_eq!(committed.len(), 303);
            for (n, committed) in (0..300).rev().zip(&committed) {
                let expected = [("done-a".to_owned(), 0, Some(n)), ("done-a".to_owned(), 2, Some(7))];
                assert_eq!(plain(committed), expected, "known: {known}");
            }
            let last = &committed[300..];
            assert_eq!(plain(&last[0]), [("done-a".to_owned(), 1, Some(9)), ("done-b".to_owned(), 0, Some(0))]);
            assert_eq!(plain(&last[1]), [], "a group that does not exist has committed nothing");
            assert_eq!(plain(&last[2]), plain(&committed[292]), "a group may be asked twice");

            admin.cluster(soon()).await.expect("metadata");
            admin.list_groups(soon()).await.expect("groups");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn offsets_are_found_by_every_specification_with_an_error_per_partition() {
    let kafka = CLUSTER.kafka();
    kafka.create_topics(&[NewTopic::new("timed", 2)]).expect("topic");
    kafka.produce((0..10).map(|n| ("timed", Record::to_partition(0, "x").at(FIRST + n * 1000)))).expect("records");
    kafka.delete_records("timed", 0, 4).expect("deletes");
    for (engine, admin) in Engine::admins(&CLUSTER.bootstrap()) {
        println!("{engine}");
        let specs = [
            OffsetSpec::Latest,
            OffsetSpec::Earliest,
            OffsetSpec::Timestamp(FIRST + 6_500),
            OffsetSpec::Timestamp(FIRST + 9_001),
        ];
        let mut queries: Vec<_> = specs.iter().map(|spec| query("timed", 0, *spec, Some(1))).collect();
        queries.push(query("timed", 1, OffsetSpec::Latest, None));
        queries.push(query("timed", 2, OffsetSpec::Latest, Some(1)));
        queries.push(query("no-such-topic", 0, OffsetSpec::Latest, Some(1)));
        queries.push(query("no-such-topic", 1, OffsetSpec::Latest, None));
        for known in [false, true] {
            let found = admin.offsets(&queries, Isolation::ReadUncommitted, soon()).await;
            let [latest, earliest, at, after, empty, no_partition, no_topic, no_topic_alone] = found.as_slice() else {
                panic!("{found:?}")
            };
            assert_eq!(
                (offset(latest), offset(earliest), offset(empty)),
                (Some(10), Some(4), Some(0)),
                "known: {known}"
            );
            let at = at.as_ref().expect("found");
            assert_eq!((at.offset, at.timestamp), (Some(7), Some(FIRST + 7_000)));
            assert_eq!(offset(after), None, "nothing is that young");
            for error in [no_partition, no_topic, no_topic_alone] {
                let error = error.as_ref().expect_err("does not exist");
                assert!(matches!(error, AdminError::Broker { code: ErrorCode(3), .. }), "{error}");
            }
            admin.cluster(soon()).await.expect("metadata");
        }
        assert!(admin.offsets(&[], Isolation::ReadCommitted, soon()).await.is_empty());
        let cluster = admin.cluster(soon()).await.expect("metadata");
        assert!(cluster.topics.iter().all(|topic| &*topic.name != "no-such-topic"), "asking creates nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_whose_leader_is_wrong_or_untold_finds_its_offset_all_the_same() {
    let kafka = CLUSTER.kafka();
    kafka.create_topics(&[NewTopic::new("hinted", 2)]).expect("topic");
    kafka.produce((0..5).map(|_| ("hinted", Record::to_partition(1, "x")))).expect("records");
    for (engine, admin) in Engine::admins(&CLUSTER.bootstrap()) {
        println!("{engine}");
        // No broker has the id 99.
        let leaders = [Some(99), Some(1), None];
        let queries: Vec<_> = leaders.iter().map(|leader| query("hinted", 1, OffsetSpec::Latest, *leader)).collect();
        let none = query("hinted", 2, OffsetSpec::Latest, Some(99));
        for known in [false, true] {
            for query in &queries {
                let found = admin.offsets(std::slice::from_ref(query), Isolation::ReadUncommitted, soon()).await;
                assert_eq!(offset(&found[0]), Some(5), "{query:?}, known: {known}");
            }
            let all = [&queries[..], std::slice::from_ref(&none)].concat();
            let found = admin.offsets(&all, Isolation::ReadUncommitted, soon()).await;
            assert_eq!(found[..3].iter().map(offset).collect::<Vec<_>>(), [Some(5); 3], "known: {known}");
            let error = found[3].as_ref().expect_err("does not exist");
            assert!(matches!(error, AdminError::Broker { code: ErrorCode(3), .. }), "{error}");
            admin.cluster(soon()).await.expect("metadata");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_transaction_hides_what_follows_from_read_committed() {
    let kafka = CLUSTER.kafka();
    kafka.create_topics(&[NewTopic::new("open", 1)]).expect("topic");
    kafka.fill("open", 1, 5).expect("records");
    let transaction = kafka.begin_transaction("open-transaction").expect("begins");
    transaction.produce([("open", Record::to_partition(0, "pending"))]).expect("is written");
    kafka.fill("open", 1, 2).expect("records");

    for (engine, admin) in Engine::admins(&CLUSTER.bootstrap()) {
        println!("{engine}");
        let latest = [query("open", 0, OffsetSpec::Latest, Some(1))];
        let found = admin.offsets(&latest, Isolation::ReadUncommitted, soon()).await;
        assert_eq!(offset(&found[0]), Some(8));
        let found = admin.offsets(&latest, Isolation::ReadCommitted, soon()).await;
        assert_eq!(offset(&found[0]), Some(5));
    }
    transaction.abort().expect("aborts");
}

#[tokio::test(flavor = "multi_thread")]
async fn markers_are_told_from_records_also_from_those_of_aborted_transactions() {
    let kafka = CLUSTER.kafka();
    kafka.create_topics(&[NewTopic::new("markers", 2)]).expect("topic");
    let record = |partition| ("markers", Record::to_partition(partition, "x"));
    let begin = |id: &str| kafka.begin_transaction(id).expect("begins");
    let until = |partition, end| {
        wait_until(WAIT, "the markers", || match kafka.bounds("markers", partition) {
            Ok((_, at)) if at == end => Ok(()),
            bounds => Err(format!("{bounds:?}")),
        })
        .expect("the markers");
    };
    // Partition 0: records at 0 and 1, one that is committed at 2, one that is aborted at 4; markers at 3 and 5.
    kafka.produce([record(0), record(0)]).expect("records");
    let committed = begin("markers-a");
    committed.produce([record(0)]).expect("a record");
    committed.commit().expect("commits");
    until(0, 4);
    let aborted = begin("markers-a");
    aborted.produce([record(0)]).expect("a record");
    aborted.abort().expect("aborts");
    until(0, 6);
    // Partition 1: records at 0 and 1, their markers at 2 and 3.
    let (first, second) = (begin("markers-a"), begin("markers-b"));
    first.produce([record(1)]).expect("a record");
    second.produce([record(1)]).expect("a record");
    first.commit().expect("commits");
    second.abort().expect("aborts");
    until(1, 4);

    let range =
        |topic: &str, partition, from, to| OffsetRange { topic: topic.into(), partition, from, to, leader: Some(1) };
    let cases = [
        (range("markers", 1, 2, 4), Ok(true)),
        (range("markers", 0, 5, 6), Ok(true)),
        (range("markers", 0, 3, 4), Ok(true)),
        (range("markers", 0, 4, 6), Ok(false)),
        (range("markers", 0, 3, 6), Ok(false)),
        (range("markers", 1, 1, 4), Ok(false)),
        (range("markers", 1, 3, 4), Ok(true)),
        (range("markers", 0, 0, 1), Ok(false)),
        // Not there yet.
        (range("markers", 0, 5, 7), Ok(false)),
        (range("markers", 0, 99, 100), Ok(false)),
        (range("no-such-topic", 0, 0, 1), Err(Some(3))),
    ];
    let (ranges, expected): (Vec<_>, Vec<Result<bool, Option<i16>>>) = cases.into_iter().unzip();
    let code = |error: AdminError| if let AdminError::Broker { code, .. } = error { Some(code.0) } else { None };
    for (engine, admin) in Engine::admins(&CLUSTER.bootstrap()) {
        println!("{engine}");
        let found = admin.only_control_records(&ranges, soon()).await;
        if engine == Engine::Librdkafka {
            assert_eq!(found, vec![Err(AdminError::Unsupported { call: "Fetch" }); ranges.len()]);
            continue;
        }
        let found: Vec<_> = found.into_iter().map(|found| found.map_err(code)).collect();
        assert_eq!(found, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_partitions_are_asked_in_chunks_and_each_gets_its_own_answer() {
    let kafka = CLUSTER.kafka();
    let topics: Vec<_> = (0..21).map(|n| NewTopic::new(&format!("wide-{n}"), 100)).collect();
    kafka.create_topics(&topics).expect("topics");
    for partition in 0..100 {
        let records = (0..=partition).map(|_| ("wide-7", Record::to_partition(partition, "x")));
        kafka.produce(records).expect("records");
    }
    for (engine, admin) in Engine::admins(&CLUSTER.bootstrap()) {
        println!("{engine}");
        let mut queries = Vec::new();
        for spec in [OffsetSpec::Earliest, OffsetSpec::Latest] {
            queries.extend((0..2_100).map(|n| query(&format!("wide-{}", n % 21), n / 21, spec, Some(1))));
        }
        let found = admin.offsets(&queries, Isolation::ReadUncommitted, soon()).await;
        for (query, found) in queries.iter().zip(&found) {
            let written = query.spec == OffsetSpec::Latest && &*query.topic == "wide-7";
            let expected = if written { i64::from(query.partition) + 1 } else { 0 };
            assert_eq!(offset(found), Some(expected), "{query:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn configurations_of_hundreds_of_topics_are_asked_in_chunks_and_each_gets_its_own_answer() {
    let kafka = CLUSTER.kafka();
    let name = |n: usize| format!("configured-{n}");
    let topics: Vec<_> =
        (0..450).map(|n| NewTopic::new(&name(n), 1).config("segment.ms", &(1_000_000 + n).to_string())).collect();
    kafka.create_topics(&topics).expect("topics");
    let mut asked: Vec<_> = (0..450).rev().map(|n| ConfigResource::Topic(name(n).as_str().into())).collect();
    asked.insert(100, ConfigResource::Broker(1));
    asked.insert(300, ConfigResource::Topic("no-such-topic".into()));
    for (engine, admin) in Engine::admins(&CLUSTER.bootstrap()) {
        println!("{engine}");
        // Before any metadata, and again when the broker is known.
        for _ in 0..2 {
            let mut found = admin.configs(&asked, Some(&["segment.ms", "broker.rack"]), soon()).await;
            let missing = found.remove(300).expect_err("does not exist");
            assert!(matches!(missing, AdminError::Broker { code: ErrorCode(3), .. }), "{missing}");
            let only = |found: Result<Vec<ConfigEntry>, AdminError>| {
                let mut entries = found.expect("a configuration");
                let entry = entries.pop().expect("an entry");
                assert_eq!(entries, []);
                (entry.name, entry.value)
            };
            assert_eq!(only(found.remove(100)), ("broker.rack".to_owned(), Some("r1".to_owned())));
            for (n, found) in (0..450).rev().zip(found) {
                assert_eq!(only(found), ("segment.ms".to_owned(), Some((1_000_000 + n).to_string())));
            }
        }
    }
}
