//! Log directories of the brokers.

use super::{Metric, SINCE_0_1_0};
use crate::metrics::MetricType::Gauge;

const DESCRIBE_LOG_DIRS: &str = "Kafka DescribeLogDirs";
const LOG_DIR: &[&str] = &["broker", "log_dir"];

/// Size of the volume.
pub const TOTAL_BYTES: Metric = Metric {
    name: "kafka_log_dir_total_bytes",
    kind: Gauge,
    unit: "bytes",
    labels: LOG_DIR,
    help: "Size of the volume that the log directory is on, in bytes. As all of log directories at most \
           --refresh.inventory old. Absent before Kafka 3.3, while the directory is offline, and of brokers that are not in \
           the metadata or could not be asked.",
    source: DESCRIBE_LOG_DIRS,
    series: "D",
    kafka: Some("3.3"),
    ..SINCE_0_1_0
};

/// Free bytes.
pub const USABLE_BYTES: Metric = Metric {
    name: "kafka_log_dir_usable_bytes",
    kind: Gauge,
    unit: "bytes",
    labels: LOG_DIR,
    help: "Bytes of the log directory's volume that Kafka may still use. Absent likewise.",
    source: DESCRIBE_LOG_DIRS,
    series: "D",
    kafka: Some("3.3"),
    ..SINCE_0_1_0
};

/// Whether it works.
pub const ONLINE: Metric = Metric {
    name: "kafka_log_dir_online",
    kind: Gauge,
    unit: "0 or 1",
    labels: LOG_DIR,
    help: "1 if the broker can use the log directory, 0 if it has failed: its replicas are offline. Absent for brokers \
           that are not in the metadata or could not be asked.",
    source: DESCRIBE_LOG_DIRS,
    series: "D",
    ..SINCE_0_1_0
};

/// Bytes per topic.
pub const TOPIC_BYTES: Metric = Metric {
    name: "kafka_log_dir_topic_bytes",
    kind: Gauge,
    unit: "bytes",
    labels: &["broker", "log_dir", "topic"],
    help: "Bytes of the topic's log segments in the log directory, for topics that --topic.filter accepts. Copies that a \
           move is making are not in it.",
    source: DESCRIBE_LOG_DIRS,
    series: "≤ R",
    ..SINCE_0_1_0
};

/// Bytes of moves.
pub const FUTURE_BYTES: Metric = Metric {
    name: "kafka_log_dir_future_bytes",
    kind: Gauge,
    unit: "bytes",
    labels: LOG_DIR,
    help: "Bytes of copies that moves from other log directories of the broker have made in this one so far, of all \
           topics; 0 when nothing is being moved. Absent while the directory is offline.",
    source: DESCRIBE_LOG_DIRS,
    series: "D",
    ..SINCE_0_1_0
};

/// All of this file.
pub const ALL: &[Metric] = &[TOTAL_BYTES, USABLE_BYTES, ONLINE, TOPIC_BYTES, FUTURE_BYTES];
