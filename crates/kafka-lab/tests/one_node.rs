//! One real Kafka 4.3.0 node from start to end.

use kafka_lab::{Cluster, Jolokia};

#[test]
fn start() {
    let start = std::time::Instant::now();
    let cluster = Cluster::builder().jolokia(Jolokia::V2_5_0).start().expect("cluster");
    println!("{:?} {:?}", start.elapsed(), cluster.kafka().metadata(None));
}
