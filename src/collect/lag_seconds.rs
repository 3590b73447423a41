//! Lag in seconds, against the last stable offset, and the margin before retention, as families.

use kafka_admin::Cluster;

use crate::kafka::{Effort, Group};
use crate::lag::TopicLag;
use crate::lag::seconds::{LagSeconds, Times};
use crate::metrics::catalogue::lag;
use crate::metrics::{Family, Labels, count_value, offset_value};

/// These families, group by group.
#[derive(Debug)]
pub(super) struct LagFamilies<'a> {
    times: Times<'a>,
    seconds: Family,
    seconds_error: Family,
    seconds_max: Family,
    seconds_max_error: Family,
    seconds_unknown: Family,
    clamped: Family,
    lag_max: Family,
    stable_lag_sum: Family,
    margin_records: Family,
    margin_seconds: Family,
}

impl<'a> LagFamilies<'a> {
    pub(super) fn new(times: Times<'a>) -> Self {
        Self {
            times,
            seconds: lag::LAG_SECONDS.family(),
            seconds_error: lag::LAG_SECONDS_ERROR.family(),
            seconds_max: lag::LAG_SECONDS_MAX.family(),
            seconds_max_error: lag::LAG_SECONDS_MAX_ERROR.family(),
            seconds_unknown: lag::LAG_SECONDS_UNKNOWN.family(),
            clamped: lag::LAG_SECONDS_CLAMPED.family(),
            lag_max: lag::LAG_MAX.family(),
            stable_lag_sum: lag::STABLE_LAG_SUM.family(),
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
            self.add_topic(&group.id, &topic.name, lag, &seconds);
            whole.merge(&seconds);
            lag_max = lag_max.zip(lag.lag_max).map(|(most, of_topic)| most.max(of_topic));
        }
        let labels = Labels::new([("consumergroup", &*group.id)]);
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

    fn add_topic(&mut self, group: &str, topic: &str, lag: &TopicLag, seconds: &LagSeconds) {
        let labels = Labels::new([("consumergroup", group), ("topic", topic)]);
        if let Some(age) = seconds.age() {
            self.seconds.push(labels.clone(), age.seconds);
            self.seconds_error.push(labels.clone(), age.error);
        }
        for (reason, partitions) in seconds.unknown() {
            let labels = [("consumergroup", group), ("reason", reason.as_str()), ("topic", topic)];
            self.seconds_unknown.push(Labels::new(labels), f64::from(partitions));
        }
        if let Some(margin) = seconds.margin() {
            self.margin_seconds.push(labels.clone(), margin);
        }
        for (family, value) in
            [(&mut self.stable_lag_sum, lag.stable_lag_sum), (&mut self.margin_records, lag.margin_records)]
        {
            if let Some(value) = value {
                family.push(labels.clone(), offset_value(value));
            }
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
        vec![
            self.seconds,
            self.seconds_error,
            self.seconds_max,
            self.seconds_max_error,
            self.seconds_unknown,
            self.clamped,
            self.lag_max,
            self.stable_lag_sum,
            self.margin_records,
            self.margin_seconds,
        ]
        .into_iter()
        .chain(effort)
        .collect()
    }
}
