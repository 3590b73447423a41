//! Against real Kafka. One broker for all, so that one test does it all, in turn.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use kafka_admin::{AdminError, ErrorKind};
use kafka_lab::{Cluster, Commit, NewTopic, Node};

use super::{broker, config, listed, names, security, soon, within};
use crate::{api::ListGroups, connections::Connections};

#[tokio::test(flavor = "multi_thread")]
async fn a_real_broker_answers_over_tls_and_sasl_and_again_after_a_restart_and_a_freeze() {
    let cluster = security::secured(Cluster::builder().heap_mib(300)).start().expect("Kafka");
    let node = cluster.node(1).expect("node 1");
    cluster.kafka().create_topics(&[NewTopic::new("t", 1)]).expect("a topic");
    cluster.kafka().commit(&[Commit::new("g", &[("t", 0, 0)])]).expect("a commit");

    security::certificates_are_checked_on_both_sides(&cluster).await;
    security::encrypted_keys_and_keys_that_change_are_used(&cluster).await;
    security::passwords_are_checked(&cluster).await;
    security::tokens_are_checked(&cluster).await;
    security::sessions_are_renewed_before_they_end(&cluster).await;
    it_answers_whatever_has_happened_to_it(node).await;
}

async fn it_answers_whatever_has_happened_to_it(node: &Node) {
    // Nobody is known yet: the bootstrap server is asked.
    let mut config = config(&[&node.kafka_address()]);
    config.properties.insert("socket.timeout.ms".to_owned(), "2000".to_owned());
    let connections = Connections::new(&config, &Arc::default()).expect("a valid configuration");
    let groups = connections.ask_any(&ListGroups, soon()).await.expect("an answer").expect("no error code");
    assert_eq!(groups.iter().map(|group| &*group.id).collect::<Vec<_>>(), ["g"]);

    connections.learn(&[broker(1, &node.kafka_address())]);
    let asked = join_all((0..100).map(|_| names(&connections, soon()))).await;
    assert_eq!(asked.len(), 100);
    for groups in asked {
        assert_eq!(groups.expect("an answer"), ["g"]);
    }

    node.stop().expect("SIGTERM");
    let error = listed(&connections, soon()).await.expect_err("nobody listens");
    assert_eq!(error.kind(), ErrorKind::Transport, "{error}");
    node.restart().expect("a start");
    // The longest pause after a failure. Just started it may answer COORDINATOR_LOAD_IN_PROGRESS, which is an answer.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let _ = listed(&connections, soon()).await.expect("one scrape after its return");

    node.freeze().expect("SIGSTOP");
    let error = listed(&connections, within(1000)).await.expect_err("it is frozen");
    assert_eq!(error, AdminError::Timeout { call: "ListGroups" });
    node.thaw().expect("SIGCONT");
    let _ = listed(&connections, soon()).await.expect("thawed");

    // Frozen for longer than an answer is waited for, so that the connection is given up too.
    node.freeze().expect("SIGSTOP");
    for _ in 0..5 {
        let error = listed(&connections, within(1000)).await.expect_err("it is frozen");
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    }
    node.thaw().expect("SIGCONT");
    let _ = listed(&connections, soon()).await.expect("thawed");
}
