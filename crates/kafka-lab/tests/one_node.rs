//! One real Kafka 4.3.0 node from start to end: agents, state, traffic, the scenario, and nothing left.

#![allow(clippy::expect_used, reason = "helpers of tests fail the test")]

use std::time::{Duration, Instant};

use kafka_lab::{Cluster, Commit, Jolokia, Kafka, NewTopic, Phase, Record, Traffic, golden, http, proc, wait_until};

const WAIT: Duration = Duration::from_secs(60);

#[test]
fn a_node_serves_all_that_was_asked_for_and_leaves_nothing() {
    let cluster = Cluster::builder()
        .jolokia(Jolokia::V2_5_0)
        .jmx_exporter("0.17.2", "rules: [{pattern: '.*'}]\n")
        .each(|node| {
            node.jmx().property("log.retention.hours", "5");
        })
        .start()
        .expect("a node starts");
    let node = cluster.node(1).expect("node 1");
    let kafka = cluster.kafka();
    let metadata = kafka.metadata(None).expect("metadata");
    assert_eq!(metadata.cluster_id.as_deref(), Some(cluster.id()));
    assert_eq!(metadata.brokers[&1], node.kafka_address());

    let version = http::get_ok(&format!("{}/version", node.jolokia_url().expect("asked for")), WAIT).expect("Jolokia");
    assert!(version.contains("\"agent\":\"2.5.0\""), "{version}");
    let page = http::get_ok(&node.agent_url().expect("asked for"), WAIT).expect("the agent's page");
    assert!(page.contains("kafka_server_BrokerTopicMetrics_Count"), "{page}");
    std::net::TcpStream::connect(node.jmx_address().expect("asked for")).expect("JMX listens");
    assert!(node.cpu_seconds().expect("cpu") > 0.5 && node.rss_bytes().expect("rss") > 100 << 20);

    many_groups_are_committed_at_once(kafka);
    a_topic_grows_loses_records_and_goes(kafka);
    a_transaction_is_in_doubt_until_it_ends(kafka);
    a_silent_member_holds_its_group_up(kafka);
    the_scenario_stands(kafka);
    traffic_makes_a_group_fall_behind_and_recover(kafka);

    let (folder, pids) = (cluster.lab().folder().to_owned(), [node.pid().expect("up"), cluster.lab().guardian_pid()]);
    node.stop().expect("stops");
    assert!(!node.is_up() && kafka.metadata(None).is_err());
    drop(cluster);
    assert!(!folder.exists());
    pids.iter().for_each(|pid| assert_eq!(proc::state(*pid), None, "process {pid}"));
}

fn many_groups_are_committed_at_once(kafka: &Kafka) {
    kafka.create_topics(&[NewTopic::new("many", 10)]).expect("topic");
    kafka.fill("many", 10, 20).expect("records");
    kafka.produce([("many", Record::to_partition(0, "old").at(1_500_000_000_000))]).expect("an old record");
    let offsets: Vec<_> = (0..10).map(|partition| ("many", partition, 7)).collect();
    let commits: Vec<_> = (0..500).map(|group| Commit::new(&format!("many-{group}"), &offsets)).collect();
    let start = Instant::now();
    kafka.commit(&commits).expect("commits");
    assert!(start.elapsed() < Duration::from_secs(20), "500 groups took {:?}", start.elapsed());
    let groups = kafka.groups().expect("groups");
    assert_eq!(groups.keys().filter(|name| name.starts_with("many-")).count(), 500);
    assert_eq!((groups["many-7"].state.as_str(), groups["many-7"].kind.as_str()), ("Empty", "classic"));
    let error = kafka.commit(&[Commit::new("g", &[("no-such-topic", 0, 1)])]).expect_err("no such topic").to_string();
    assert!(error.contains("UnknownTopicOrPartition"), "{error}");
}

fn a_topic_grows_loses_records_and_goes(kafka: &Kafka) {
    kafka.create_topics(&[NewTopic::new("changing", 1)]).expect("topic");
    kafka.add_partitions("changing", 3).expect("two more");
    kafka.configure_topic("changing", "retention.ms", "-1").expect("a known key");
    let error = kafka.configure_topic("changing", "no.such.key", "1").expect_err("unknown").to_string();
    assert!(error.contains("InvalidConfig"), "{error}");
    let times = [-1, 1_500_000_000_000, 1_400_000_000_000];
    kafka.produce(times.map(|time| ("changing", Record::to_partition(2, "x").at(time)))).expect("records");
    kafka.delete_records("changing", 2, 1).expect("deletes");
    assert_eq!(kafka.bounds("changing", 2).expect("bounds"), (1, 3));
    assert_eq!(kafka.read("changing", 2).expect("records"), [(1, times[1]), (2, times[2])]);
    assert_eq!(kafka.read("changing", 0).expect("no records"), []);
    kafka.delete_topic("changing").expect("deletes");
    kafka.create_topics(&[NewTopic::new("changing", 1)]).expect("the name is free");
}

