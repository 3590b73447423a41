//! Topic configurations in base units. What is unlimited is +Inf, so that comparisons hold: a size is below it.

use super::{Metric, SINCE_0_1_0};
use crate::metrics::MetricType::Gauge;

const DESCRIBE_CONFIGS: &str = "Kafka DescribeConfigs";
const TOPIC: &[&str] = &["topic"];

/// What is text.
pub const INFO: Metric = Metric {
    name: "kafka_topic_info",
    kind: Gauge,
    unit: "1",
    labels: &["cleanup_policy", "compression_type", "message_timestamp_type", "topic"],
    help: "The topic's cleanup.policy (delete, compact or compact,delete), compression.type and message.timestamp.type; \
           always 1. As all of the topic's configuration at most --refresh.inventory old, and absent when it could not be \
           read.",
    source: DESCRIBE_CONFIGS,
    series: "T",
    ..SINCE_0_1_0
};

/// Retention by time.
pub const RETENTION_SECONDS: Metric = Metric {
    name: "kafka_topic_retention_seconds",
    kind: Gauge,
    unit: "seconds",
    labels: TOPIC,
    help: "retention.ms of the topic, in seconds; +Inf if it is unlimited. It counts where cleanup.policy has delete.",
    source: DESCRIBE_CONFIGS,
    series: "T",
    ..SINCE_0_1_0
};

/// Retention by size.
pub const RETENTION_BYTES: Metric = Metric {
    name: "kafka_topic_retention_bytes",
    kind: Gauge,
    unit: "bytes",
    labels: TOPIC,
    help: "retention.bytes of the topic: bytes of each partition; +Inf if it is unlimited. It counts where cleanup.policy \
           has delete.",
    source: DESCRIBE_CONFIGS,
    series: "T",
    ..SINCE_0_1_0
};

/// Segments by time.
pub const SEGMENT_SECONDS: Metric = Metric {
    name: "kafka_topic_segment_seconds",
    kind: Gauge,
    unit: "seconds",
    labels: TOPIC,
    help: "segment.ms of the topic, in seconds: after that a segment is closed. Only closed ones can be removed.",
    source: DESCRIBE_CONFIGS,
    series: "T",
    ..SINCE_0_1_0
};

/// Segments by size.
pub const SEGMENT_BYTES: Metric = Metric {
    name: "kafka_topic_segment_bytes",
    kind: Gauge,
    unit: "bytes",
    labels: TOPIC,
    help: "segment.bytes of the topic: the size at which a segment is closed.",
    source: DESCRIBE_CONFIGS,
    series: "T",
    ..SINCE_0_1_0
};

/// Largest batch.
pub const MAX_MESSAGE_BYTES: Metric = Metric {
    name: "kafka_topic_max_message_bytes",
    kind: Gauge,
    unit: "bytes",
    labels: TOPIC,
    help: "max.message.bytes of the topic: the largest batch of records that brokers take, in bytes after compression.",
    source: DESCRIBE_CONFIGS,
    series: "T",
    ..SINCE_0_1_0
};

/// Replicas needed for a write.
pub const MIN_INSYNC_REPLICAS: Metric = Metric {
    name: "kafka_topic_min_insync_replicas",
    kind: Gauge,
    unit: "replicas",
    labels: TOPIC,
    help: "min.insync.replicas of the topic: with fewer in-sync replicas a partition refuses writes with acks=all.",
    source: DESCRIBE_CONFIGS,
    series: "T",
    ..SINCE_0_1_0
};

/// All of this file.
pub const ALL: &[Metric] =
    &[INFO, RETENTION_SECONDS, RETENTION_BYTES, SEGMENT_SECONDS, SEGMENT_BYTES, MAX_MESSAGE_BYTES, MIN_INSYNC_REPLICAS];
