//! A cluster's brokers as families.

use kafka_admin::Cluster;

use crate::metrics::catalogue::cluster;
use crate::metrics::{Family, Labels, count_value};

/// `kafka_brokers` and `kafka_broker_info`.
pub fn families(cluster: &Cluster) -> Vec<Family> {
    let mut brokers = cluster::BROKERS.family();
    brokers.push(Labels::none(), count_value(cluster.brokers.len()));
    let mut info = cluster::BROKER_INFO.family();
    for broker in &cluster.brokers {
        let address = format!("{}:{}", broker.host, broker.port);
        info.push(Labels::new([("address", address.as_str()), ("id", &broker.id.to_string())]), 1.0);
    }
    vec![brokers, info]
}
