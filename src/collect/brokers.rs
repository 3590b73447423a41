//! A cluster's brokers as families.

use kafka_admin::{Cluster, RegisteredBroker};

use crate::metrics::catalogue::cluster;
use crate::metrics::{Family, Labels, count_value};
use crate::nodes::host_port;

/// `kafka_brokers` and `kafka_broker_info`.
pub fn families(cluster: &Cluster) -> Vec<Family> {
    let mut brokers = cluster::BROKERS.family();
    brokers.push(Labels::none(), count_value(cluster.brokers.len()));
    let mut info = cluster::BROKER_INFO.family();
    for broker in &cluster.brokers {
        let address = host_port(&broker.host, broker.port);
        info.push(Labels::new([("address", address.as_str()), ("id", &broker.id.to_string())]), 1.0);
    }
    vec![brokers, info]
}

/// `kafka_broker_registered` and `kafka_broker_fenced`.
pub fn registered_families(brokers: &[RegisteredBroker]) -> Vec<Family> {
    let mut registered = cluster::REGISTERED.family();
    let mut fenced = cluster::FENCED.family();
    for broker in brokers {
        let labels = Labels::new([("broker", broker.broker.id.to_string().as_str())]);
        registered.push(labels.clone(), 1.0);
        fenced.push(labels, f64::from(u8::from(broker.is_fenced)));
    }
    vec![registered, fenced]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_address_has_brackets() {
        let broker = |id, host: &str| kafka_admin::Broker { id, host: host.to_owned(), port: 9092, rack: None };
        let cluster = Cluster { brokers: vec![broker(1, "b1"), broker(2, "2001:db8::2")], ..Cluster::default() };
        let info = &families(&cluster)[1];
        let addresses: Vec<_> = info.samples.iter().map(|sample| sample.labels.as_str()).collect();
        assert_eq!(addresses, [r#"address="b1:9092",id="1""#, r#"address="[2001:db8::2]:9092",id="2""#]);
    }
}
