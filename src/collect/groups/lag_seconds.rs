//! Lag in seconds, against the last stable offset, and the margin before retention, as families.

use kafka_admin::Cluster;

use super::sums::Sum;
use crate::config::{Granularity, Level};
use crate::kafka::{Effort, Group, Retention, TopicConfigs};
use crate::lag::TopicLag;
use crate::lag::seconds::{Age, LagSeconds, Times, partition_age};
use crate::metrics::catalogue::lag;
use crate::metrics::{Family, Labels, Table, count_value, offset_value};

/// Families under construction.
#[derive(Debug)]
pub(super) struct LagFamilies<'a> {
    times: Times<'a>,
    configs: &'a TopicConfigs,
    granularity: Granularity,
    seconds: [Family; 2],
    seconds_max: [Family; 2],
    /// Ages and errors.
    per_partition: Table<2>,
    unknown: Family,
    clamped: Family,
    lag_max: Family,
    stable_lag_sum: Sum,
    margin_records: Family,
    margin_seconds: Family,
}

impl<'a> LagFamilies<'a> {
    pub(super) fn new(times: Times<'a>, configs: &'a TopicConfigs, granularity: Granularity) -> Self {
        Self {
            times,
            configs,
            granularity,
            seconds: [lag::LAG_SECONDS.family(), lag::LAG_SECONDS_ERROR.family()],
            seconds_max: [lag::LAG_SECONDS_MAX.family(), lag::LAG_SECONDS_MAX_ERROR.family()],
            per_partition: Table::new("partition", 0),
            unknown: lag::LAG_SECONDS_UNKNOWN.family(),
            clamped: lag::LAG_SECONDS_CLAMPED.family(),
            lag_max: lag::LAG_MAX.family(),
            stable_lag_sum: Sum::new(lag::STABLE_LAG_SUM, granularity.lag),
            margin_records: lag::RETENTION_MARGIN_RECORDS.family(),
            margin_seconds: lag::RETENTION_MARGIN_SECONDS.family(),
        }
    }

    /// Adds a group with its lag on each topic that it has committed to; `labels` are the group's.
    pub(super) fn add(&mut self, cluster: &Cluster, group: &Group, topics: &[TopicLag], labels: &Labels) {
        if topics.is_empty() {
            return;
        }
        let mut whole = LagSeconds::default();
        let mut lag_max = Some(0);
        for lag in topics {
            let Some(topic) = cluster.topics.get(lag.topic) else { continue };
            let has_retention = self.configs.retention(&topic.name) != Retention::Never;
            let seconds = LagSeconds::of_topic(lag, self.times);
            let seconds = if has_retention { seconds } else { seconds.without_margin() };
            whole.merge(&seconds);
            lag_max = lag_max.zip(lag.lag_max).map(|(most, of_topic)| most.max(of_topic));

            let names = [("consumergroup", &*group.id), ("topic", &*topic.name)];
            let of_topic = Labels::new(names);
            self.stable_lag_sum.add(&of_topic, lag.stable_lag_sum);
            if let Some(records) = lag.margin_records.filter(|_| has_retention && self.granularity.lag > Level::Group) {
                self.margin_records.push(of_topic.clone(), offset_value(records));
            }
            if self.granularity.lag_seconds > Level::Group {
                push(&mut self.seconds, &of_topic, seconds.age());
                self.add_unknown(&seconds, &names);
                self.add_margin(&seconds, of_topic);
            }
            if self.granularity.lag_seconds == Level::Partition {
                let mut rows = self.per_partition.block(names);
                for shown in &lag.partitions {
                    let Some(partition) = topic.partitions.get(shown.partition) else { continue };
                    if let Some(age) = partition_age(lag.topic, shown, self.times) {
                        rows.push(partition.id, [Some(age.seconds), Some(age.error)]);
                    }
                }
            }
        }
        if self.granularity.lag_seconds == Level::Group {
            self.add_unknown(&whole, &[("consumergroup", &*group.id)]);
            self.add_margin(&whole, labels.clone());
        }
        self.stable_lag_sum.end_group(labels);
        push(&mut self.seconds_max, labels, whole.age());
        if whole.clamped > 0 {
            self.clamped.push(labels.clone(), f64::from(whole.clamped));
        }
        if let Some(most) = lag_max {
            self.lag_max.push(labels.clone(), offset_value(most));
        }
    }

    fn add_unknown(&mut self, seconds: &LagSeconds, labels: &[(&str, &str)]) {
        for (reason, partitions) in seconds.unknown() {
            let reason = ("reason", reason.as_str());
            self.unknown.push(Labels::new(labels.iter().copied().chain([reason])), f64::from(partitions));
        }
    }

    fn add_margin(&mut self, seconds: &LagSeconds, labels: Labels) {
        if let Some(margin) = seconds.margin() {
            self.margin_seconds.push(labels, margin);
        }
    }

    pub(super) fn into_vec(self) -> Vec<Family> {
        let [partition_seconds, partition_error] = self.per_partition.into_columns();
        let mut families = Vec::from(self.seconds);
        families.extend(self.seconds_max);
        families.extend([
            lag::PARTITION_LAG_SECONDS.family().with_column(partition_seconds),
            lag::PARTITION_LAG_SECONDS_ERROR.family().with_column(partition_error),
            self.unknown,
            self.clamped,
            self.lag_max,
            self.stable_lag_sum.into_family(),
            self.margin_records,
            self.margin_seconds,
        ]);
        let Effort { rounds, lookups, postponed } = self.times.log.effort;
        for (metric, value) in
            [(lag::SEARCH_ROUNDS, rounds), (lag::SEARCH_LOOKUPS, lookups), (lag::SEARCH_POSTPONED, postponed)]
        {
            let mut family = metric.family();
            family.push(Labels::none(), count_value(value));
            families.push(family);
        }
        families
    }
}

/// The age and its error.
fn push([seconds, error]: &mut [Family; 2], labels: &Labels, age: Option<Age>) {
    if let Some(age) = age {
        seconds.push(labels.clone(), age.seconds);
        error.push(labels.clone(), age.error);
    }
}
