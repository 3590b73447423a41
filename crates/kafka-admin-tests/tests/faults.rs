//! Three real brokers, each of which freezes and dies: whatever the others can answer arrives by the deadline. One of the
//! long tests: tests/faults of kafka-vitals shows the same through the binary.

#![cfg(feature = "full-tests")]
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "helpers of tests, which may fail in them")]

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use kafka_admin::{
    AdminError, Cluster, ConfigResource, ErrorKind, GroupId, GroupRef, Isolation, KafkaAdmin, OffsetQuery, OffsetSpec,
};
use kafka_lab::{Commit, NewTopic};

use kafka_admin_tests::{Engine, ids, plain, query, within};

const WAIT: Duration = Duration::from_secs(90);
/// What a scrape with a time-out of 5 s leaves.
const SCRAPE: Duration = Duration::from_millis(4_500);
const PARTITIONS: i32 = 30;

/// Both engines.
type Admins = [(Engine, Arc<dyn KafkaAdmin>)];
/// Topic, partition, offset.
type Commits = Vec<(String, i32, Option<i64>)>;

/// One collection as the exporter makes it.
struct Collected {
    cluster: Result<Cluster, AdminError>,
    /// Groups listed, and errors of the list.
    listed: (BTreeSet<GroupId>, Vec<AdminError>),
    committed: BTreeMap<GroupId, Result<Commits, AdminError>>,
    described: BTreeMap<GroupId, Result<Option<i32>, AdminError>>,
    /// Latest offset by partition.
    latest: BTreeMap<i32, Result<Option<i64>, AdminError>>,
    took: Vec<Duration>,
    configs: Configs,
}

/// Configurations of the topic and, by id, of the brokers in the metadata.
struct Configs {
    topic: Result<(), AdminError>,
    brokers: BTreeMap<i32, Result<(), AdminError>>,
}

impl Collected {
    fn errors(&self) -> Vec<&AdminError> {
        let mut errors: Vec<&AdminError> = self.cluster.as_ref().err().into_iter().chain(&self.listed.1).collect();
        errors.extend(self.committed.values().filter_map(|result| result.as_ref().err()));
        errors.extend(self.described.values().filter_map(|result| result.as_ref().err()));
        errors.extend(self.latest.values().filter_map(|result| result.as_ref().err()));
        errors.extend(self.configs.topic.as_ref().err());
        errors.extend(self.configs.brokers.values().filter_map(|result| result.as_ref().err()));
        errors
    }
}

/// All calls one after the other under one deadline.
async fn collect(admin: &dyn KafkaAdmin, groups: &[GroupRef], queries: &[OffsetQuery]) -> Collected {
    let start = Instant::now();
    let deadline = within(SCRAPE);
    let mut took = Vec::new();
    let cluster = admin.cluster(deadline).await;
    took.push(start.elapsed());
    let listed = match admin.list_groups(deadline).await {
        Ok(listed) => (listed.groups.into_iter().map(|group| group.id).collect(), listed.errors),
        Err(error) => (BTreeSet::new(), vec![error]),
    };
    took.push(start.elapsed());
    let committed = admin.committed(groups, deadline).await;
    let committed = committed.into_iter().map(|result| result.map(|offsets| plain(&Ok(offsets))));
    let committed = groups.iter().map(|group| group.id.clone()).zip(committed).collect();
    took.push(start.elapsed());
    let described = admin.describe_groups(groups, deadline).await;
    let described = described.into_iter().map(|result| result.map(|group| group.coordinator));
    let described = groups.iter().map(|group| group.id.clone()).zip(described).collect();
    took.push(start.elapsed());
    let found = admin.offsets(queries, Isolation::ReadUncommitted, deadline).await;
    let latest = queries.iter().zip(found).map(|(query, found)| (query.partition, found.map(|found| found.offset)));
    let latest = latest.collect();
    took.push(start.elapsed());
    println!("  {}: {took:?}", admin.engine());
    assert!(start.elapsed() < SCRAPE + Duration::from_millis(400), "{took:?}");
    let brokers = cluster.iter().flat_map(|cluster| &cluster.brokers).map(|broker| broker.id).collect();
    let configs = configs(admin, brokers).await;
    Collected { cluster, listed, committed, described, latest, took, configs }
}

/// The exporter asks for configurations apart from the rest, with a deadline of their own.
async fn configs(admin: &dyn KafkaAdmin, brokers: Vec<i32>) -> Configs {
    let start = Instant::now();
    let mut resources: Vec<_> = brokers.iter().copied().map(ConfigResource::Broker).collect();
    resources.push(ConfigResource::Topic("spread".into()));
    let names = ["cleanup.policy", "node.id"];
    let mut told: Vec<_> = admin
        .configs(&resources, Some(&names), within(SCRAPE))
        .await
        .into_iter()
        .map(|told| {
            let entries = told?;
            assert!(matches!(entries.as_slice(), [entry] if names.contains(&entry.name.as_str())), "{entries:?}");
            Ok(())
        })
        .collect();
    println!("  {}: configurations {:?}", admin.engine(), start.elapsed());
    assert!(start.elapsed() < SCRAPE + Duration::from_millis(400), "{:?}", start.elapsed());
    Configs { topic: told.pop().expect("the topic"), brokers: brokers.into_iter().zip(told).collect() }
}

