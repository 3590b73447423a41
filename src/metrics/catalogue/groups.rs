//! Consumer groups: kafka_exporter's names first, then ours per group and per group and topic.

use super::Metric;
use crate::metrics::MetricType::Gauge;

const COMMITS: &str = "Kafka OffsetFetch";
const LAG: &str = "Kafka OffsetFetch, then ListOffsets";
const PARTITION: &[&str] = &["consumergroup", "partition", "topic"];
const TOPIC: &[&str] = &["consumergroup", "topic"];

/// Committed offset.
pub const CURRENT_OFFSET: Metric = Metric {
    name: "kafka_consumergroup_current_offset",
    kind: Gauge,
    labels: PARTITION,
    help: "Offset that the group has committed: the next one to read. -1 where it has committed nothing. Absent when it \
           could not be read.",
    source: COMMITS,
};

/// Sum of committed offsets.
pub const CURRENT_OFFSET_SUM: Metric = Metric {
    name: "kafka_consumergroup_current_offset_sum",
    kind: Gauge,
    labels: TOPIC,
    help: "Sum of the group's committed offsets on the topic; partitions without a commit count nothing. Absent when \
           one could not be read.",
    source: COMMITS,
};

/// Lag.
pub const LAG_RECORDS: Metric = Metric {
    name: "kafka_consumergroup_lag",
    kind: Gauge,
    labels: PARTITION,
    help: "Records between the group's committed offset and the end of the partition, never below 0. -1 where it has \
           committed nothing. Absent when the commit or the end could not be read.",
    source: LAG,
};

/// Sum of lags.
pub const LAG_SUM: Metric = Metric {
    name: "kafka_consumergroup_lag_sum",
    kind: Gauge,
    labels: TOPIC,
    help: "Sum of the group's lag over the partitions of the topic that it has committed to, in records. Absent, not \
           smaller, when the lag of one is unknown.",
    source: LAG,
};

/// Members.
pub const MEMBERS: Metric = Metric {
    name: "kafka_consumergroup_members",
    kind: Gauge,
    labels: &["consumergroup"],
    help: "Number of members of the group. Absent when it could not be read.",
    source: "Kafka ListGroups, DescribeGroups, ConsumerGroupDescribe",
};

/// Why a sum is absent.
pub const LAG_UNKNOWN_PARTITIONS: Metric = Metric {
    name: "kafka_consumergroup_lag_unknown_partitions",
    kind: Gauge,
    labels: TOPIC,
    help: "Partitions of the topic whose lag is unknown because the commit or the end could not be read (no leader, a \
           broker that does not answer, no right). While it is not 0 the group's sums on the topic are absent.",
    source: LAG,
};

/// Commits beyond the end.
pub const BEYOND_END_PARTITIONS: Metric = Metric {
    name: "kafka_consumergroup_beyond_end_partitions",
    kind: Gauge,
    labels: TOPIC,
    help: "Partitions whose committed offset lies beyond the end: after data loss, a re-created topic or a wrong reset. \
           Their lag is shown as 0, and the group reads nothing from them until the end has caught up.",
    source: LAG,
};

/// Lost records.
pub const LOST_RECORDS: Metric = Metric {
    name: "kafka_consumergroup_lost_records",
    kind: Gauge,
    labels: TOPIC,
    help: "Records between the group's committed offsets and the start of the partitions: removed by retention before \
           the group has read them. They are part of the lag. Absent when a start could not be read.",
    source: LAG,
};

/// Groups whose commits could not be read.
pub const COMMITS_UNKNOWN: Metric = Metric {
    name: "kafka_consumergroup_commits_unknown",
    kind: Gauge,
    labels: &["consumergroup"],
    help: "1 if the group's committed offsets could not be read at this scrape, so that its lag is absent; else 0.",
    source: COMMITS,
};

/// All of this file.
pub const ALL: &[Metric] = &[
    CURRENT_OFFSET,
    CURRENT_OFFSET_SUM,
    LAG_RECORDS,
    LAG_SUM,
    MEMBERS,
    LAG_UNKNOWN_PARTITIONS,
    BEYOND_END_PARTITIONS,
    LOST_RECORDS,
    COMMITS_UNKNOWN,
];