fn a_transaction_is_in_doubt_until_it_ends(kafka: &Kafka) {
    kafka.create_topics(&[NewTopic::new("doubted", 1)]).expect("topic");
    let record = || [("doubted", Record::to_partition(0, "x"))];
    for (end, commits) in [(2, true), (4, false)] {
        let transaction = kafka.begin_transaction("doubt").expect("begins");
        transaction.produce(record()).expect("writes");
        assert_eq!(kafka.bounds("doubted", 0).expect("bounds"), (0, end - 1));
        if commits { transaction.commit() } else { transaction.abort() }.expect("ends");
        // The record and the marker.
        wait_until(WAIT, "the marker", || match kafka.bounds("doubted", 0) {
            Ok(bounds) if bounds == (0, end) => Ok(()),
            other => Err(format!("{other:?}")),
        })
        .expect("the marker");
    }
    let offsets: Vec<i64> = kafka.read("doubted", 0).expect("records").iter().map(|(offset, _)| *offset).collect();
    assert_eq!(offsets, [0, 2]);
}

fn a_silent_member_holds_its_group_up(kafka: &Kafka) {
    kafka.join_silently("held-up", &["doubted"]).expect_err("there is no such group");
    kafka.commit(&[Commit::new("held-up", &[("doubted", 0, 1)])]).expect("commit");
    kafka.join_silently("held-up", &["doubted"]).expect("joins");
    assert_eq!(kafka.groups().expect("groups")["held-up"].state, "CompletingRebalance");
    assert_eq!(kafka.members("held-up").expect("members"), (1, 0));
}

fn the_scenario_stands(kafka: &Kafka) {
    let scenario = golden::create(kafka).expect("scenario");
    let groups = kafka.groups().expect("groups");
    for (group, state, kind) in
        [("billing", "Stable", "classic"), ("next-gen", "Stable", "consumer"), ("ahead", "Empty", "classic")]
    {
        assert_eq!((groups[group].state.as_str(), groups[group].kind.as_str()), (state, kind), "{group}");
    }
    // 100 + 50 records are in the topic; billing starts at 90 and 50.
    wait_until(WAIT, "both members to read", || {
        let read = (scenario.billing.records_read(), scenario.next_gen.records_read());
        if read == (10, 150) { Ok(()) } else { Err(format!("{read:?}")) }
    })
    .expect("each reads what it has not committed");
    scenario.billing.stop().expect("billing leaves");
    scenario.next_gen.stop().expect("next-gen leaves");
    for group in ["billing", "next-gen"] {
        kafka.await_state(group, "Empty", WAIT).expect("no member left");
    }
}

fn traffic_makes_a_group_fall_behind_and_recover(kafka: &Kafka) {
    kafka.create_topics(&[NewTopic::new("busy", 2)]).expect("topic");
    let mut traffic = Traffic::produce(kafka, "busy", 500).expect("producer");
    let phase = |seconds, records_per_second| Phase { duration: Duration::from_secs(seconds), records_per_second };
    traffic.consume(kafka, "slow", "busy", &[phase(4, Some(0)), phase(4, None)]).expect("consumer");
    kafka.await_stable("slow", 1, WAIT).expect("it joins");
    let consumer: rdkafka::consumer::BaseConsumer = rdkafka::ClientConfig::new()
        .set("bootstrap.servers", kafka.bootstrap())
        .set("group.id", "slow")
        .create()
        .expect("a client to look");
    let lag = || {
        use rdkafka::consumer::Consumer;
        let mut partitions = rdkafka::TopicPartitionList::new();
        partitions.add_partition_range("busy", 0, 1);
        let committed = consumer.committed_offsets(partitions, WAIT).expect("committed");
        let lags = committed.elements().into_iter().map(|partition| {
            let (_, end) = consumer.fetch_watermarks("busy", partition.partition(), WAIT).expect("ends");
            end - partition.offset().to_raw().filter(|offset| *offset >= 0).unwrap_or(0)
        });
        lags.sum::<i64>()
    };
    let seen = |what: &str, ok: &dyn Fn(i64) -> bool| {
        wait_until(WAIT, what, || Some(lag()).filter(|lag| ok(*lag)).ok_or_else(|| format!("lag {}", lag())))
            .expect(what)
    };
    seen("the group to fall behind", &|lag| lag > 1500);
    seen("the group to recover", &|lag| lag < 900);
    seen("the group to fall behind again", &|lag| lag > 1500);
    assert!(traffic.records_acknowledged() > 1500 && traffic.records_failed() == 0);
}
