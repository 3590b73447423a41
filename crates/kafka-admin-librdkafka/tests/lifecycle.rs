//! What is left behind by calls that nobody waits for, and by a client that is closed.

mod common;

use std::time::Duration;

use kafka_admin::{AdminError, KafkaAdmin};
use kafka_lab::{Cluster, Commit, NewTopic};

use common::{admin, ids, plain, soon, within};

const WAIT: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn dropped_futures_leave_nothing_behind_and_close_ends_all_calls() {
    let cluster = Cluster::builder().heap_mib(300).start().expect("a node");
    let kafka = cluster.kafka();
    kafka.create_topics(&[NewTopic::new("dropped", 1)]).expect("topic");
    let names: Vec<String> = (0..100).map(|n| format!("dropped-{n}")).collect();
    let commits: Vec<_> = names.iter().map(|group| Commit::new(group, &[("dropped", 0, 3)])).collect();
    kafka.commit(&commits).expect("commits");
    let admin = std::sync::Arc::new(admin(&cluster.bootstrap()));
    admin.cluster(soon()).await.expect("metadata");
    let groups = ids(&names);
    for _ in 0..20 {
        let left = tokio::time::timeout(Duration::from_micros(500), admin.committed(&groups, soon())).await;
        drop(left);
        let answered = admin.committed(&groups, soon()).await;
        assert!(answered.iter().all(|answer| plain(answer) == [("dropped".to_owned(), 0, Some(3))]));
    }
    let end = within(WAIT);
    while admin.in_flight() > 0 {
        assert!(std::time::Instant::now() < end, "{} calls were never answered", admin.in_flight());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    let calls: Vec<_> = (0..20)
        .map(|_| {
            let (admin, groups) = (std::sync::Arc::clone(&admin), groups.clone());
            tokio::spawn(async move { admin.committed(&groups, soon()).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(1)).await;
    admin.close();
    let started = std::time::Instant::now();
    let mut refused = 0;
    for call in calls {
        let answers = call.await.expect("no panic");
        refused += answers.iter().filter(|answer| answer.is_err()).count();
    }
    assert!(started.elapsed() < Duration::from_secs(2), "closing took {:?}", started.elapsed());
    assert!(refused > 0, "nothing was under way");
    let error = admin.list_groups(soon()).await.expect_err("closed");
    assert!(error.to_string().contains("closed"), "{error}");

    let other = admin_with_odd_name(&cluster).await;
    assert!(matches!(&other, Err(AdminError::Client { message }) if message.contains("NUL")), "{other:?}");
}

/// What C cannot say.
async fn admin_with_odd_name(cluster: &Cluster) -> Result<Vec<kafka_admin::CommittedOffset>, AdminError> {
    admin(&cluster.bootstrap()).committed(&ids(["nul\0"]), soon()).await.remove(0)
}
