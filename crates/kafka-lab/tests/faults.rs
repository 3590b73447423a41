//! Three nodes that freeze, die and come back, and nodes with split roles of the older Kafka.

#![allow(clippy::expect_used, reason = "helpers of tests fail the test")]

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use kafka_lab::{Cluster, Commit, Jolokia, KafkaVersion, NewTopic, http, wait_until};

const WAIT: Duration = Duration::from_secs(60);

/// One cluster at a time: six JVMs at once would test the machine's patience.
static ONE: Mutex<()> = Mutex::new(());

#[test]
fn nodes_freeze_die_and_come_back_while_groups_survive() {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let cluster = Cluster::builder().nodes(3).jolokia(Jolokia::V2_5_0).heap_mib(256).start().expect("three nodes");
    let kafka = cluster.kafka();
    let urls: Vec<String> = cluster.nodes().iter().filter_map(|node| node.jolokia_url()).collect();
    let port = cluster.jolokia_port();
    assert_eq!(urls, [1, 2, 3].map(|id| format!("http://127.0.0.{id}:{port}/jolokia")), "one port, three addresses");

    kafka
        .create_topics(&[
            NewTopic::new("copied", 3).replication(3),
            NewTopic::new("placed", 2).assignment(&[&[2, 1], &[3, 1]]),
        ])
        .expect("topics");
    kafka.fill("copied", 3, 10).expect("records");
    let commits: Vec<_> = (0..30).map(|group| Commit::new(&format!("group-{group}"), &[("copied", 0, 5)])).collect();
    kafka.commit(&commits).expect("commits");
    let metadata = kafka.metadata(Some(&["placed", "__consumer_offsets"])).expect("metadata");
    assert_eq!((metadata.topics["placed"][&0].leader, &metadata.topics["placed"][&1].replicas), (Some(2), &vec![3, 1]));
    kafka.move_leader("placed", 0, 1).expect("the other replica leads");
    let moved = kafka.metadata(Some(&["placed"])).expect("metadata").topics["placed"][&0].clone();
    assert_eq!((moved.leader, moved.replicas), (Some(1), vec![1, 2]));
    assert!(kafka.move_leader("placed", 0, 3).is_err(), "there is no replica");
    assert!(metadata.topics["__consumer_offsets"].values().all(|partition| partition.replicas.len() == 3));

    let node = cluster.node(2).expect("node 2");
    node.freeze().expect("freezes");
    let silent = http::get(&format!("{}/version", urls[1]), &[], Duration::from_millis(500)).expect_err("no answer");
    assert!(matches!(silent, kafka_lab::LabError::Http { .. }), "{silent}");
    cluster.await_gone(2, WAIT).expect("a frozen broker leaves Metadata");
    wait_until(WAIT, "the others to take its groups over", || match kafka.groups() {
        Ok(groups) if groups.len() == 30 => Ok(()),
        Ok(groups) => Err(format!("{} groups", groups.len())),
        Err(error) => Err(error.to_string()),
    })
    .expect("30 groups");
    node.thaw().expect("thaws");
    cluster.await_ready(WAIT).expect("it is back");

    let first = node.pid();
    node.kill().expect("dies");
    assert!(node.pid().is_none() && node.cpu_seconds().is_err());
    cluster.await_gone(2, WAIT).expect("a dead broker leaves Metadata");
    node.restart().expect("starts again");
    cluster.await_ready(WAIT).expect("it is back");
    assert_ne!(node.pid(), first);
    http::get_ok(&format!("{}/version", urls[1]), WAIT).expect("same port");
}

#[test]
fn split_roles_of_kafka_3_9_answer_and_controllers_are_in_no_metadata() {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let cluster = Cluster::builder().version(KafkaVersion::V3_9_1).split(1, 2).jolokia(Jolokia::V1_7_2).heap_mib(256);
    let cluster = cluster.start().expect("three nodes");
    let metadata = cluster.kafka().metadata(None).expect("metadata");
    assert_eq!(metadata.brokers.keys().copied().collect::<Vec<_>>(), [1, 2]);
    let controller = cluster.node(3).expect("node 3");
    assert!(!controller.is_broker());
    let url = format!("{}/read/kafka.server:type=app-info,id=3", controller.jolokia_url().expect("asked for"));
    let answer = http::get_ok(&url, WAIT).expect("the controller's agent");
    assert!(answer.contains("\"3.9.1\""), "{answer}");
    cluster.kafka().create_topics(&[NewTopic::new("t", 4).replication(2)]).expect("topics");
    cluster.kafka().commit(&[Commit::new("g", &[("t", 0, 1)])]).expect("commits");
}
