//! Where leaders and replicas are, and which are missing: counts per broker, so that the culprit has a name, and for the
//! cluster.

use std::collections::{BTreeMap, BTreeSet};

use kafka_admin::{Cluster, Partition};

use super::topics::is_led_by_preferred;
use crate::metrics::catalogue::{Metric, cluster};
use crate::metrics::{Family, Labels, count_value};

/// A metric and which count it is.
type Column = (Metric, fn(&Counts) -> usize);

#[derive(Debug, Default)]
struct Counts {
    leaders: usize,
    preferred_leaders: usize,
    replicas: usize,
    out_of_sync: usize,
}

/// `kafka_broker_*_partitions`, `kafka_broker_*_replicas` and `kafka_cluster_*_partitions`. Over all topics: what a broker
/// leads is the broker's matter, whichever topics are of interest. None while the partitions of a topic cannot be seen: the
/// counts would be too small.
pub fn families(cluster: &Cluster) -> Vec<Family> {
    if cluster.topics.iter().any(|topic| topic.error.is_some()) {
        return Vec::new();
    }
    let partitions = || cluster.topics.iter().flat_map(|topic| &topic.partitions);
    let mut families = per_broker(cluster, partitions());
    let is_under_replicated = |partition: &&Partition| partition.isr.len() < partition.replicas.len();
    for (metric, count) in [
        (cluster::UNDER_REPLICATED_PARTITIONS, partitions().filter(is_under_replicated).count()),
        (cluster::OFFLINE_PARTITIONS, partitions().filter(|partition| partition.leader.is_none()).count()),
        (cluster::NOT_PREFERRED_LEADER_PARTITIONS, partitions().filter(|one| !is_led_by_preferred(one)).count()),
    ] {
        let mut family = metric.family();
        family.push(Labels::none(), count_value(count));
        families.push(family);
    }
    families
}

fn per_broker<'a>(cluster: &Cluster, partitions: impl Iterator<Item = &'a Partition>) -> Vec<Family> {
    let alive: BTreeSet<i32> = cluster.brokers.iter().map(|broker| broker.id).collect();
    let mut brokers: BTreeMap<i32, Counts> = alive.iter().map(|id| (*id, Counts::default())).collect();
    for partition in partitions {
        if let Some(leader) = partition.leader {
            brokers.entry(leader).or_default().leaders += 1;
        }
        if let Some(preferred) = partition.replicas.first() {
            brokers.entry(*preferred).or_default().preferred_leaders += 1;
        }
        for replica in &partition.replicas {
            let counts = brokers.entry(*replica).or_default();
            counts.replicas += 1;
            // The last in-sync replica stays so in name when its broker dies.
            let is_lost = partition.leader.is_none() && !alive.contains(replica);
            counts.out_of_sync += usize::from(is_lost || !partition.isr.contains(replica));
        }
    }
    let columns: [Column; 4] = [
        (cluster::LEADER_PARTITIONS, |counts| counts.leaders),
        (cluster::PREFERRED_LEADER_PARTITIONS, |counts| counts.preferred_leaders),
        (cluster::ASSIGNED_REPLICAS, |counts| counts.replicas),
        (cluster::OUT_OF_SYNC_REPLICAS, |counts| counts.out_of_sync),
    ];
    let family = |(metric, count): Column| {
        let mut family = metric.family();
        for (id, counts) in &brokers {
            family.push(Labels::new([("broker", id.to_string().as_str())]), count_value(count(counts)));
        }
        family
    };
    columns.into_iter().map(family).collect()
}

#[cfg(test)]
mod tests {
    use kafka_admin::{Broker, Topic};

    use super::*;

    #[test]
    fn a_dead_broker_is_named_by_its_replicas_and_a_new_one_by_zeros() {
        let broker = |id| Broker { id, host: "h".to_owned(), port: 1, rack: None };
        let partition = |id, leader, replicas: &[i32], isr: &[i32]| {
            let (replicas, isr) = (replicas.to_vec(), isr.to_vec());
            Partition { id, leader, replicas, isr, error: None }
        };
        // Broker 3 is dead, 4 has nothing yet; the follower 2 of partition 1 is slow.
        let partitions = vec![
            partition(0, Some(1), &[1, 2], &[1, 2]),
            partition(1, Some(1), &[1, 2], &[1]),
            partition(2, Some(2), &[3, 2, 1], &[2, 1]),
            partition(3, None, &[3], &[3]),
            partition(4, Some(2), &[1, 2], &[1, 2]),
        ];
        let topic = Topic { name: "t".into(), id: None, error: None, partitions };
        let cluster = Cluster { brokers: [1, 2, 4].map(broker).to_vec(), topics: vec![topic], ..Cluster::default() };
        let shown: Vec<(String, Vec<(String, f64)>)> = families(&cluster)
            .iter()
            .map(|family| {
                let samples = family.samples.iter().map(|sample| (sample.labels.as_str().to_owned(), sample.value));
                (family.name.to_string(), samples.collect())
            })
            .collect();
        let by_broker = |values: [f64; 4]| {
            let labels = (1..=4).map(|id| format!("broker=\"{id}\""));
            labels.zip(values).collect::<Vec<_>>()
        };
        let expected = [
            ("kafka_broker_leader_partitions", by_broker([2.0, 2.0, 0.0, 0.0])),
            ("kafka_broker_preferred_leader_partitions", by_broker([3.0, 0.0, 2.0, 0.0])),
            ("kafka_broker_assigned_replicas", by_broker([4.0, 4.0, 2.0, 0.0])),
            ("kafka_broker_out_of_sync_replicas", by_broker([0.0, 1.0, 2.0, 0.0])),
            ("kafka_cluster_under_replicated_partitions", vec![(String::new(), 2.0)]),
            ("kafka_cluster_offline_partitions", vec![(String::new(), 1.0)]),
            ("kafka_cluster_not_preferred_leader_partitions", vec![(String::new(), 3.0)]),
        ];
        assert_eq!(shown, expected.map(|(name, samples)| (name.to_owned(), samples)));
    }
}
