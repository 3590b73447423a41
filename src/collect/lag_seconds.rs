//! Lag in seconds, against the last stable offset, and the margin before retention, as families.

use kafka_admin::{Cluster, Topic};

use super::groups::Sum;
use crate::config::{Granularity, Level};
use crate::kafka::{Effort, Group};
use crate::lag::TopicLag;
use crate::lag::seconds::{LagSeconds, Times, partition_age};
use crate::metrics::catalogue::lag;
use crate::metrics::{Family, Labels, Table, count_value, offset_value};

/// These families, group by group.
#[derive(Debug)]
pub(super) struct LagFamilies<'a> {
    times: Times<'a>,
    levels: Granularity,
    /// Seconds and their error.
    per_partition: Table<2>,
    seconds: Family,
    seconds_error: Family,
    seconds_max: Family,
    seconds_max_error: Family,
    seconds_unknown: Family,
    clamped: Family,
    lag_max: Family,
    stable_lag_sum: Sum,
    margin_records: Family,
    margin_seconds: Family,
}

impl<'a> LagFamilies<'a> {
    pub(super) fn new(times: Times<'a>, levels: Granularity) -> Self {
        Self {
            times,
            levels,
            per_partition: Table::new("partition", 0),
            seconds: lag::LAG_SECONDS.family(),
            seconds_error: lag::LAG_SECONDS_ERROR.family(),
            seconds_max: lag::LAG_SECONDS_MAX.family(),
            seconds_max_error: lag::LAG_SECONDS_MAX_ERROR.family(),
            seconds_unknown: lag::LAG_SECONDS_UNKNOWN.family(),
            clamped: lag::LAG_SECONDS_CLAMPED.family(),
            lag_max: lag::LAG_MAX.family(),
            stable_lag_sum: Sum::new(lag::STABLE_LAG_SUM, levels.lag),
            margin_records: lag::RETENTION_MARGIN_RECORDS.family(),
            margin_seconds: lag::RETENTION_MARGIN_SECONDS.family(),
        }
    }

    /// A group with its lag on each topic that it has committed to.
    pub(super) fn add(&mut self, cluster: &Cluster, group: &Group, topics: &[TopicLag]) {
        if topics.is_empty() {
            return;
        }
        let mut whole = LagSeconds::default();
        let mut lag_max = Some(0);
        for lag in topics {
            let Some(topic) = cluster.topics.get(lag.topic) else { continue };
            let seconds = LagSeconds::of_topic(lag, self.times);
            self.add_topic(&group.id, topic, lag, &seconds);
            whole.merge(&seconds);
            lag_max = lag_max.zip(lag.lag_max).map(|(most, of_topic)| most.max(of_topic));
        }
        let labels = Labels::new([("consumergroup", &*group.id)]);
        self.stable_lag_sum.end_group(&labels);
        if self.levels.lag_seconds == Level::Group {
            self.add_unknown(&[("consumergroup", &*group.id)], &whole);
        }
        if let Some(age) = whole.age() {
            self.seconds_max.push(labels.clone(), age.seconds);
            self.seconds_max_error.push(labels.clone(), age.error);
        }
        if whole.clamped > 0 {
            self.clamped.push(labels.clone(), f64::from(whole.clamped));
        }
        if let Some(most) = lag_max {
            self.lag_max.push(labels, offset_value(most));
        }
    }

    fn add_topic(&mut self, group: &str, topic: &Topic, lag: &TopicLag, seconds: &LagSeconds) {
        let pairs = [("consumergroup", group), ("topic", &*topic.name)];
        let labels = Labels::new(pairs);
        self.stable_lag_sum.add(&labels, lag.stable_lag_sum);
        // Margins are of topics: those of different ones have nothing in common.
        if let (true, Some(margin)) = (self.levels.lag >= Level::Topic, lag.margin_records) {
            self.margin_records.push(labels.clone(), offset_value(margin));
        }
        if self.levels.lag_seconds < Level::Topic {
            return;
        }
        self.add_unknown(&pairs, seconds);
        if let Some(age) = seconds.age() {
            self.seconds.push(labels.clone(), age.seconds);
            self.seconds_error.push(labels.clone(), age.error);
        }
        if let Some(margin) = seconds.margin() {
            self.margin_seconds.push(labels, margin);
        }
        if self.levels.lag_seconds == Level::Partition {
            let mut rows = self.per_partition.block(pairs);
            for shown in &lag.partitions {
                let age = partition_age(lag.topic, shown, self.times);
                if let (Some(age), Some(partition)) = (age, topic.partitions.get(shown.partition)) {
                    rows.push(partition.id, [Some(age.seconds), Some(age.error)]);
                }
            }
        }
    }

    /// Of a topic or of a group, with its labels.
    fn add_unknown(&mut self, labels: &[(&str, &str)], seconds: &LagSeconds) {
        for (reason, partitions) in seconds.unknown() {
            let labels = labels.iter().copied().chain([("reason", reason.as_str())]);
            self.seconds_unknown.push(Labels::new(labels), f64::from(partitions));
        }
    }

    pub(super) fn into_vec(self) -> Vec<Family> {
        let Effort { rounds, lookups, postponed } = self.times.log.effort;
        let effort = [(lag::SEARCH_ROUNDS, rounds), (lag::SEARCH_LOOKUPS, lookups), (lag::SEARCH_POSTPONED, postponed)];
        let effort = effort.map(|(metric, value)| {
            let mut family = metric.family();
            family.push(Labels::none(), count_value(value));
            family
        });
        let [partition_seconds, partition_seconds_error] = self.per_partition.into_columns();
        vec![
            lag::PARTITION_LAG_SECONDS.family().with_column(partition_seconds),
            lag::PARTITION_LAG_SECONDS_ERROR.family().with_column(partition_seconds_error),
            self.seconds,
            self.seconds_error,
            self.seconds_max,
            self.seconds_max_error,
            self.seconds_unknown,
            self.clamped,
            self.lag_max,
            self.stable_lag_sum.into_family(),
            self.margin_records,
            self.margin_seconds,
        ]
        .into_iter()
        .chain(effort)
        .collect()
    }
}
