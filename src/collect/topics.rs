//! Topics and partitions as families.

use kafka_admin::{Cluster, Partition};

use crate::config::Level;
use crate::kafka::PartitionOffsets;
use crate::metrics::catalogue::cluster;
use crate::metrics::{Family, Labels, Table, count_value, offset_value};

/// kafka_exporter's `kafka_topic_*`, for the topics that `wanted` accepts. What is unknown is absent. At the level of
/// topics, what is told of partitions is added up per topic, but for their leaders.
pub fn families(
    cluster: &Cluster,
    ends: &PartitionOffsets,
    starts: &PartitionOffsets,
    wanted: impl Fn(&str) -> bool,
    level: Level,
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
    let is_summed = level < Level::Partition;
    let partitions = cluster.topics.iter().map(|topic| topic.partitions.len()).sum();
    let mut table = Table::new("partition", if is_summed { 0 } else { partitions });
    let mut sums = per_partition.map(|metric| metric.family());

    let topics = cluster.topics.iter().enumerate();
    for (position, topic) in topics.filter(|(_, topic)| topic.error.is_none() && wanted(&topic.name)) {
        topic_partitions.push(Labels::new([("topic", &*topic.name)]), count_value(topic.partitions.len()));
        let mut total = [Some(0.0); 7];
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
            if is_summed {
                for (total, value) in total.iter_mut().zip(values) {
                    *total = total.zip(value).map(|(total, value)| total + value);
                }
            } else {
                rows.push(partition.id, values);
            }
        }
        if is_summed {
            for (family, total) in
                sums.iter_mut().zip(total).filter(|(family, _)| *family.name != *cluster::LEADER.name)
            {
                total.into_iter().for_each(|total| family.push(Labels::new([("topic", &*topic.name)]), total));
            }
        }
    }
    let columns = sums.into_iter().zip(table.into_columns());
    let per_partition = columns.map(|(family, column)| family.with_column(column));
    [topic_partitions].into_iter().chain(per_partition).collect()
}

/// Whether the first assigned replica leads.
pub(super) fn is_led_by_preferred(partition: &Partition) -> bool {
    partition.leader.is_some() && partition.leader == partition.replicas.first().copied()
}

#[cfg(test)]
mod tests {
    use kafka_admin::Topic;

    use super::*;
    use crate::kafka::Lookup;

    #[test]
    fn per_topic_partitions_are_added_up_but_for_their_leaders() {
        let partition = |id, isr| Partition { id, leader: Some(1), replicas: vec![1, 2], isr, error: None };
        let partitions = vec![partition(0, vec![1, 2]), partition(1, vec![1])];
        let topic = |name: &str| Topic { name: name.into(), id: None, error: None, partitions: partitions.clone() };
        let cluster = Cluster { topics: vec![topic("a"), topic("b")], ..Cluster::default() };
        let known = |a, b| vec![Lookup::Known(a), Lookup::Known(b)];
        let starts = PartitionOffsets::of(vec![known(1, 2), known(3, 4)]);
        // The end of a partition of b is unknown.
        let ends = PartitionOffsets::of(vec![known(10, 20), vec![Lookup::Known(7), Lookup::NotAsked]]);
        let families = families(&cluster, &ends, &starts, |_| true, Level::Topic);
        let values: Vec<(&str, Vec<f64>)> = families
            .iter()
            .map(|family| (&*family.name, family.samples.iter().map(|sample| sample.value).collect()))
            .collect();
        let expected = [
            ("kafka_topic_partitions", vec![2.0, 2.0]),
            ("kafka_topic_partition_current_offset", vec![30.0]),
            ("kafka_topic_partition_oldest_offset", vec![3.0, 7.0]),
            ("kafka_topic_partition_leader", vec![]),
            ("kafka_topic_partition_replicas", vec![4.0, 4.0]),
            ("kafka_topic_partition_in_sync_replica", vec![3.0, 3.0]),
            ("kafka_topic_partition_leader_is_preferred", vec![2.0, 2.0]),
            ("kafka_topic_partition_under_replicated_partition", vec![1.0, 1.0]),
        ];
        assert_eq!(values, expected);
        assert!(families.iter().all(|family| family.column.is_empty()));
    }
}
