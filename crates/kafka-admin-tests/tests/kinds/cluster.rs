//! The quorum, registered brokers, log directories and configurations.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use kafka_admin::{
    AdminError, Broker, ConfigEntry, ConfigResource, ErrorCode, ErrorKind, KafkaAdmin, LogDir, Quorum, RegisteredBroker,
};
use kafka_lab::{Cluster, NewTopic};

use kafka_admin_tests::{Engine, soon, within};

use crate::{WAIT, WORLD};

const CONTROLLER: i32 = 3;

/// Host and port of a node.
fn address(cluster: &Cluster, id: i32) -> (String, u16) {
    let address = cluster.node(id).expect("a node").kafka_address();
    let (host, port) = address.split_once(':').expect("host:port");
    (host.to_owned(), port.parse().expect("a port"))
}

fn ids(quorum: &Quorum) -> (Vec<i32>, Vec<i32>) {
    let sorted = |replicas: &[kafka_admin::QuorumReplica]| {
        let mut ids: Vec<i32> = replicas.iter().map(|replica| replica.id).collect();
        ids.sort_unstable();
        ids
    };
    (sorted(&quorum.voters), sorted(&quorum.observers))
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
    i64::try_from(since).expect("a time")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_quorum_has_its_leader_voters_observers_and_endpoints() {
    let world = WORLD.read().await;
    let cluster = &world.cluster;
    let admin = Engine::Protocol.admin(&cluster.bootstrap());
    // Before any broker is known, and after.
    let before = admin.quorum(soon()).await.expect("a quorum");
    admin.cluster(soon()).await.expect("metadata");
    cluster.kafka().create_topics(&[NewTopic::new("more-metadata", 1)]).expect("a topic");
    let after = admin.quorum(soon()).await.expect("a quorum");
    let (host, port) = address(cluster, CONTROLLER);
    for quorum in [&before, &after] {
        assert_eq!((quorum.leader, ids(quorum)), (Some(CONTROLLER), (vec![3], vec![1, 2])));
        assert!(quorum.leader_epoch > 0, "{quorum:?}");
        let [node] = quorum.nodes.as_slice() else { panic!("{quorum:?}") };
        assert_eq!((node.id, &node.listeners), (CONTROLLER, &vec![("CONTROLLER".to_owned(), host.clone(), port)]));
        for replica in quorum.voters.iter().chain(&quorum.observers) {
            let age = replica.last_fetch.map(|at| now() - at);
            assert!(age.is_some_and(|age| (-1_000..60_000).contains(&age)), "{replica:?}");
            assert!(
                replica.last_caught_up.is_some() && replica.log_end_offset.is_some_and(|end| end > 0),
                "{replica:?}"
            );
        }
    }
    assert!(after.high_watermark > before.high_watermark && before.high_watermark > 0, "{before:?} {after:?}");
}

/// Sizes of the segments of a partition's log, as the file system has them.
fn size_on_disk(data: &Path, topic: &str, partition: i32) -> i64 {
    let files = fs::read_dir(data.join(format!("{topic}-{partition}"))).expect("the partition's folder");
    let logs = files.map(|file| file.expect("a file")).filter(|file| file.path().extension() == Some("log".as_ref()));
    let sizes: u64 = logs.map(|file| file.metadata().expect("a size").len()).sum();
    i64::try_from(sizes).expect("a size")
}

/// Total and available bytes of a file's volume.
fn volume(path: &Path) -> (i64, i64) {
    let output = Command::new("df").args(["--block-size=1", "--output=size,avail"]).arg(path).output().expect("df");
    let text = String::from_utf8(output.stdout).expect("text");
    let numbers: Vec<i64> = text.lines().nth(1).expect("a line").split_whitespace().flat_map(str::parse).collect();
    let [total, available] = numbers.as_slice() else { panic!("{text}") };
    (*total, *available)
}

#[tokio::test(flavor = "multi_thread")]
async fn log_directories_have_the_sizes_of_the_files_and_of_the_volume() {
    let world = WORLD.read().await;
    let cluster = &world.cluster;
    let kafka = cluster.kafka();
    let rolled = |topic: NewTopic| topic.config("segment.bytes", "1048576");
    let apart = rolled(NewTopic::new("sized-apart", 2).assignment(&[&[1], &[2]]));
    let copied = rolled(NewTopic::new("sized-copied", 1).assignment(&[&[1, 2]]));
    kafka.create_topics(&[apart, copied]).expect("topics");
    let record = |partition| kafka_lab::Record::to_partition(partition, vec![b'x'; 10_000]);
    let logs = [("sized-apart", 0), ("sized-apart", 1), ("sized-copied", 0)];
    kafka.produce((0..200).flat_map(|_| logs.map(|(topic, partition)| (topic, record(partition))))).expect("records");

    let admin = Engine::Protocol.admin(&cluster.bootstrap());
    let asked = [2, 99, 1];
    let deadline = Instant::now() + WAIT;
    loop {
        let mut found = admin.log_dirs(&asked, soon()).await;
        let missing = found.remove(1).expect_err("there is no such broker");
        assert!(matches!(missing, AdminError::Broker { code: ErrorCode(8), .. }), "{missing}");
        let mut is_settled = true;
        for (id, dirs) in [2, 1].into_iter().zip(&found) {
            let dirs: &Vec<LogDir> = dirs.as_ref().expect("log directories");
            let [dir] = dirs.as_slice() else { panic!("{dirs:?}") };
            let data = cluster.node(id).expect("a node").data();
            assert_eq!((Path::new(&dir.path), dir.error), (data.as_path(), None));
            let (total, available) = volume(&data);
            assert_eq!(dir.total_bytes, Some(total));
            // Others write to that volume too.
            assert!(
                dir.usable_bytes.is_some_and(|usable| (usable - available).abs() < total / 4),
                "{dir:?} {available}"
            );
            assert!(dir.replicas.iter().all(|replica| !replica.is_future && replica.offset_lag >= 0), "{dir:?}");
            let ours = dir.replicas.iter().filter(|replica| replica.topic.starts_with("sized"));
            let mut ours: Vec<_> = ours.map(|replica| (&*replica.topic, replica.partition, replica.size)).collect();
            ours.sort_unstable();
            let expected = [("sized-apart", id - 1), ("sized-copied", 0)];
            let expected = expected.map(|(topic, partition)| (topic, partition, size_on_disk(&data, topic, partition)));
            assert_eq!(ours, expected, "broker {id}");
            is_settled &= expected.iter().all(|(_, _, size)| *size > 2_000_000);
        }
        // The follower's copy may be some moments behind.
        if is_settled {
            break;
        }
        assert!(Instant::now() < deadline, "{found:?}");
    }
}

fn entry<'a>(entries: &'a Result<Vec<ConfigEntry>, AdminError>, name: &str) -> (Option<&'a str>, bool) {
    let entries = entries.as_ref().expect("a configuration");
    let entry = entries.iter().find(|entry| entry.name == name).expect(name);
    (entry.value.as_deref(), entry.is_default)
}

