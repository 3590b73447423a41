//! Each engine is the other's oracle: one's snapshot of a busy cluster between two of the other's.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::time::{Duration, Instant};

use kafka_admin::{ErrorKind, GroupState};
use kafka_admin_tests::Engine;
use kafka_lab::{Commit, GroupProtocol, Kafka, NewTopic, Phase, Traffic, wait_until};
use kafka_vitals::kafka::{ClusterReader, Lookup};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::view::{GroupView, View};
use crate::{CLUSTER, WAIT, collect, reader};

const ROUNDS: usize = 6;
/// Its one broker is stopped.
const ORPHAN: &str = "agree-orphan";
/// Written to by an open transaction.
const DOUBT: &str = "agree-doubt";

/// Topics and groups that stand still, but for what is said to be busy or moving.
fn prepare(kafka: &Kafka) {
    kafka
        .create_topics(&[
            NewTopic::new("agree-busy", 6).replication(3),
            NewTopic::new("agree-still", 4).assignment(&[&[1], &[2], &[1], &[2]]),
            NewTopic::new(DOUBT, 1).assignment(&[&[1, 2]]),
            NewTopic::new(ORPHAN, 1).assignment(&[&[3]]),
            NewTopic::new("agree-empty", 1).replication(3),
        ])
        .unwrap();
    kafka.fill("agree-still", 4, 20).unwrap();
    kafka.fill(ORPHAN, 1, 5).unwrap();
    kafka.delete_records("agree-still", 0, 7).unwrap();
    kafka.delete_records("agree-still", 1, -1).unwrap();
    let mut commits: Vec<_> = (0..30)
        .map(|n| Commit::new(&format!("agree-{n}"), &[("agree-still", n % 4, 3), ("agree-busy", 0, 0)]))
        .collect();
    commits.push(Commit::new("agree-orphaned", &[(ORPHAN, 0, 2), ("agree-still", 2, 25)]));
    commits.push(Commit::new("agree-doubting", &[("agree-still", 3, 1)]));
    kafka.commit(&commits).unwrap();
}

/// An open transaction with records, and with a commit of the group `agree-doubting`.
fn doubt(bootstrap: &str) -> BaseProducer {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap);
    let consumer: BaseConsumer = config.clone().set("group.id", "agree-doubting").create().unwrap();
    let producer: BaseProducer = config.set("transactional.id", "doubt").create().unwrap();
    producer.init_transactions(WAIT).unwrap();
    producer.begin_transaction().unwrap();
    for _ in 0..5 {
        producer.send(BaseRecord::<(), str>::to(DOUBT).partition(0).payload("x")).unwrap();
    }
    producer.flush(WAIT).unwrap();
    let mut offsets = TopicPartitionList::new();
    offsets.add_partition_offset("agree-still", 3, Offset::Offset(9)).unwrap();
    producer.send_offsets_to_transaction(&offsets, &consumer.group_metadata().unwrap(), WAIT).unwrap();
    producer
}

/// The same question to one engine, the other, and the first again.
async fn sandwich(protocol: &ClusterReader, librdkafka: &ClusterReader) -> [View; 3] {
    let before = View::of(&collect(protocol).await);
    let between = View::of(&collect(librdkafka).await);
    [before, between, View::of(&collect(protocol).await)]
}

/// What was the same before and after was it in between.
#[track_caller]
fn assert_still<T: PartialEq + Debug>(what: &str, [before, between, after]: [&T; 3]) {
    assert!(before != after || between == before, "{what}: {before:?}, {between:?}, {after:?}");
}

/// What only grows lies in between.
#[track_caller]
fn assert_grows<K: Ord + Debug, V: Ord + Debug>(what: &str, [before, between, after]: [&BTreeMap<K, V>; 3]) {
    for (key, value) in between {
        let (before, after) = (before.get(key), after.get(key));
        assert!(before <= Some(value) && Some(value) <= after, "{what} {key:?}: {before:?}, {value:?}, {after:?}");
    }
    assert!(before.keys().all(|key| between.contains_key(key)), "{what}: {before:?}, {between:?}");
}

fn assert_between(views: &[View; 3]) {
    let known = |offsets: &BTreeMap<(String, i32), Lookup>| -> BTreeMap<_, _> {
        offsets.iter().map(|(key, offset)| (key.clone(), offset.known())).collect()
    };
    let [before, between, after] = views;
    for view in views {
        assert_eq!(view.failures, [""; 0]);
    }
    assert_still("brokers", [&before.brokers, &between.brokers, &after.brokers]);
    assert_still("topics", [&before.topics, &between.topics, &after.topics]);
    assert_grows("start", views.each_ref().map(|view| known(&view.starts)).each_ref());
    assert_grows("end", views.each_ref().map(|view| known(&view.ends)).each_ref());
    let names = views.each_ref().map(|view| view.groups.keys().cloned().collect::<Vec<_>>());
    assert_still("groups", names.each_ref());
    for (name, group) in &between.groups {
        let (Some(before), Some(after)) = (before.groups.get(name), after.groups.get(name)) else { continue };
        assert_grows(name, [&before.committed, &group.committed, &after.committed]);
        // Its members come and go.
        if name != "agree-moving" {
            let without = |group: &GroupView| GroupView { committed: BTreeMap::new(), ..group.clone() };
            assert_still(name, [&without(before), &without(group), &without(after)]);
        }
    }
}

fn sum<'a>(offsets: impl Iterator<Item = (&'a (String, i32), i64)>) -> i64 {
    offsets.filter(|((topic, _), _)| topic == "agree-busy").map(|(_, offset)| offset).sum()
}

