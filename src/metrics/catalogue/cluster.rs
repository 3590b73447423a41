//! Brokers, topics and partitions: kafka_exporter's names.

use super::Metric;
use crate::metrics::MetricType::Gauge;

const METADATA: &str = "Kafka Metadata";
const LIST_OFFSETS: &str = "Kafka ListOffsets";

/// Brokers in the metadata.
pub const BROKERS: Metric = Metric {
    name: "kafka_brokers",
    kind: Gauge,
    labels: &[],
    help: "Number of brokers in the cluster's metadata: registered and unfenced.",
    source: METADATA,
};

/// One series per broker.
pub const BROKER_INFO: Metric = Metric {
    name: "kafka_broker_info",
    kind: Gauge,
    labels: &["address", "id"],
    help: "A broker of the cluster's metadata with its advertised host:port; always 1.",
    source: METADATA,
};

/// Partition count.
pub const TOPIC_PARTITIONS: Metric = Metric {
    name: "kafka_topic_partitions",
    kind: Gauge,
    labels: &["topic"],
    help: "Number of partitions of the topic.",
    source: METADATA,
};

/// End offset.
pub const CURRENT_OFFSET: Metric = Metric {
    name: "kafka_topic_partition_current_offset",
    kind: Gauge,
    labels: &["partition", "topic"],
    help: "End of the partition (high watermark): the offset that the next visible record will have. Absent when it \
           could not be read.",
    source: LIST_OFFSETS,
};

/// Start offset.
pub const OLDEST_OFFSET: Metric = Metric {
    name: "kafka_topic_partition_oldest_offset",
    kind: Gauge,
    labels: &["partition", "topic"],
    help: "Start of the partition: the offset of the oldest record that can be read. Absent when it could not be read.",
    source: LIST_OFFSETS,
};

/// Leader.
pub const LEADER: Metric = Metric {
    name: "kafka_topic_partition_leader",
    kind: Gauge,
    labels: &["partition", "topic"],
    help: "Broker id of the partition's leader. Absent while it has none.",
    source: METADATA,
};

/// Replicas.
pub const REPLICAS: Metric = Metric {
    name: "kafka_topic_partition_replicas",
    kind: Gauge,
    labels: &["partition", "topic"],
    help: "Number of replicas assigned to the partition.",
    source: METADATA,
};

/// In-sync replicas.
pub const IN_SYNC_REPLICA: Metric = Metric {
    name: "kafka_topic_partition_in_sync_replica",
    kind: Gauge,
    labels: &["partition", "topic"],
    help: "Number of in-sync replicas of the partition.",
    source: METADATA,
};

/// Preferred leader.
pub const LEADER_IS_PREFERRED: Metric = Metric {
    name: "kafka_topic_partition_leader_is_preferred",
    kind: Gauge,
    labels: &["partition", "topic"],
    help: "1 if the partition is led by its preferred replica, the first assigned one; else 0.",
    source: METADATA,
};

/// Under-replicated.
pub const UNDER_REPLICATED: Metric = Metric {
    name: "kafka_topic_partition_under_replicated_partition",
    kind: Gauge,
    labels: &["partition", "topic"],
    help: "1 if the partition has fewer in-sync replicas than assigned ones; else 0.",
    source: METADATA,
};

/// All of this file.
pub const ALL: &[Metric] = &[
    BROKERS,
    BROKER_INFO,
    TOPIC_PARTITIONS,
    CURRENT_OFFSET,
    OLDEST_OFFSET,
    LEADER,
    REPLICAS,
    IN_SYNC_REPLICA,
    LEADER_IS_PREFERRED,
    UNDER_REPLICATED,
];
