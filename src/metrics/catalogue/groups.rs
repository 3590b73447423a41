//! Consumer groups: kafka_exporter's names first, then ours per group and per group and topic.

use super::{Metric, SINCE_0_1_0};
use crate::metrics::MetricType::{Counter, Gauge};

const COMMITS: &str = "Kafka OffsetFetch";
const LAG: &str = "Kafka OffsetFetch, then ListOffsets";
const PARTITION: &[&str] = &["consumergroup", "partition", "topic"];
const TOPIC: &[&str] = &["consumergroup", "topic"];
const GROUP: &[&str] = &["consumergroup"];
const DESCRIBED: &str = "Kafka DescribeGroups, ConsumerGroupDescribe, ShareGroupDescribe, StreamsGroupDescribe";
const OBJECTIVES: &str = "the file of `--group.objectives`";

/// Committed offset.
pub const CURRENT_OFFSET: Metric = Metric {
    name: "kafka_consumergroup_current_offset",
    kind: Gauge,
    unit: "offset",
    labels: PARTITION,
    help: "Offset that the group has committed: the next one to read. -1 where it has committed nothing. Absent when it \
           could not be read.",
    source: COMMITS,
    series: "C",
    ..SINCE_0_1_0
};

/// Sum of committed offsets.
pub const CURRENT_OFFSET_SUM: Metric = Metric {
    name: "kafka_consumergroup_current_offset_sum",
    kind: Gauge,
    unit: "offset",
    labels: TOPIC,
    help: "Sum of the group's committed offsets on the topic; partitions without a commit count nothing. Absent when \
           one could not be read.",
    source: COMMITS,
    series: "S",
    ..SINCE_0_1_0
};

/// Lag.
pub const LAG_RECORDS: Metric = Metric {
    name: "kafka_consumergroup_lag",
    kind: Gauge,
    unit: "records",
    labels: PARTITION,
    help: "Records between the group's committed offset and the end of the partition, never below 0. -1 where it has \
           committed nothing. Absent when the commit or the end could not be read.",
    source: LAG,
    series: "C",
    ..SINCE_0_1_0
};

/// Sum of lags.
pub const LAG_SUM: Metric = Metric {
    name: "kafka_consumergroup_lag_sum",
    kind: Gauge,
    unit: "records",
    labels: TOPIC,
    help: "Sum of the group's lag over the partitions of the topic that it has committed to, in records. Absent, not \
           smaller, when the lag of one is unknown.",
    source: LAG,
    series: "S",
    ..SINCE_0_1_0
};

/// Members.
pub const MEMBERS: Metric = Metric {
    name: "kafka_consumergroup_members",
    kind: Gauge,
    unit: "members",
    labels: &["consumergroup"],
    help: "Number of members of the group. Absent when it could not be read.",
    source: "Kafka ListGroups, DescribeGroups, ConsumerGroupDescribe",
    series: "G",
    ..SINCE_0_1_0
};

/// Why a sum is absent.
pub const LAG_UNKNOWN_PARTITIONS: Metric = Metric {
    name: "kafka_consumergroup_lag_unknown_partitions",
    kind: Gauge,
    unit: "partitions",
    labels: TOPIC,
    help: "Partitions of the topic whose lag is unknown because the commit or the end could not be read (no leader, a \
           broker that does not answer, no right). While it is not 0 the group's sums on the topic are absent.",
    source: LAG,
    series: "S",
    ..SINCE_0_1_0
};

/// Why lags are unknown.
pub const LAG_UNKNOWN_REASONS: Metric = Metric {
    name: "kafka_consumergroup_lag_unknown_reason_partitions",
    kind: Gauge,
    unit: "partitions",
    labels: &["consumergroup", "reason", "topic"],
    help: "The partitions of kafka_consumergroup_lag_unknown_partitions by reason: commit (it could not be read), metadata \
           (that of the topic could not be read), or the kind of error that asking for the end gave, as in \
           kafka_vitals_collector_errors_total: unavailable (no leader), timeout, authorization and so on. Absent if there \
           are none.",
    source: LAG,
    series: "≤ C",
    ..SINCE_0_1_0
};

