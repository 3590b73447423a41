//! Both engines under one name, and what their tests share: each engine is the other's oracle.
#![allow(clippy::expect_used, reason = "parts of tests, which may fail in them")]

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kafka_admin::{
    AdminError, ClientConfig, CommittedOffset, FoundOffset, GroupRef, GroupType, KafkaAdmin, OffsetQuery, OffsetSpec,
    SecurityConfig,
};
use kafka_admin_librdkafka::LibrdkafkaAdmin;
use kafka_admin_protocol::ProtocolAdmin;

/// An implementation of [`KafkaAdmin`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Engine {
    /// Engine 1.
    Librdkafka,
    /// Engine 2.
    Protocol,
}

impl Engine {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Librdkafka, Self::Protocol];

    /// A client of this engine, or why there can be none.
    pub fn connect(self, config: &ClientConfig) -> Result<Arc<dyn KafkaAdmin>, AdminError> {
        Ok(match self {
            Self::Librdkafka => Arc::new(LibrdkafkaAdmin::new(config)?),
            Self::Protocol => Arc::new(ProtocolAdmin::new(config)?),
        })
    }

    /// A client without security.
    pub fn admin(self, bootstrap: &str) -> Arc<dyn KafkaAdmin> {
        self.connect(&config(bootstrap)).expect("a client")
    }

    /// One client of each engine, without security.
    pub fn admins(bootstrap: &str) -> Vec<(Self, Arc<dyn KafkaAdmin>)> {
        Self::ALL.into_iter().map(|engine| (engine, engine.admin(bootstrap))).collect()
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Librdkafka => "librdkafka",
            Self::Protocol => "protocol",
        })
    }
}

/// A configuration without security.
pub fn config(bootstrap: &str) -> ClientConfig {
    ClientConfig {
        bootstrap: bootstrap.split(',').map(str::to_owned).collect(),
        client_id: "kafka-vitals-test".to_owned(),
        security: SecurityConfig::default(),
        properties: BTreeMap::new(),
    }
}

/// The deadline `time` from now.
pub fn within(time: Duration) -> Instant {
    Instant::now() + time
}

/// Time enough for a healthy cluster on a busy machine.
pub fn soon() -> Instant {
    within(Duration::from_secs(10))
}

/// A query for one offset.
pub fn query(topic: &str, partition: i32, spec: OffsetSpec, leader: Option<i32>) -> OffsetQuery {
    OffsetQuery { topic: topic.into(), partition, spec, leader }
}

/// Groups whose protocol is not known yet.
pub fn ids<S: AsRef<str>>(groups: impl IntoIterator<Item = S>) -> Vec<GroupRef> {
    groups.into_iter().map(|group| GroupRef { id: group.as_ref().into(), kind: GroupType::Unknown }).collect()
}

/// Topic, partition and offset of what a group has committed, sorted.
pub fn plain(committed: &Result<Vec<CommittedOffset>, AdminError>) -> Vec<(String, i32, Option<i64>)> {
    let committed = committed.as_ref().expect("committed offsets");
    let mut plain: Vec<_> = committed
        .iter()
        .map(|offset| (offset.topic.to_string(), offset.partition, *offset.offset.as_ref().expect("an offset")))
        .collect();
    plain.sort();
    plain
}

/// The offset found; `None` where there is no record.
pub fn offset(found: &Result<FoundOffset, AdminError>) -> Option<i64> {
    found.as_ref().expect("an offset").offset
}