/// The queries as one who trusts this metadata asks them.
fn queries(cluster: &Cluster) -> Vec<OffsetQuery> {
    let topic = cluster.topics.iter().find(|topic| &*topic.name == "spread").expect("the topic");
    topic.partitions.iter().map(|p| query("spread", p.id, OffsetSpec::Latest, p.leader)).collect()
}

/// Any broker may tell of the topic, and each of itself.
fn assert_told(configs: &Configs, silent: Option<i32>) {
    assert_eq!(configs.topic, Ok(()));
    for (broker, told) in &configs.brokers {
        assert!(told.is_ok() || silent == Some(*broker), "{broker}: {told:?}");
    }
}

fn assert_right(
    collected: &Collected,
    silent: Option<i32>,
    leaders: &BTreeMap<i32, i32>,
    coordinators: &BTreeMap<GroupId, i32>,
) {
    collected.cluster.as_ref().expect("metadata");
    assert_told(&collected.configs, silent);
    let mut lost = (0, 0, 0);
    for (partition, found) in &collected.latest {
        if silent.is_none() || leaders.get(partition).copied() != silent {
            assert_eq!(offset_of(found), Some(i64::from(*partition) + 1), "partition {partition}: {found:?}");
        } else if let Err(error) = found {
            assert!(
                matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Transport | ErrorKind::Unavailable),
                "{error}"
            );
            lost.0 += 1;
        }
    }
    for (group, coordinator) in coordinators {
        let (committed, described) = (&collected.committed[group], &collected.described[group]);
        if silent != Some(*coordinator) {
            let number: i64 = group.trim_start_matches("group-").parse().expect("a number");
            let expected = vec![("spread".to_owned(), 0, Some(number)), ("spread".to_owned(), 9, Some(3))];
            assert_eq!(committed.as_ref(), Ok(&expected), "{group} at {coordinator}");
            assert!(described.is_ok(), "{group} at {coordinator}: {described:?}");
            assert!(collected.listed.0.contains(group), "{group} at {coordinator} is not listed");
        } else {
            lost.1 += usize::from(committed.is_err());
            lost.2 += usize::from(described.is_err());
        }
    }
    println!("  lost with {silent:?}: partitions, commits, descriptions {lost:?}, list {:?}", collected.listed.1);
}

fn offset_of(found: &Result<Option<i64>, AdminError>) -> Option<i64> {
    *found.as_ref().ok()?
}

/// Both engines at the same time, so that they see the same.
async fn each<'a, T, F: Future<Output = T>>(admins: &'a Admins, call: impl Fn(&'a dyn KafkaAdmin) -> F) -> Vec<T> {
    join_all(admins.iter().map(|(_, admin)| call(admin.as_ref()))).await
}

/// Collections until both engines have a whole one: the first engine's, and the largest number of those that were not.
async fn until_whole(admins: &Admins, groups: &[GroupRef], what: &str) -> (Collected, usize) {
    let mut whole = each(admins, |admin| until_one_is_whole(admin, groups, what)).await;
    let incomplete = whole.iter().map(|(_, incomplete)| *incomplete).max().expect("two engines");
    (whole.swap_remove(0).0, incomplete)
}