/// Commits beyond the end.
pub const BEYOND_END_PARTITIONS: Metric = Metric {
    name: "kafka_consumergroup_beyond_end_partitions",
    kind: Gauge,
    unit: "partitions",
    labels: TOPIC,
    help: "Partitions whose committed offset lies beyond the end: after data loss, a re-created topic or a wrong reset. \
           Their lag is shown as 0, and the group reads nothing from them until the end has caught up.",
    source: LAG,
    series: "S",
    ..SINCE_0_1_0
};

/// Lost records.
pub const LOST_RECORDS: Metric = Metric {
    name: "kafka_consumergroup_lost_records",
    kind: Gauge,
    unit: "records",
    labels: TOPIC,
    help: "Records between the group's committed offsets and the start of the partitions: removed by retention before \
           the group has read them. They are part of the lag. Absent when a start could not be read.",
    source: LAG,
    series: "S",
    ..SINCE_0_1_0
};

/// Groups whose commits could not be read.
pub const COMMITS_UNKNOWN: Metric = Metric {
    name: "kafka_consumergroup_commits_unknown",
    kind: Gauge,
    unit: "0 or 1",
    labels: &["consumergroup"],
    help: "1 if the group's committed offsets could not be read at this scrape, so that its lag is absent; else 0.",
    source: COMMITS,
    series: "G",
    ..SINCE_0_1_0
};

/// State-set.
pub const STATE: Metric = Metric {
    name: "kafka_consumergroup_state",
    kind: Gauge,
    unit: "0 or 1",
    labels: &["consumergroup", "state"],
    help: "1 for the state that the group is in, 0 for the others that a group of its type can be in, named as Kafka names \
           them. While the state is not known there is state=\"Unknown\" alone, with 1. Dead groups are left out.",
    source: "Kafka ListGroups",
    series: "4 classic + 4 consumer + 2 share + 5 streams",
    ..SINCE_0_1_0
};

/// What kind of group.
pub const INFO: Metric = Metric {
    name: "kafka_consumergroup_info",
    kind: Gauge,
    unit: "1",
    labels: &["assignor", "consumergroup", "protocol", "type"],
    help: "Always 1. Type: classic, consumer (KIP-848), share, streams, or unknown before the first description on brokers \
           that list no types. Protocol: what members use the group for, such as consumer or connect. Protocol and assignor \
           are empty while it has no members, and where the Kafka client or the broker does not tell them.",
    source: DESCRIBED,
    series: "G",
    ..SINCE_0_1_0
};

/// Coordinator.
pub const COORDINATOR: Metric = Metric {
    name: "kafka_consumergroup_coordinator",
    kind: Gauge,
    unit: "broker id",
    labels: GROUP,
    help: "Broker id of the group's coordinator. Absent while the group has no members, and when it could not be described.",
    source: DESCRIBED,
    series: "≤ G",
    ..SINCE_0_1_0
};

/// Assigned partitions.
pub const ASSIGNED_PARTITIONS: Metric = Metric {
    name: "kafka_consumergroup_assigned_partitions",
    kind: Gauge,
    unit: "partitions",
    labels: TOPIC,
    help: "Partitions of the topic that a member of the group owns, of topics that it has commits on or members for. Absent \
           when the members could not be read.",
    source: DESCRIBED,
    series: "A",
    ..SINCE_0_1_0
};

/// Time in the state.
pub const STATE_SECONDS: Metric = Metric {
    name: "kafka_consumergroup_state_seconds",
    kind: Gauge,
    unit: "seconds",
    labels: GROUP,
    help: "For how long the group has been seen in its current state, in seconds: a lower bound, as what was before the \
           first collection and between two is unseen. Absent at the first collection, and while the state is not known.",
    source: "Kafka ListGroups, from one collection to the next",
    series: "G",
    ..SINCE_0_1_0
};

