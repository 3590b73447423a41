//! The clusters that the scenarios share: started on first use, ended with the process by their guardians.

use std::sync::{LazyLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use kafka_lab::{Cluster, ClusterBuilder, KafkaVersion};

/// Kafka 4.3.0 on three nodes.
static CURRENT: LazyLock<RwLock<Cluster>> = LazyLock::new(|| start(Cluster::builder().nodes(3)));
/// Kafka 3.9.1 on one node.
static OLD: LazyLock<RwLock<Cluster>> = LazyLock::new(|| start(Cluster::builder().version(KafkaVersion::V3_9_1)));

fn start(builder: ClusterBuilder) -> RwLock<Cluster> {
    let builder = builder
        .heap_mib(320)
        // The cleaner and retention do at once what they do after minutes.
        .property("log.initial.task.delay.ms", "100")
        .property("log.cleaner.backoff.ms", "200")
        .property("log.retention.check.interval.ms", "200")
        // A broker that is back leads again what it led before.
        .property("leader.imbalance.check.interval.seconds", "1")
        .property("leader.imbalance.per.broker.percentage", "0");
    RwLock::new(builder.start().unwrap())
}

/// One of the clusters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum World {
    /// Kafka 4.3.0.
    Current,
    /// Kafka 3.9.1.
    Old,
}

impl World {
    /// For a scenario beside others.
    pub(crate) fn shared(self) -> RwLockReadGuard<'static, Cluster> {
        self.cluster().read().unwrap_or_else(PoisonError::into_inner)
    }

    /// For one that others would notice.
    pub(crate) fn alone(self) -> RwLockWriteGuard<'static, Cluster> {
        self.cluster().write().unwrap_or_else(PoisonError::into_inner)
    }

    fn cluster(self) -> &'static RwLock<Cluster> {
        match self {
            Self::Current => &CURRENT,
            Self::Old => &OLD,
        }
    }
}
