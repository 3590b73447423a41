//! Both engines as the exporter uses them, on three real brokers: that they tell the same of a busy cluster, what they
//! ask the brokers for, and what share and streams groups look like on the page.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod agreement;
mod health;
mod new_groups;
mod requests;
#[path = "../support/mod.rs"]
mod support;
mod view;

use std::ffi::OsString;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use kafka_admin_tests::Engine;
use kafka_lab::{Cluster, Jolokia};
use kafka_vitals::config::{Invocation, from_command_line};
use kafka_vitals::kafka::{ClusterReader, Inventory, Snapshot, Topology};
use tokio::sync::Mutex;

const WAIT: Duration = Duration::from_secs(60);

/// One test at a time has it, and leaves it with all brokers up. Never dropped: the lab's guardian ends it with this process.
static CLUSTER: LazyLock<Mutex<Cluster>> = LazyLock::new(|| {
    let builder = Cluster::builder().nodes(3).jolokia(Jolokia::V2_5_0).heap_mib(320);
    let builder = builder.property("group.streams.initial.rebalance.delay.ms", "0");
    // A broker that is back leads again what it led before, at once and not after minutes.
    let builder = builder.property("leader.imbalance.check.interval.seconds", "1");
    let builder = builder.property("leader.imbalance.per.broker.percentage", "0");
    Mutex::new(builder.property("broker.rack", "r1").start().unwrap())
});

/// A reader as the exporter has it without `--jolokia.port`, of the groups and topics whose names begin so; nothing is
/// remembered for longer than `max_age`.
fn reader(cluster: &Cluster, engine: Engine, prefix: &str, max_age: Duration) -> ClusterReader {
    let flags = [
        "kafka-vitals".to_owned(),
        format!("--kafka.server={}", cluster.bootstrap()),
        format!("--group.filter=^{prefix}"),
        format!("--topic.filter=^{prefix}"),
    ];
    let invocation = from_command_line(flags.map(OsString::from)).unwrap();
    let Invocation::Serve(config) = invocation else { panic!("not asked for") };
    let admin = engine.admin(&cluster.bootstrap());
    let topology = Arc::new(Topology::new(Arc::clone(&admin), max_age, false));
    let inventory = Inventory::new(Arc::clone(&admin), config.selection.clone(), max_age);
    ClusterReader::new(admin, topology, inventory, config.selection, max_age, max_age)
}

/// One collection, with so much time that a broker which is slow, on a busy machine, is still waited for alone.
async fn collect(reader: &ClusterReader) -> Snapshot {
    reader.collect(Instant::now() + WAIT, |_| {}).await
}
