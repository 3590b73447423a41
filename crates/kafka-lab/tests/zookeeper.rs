//! Kafka 2.8.2 with ZooKeeper: the lab's own tools work with it, over plain and secured listeners.

#![cfg(feature = "full-tests")]
#![allow(clippy::expect_used, reason = "helpers of tests fail the test")]

use std::time::Duration;

use kafka_lab::{
    ClientAuth, Cluster, Commit, Jolokia, KafkaVersion, Listener, NewTopic, Operation, Resource, http,
    sasl::{DENIED_USER, Mechanism, PASSWORD, USER},
};
use rdkafka::{
    ClientConfig,
    consumer::{BaseConsumer, Consumer},
};

const WAIT: Duration = Duration::from_secs(60);

#[test]
fn two_brokers_of_2_8_hold_topics_groups_and_users() {
    let cluster = Cluster::builder()
        .version(KafkaVersion::V2_8_2)
        .nodes(2)
        .heap_mib(256)
        .jolokia(Jolokia::V2_5_0)
        .tls(ClientAuth::None)
        .sasl(&[Mechanism::Plain])
        .authorizer()
        .start()
        .expect("two nodes and ZooKeeper");
    let kafka = cluster.kafka();
    assert_eq!(kafka.metadata(None).expect("metadata").cluster_id.as_deref(), Some(cluster.id()));
    let jolokia = cluster.nodes()[0].jolokia_url().expect("asked for");
    let version = http::get_ok(&format!("{jolokia}/read/kafka.server:type=app-info/version"), WAIT).expect("Jolokia");
    assert!(version.contains("2.8.2"), "{version}");

    kafka.create_topics(&[NewTopic::new("t", 4).replication(2)]).expect("topic");
    kafka.fill("t", 4, 10).expect("records");
    kafka.delete_records("t", 0, 5).expect("records deleted");
    let commits: Vec<_> = (0..50).map(|n| Commit::new(&format!("g{n}"), &[("t", 1, n)])).collect();
    kafka.commit(&commits).expect("commits");
    let member = kafka.member("live", &["t"]).start().expect("a member");
    kafka.await_stable("live", 1, WAIT).expect("a stable group");
    let groups = kafka.groups().expect("groups");
    assert_eq!((groups.len(), groups["g7"].state.as_str(), groups["g7"].kind.as_str()), (51, "Empty", "classic"));
    member.stop().expect("it leaves");
    kafka.delete_group("g7").expect("deleted");
    assert_eq!(kafka.groups().expect("groups").len(), 50);

    kafka.allow(USER, &[Operation::Describe], Resource::Topic("t")).expect("allowed");
    for (user, topics) in [(USER, 1), (DENIED_USER, 0)] {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", cluster.bootstrap_on(Listener::SaslTls).expect("asked for"))
            .set("security.protocol", Listener::SaslTls.protocol())
            .set("ssl.ca.location", cluster.certificates().ca.to_string_lossy())
            .set("sasl.mechanism", "PLAIN")
            .set("sasl.username", user)
            .set("sasl.password", PASSWORD)
            .create()
            .expect("a configuration");
        assert_eq!(consumer.fetch_metadata(None, WAIT).expect("metadata").topics().len(), topics, "{user}");
    }

    let (second, first) = (cluster.node(2).expect("node 2"), cluster.node(1).expect("node 1"));
    second.kill().expect("killed");
    cluster.await_gone(2, WAIT).expect("ZooKeeper lets its session run out");
    second.restart().expect("back");
    first.stop().expect("stops");
    assert_eq!(kafka.metadata(None).expect("the other one answers").brokers.len(), 1);
}
