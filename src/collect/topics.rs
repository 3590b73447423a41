//! Topics and partitions as families.

use kafka_admin::{Cluster, Partition};

use crate::kafka::PartitionOffsets;
use crate::metrics::catalogue::cluster;
use crate::metrics::{Family, Labels, count_value, offset_value};

/// kafka_exporter's `kafka_topic_*`, for the topics that `wanted` accepts. What is unknown is absent.
pub fn families(
    cluster: &Cluster,
    ends: &PartitionOffsets,
    starts: &PartitionOffsets,
    wanted: impl Fn(&str) -> bool,
) -> Vec<Family> {
    let mut partitions = cluster::TOPIC_PARTITIONS.family();
    let mut current = cluster::CURRENT_OFFSET.family();
    let mut oldest = cluster::OLDEST_OFFSET.family();
    let mut leader = cluster::LEADER.family();
    let mut replicas = cluster::REPLICAS.family();
    let mut in_sync = cluster::IN_SYNC_REPLICA.family();
    let mut preferred = cluster::LEADER_IS_PREFERRED.family();
    let mut under_replicated = cluster::UNDER_REPLICATED.family();

    let topics = cluster.topics.iter().enumerate();
    for (position, topic) in topics.filter(|(_, topic)| topic.error.is_none() && wanted(&topic.name)) {
        partitions.push(Labels::new([("topic", &*topic.name)]), count_value(topic.partitions.len()));
        for (index, partition) in topic.partitions.iter().enumerate() {
            // Shared by all families of the partition.
            let labels = Labels::new([("partition", partition.id.to_string().as_str()), ("topic", &topic.name)]);
            if let Some(end) = ends.get(position, index).known() {
                current.push(labels.clone(), offset_value(end));
            }
            if let Some(start) = starts.get(position, index).known() {
                oldest.push(labels.clone(), offset_value(start));
            }
            if let Some(id) = partition.leader {
                leader.push(labels.clone(), f64::from(id));
            }
            replicas.push(labels.clone(), count_value(partition.replicas.len()));
            in_sync.push(labels.clone(), count_value(partition.isr.len()));
            preferred.push(labels.clone(), f64::from(u8::from(is_led_by_preferred(partition))));
            under_replicated.push(labels, f64::from(u8::from(partition.isr.len() < partition.replicas.len())));
        }
    }
    vec![partitions, current, oldest, leader, replicas, in_sync, preferred, under_replicated]
}

fn is_led_by_preferred(partition: &Partition) -> bool {
    partition.leader.is_some() && partition.leader == partition.replicas.first().copied()
}
