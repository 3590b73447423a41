//! Lag in seconds, and how much of the lag is what.

use super::{Metric, SINCE_0_1_0};
use crate::metrics::MetricType::Gauge;

const RECORDS: &str = "Kafka OffsetFetch, then ListOffsets";
const TIMES: &str = "Kafka OffsetFetch, then ListOffsets by timestamp";
const GROUP: &[&str] = &["consumergroup"];
const TOPIC: &[&str] = &["consumergroup", "topic"];
const PARTITION: &[&str] = &["consumergroup", "partition", "topic"];

/// Lag in seconds on a topic.
pub const LAG_SECONDS: Metric = Metric {
    name: "kafka_consumergroup_lag_seconds",
    kind: Gauge,
    unit: "seconds",
    labels: TOPIC,
    help: "How old the first record is that the group has not read, in seconds: of all partitions of the topic the oldest; 0 \
           if it has read all, with --lag.skip-markers all but transaction markers. By the log's time, which is the records' \
           own timestamps where these do not go back. The truth is within kafka_consumergroup_lag_seconds_error of it. Absent, \
           not smaller, while it is not known to a second or 25 %.",
    source: TIMES,
    series: "S",
    ..SINCE_0_1_0
};

/// Its error.
pub const LAG_SECONDS_ERROR: Metric = Metric {
    name: "kafka_consumergroup_lag_seconds_error",
    kind: Gauge,
    unit: "seconds",
    labels: TOPIC,
    help: "By how many seconds kafka_consumergroup_lag_seconds may be off at the most: half the width of the bracket that \
           the lookups have proven, of which it is the middle.",
    source: TIMES,
    series: "S",
    ..SINCE_0_1_0
};

/// Lag in seconds of a group.
pub const LAG_SECONDS_MAX: Metric = Metric {
    name: "kafka_consumergroup_lag_seconds_max",
    kind: Gauge,
    unit: "seconds",
    labels: GROUP,
    help: "The largest kafka_consumergroup_lag_seconds of the group over all its topics. Absent while that of one topic is \
           not known.",
    source: TIMES,
    series: "committed",
    ..SINCE_0_1_0
};

/// Its error.
pub const LAG_SECONDS_MAX_ERROR: Metric = Metric {
    name: "kafka_consumergroup_lag_seconds_max_error",
    kind: Gauge,
    unit: "seconds",
    labels: GROUP,
    help: "By how many seconds kafka_consumergroup_lag_seconds_max may be off at the most.",
    source: TIMES,
    series: "committed",
    ..SINCE_0_1_0
};

/// Lag in seconds on a partition.
pub const PARTITION_LAG_SECONDS: Metric = Metric {
    name: "kafka_consumergroup_partition_lag_seconds",
    kind: Gauge,
    unit: "seconds",
    labels: PARTITION,
    help: "As kafka_consumergroup_lag_seconds, of one partition. Opt-in: --series.granularity=lag_seconds=partition.",
    source: TIMES,
    series: "commits",
    opt_in: Some("--series.granularity=lag_seconds=partition"),
    ..SINCE_0_1_0
};

/// Its error.
pub const PARTITION_LAG_SECONDS_ERROR: Metric = Metric {
    name: "kafka_consumergroup_partition_lag_seconds_error",
    kind: Gauge,
    unit: "seconds",
    labels: PARTITION,
    help: "By how many seconds kafka_consumergroup_partition_lag_seconds may be off at the most. Opt-in likewise.",
    source: TIMES,
    series: "commits",
    opt_in: Some("--series.granularity=lag_seconds=partition"),
    ..SINCE_0_1_0
};

/// Why it is absent.
pub const LAG_SECONDS_UNKNOWN: Metric = Metric {
    name: "kafka_consumergroup_lag_seconds_unknown_partitions",
    kind: Gauge,
    unit: "partitions",
    labels: &["consumergroup", "reason", "topic"],
    help: "Partitions that keep kafka_consumergroup_lag_seconds from being known. Reasons: searching (the next scrapes go on \
           with it), lag (the lag in records is unknown too), lookup (the leader did not answer), no_timestamp (records \
           have none), future_timestamp (a record before it has a timestamp in the future, which hides those of later \
           ones), compaction (the record may have been removed, and the next one is much younger). Absent if there are \
           none.",
    source: TIMES,
    series: "≤ commits",
    ..SINCE_0_1_0
};