#[tokio::test(flavor = "multi_thread")]
async fn configurations_tell_values_and_what_nobody_has_set() {
    let world = WORLD.read().await;
    let cluster = &world.cluster;
    let kept = NewTopic::new("kept", 1).config("retention.ms", "12345000").config("cleanup.policy", "compact");
    cluster.kafka().create_topics(&[kept, NewTopic::new("plain", 1)]).expect("topics");
    let topic = |name: &str| ConfigResource::Topic(name.into());
    let asked = [
        topic("plain"),
        ConfigResource::Broker(2),
        topic("no-such-topic"),
        topic("kept"),
        ConfigResource::Broker(99),
        ConfigResource::Broker(1),
        topic("kept"),
        ConfigResource::Broker(99),
    ];
    let mut told = Vec::new();
    for (engine, admin) in Engine::admins(&cluster.bootstrap()) {
        println!("{engine}");
        let mut found = admin.configs(&asked, None, soon()).await;
        let [plain, two, missing_topic, kept, missing_broker, one, kept_again, missing_again] = found.as_slice() else {
            panic!("{found:?}")
        };
        assert_eq!(entry(plain, "retention.ms"), (Some("604800000"), true));
        assert_eq!(entry(plain, "cleanup.policy"), (Some("delete"), true));
        assert_eq!(entry(kept, "retention.ms"), (Some("12345000"), false));
        assert_eq!(entry(kept, "cleanup.policy"), (Some("compact"), false));
        assert_eq!(entry(kept, "max.message.bytes"), (Some("1048588"), true));
        assert_eq!((kept_again, missing_again), (kept, missing_broker), "a resource may be asked twice");
        for (broker, id) in [(one, 1), (two, 2)] {
            let data = cluster.node(id).expect("a node").data();
            assert_eq!(entry(broker, "node.id"), (Some(id.to_string().as_str()), false));
            assert_eq!(entry(broker, "log.dirs"), (Some(data.to_string_lossy().as_ref()), false));
            assert_eq!(entry(broker, "log.retention.hours"), (Some("168"), true));
            // Sensitive.
            assert_eq!(entry(broker, "ssl.keystore.password").0, None);
        }
        let code = |found: &Result<_, AdminError>| match found {
            Err(AdminError::Broker { code, message, .. }) => (code.0, message.contains("99")),
            other => panic!("{other:?}"),
        };
        assert_eq!(code(missing_topic).0, 3);
        assert_eq!(code(missing_broker), (8, true));
        // Brokers have them in no order.
        found.iter_mut().flatten().for_each(|entries| entries.sort_by(|a, b| a.name.cmp(&b.name)));
        told.push(found);
    }
    assert_eq!(told[0], told[1], "all entries of all resources, and the words of errors");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_configuration_only_the_entries_asked_for_are_told() {
    let world = WORLD.read().await;
    let cluster = &world.cluster;
    cluster.kafka().create_topics(&[NewTopic::new("named", 1).config("segment.ms", "3600000")]).expect("a topic");
    let asked = [ConfigResource::Topic("named".into()), ConfigResource::Broker(2)];
    let names = ["segment.ms", "cleanup.policy", "no.such.entry", "node.id"];
    let entry = |name: &str, value: &str, is_default| ConfigEntry {
        name: name.to_owned(),
        value: Some(value.to_owned()),
        is_default,
    };
    let of_topic = [entry("cleanup.policy", "delete", true), entry("segment.ms", "3600000", false)];
    let of_broker = [entry("node.id", "2", false)];
    for (engine, admin) in Engine::admins(&cluster.bootstrap()) {
        println!("{engine}");
        let found = admin.configs(&asked, Some(&names), soon()).await;
        let sorted = found.into_iter().map(|entries| {
            let mut entries = entries.expect("a configuration");
            entries.sort_by(|a, b| a.name.cmp(&b.name));
            entries
        });
        assert_eq!(sorted.collect::<Vec<_>>(), [of_topic.to_vec(), of_broker.to_vec()]);
        assert_eq!(admin.configs(&[], Some(&names), soon()).await, []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_librdkafka_cannot_ask_is_unsupported_and_not_empty() {
    let world = WORLD.read().await;
    let cluster = &world.cluster;
    let admin = Engine::Librdkafka.admin(&cluster.bootstrap());
    assert_eq!(admin.quorum(soon()).await, Err(AdminError::Unsupported { call: "DescribeQuorum" }));
    assert_eq!(admin.registered_brokers(soon()).await, Err(AdminError::Unsupported { call: "DescribeCluster" }));
    assert_eq!(
        admin.log_dirs(&[1, 2], soon()).await,
        vec![Err(AdminError::Unsupported { call: "DescribeLogDirs" }); 2]
    );
}

/// Brokers with whether they are fenced.
fn registered(cluster: &Cluster, fenced: [bool; 2]) -> Vec<RegisteredBroker> {
    let broker = |(id, is_fenced)| {
        let (host, port) = address(cluster, id);
        RegisteredBroker { broker: Broker { id, host, port, rack: None }, is_fenced }
    };
    [1, 2].into_iter().zip(fenced).map(broker).collect()
}

async fn await_registered(admin: &dyn KafkaAdmin, expected: &[RegisteredBroker]) {
    let deadline = Instant::now() + WAIT;
    loop {
        let found = admin.registered_brokers(soon()).await.expect("brokers");
        if found == expected {
            return;
        }
        assert!(Instant::now() < deadline, "{found:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_stopped_stays_registered_and_only_its_own_answers_are_missing() {
    let world = WORLD.write().await;
    let cluster = &world.cluster;
    let admin = Engine::Protocol.admin(&cluster.bootstrap());
    await_registered(&*admin, &registered(cluster, [false, false])).await;
    let librdkafka = Engine::Librdkafka.admin(&cluster.bootstrap());
    for admin in [&admin, &librdkafka] {
        let both = admin.cluster(soon()).await.expect("metadata");
        assert_eq!(both.brokers.len(), 2);
    }

    tokio::task::block_in_place(|| cluster.node(2).expect("a node").stop()).expect("stopped");
    await_registered(&*admin, &registered(cluster, [false, true])).await;
    let dirs = admin.log_dirs(&[1, 2], soon()).await;
    assert!(dirs[0].as_ref().is_ok_and(|dirs| dirs.len() == 1), "{dirs:?}");
    assert_eq!(dirs[1].as_ref().expect_err("it is away").kind(), ErrorKind::Transport);
    let resources = [ConfigResource::Broker(2), ConfigResource::Broker(1)];
    for admin in [&admin, &librdkafka] {
        let configs = admin.configs(&resources, None, within(Duration::from_secs(3))).await;
        assert_eq!(configs[0].as_ref().expect_err("it is away").kind(), ErrorKind::Transport, "{admin:?}");
        assert_eq!(entry(&configs[1], "node.id").0, Some("1"), "{admin:?}");
    }
    // Metadata has those that are alive, and the quorum those that were there a moment ago.
    let one = admin.cluster(soon()).await.expect("metadata");
    assert_eq!(one.brokers.iter().map(|broker| broker.id).collect::<Vec<_>>(), [1]);
    let quorum = admin.quorum(soon()).await.expect("a quorum");
    assert_eq!((quorum.leader, ids(&quorum)), (Some(CONTROLLER), (vec![3], vec![1, 2])));

    tokio::task::block_in_place(|| cluster.node(2).expect("a node").restart()).expect("back");
    await_registered(&*admin, &registered(cluster, [false, false])).await;
    cluster.await_ready(WAIT).expect("both brokers");
}
