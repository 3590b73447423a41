//! What a collection asks the brokers for, by their own count.

use std::collections::BTreeMap;
use std::time::Duration;

use kafka_admin_tests::Engine;
use kafka_lab::{Cluster, Commit, GroupProtocol, NewTopic, http, wait_until};

use crate::{CLUSTER, WAIT, collect, reader};

/// Requests by API and broker.
type Counts = BTreeMap<String, [u64; 3]>;

/// What brokers, and members that have joined, go on asking while nothing happens.
const BACKGROUND: [&str; 7] =
    ["BrokerHeartbeat", "ConsumerGroupHeartbeat", "Fetch", "FetchConsumer", "FetchFollower", "Heartbeat", "Envelope"];

/// All requests that the brokers have had, but for the background.
fn counts(cluster: &Cluster) -> Counts {
    let mut counts = Counts::new();
    for (at, node) in cluster.nodes().iter().enumerate() {
        let bean = "kafka.network:type=RequestMetrics,name=RequestsPerSec,*";
        let url = format!("{}/read/{bean}/Count", node.jolokia_url().unwrap());
        let answer: serde_json::Value = serde_json::from_str(&http::get(&url, &[], WAIT).unwrap().text()).unwrap();
        for (name, attributes) in answer["value"].as_object().unwrap() {
            let api = name.split([':', ',']).find_map(|key| key.strip_prefix("request=")).unwrap();
            if !BACKGROUND.contains(&api) {
                counts.entry(api.to_owned()).or_default()[at] += attributes["Count"].as_u64().unwrap();
            }
        }
    }
    counts
}

fn since(before: &Counts, after: &Counts) -> Counts {
    let none = [0; 3];
    let more = after.iter().map(|(api, now)| {
        let before = before.get(api).unwrap_or(&none);
        (api.clone(), [0, 1, 2].map(|at| now[at] - before[at]))
    });
    more.filter(|(_, more)| *more != none).collect()
}

/// Waits until nobody asks for anything any more.
fn settled(cluster: &Cluster) -> Counts {
    let mut before = counts(cluster);
    wait_until(WAIT, "the brokers to be idle", || {
        std::thread::sleep(Duration::from_millis(500));
        let after = counts(cluster);
        let more = since(&std::mem::replace(&mut before, after.clone()), &after);
        if more.is_empty() { Ok(after) } else { Err(format!("{more:?}")) }
    })
    .unwrap()
}

/// Counts as sums over the brokers.
fn sums(counts: &Counts) -> BTreeMap<&str, u64> {
    counts.iter().map(|(api, by_broker)| (api.as_str(), by_broker.iter().sum())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_steady_collection_asks_each_broker_for_groups_commits_and_offsets_and_nothing_else() {
    let cluster = &*CLUSTER.lock().await;
    let kafka = cluster.kafka();
    kafka.create_topics(&[NewTopic::new("count-a", 9), NewTopic::new("count-b", 3)]).unwrap();
    kafka.fill("count-a", 9, 5).unwrap();
    // Some for each coordinator.
    let commits: Vec<_> = (0..40).map(|n| Commit::new(&format!("count-{n}"), &[("count-a", n % 9, 2)])).collect();
    kafka.commit(&commits).unwrap();
    let _members = [("count-classic", GroupProtocol::Classic), ("count-consumer", GroupProtocol::Consumer)].map(
        |(group, protocol)| {
            let member = kafka.member(group, &["count-b"]).protocol(protocol).start().unwrap();
            kafka.await_stable(group, 1, WAIT).unwrap();
            member
        },
    );
    // Ends, and the last stable offsets of what has lag; the times of what is unread are known, as no group moves.
    let once_each = [("ListGroups", [1; 3]), ("ListOffsets", [2; 3]), ("OffsetFetch", [1; 3])];
    let steady: Counts = once_each.map(|(api, by_broker)| (api.to_owned(), by_broker)).into();

    // What is remembered stays so, however long this test takes.
    let lasting = reader(cluster, Engine::Protocol, "count-", Duration::from_secs(100_000));
    let before = settled(cluster);
    let snapshot = collect(&lasting).await;
    assert!(snapshot.failures.is_empty(), "{:?}", snapshot.failures);
    assert_eq!(snapshot.groups.as_ref().unwrap().len(), 42);
    let after = settled(cluster);
    let cold = since(&before, &after);
    println!("cold: {cold:?}");
    let mut expected = BTreeMap::from([
        // One connection to each broker.
        ("ApiVersions", 3),
        ("Metadata", 1),
        ("ListGroups", 3),
        ("DescribeGroups", 1),
        ("ConsumerGroupDescribe", 1),
        ("OffsetFetch", 3),
        // Starts, ends and last stable offsets; and lookups by timestamp, told apart below.
        ("ListOffsets", 9),
        // What is then remembered for minutes.
        ("DescribeCluster", 1),
        ("DescribeConfigs", 1),
        ("DescribeLogDirs", 3),
    ]);
    assert_asked_with_a_search(&cold, &expected);

    let mut before = after;
    for _ in 0..2 {
        let snapshot = collect(&lasting).await;
        assert!(snapshot.failures.is_empty(), "{:?}", snapshot.failures);
        let after = settled(cluster);
        assert_eq!(since(&before, &after), steady);
        before = after;
    }

    // A reader that remembers nothing asks for all of it again, on the connections that it has: of the log's times too, as it
    // does not know that the topics are not compacted.
    let forgetful = reader(cluster, Engine::Protocol, "count-", Duration::ZERO);
    collect(&forgetful).await;
    before = settled(cluster);
    let snapshot = collect(&forgetful).await;
    assert!(snapshot.failures.is_empty(), "{:?}", snapshot.failures);
    expected.remove("ApiVersions");
    let refresh = since(&before, &settled(cluster));
    println!("refresh: {refresh:?}");
    assert_asked_with_a_search(&refresh, &expected);
}

/// All that is expected, and lookups by timestamp besides.
#[track_caller]
fn assert_asked_with_a_search(asked: &Counts, expected: &BTreeMap<&str, u64>) {
    let mut asked = sums(asked);
    let lookups = asked["ListOffsets"] - expected["ListOffsets"];
    // The first round asks for two timestamps of each partition, a few more for one to three.
    assert!((6..=45).contains(&lookups), "{lookups} requests");
    asked.insert("ListOffsets", expected["ListOffsets"]);
    assert_eq!(asked, *expected);
}