/// Records from the future.
pub const LAG_SECONDS_CLAMPED: Metric = Metric {
    name: "kafka_consumergroup_lag_seconds_clamped_partitions",
    kind: Gauge,
    unit: "partitions",
    labels: GROUP,
    help: "Partitions whose first unread record has a timestamp in the future (a producer's clock is ahead), so that it \
           counts as 0 seconds old. Absent if there are none.",
    source: TIMES,
    series: "≤ committed",
    ..SINCE_0_1_0
};

/// Worst partition.
pub const LAG_MAX: Metric = Metric {
    name: "kafka_consumergroup_lag_max",
    kind: Gauge,
    unit: "records",
    labels: GROUP,
    help: "The group's lag on the partition where it is largest, in records. Absent, not smaller, when the lag of one \
           partition is unknown.",
    source: RECORDS,
    series: "committed",
    ..SINCE_0_1_0
};

/// Lag against the last stable offset.
pub const STABLE_LAG_SUM: Metric = Metric {
    name: "kafka_consumergroup_stable_lag_sum",
    kind: Gauge,
    unit: "records",
    labels: TOPIC,
    help: "As kafka_consumergroup_lag_sum, up to the last stable offset instead of the end: what a consumer with \
           isolation.level=read_committed may read. Less than that while a transaction is open, and 0 with \
           --lag.skip-markers where only transaction markers are left. Absent, not smaller, when \
           that of one partition is unknown, and for share groups.",
    source: RECORDS,
    series: "≤ S",
    ..SINCE_0_1_0
};

/// Margin in records.
pub const RETENTION_MARGIN_RECORDS: Metric = Metric {
    name: "kafka_consumergroup_retention_margin_records",
    kind: Gauge,
    unit: "records",
    labels: TOPIC,
    help: "Records between the start of the partition and the committed offset, where they are fewest among the partitions \
           with lag: what retention removes before it comes to one that the group has not read. 0 where the group is at the \
           start, or has lost records. Absent without lag, when a start is unknown, and where retention removes nothing.",
    source: RECORDS,
    series: "≤ S",
    ..SINCE_0_1_0
};

/// Margin in seconds.
pub const RETENTION_MARGIN_SECONDS: Metric = Metric {
    name: "kafka_consumergroup_retention_margin_seconds",
    kind: Gauge,
    unit: "seconds",
    labels: TOPIC,
    help: "How long a group that stands still has until retention removes what it has not read, in seconds, where that is \
           least among the partitions with lag: retention.ms less the age of the first unread record. With a limit of size, \
           or limits that may not be read, it is the time between the first record of the partition and that one instead, \
           which is as much where the log has reached its limit. 0 where records have been lost. Absent without lag, while \
           it is not known to a second or 25 %, and where retention removes nothing.",
    source: TIMES,
    series: "≤ S",
    ..SINCE_0_1_0
};

/// Rounds of the search.
pub const SEARCH_ROUNDS: Metric = Metric {
    name: "kafka_vitals_lag_search_rounds",
    kind: Gauge,
    unit: "rounds",
    labels: &[],
    help: "Rounds of lookups by timestamp that the last collection took to know the lag in seconds: in each, every leader is \
           asked once for all of its partitions, and again for further timestamps of the same ones.",
    source: TIMES,
    series: "1",
    ..SINCE_0_1_0
};

/// Lookups of the search.
pub const SEARCH_LOOKUPS: Metric = Metric {
    name: "kafka_vitals_lag_search_lookups",
    kind: Gauge,
    unit: "lookups",
    labels: &[],
    help: "Lookups by timestamp in these rounds, each of one timestamp in one partition, for all groups together.",
    source: TIMES,
    series: "1",
    ..SINCE_0_1_0
};

/// What was left for later.
pub const SEARCH_POSTPONED: Metric = Metric {
    name: "kafka_vitals_lag_search_postponed",
    kind: Gauge,
    unit: "lookups",
    labels: &[],
    help: "Lookups that were still wanted when the last collection had spent its time, its rounds, or what it may ask of one \
           leader: the next collection goes on with them.",
    source: TIMES,
    series: "1",
    ..SINCE_0_1_0
};

/// All of this file.
pub const ALL: &[Metric] = &[
    LAG_SECONDS,
    LAG_SECONDS_ERROR,
    LAG_SECONDS_MAX,
    LAG_SECONDS_MAX_ERROR,
    PARTITION_LAG_SECONDS,
    PARTITION_LAG_SECONDS_ERROR,
    LAG_SECONDS_UNKNOWN,
    LAG_SECONDS_CLAMPED,
    LAG_MAX,
    STABLE_LAG_SUM,
    RETENTION_MARGIN_RECORDS,
    RETENTION_MARGIN_SECONDS,
    SEARCH_ROUNDS,
    SEARCH_LOOKUPS,
    SEARCH_POSTPONED,
];
