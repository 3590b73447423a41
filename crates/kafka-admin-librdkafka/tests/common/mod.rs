//! What the tests against real Kafka share.
#![allow(dead_code, clippy::expect_used, reason = "a part for each test, which may fail in it")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kafka_admin::{AdminError, ClientConfig, CommittedOffset, GroupRef, GroupType, SecurityConfig};
use kafka_admin_librdkafka::LibrdkafkaAdmin;

pub(crate) fn config(bootstrap: &str) -> ClientConfig {
    ClientConfig {
        bootstrap: bootstrap.split(',').map(str::to_owned).collect(),
        client_id: "kafka-vitals-test".to_owned(),
        security: SecurityConfig::default(),
        properties: BTreeMap::new(),
    }
}

pub(crate) fn admin(bootstrap: &str) -> LibrdkafkaAdmin {
    LibrdkafkaAdmin::new(&config(bootstrap)).expect("a client")
}

pub(crate) fn within(time: Duration) -> Instant {
    Instant::now() + time
}

/// Time enough for a healthy cluster on a busy machine.
pub(crate) fn soon() -> Instant {
    within(Duration::from_secs(10))
}

/// Groups whose protocol is not known yet.
pub(crate) fn ids<S: AsRef<str>>(groups: impl IntoIterator<Item = S>) -> Vec<GroupRef> {
    groups.into_iter().map(|group| GroupRef { id: group.as_ref().into(), kind: GroupType::Unknown }).collect()
}

/// Topic, partition and offset of what a group has committed, sorted.
pub(crate) fn plain(committed: &Result<Vec<CommittedOffset>, AdminError>) -> Vec<(String, i32, Option<i64>)> {
    let committed = committed.as_ref().expect("committed offsets");
    let mut plain: Vec<_> = committed
        .iter()
        .map(|offset| (offset.topic.to_string(), offset.partition, *offset.offset.as_ref().expect("an offset")))
        .collect();
    plain.sort();
    plain
}
