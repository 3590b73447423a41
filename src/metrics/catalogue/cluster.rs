//! Brokers, topics and partitions: kafka_exporter's names, then ours per broker and for the cluster.

use super::{Metric, SINCE_0_1_0};
use crate::metrics::MetricType::Gauge;

const METADATA: &str = "Kafka Metadata";
const DESCRIBE_CLUSTER: &str = "Kafka DescribeCluster, Kafka 4.0 or newer";
const BROKER: &[&str] = &["broker"];
const LIST_OFFSETS: &str = "Kafka ListOffsets";

/// Brokers in the metadata.
pub const BROKERS: Metric = Metric {
    name: "kafka_brokers",
    kind: Gauge,
    unit: "brokers",
    labels: &[],
    help: "Number of brokers in the cluster's metadata: registered and unfenced.",
    source: METADATA,
    series: "1",
    ..SINCE_0_1_0
};

/// One series per broker.
pub const BROKER_INFO: Metric = Metric {
    name: "kafka_broker_info",
    kind: Gauge,
    unit: "1",
    labels: &["address", "id"],
    help: "A broker of the cluster's metadata with its advertised host:port; always 1.",
    source: METADATA,
    series: "B",
    ..SINCE_0_1_0
};

/// Partition count.
pub const TOPIC_PARTITIONS: Metric = Metric {
    name: "kafka_topic_partitions",
    kind: Gauge,
    unit: "partitions",
    labels: &["topic"],
    help: "Number of partitions of the topic.",
    source: METADATA,
    series: "T",
    ..SINCE_0_1_0
};

/// End offset.
pub const CURRENT_OFFSET: Metric = Metric {
    name: "kafka_topic_partition_current_offset",
    kind: Gauge,
    unit: "offset",
    labels: &["partition", "topic"],
    help: "End of the partition (high watermark): the offset that the next visible record will have. Absent when it \
           could not be read.",
    source: LIST_OFFSETS,
    series: "P",
    ..SINCE_0_1_0
};

/// Start offset.
pub const OLDEST_OFFSET: Metric = Metric {
    name: "kafka_topic_partition_oldest_offset",
    kind: Gauge,
    unit: "offset",
    labels: &["partition", "topic"],
    help: "Start of the partition: the offset of the oldest record that can be read. Absent when it could not be read.",
    source: LIST_OFFSETS,
    series: "P",
    ..SINCE_0_1_0
};

/// Leader.
pub const LEADER: Metric = Metric {
    name: "kafka_topic_partition_leader",
    kind: Gauge,
    unit: "broker id",
    labels: &["partition", "topic"],
    help: "Broker id of the partition's leader. Absent while it has none.",
    source: METADATA,
    series: "P",
    ..SINCE_0_1_0
};

/// Replicas.
pub const REPLICAS: Metric = Metric {
    name: "kafka_topic_partition_replicas",
    kind: Gauge,
    unit: "replicas",
    labels: &["partition", "topic"],
    help: "Number of replicas assigned to the partition.",
    source: METADATA,
    series: "P",
    ..SINCE_0_1_0
};

/// In-sync replicas.
pub const IN_SYNC_REPLICA: Metric = Metric {
    name: "kafka_topic_partition_in_sync_replica",
    kind: Gauge,
    unit: "replicas",
    labels: &["partition", "topic"],
    help: "Number of in-sync replicas of the partition.",
    source: METADATA,
    series: "P",
    ..SINCE_0_1_0
};

/// Preferred leader.
pub const LEADER_IS_PREFERRED: Metric = Metric {
    name: "kafka_topic_partition_leader_is_preferred",
    kind: Gauge,
    unit: "0 or 1",
    labels: &["partition", "topic"],
    help: "1 if the partition is led by its preferred replica, the first assigned one; else 0.",
    source: METADATA,
    series: "P",
    ..SINCE_0_1_0
};

/// Under-replicated.
pub const UNDER_REPLICATED: Metric = Metric {
    name: "kafka_topic_partition_under_replicated_partition",
    kind: Gauge,
    unit: "0 or 1",
    labels: &["partition", "topic"],
    help: "1 if the partition has fewer in-sync replicas than assigned ones; else 0.",
    source: METADATA,
    series: "P",
    ..SINCE_0_1_0
};