/// Rebalances.
pub const REBALANCES: Metric = Metric {
    name: "kafka_consumergroup_rebalances_observed_total",
    kind: Counter,
    unit: "rebalances",
    labels: &["consumergroup", "seen"],
    help: "Rebalances of the group since it was first seen, each counted once, by what showed it: seen=\"epoch\" counts \
           all of a group that tells its epoch (consumer, share and streams groups; not with librdkafka). Of other groups a \
           lower bound, as short ones may go unseen: their state, else other members, else another assignment.",
    source: "the group's state and description, from one collection to the next",
    series: "3 classic + consumer + share + streams",
    ..SINCE_0_1_0
};

/// Commits that do not move.
pub const COMMIT_UNMOVED_SECONDS: Metric = Metric {
    name: "kafka_consumergroup_commit_unmoved_seconds",
    kind: Gauge,
    unit: "seconds",
    labels: TOPIC,
    help: "For how long a partition's committed offset has been seen not to move although there was lag on it (with \
           --lag.skip-markers: other than transaction markers), in seconds, of the topic's partitions the longest; 0 if there is none. A lower bound: what was before the first collection is \
           unseen. Absent at the first collection, and when a commit or the lag is unknown.",
    source: "Kafka OffsetFetch and ListOffsets, from one collection to the next",
    series: "S",
    ..SINCE_0_1_0
};

/// Owners.
pub const PARTITION_OWNER: Metric = Metric {
    name: "kafka_consumergroup_partition_owner",
    kind: Gauge,
    unit: "records",
    labels: &["client_id", "consumergroup", "host", "partition", "topic"],
    help: "Client id and host of the member that owns a lagging partition; the value is the lag in records. Of the cluster's \
           partitions with a known owner those with the highest lags, as many as `--group.owners` says.",
    source: DESCRIBED,
    series: "≤ 50",
    ..SINCE_0_1_0
};

/// Objective in seconds.
pub const OBJECTIVE_SECONDS: Metric = Metric {
    name: "kafka_consumergroup_objective_seconds",
    kind: Gauge,
    unit: "seconds",
    labels: &["consumergroup", "team"],
    help: "Most lag that is fine for the group, in seconds. Absent without an objective in seconds.",
    source: OBJECTIVES,
    series: "≤ O",
    opt_in: Some("--group.objectives"),
    ..SINCE_0_1_0
};

/// Objective in records.
pub const OBJECTIVE_RECORDS: Metric = Metric {
    name: "kafka_consumergroup_objective_records",
    kind: Gauge,
    unit: "records",
    labels: &["consumergroup", "team"],
    help: "Most lag that is fine for the group, in records. Absent without an objective in records.",
    source: OBJECTIVES,
    series: "≤ O",
    opt_in: Some("--group.objectives"),
    ..SINCE_0_1_0
};

/// Whom an objective concerns.
pub const OBJECTIVE_INFO: Metric = Metric {
    name: "kafka_consumergroup_objective_info",
    kind: Gauge,
    unit: "1",
    labels: &["consumergroup", "runbook", "team"],
    help: "The team and runbook of a group that has an objective; always 1. The runbook is empty if there is none.",
    source: OBJECTIVES,
    series: "O",
    opt_in: Some("--group.objectives"),
    ..SINCE_0_1_0
};

/// All of this file.
pub const ALL: &[Metric] = &[
    CURRENT_OFFSET,
    CURRENT_OFFSET_SUM,
    LAG_RECORDS,
    LAG_SUM,
    MEMBERS,
    LAG_UNKNOWN_PARTITIONS,
    LAG_UNKNOWN_REASONS,
    BEYOND_END_PARTITIONS,
    LOST_RECORDS,
    COMMITS_UNKNOWN,
    STATE,
    INFO,
    COORDINATOR,
    ASSIGNED_PARTITIONS,
    STATE_SECONDS,
    REBALANCES,
    COMMIT_UNMOVED_SECONDS,
    PARTITION_OWNER,
    OBJECTIVE_SECONDS,
    OBJECTIVE_RECORDS,
    OBJECTIVE_INFO,
];