/// The comparison is worth something: from the first view to the last there were records, commits and rebalances.
fn assert_has_moved(seen: &[View]) {
    let [first, .., last] = seen else { panic!("{seen:?}") };
    let end = |view: &View| sum(view.ends.iter().filter_map(|(key, end)| Some((key, end.known()?))));
    assert!(end(first) < end(last), "{} {}", end(first), end(last));
    for group in ["agree-behind", "agree-modern", "agree-moving"] {
        let done = |view: &View| sum(view.groups[group].committed.iter().filter_map(|(key, one)| Some((key, (*one)?))));
        assert!(done(first) < done(last), "{group}: {} {}", done(first), done(last));
    }
    let states = states(seen);
    assert!(states.len() > 1, "{states:?}");
}

/// The states in which the group was seen whose members come and go.
fn states(seen: &[View]) -> BTreeSet<String> {
    seen.iter().map(|view| format!("{:?}", view.groups["agree-moving"].state)).collect()
}

/// Whether all members have left.
fn has_left(view: &View) -> bool {
    view.groups.values().all(|group| group.state == GroupState::Empty)
}

/// What both engines agree on is what was done to the cluster.
fn assert_facts(view: &View) {
    let at = |topic: &str, partition| (topic.to_owned(), partition);
    let ids: Vec<i32> = view.brokers.iter().map(|broker| broker.id).collect();
    assert_eq!(ids, [1, 2]);
    let orphan = &view.topics[ORPHAN].1[0];
    assert_eq!((orphan.leader, orphan.replicas.as_slice()), (None, [3].as_slice()));
    for offsets in [&view.starts, &view.ends] {
        assert_eq!(offsets[&at(ORPHAN, 0)], Lookup::Failed(ErrorKind::Unavailable));
    }
    let still = |partition| {
        let key = at("agree-still", partition);
        (view.starts[&key], view.ends[&key])
    };
    assert_eq!(still(0), (Lookup::Known(7), Lookup::Known(20)));
    assert_eq!(still(1), (Lookup::Known(20), Lookup::Known(20)));
    assert_eq!(still(2), (Lookup::Known(0), Lookup::Known(20)));
    // The high watermark is beyond what is in doubt, a commit in doubt is none yet.
    assert_eq!(view.ends[&at(DOUBT, 0)], Lookup::Known(5));
    let committed = |group: &str| view.groups[group].committed.clone();
    assert_eq!(committed("agree-doubting"), BTreeMap::from([(at("agree-still", 3), Some(1))]));
    let orphaned = [(at(ORPHAN, 0), Some(2)), (at("agree-still", 2), Some(25))];
    assert_eq!(committed("agree-orphaned"), BTreeMap::from(orphaned));
    assert_eq!(view.groups.len(), 35);
}

#[tokio::test(flavor = "multi_thread")]
async fn both_engines_tell_the_same_of_a_busy_cluster_and_of_one_at_rest() {
    let cluster = &*CLUSTER.lock().await;
    let kafka = cluster.kafka();
    prepare(kafka);
    cluster.node(3).unwrap().stop().unwrap();
    cluster.await_gone(3, WAIT).unwrap();
    let transaction = doubt(&cluster.bootstrap());

    let mut traffic = Traffic::produce(kafka, "agree-busy", 400).unwrap();
    let reads = [Phase { duration: WAIT, records_per_second: Some(250) }];
    traffic.consume(kafka, "agree-behind", "agree-busy", &reads).unwrap();
    let member = |group: &str| {
        let member = kafka.member(group, &["agree-busy"]).client("c").setting("enable.auto.commit", "true");
        member.setting("auto.commit.interval.ms", "100")
    };
    let modern = member("agree-modern").protocol(GroupProtocol::Consumer).start().unwrap();
    let moving = member("agree-moving").start().unwrap();
    for group in ["agree-behind", "agree-modern", "agree-moving"] {
        kafka.await_stable(group, 1, WAIT).unwrap();
    }

    let [protocol, librdkafka] =
        [Engine::Protocol, Engine::Librdkafka].map(|engine| reader(cluster, engine, "agree-", Duration::ZERO));
    let mut seen = Vec::new();
    let deadline = Instant::now() + WAIT;
    // On an idle machine all of them may fall between two rebalances.
    for round in 1.. {
        // It joins while they look.
        let guest = member("agree-moving").start().unwrap();
        let views = sandwich(&protocol, &librdkafka).await;
        assert_between(&views);
        guest.stop().unwrap();
        seen.extend(views);
        if round >= ROUNDS && (states(&seen).len() > 1 || Instant::now() > deadline) {
            break;
        }
    }
    assert_has_moved(&seen);

    drop((traffic, modern, moving));
    let deadline = Instant::now() + WAIT;
    let at_rest = loop {
        let [before, between, after] = sandwich(&protocol, &librdkafka).await;
        if before == after && has_left(&before) {
            assert_eq!(between, before);
            break before;
        }
        assert!(Instant::now() < deadline, "it still moves: {before:?} {after:?}");
    };
    assert_facts(&at_rest);

    transaction.abort_transaction(WAIT).unwrap();
    cluster.node(3).unwrap().restart().unwrap();
    wait_until(WAIT, "every broker to lead again what it led before", || {
        let topics = kafka.metadata(None).map_err(|error| error.to_string())?.topics;
        let mut partitions = topics.values().flat_map(BTreeMap::values);
        match partitions.find(|partition| partition.leader != partition.replicas.first().copied()) {
            None => Ok(()),
            Some(other) => Err(format!("{other:?}")),
        }
    })
    .unwrap();
}
