//! Old releases, whose brokers do not list and describe groups as newer ones do, and register none that are fenced.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "helpers of tests, which may fail in them")]

use std::time::Duration;

use kafka_admin::{AdminError, ConfigResource, ErrorCode, GroupState, GroupType, Isolation, OffsetSpec};
use kafka_lab::{Cluster, Commit, KafkaVersion, NewTopic};

use kafka_admin_tests::{Engine, ids, offset, plain, query, soon};

#[tokio::test(flavor = "multi_thread")]
async fn kafka_3_9_answers_every_call() {
    let lab = answers_every_call(KafkaVersion::V3_9_1).await;
    let admin = Engine::Protocol.admin(&lab.bootstrap());
    let quorum = admin.quorum(soon()).await.expect("a quorum");
    assert_eq!((quorum.leader, quorum.observers.len()), (Some(1), 0));
    let [voter] = quorum.voters.as_slice() else { panic!("{quorum:?}") };
    assert!(voter.id == 1 && voter.last_fetch.is_some() && voter.last_caught_up.is_some(), "{voter:?}");
    let [node] = quorum.nodes.as_slice() else { panic!("{quorum:?}") };
    let [(name, host, _)] = node.listeners.as_slice() else { panic!("{node:?}") };
    assert_eq!((node.id, name.as_str(), host.as_str()), (1, "CONTROLLER", "127.0.0.1"));

    // Its DescribeCluster has only the brokers that are alive: whether all are is not known.
    let registered = admin.registered_brokers(soon()).await.expect_err("no fenced brokers before 4.0");
    assert!(matches!(registered, AdminError::Broker { code: ErrorCode(35), .. }), "{registered}");

    let dirs = admin.log_dirs(&[1], soon()).await.remove(0).expect("log directories");
    let [dir] = dirs.as_slice() else { panic!("{dirs:?}") };
    assert!(dir.total_bytes > dir.usable_bytes && dir.usable_bytes > Some(0), "{dir:?}");
    let ours = dir.replicas.iter().filter(|replica| &*replica.topic == "t");
    assert_eq!(ours.filter(|replica| replica.size > 0 && replica.offset_lag == 0).count(), 2, "{dir:?}");
}

/// Without batches: one group in each OffsetFetch and FindCoordinator. No types of groups, and no quorum.
#[cfg(feature = "full-tests")]
#[tokio::test(flavor = "multi_thread")]
async fn kafka_2_8_with_zookeeper_answers_every_call() {
    let lab = answers_every_call(KafkaVersion::V2_8_2).await;
    let admin = Engine::Protocol.admin(&lab.bootstrap());
    let unsupported = |error: AdminError| assert_eq!(error.kind(), kafka_admin::ErrorKind::Unsupported);
    unsupported(admin.quorum(soon()).await.expect_err("ZooKeeper"));
    unsupported(admin.registered_brokers(soon()).await.expect_err("before Kafka 4.0"));
    let dirs = admin.log_dirs(&[1], soon()).await.remove(0).expect("log directories");
    assert_eq!((dirs.len(), dirs[0].total_bytes), (1, None));
}

async fn answers_every_call(version: KafkaVersion) -> Cluster {
    let lab = Cluster::builder().version(version).heap_mib(300).start().expect("a node");
    let kafka = lab.kafka();
    kafka.create_topics(&[NewTopic::new("t", 2)]).expect("topic");
    kafka.fill("t", 2, 5).expect("records");
    let commits: Vec<_> = (0..40).map(|n| Commit::new(&format!("g{n}"), &[("t", 1, n)])).collect();
    kafka.commit(&commits).expect("commits");
    let _member = kafka.member("live", &["t"]).client("c").start().expect("a member");
    kafka.await_stable("live", 1, Duration::from_secs(60)).expect("a stable group");

    for (engine, admin) in Engine::admins(&lab.bootstrap()) {
        println!("{engine}");
        let cluster = admin.cluster(soon()).await.expect("metadata");
        assert_eq!((cluster.id.as_deref(), cluster.brokers.len()), (Some(lab.id()), 1));
        let listed = admin.list_groups(soon()).await.expect("groups");
        assert_eq!((listed.groups.len(), listed.errors.len()), (41, 0));
        let mut groups = ids((0..40).map(|n| format!("g{n}")));
        for (n, committed) in (0..).zip(admin.committed(&groups, soon()).await) {
            assert_eq!(plain(&committed), [("t".to_owned(), 1, Some(n))]);
        }
        groups.extend(ids(["live"]));
        let described = admin.describe_groups(&groups, soon()).await;
        for group in &described[..40] {
            let group = group.as_ref().expect("described");
            assert_eq!((group.state, group.kind, group.members.len()), (GroupState::Empty, GroupType::Classic, 0));
        }
        let live = described[40].as_ref().expect("described");
        assert_eq!((live.state, live.kind, live.coordinator), (GroupState::Stable, GroupType::Classic, Some(1)));
        assert_eq!((live.members[0].client_id.as_str(), live.members[0].assignment.len()), ("c", 2));
        let queries = [query("t", 0, OffsetSpec::Latest, Some(1)), query("t", 1, OffsetSpec::Earliest, Some(1))];
        let found = admin.offsets(&queries, Isolation::ReadCommitted, soon()).await;
        assert_eq!((offset(&found[0]), offset(&found[1])), (Some(5), Some(0)));
        let resources = [ConfigResource::Topic("t".into()), ConfigResource::Broker(1)];
        let configs = admin.configs(&resources, None, soon()).await;
        for (entries, name, value) in
            [(&configs[0], "retention.ms", "604800000"), (&configs[1], "log.retention.hours", "168")]
        {
            let entry = entries.as_ref().expect("a configuration").iter().find(|entry| entry.name == name);
            let entry = entry.map(|entry| (entry.value.as_deref(), entry.is_default));
            assert_eq!(entry, Some((Some(value), true)), "{name}");
        }
    }
    lab
}
