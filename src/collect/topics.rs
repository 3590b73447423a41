//! Topics and partitions as families.

use kafka_admin::{Cluster, Partition};

use crate::kafka::PartitionOffsets;
use crate::metrics::catalogue::cluster;
use crate::metrics::{Family, Labels, Table, count_value, offset_value};

/// kafka_exporter's `kafka_topic_*`, for the topics that `wanted` accepts. What is unknown is absent.
pub fn families(
    cluster: &Cluster,
    ends: &PartitionOffsets,
    starts: &PartitionOffsets,
    wanted: impl Fn(&str) -> bool,
) -> Vec<Family> {
    let mut topic_partitions = cluster::TOPIC_PARTITIONS.family();
    let per_partition = [
        cluster::CURRENT_OFFSET,
        cluster::OLDEST_OFFSET,
        cluster::LEADER,
        cluster::REPLICAS,
        cluster::IN_SYNC_REPLICA,
        cluster::LEADER_IS_PREFERRED,
        cluster::UNDER_REPLICATED,
    ];
    let mut table = Table::new("partition", cluster.topics.iter().map(|topic| topic.partitions.len()).sum());

    let topics = cluster.topics.iter().enumerate();
    for (position, topic) in topics.filter(|(_, topic)| topic.error.is_none() && wanted(&topic.name)) {
        topic_partitions.push(Labels::new([("topic", &*topic.name)]), count_value(topic.partitions.len()));
        let mut rows = table.block([("topic", &topic.name)]);
        for (index, partition) in topic.partitions.iter().enumerate() {
            let values = [
                ends.get(position, index).known().map(offset_value),
                starts.get(position, index).known().map(offset_value),
                partition.leader.map(f64::from),
                Some(count_value(partition.replicas.len())),
                Some(count_value(partition.isr.len())),
                Some(f64::from(u8::from(is_led_by_preferred(partition)))),
                Some(f64::from(u8::from(partition.isr.len() < partition.replicas.len()))),
            ];
            rows.push(partition.id, values);
        }
    }
    let columns = per_partition.into_iter().zip(table.into_columns());
    let per_partition = columns.map(|(metric, column)| metric.family().with_column(column));
    [topic_partitions].into_iter().chain(per_partition).collect()
}

/// Whether the first assigned replica leads.
pub(super) fn is_led_by_preferred(partition: &Partition) -> bool {
    partition.leader.is_some() && partition.leader == partition.replicas.first().copied()
}