/// Leaders.
pub const LEADER_PARTITIONS: Metric = Metric {
    name: "kafka_broker_leader_partitions",
    kind: Gauge,
    unit: "partitions",
    labels: BROKER,
    help: "Partitions that the broker leads, of all topics that the principal may describe, whatever --topic.filter says. \
           The same holds for the other counts per broker. A broker that is down is there as long as it has replicas.",
    source: METADATA,
    series: "B",
    ..SINCE_0_1_0
};

/// Preferred leaders.
pub const PREFERRED_LEADER_PARTITIONS: Metric = Metric {
    name: "kafka_broker_preferred_leader_partitions",
    kind: Gauge,
    unit: "partitions",
    labels: BROKER,
    help: "Partitions whose preferred leader the broker is, the first assigned replica: what it leads when all is well.",
    source: METADATA,
    series: "B",
    ..SINCE_0_1_0
};

/// Replicas.
pub const ASSIGNED_REPLICAS: Metric = Metric {
    name: "kafka_broker_assigned_replicas",
    kind: Gauge,
    unit: "replicas",
    labels: BROKER,
    help: "Replicas that are assigned to the broker, in sync or not.",
    source: METADATA,
    series: "B",
    ..SINCE_0_1_0
};

/// The culprit.
pub const OUT_OF_SYNC_REPLICAS: Metric = Metric {
    name: "kafka_broker_out_of_sync_replicas",
    kind: Gauge,
    unit: "replicas",
    labels: BROKER,
    help: "Replicas that are assigned to the broker and not in sync, or whose partition has no leader while the broker is \
           not in the metadata: the broker to look at when partitions are under-replicated or offline.",
    source: METADATA,
    series: "B",
    ..SINCE_0_1_0
};

/// Under-replicated partitions.
pub const UNDER_REPLICATED_PARTITIONS: Metric = Metric {
    name: "kafka_cluster_under_replicated_partitions",
    kind: Gauge,
    unit: "partitions",
    labels: &[],
    help: "Partitions with fewer in-sync replicas than assigned ones, of all topics that the principal may describe, \
           whatever --topic.filter says.",
    source: METADATA,
    series: "1",
    ..SINCE_0_1_0
};

/// Offline partitions.
pub const OFFLINE_PARTITIONS: Metric = Metric {
    name: "kafka_cluster_offline_partitions",
    kind: Gauge,
    unit: "partitions",
    labels: &[],
    help: "Partitions without a leader, which can be neither written nor read, likewise of all topics.",
    source: METADATA,
    series: "1",
    ..SINCE_0_1_0
};

/// Partitions led by another than the preferred replica.
pub const NOT_PREFERRED_LEADER_PARTITIONS: Metric = Metric {
    name: "kafka_cluster_not_preferred_leader_partitions",
    kind: Gauge,
    unit: "partitions",
    labels: &[],
    help: "Partitions that are not led by their preferred replica, those without a leader included, likewise of all \
           topics.",
    source: METADATA,
    series: "1",
    ..SINCE_0_1_0
};

/// Registered brokers.
pub const REGISTERED: Metric = Metric {
    name: "kafka_broker_registered",
    kind: Gauge,
    unit: "1",
    labels: BROKER,
    help: "A broker that is registered with the controllers, alive or not; always 1. Absent where that cannot be asked: \
           before Kafka 4.0, and with librdkafka.",
    source: DESCRIBE_CLUSTER,
    series: "B",
    kafka: Some("4.0"),
    ..SINCE_0_1_0
};

/// Fenced brokers.
pub const FENCED: Metric = Metric {
    name: "kafka_broker_fenced",
    kind: Gauge,
    unit: "0 or 1",
    labels: BROKER,
    help: "1 if the registered broker is fenced: down, starting or cut off, and not in service; else 0. Absent likewise.",
    source: DESCRIBE_CLUSTER,
    series: "B",
    kafka: Some("4.0"),
    ..SINCE_0_1_0
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
    LEADER_PARTITIONS,
    PREFERRED_LEADER_PARTITIONS,
    ASSIGNED_REPLICAS,
    OUT_OF_SYNC_REPLICAS,
    UNDER_REPLICATED_PARTITIONS,
    OFFLINE_PARTITIONS,
    NOT_PREFERRED_LEADER_PARTITIONS,
    REGISTERED,
    FENCED,
];
