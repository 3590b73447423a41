//! Against real Kafka in plain text. One cluster for all, so that one test does it all, in turn.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use kafka_admin::{AdminError, ErrorKind};
use kafka_lab::{Cluster, Commit, NewTopic};

use super::{broker, config, connections, groups, soon};
use crate::{api::ListGroups, connections::Connections};

/// Shorter than the time after which a connection counts as silent.
fn in_a_second() -> Instant {
    Instant::now() + Duration::from_secs(1)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_broker_answers_a_hundred_calls_at_once_and_again_after_a_restart_a_kill_and_a_freeze() {
    let cluster = Cluster::builder().heap_mib(256).start().expect("Kafka");
    let node = cluster.node(1).expect("node 1");
    cluster.kafka().create_topics(&[NewTopic::new("t", 1)]).expect("a topic");
    cluster.kafka().commit(&[Commit::new("g", &[("t", 0, 0)])]).expect("a commit");

    // Nobody is known yet: the bootstrap server is asked.
    let connections = Connections::new(&config(&[&node.kafka_address()])).expect("a valid configuration");
    let listed = connections.ask_any(&ListGroups, soon()).await.expect("an answer").expect("no error code");
    assert_eq!(listed.iter().map(|group| &*group.id).collect::<Vec<_>>(), ["g"]);

    connections.learn(&[broker(1, &node.kafka_address())]);
    let asked = join_all((0..100).map(|_| groups(&connections, soon()))).await;
    assert_eq!(asked.len(), 100);
    for listed in asked {
        assert_eq!(listed.expect("an answer").len(), 1);
    }

    node.restart().expect("a restart");
    assert_eq!(groups(&connections, soon()).await.expect("after a restart, without an error between").len(), 1);

    node.kill().expect("a kill");
    let error = groups(&connections, soon()).await.expect_err("nobody listens");
    assert_eq!(error.kind(), ErrorKind::Transport, "{error}");
    node.restart().expect("a start");
    kafka_lab::wait_until(Duration::from_secs(5), "the pause after the failure", || Ok::<_, String>(()))
        .expect("ready");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(groups(&connections, soon()).await.expect("one scrape after its return").len(), 1);

    node.freeze().expect("SIGSTOP");
    let error = groups(&connections, in_a_second()).await.expect_err("it is frozen");
    assert_eq!(error, AdminError::Timeout { call: "ListGroups" });
    node.thaw().expect("SIGCONT");
    assert_eq!(groups(&connections, soon()).await.expect("thawed").len(), 1);

    // Frozen for longer than an answer is waited for, so that the connection is given up too.
    node.freeze().expect("SIGSTOP");
    for _ in 0..13 {
        let error = groups(&connections, in_a_second()).await.expect_err("it is frozen");
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    }
    node.thaw().expect("SIGCONT");
    assert_eq!(groups(&connections, soon()).await.expect("thawed").len(), 1);
}
