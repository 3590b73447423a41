//! What only newer brokers have, on a real Kafka 4.3.0 with brokers 1 and 2 and controller 3: groups of every kind with live members,
//! and what describes the cluster itself.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "helpers of tests, which may fail in them")]

mod changes;
mod cluster;
mod groups;

use std::sync::LazyLock;
use std::time::Duration;

use kafka_lab::Cluster;
use tokio::sync::RwLock;

const WAIT: Duration = Duration::from_secs(60);

struct World {
    cluster: Cluster,
    _members: groups::Members,
}

/// Written by the test that stops a broker, read by the others. Never dropped: the lab's guardian ends it with this process.
static WORLD: LazyLock<RwLock<World>> = LazyLock::new(|| {
    let builder = Cluster::builder().split(1, 2).heap_mib(320);
    // As for the other kinds of groups: no waiting for members that do not come.
    let cluster = builder.property("group.streams.initial.rebalance.delay.ms", "0").start().expect("three nodes");
    let _members = groups::join(&cluster);
    RwLock::new(World { cluster, _members })
});