/// Collections until one is whole, each of which must be in time, with the number of those that were not.
async fn until_one_is_whole(admin: &dyn KafkaAdmin, groups: &[GroupRef], what: &str) -> (Collected, usize) {
    let engine = admin.engine();
    let end = within(WAIT);
    for incomplete in 0.. {
        let cluster = admin.cluster(within(SCRAPE)).await.expect("metadata");
        let collected = collect(admin, groups, &queries(&cluster)).await;
        // A new coordinator lists its groups only once it has loaded them, and does not say so.
        if collected.errors().is_empty() && collected.listed.0.len() == groups.len() {
            return (collected, incomplete);
        }
        let errors: BTreeSet<String> = collected.errors().into_iter().map(ToString::to_string).collect();
        println!("  {engine}, {what}: {} groups listed, {errors:?}", collected.listed.0.len());
        assert!(Instant::now() < end, "{engine}, {what}: {errors:?}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    unreachable!("the loop is endless")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_broker_costs_its_own_groups_and_partitions_only_and_is_back_at_the_next_call() {
    let lab = kafka_lab::Cluster::builder()
        .nodes(3)
        .heap_mib(300)
        .property("leader.imbalance.check.interval.seconds", "3")
        .property("leader.imbalance.per.broker.percentage", "0")
        .start()
        .expect("three nodes");
    let kafka = lab.kafka();
    let replicas: Vec<Vec<i32>> = (0..PARTITIONS).map(|p| (0..3).map(|n| (p + n) % 3 + 1).collect()).collect();
    let replicas: Vec<&[i32]> = replicas.iter().map(Vec::as_slice).collect();
    kafka.create_topics(&[NewTopic::new("spread", PARTITIONS).assignment(&replicas)]).expect("topic");
    for partition in 0..PARTITIONS {
        let records = (0..=partition).map(|_| ("spread", kafka_lab::Record::to_partition(partition, "x")));
        kafka.produce(records).expect("records");
    }
    let names: Vec<String> = (0..60).map(|n| format!("group-{n}")).collect();
    let commits: Vec<Commit> =
        (0..).zip(&names).map(|(n, group)| Commit::new(group, &[("spread", 0, n), ("spread", 9, 3)])).collect();
    kafka.commit(&commits).expect("commits");
    let groups = ids(&names);
    let admins = Engine::admins(&lab.bootstrap());

    for id in 1..=3 {
        let node = lab.node(id).expect("the node");
        let end = within(WAIT);
        let (cluster, coordinators) = loop {
            let (collected, _) = until_whole(&admins, &groups, "healthy").await;
            let cluster = collected.cluster.expect("metadata");
            let described = collected.described.into_iter();
            let coordinators: BTreeMap<GroupId, i32> =
                described.filter_map(|(group, at)| Some((group, at.ok()??))).collect();
            // Nothing is to move while the broker is silent.
            let partitions = cluster.topics.iter().flat_map(|topic| &topic.partitions);
            let settled = partitions.into_iter().all(|p| p.leader == p.replicas.first().copied());
            if settled && coordinators.len() == groups.len() {
                break (cluster, coordinators);
            }
            assert!(Instant::now() < end, "leaderships do not return");
            tokio::time::sleep(Duration::from_secs(1)).await;
        };
        let asked = queries(&cluster);
        let leaders: BTreeMap<i32, i32> = asked.iter().filter_map(|q| Some((q.partition, q.leader?))).collect();

        // They know all brokers, and of none that it is silent.
        let fresh = Engine::admins(&lab.bootstrap());
        each(&fresh, |admin| admin.cluster(within(SCRAPE))).await;

        println!("broker {id} freezes");
        node.freeze().expect("freezes");
        let frozen = Instant::now();
        for told in each(&fresh, |admin| configs(admin, vec![1, 2, 3])).await {
            assert_told(&told, Some(id));
            assert!(told.brokers[&id].is_err(), "broker {id} is silent");
        }
        for _ in 0..2 {
            let both = each(&admins, |admin| collect(admin, &groups, &asked)).await;
            for collected in &both {
                assert_right(collected, Some(id), &leaders, &coordinators);
                // It leaves Metadata after 9 s; until then it must be missed.
                if frozen.elapsed() < Duration::from_secs(7) {
                    assert!(!collected.listed.1.is_empty(), "the list lacks a broker and does not say so");
                    assert!(collected.latest.values().any(Result::is_err));
                }
            }
            let took = both.iter().filter_map(|collected| collected.took.last()).max().expect("a time");
            tokio::time::sleep(SCRAPE.saturating_sub(*took).min(Duration::from_secs(1))).await;
        }
        lab.await_gone(id, WAIT).expect("a frozen broker leaves Metadata");
        let (whole, _) = until_whole(&admins, &groups, "without it").await;
        assert_right(&whole, None, &leaders, &coordinators);
        println!("broker {id} thaws after {:?}", frozen.elapsed());
        node.thaw().expect("thaws");
        lab.await_ready(WAIT).expect("it is back");
        // One collection may see leaderships on their way back.
        let (whole, incomplete) = until_whole(&admins, &groups, "with it").await;
        assert!(incomplete <= 1, "{incomplete} collections were not whole");
        assert_right(&whole, None, &leaders, &coordinators);
        let brokers = whole.cluster.expect("metadata").brokers;
        assert_eq!(brokers.iter().map(|broker| broker.id).collect::<Vec<_>>(), [1, 2, 3]);
    }

    println!("broker 2 is killed");
    let cluster = until_whole(&admins, &groups, "healthy").await.0.cluster.expect("metadata");
    let asked = queries(&cluster);
    lab.node(2).expect("the node").kill().expect("dies");
    for _ in 0..3 {
        for collected in each(&admins, |admin| collect(admin, &groups, &asked)).await {
            collected.cluster.as_ref().expect("metadata");
            for (query, found) in asked.iter().zip(collected.latest.values()) {
                assert!(found.is_ok() || query.leader == Some(2), "{query:?}: {found:?}");
            }
        }
    }
    lab.await_gone(2, WAIT).expect("a dead broker leaves Metadata");
    until_whole(&admins, &groups, "without it").await;
    lab.node(2).expect("the node").restart().expect("starts again");
    lab.await_ready(WAIT).expect("it is back");
    let (_, incomplete) = until_whole(&admins, &groups, "with it").await;
    assert!(incomplete <= 1, "{incomplete} collections were not whole");

    lab.node(3).expect("the node").freeze().expect("freezes");
    let start = Instant::now();
    drop(admins);
    assert!(start.elapsed() < Duration::from_millis(100), "drop took {:?}", start.elapsed());
}
