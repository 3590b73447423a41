//! Groups as families: what a collection found, what watching has told, and objectives in; `kafka_consumergroup_*` out.

mod described;
mod lag_seconds;
mod objectives;
mod owners;
mod sums;
mod watched;

use kafka_admin::Cluster;

use crate::config::{Config, Level};
use crate::history::GroupHistory;
use crate::kafka::{Group, LogTimes, TopicConfigs};
use crate::lag::seconds::Times;
use crate::lag::{self, Assigned, Commit, Offsets, Show, TopicIndex, TopicLag};
use crate::metrics::catalogue::groups;
use crate::metrics::{Family, Labels, Table, count_value, offset_value};
use crate::objectives::Objectives;
use described::Described;
use lag_seconds::LagFamilies;
use owners::Owners;
use sums::Sum;
use watched::Watched;

/// What the families are made from.
#[derive(Debug)]
pub struct Groups<'a> {
    /// The groups to show in ascending order of id, each with what watching has told of it.
    pub groups: Vec<(&'a Group, Option<&'a GroupHistory>)>,
    /// Topics and partitions. Without them (metadata could not be had) there is no lag.
    pub cluster: Option<&'a Cluster>,
    /// Offsets of the partitions.
    pub offsets: Offsets<'a>,
    /// Times of the records that are not read.
    pub log_times: &'a LogTimes,
    /// Configurations of topics.
    pub configs: &'a TopicConfigs,
    /// Of groups.
    pub objectives: &'a Objectives,
}

/// kafka_exporter's `kafka_consumergroup_*` with its mistakes put right, and what it lacks.
pub fn families(all: &Groups<'_>, config: &Config) -> Vec<Family> {
    let (selection, granularity) = (&config.selection, &config.granularity);
    let commits = all.groups.iter().filter_map(|(group, _)| group.committed.as_ref().ok()).map(Vec::len).sum();
    let mut families = Families::new(commits, config);
    let times = Times { ends: all.offsets.ends, starts: all.offsets.starts, log: all.log_times };
    let mut lag_families = LagFamilies::new(times, all.configs, *granularity);
    let mut described = Described::new(granularity.assigned_partitions);
    let mut watched = Watched::new(granularity.commit_unmoved);
    let mut owners = Owners::new(config.groups.owners);
    let index = all.cluster.map(|cluster| TopicIndex::new(cluster, |topic| selection.topic(topic)));
    for (group, history) in &all.groups {
        let labels = Labels::new([("consumergroup", &*group.id)]);
        let assigned = group.description.as_ref().map(|description| lag::assigned_partitions(description));
        if let Some(members) = group.members() {
            families.members.push(labels.clone(), count_value(members));
        }
        families.commits_unknown.push(labels.clone(), f64::from(u8::from(group.committed.is_err())));
        if let Some(history) = history {
            watched.add(all.cluster, group, history, &labels);
        }
        let mut lags = Vec::new();
        if let (Some(cluster), Some(index), Ok(committed)) = (all.cluster, &index, &group.committed) {
            let show = match (selection.show_all_offsets, &assigned, group.members()) {
                (true, ..) => Show::All,
                (false, Some(assigned), Some(1..)) => Show::Assigned(assigned),
                (false, ..) => Show::Committed,
            };
            lags = lag::group_lag(cluster, index, all.offsets, committed, show);
            for topic in &lags {
                families.add(cluster, group, topic);
                owners.add(cluster, group, assigned.as_ref(), topic);
            }
            // What no member is assigned to now (in a rebalance that may be all) is behind nevertheless.
            let all_committed = match show {
                Show::Assigned(_) => Some(lag::group_lag(cluster, index, all.offsets, committed, Show::Committed)),
                Show::All | Show::Committed => None,
            };
            lag_families.add(cluster, group, all_committed.as_ref().unwrap_or(&lags), &labels);
        }
        families.end_group(&labels);
        let topics = all
            .cluster
            .into_iter()
            .flat_map(|cluster| lags.iter().filter_map(|lag| cluster.topics.get(lag.topic)).map(|topic| &*topic.name));
        described.add(group, assigned.as_ref(), topics, |topic| selection.topic(topic), &labels);
    }
    let mut families = families.into_vec();
    families.extend(lag_families.into_vec());
    families.extend(described.into_vec());
    families.extend(watched.into_vec());
    families.push(owners.into_family());
    families.extend(objectives::families(all.groups.iter().map(|(group, _)| *group), all.objectives));
    families
}

struct Families {
    members: Family,
    commits_unknown: Family,
    /// Committed offset and lag, and whether each is shown.
    per_partition: Table<2>,
    shown: [bool; 2],
    current_offset_sum: Sum,
    lag_sum: Sum,
    unknown_partitions: Sum,
    unknown_reasons: Family,
    beyond_end_partitions: Sum,
    lost_records: Sum,
}

impl Families {
    /// With room for so many committed offsets.
    fn new(commits: usize, config: &Config) -> Self {
        let (lag, offset) = (config.granularity.lag, config.granularity.offset);
        let shown = [offset, lag].map(|level| level == Level::Partition);
        Self {
            members: groups::MEMBERS.family(),
            commits_unknown: groups::COMMITS_UNKNOWN.family(),
            per_partition: Table::new("partition", if shown.contains(&true) { commits } else { 0 }),
            shown,
            current_offset_sum: Sum::new(groups::CURRENT_OFFSET_SUM, offset),
            lag_sum: Sum::new(groups::LAG_SUM, lag),
            unknown_partitions: Sum::new(groups::LAG_UNKNOWN_PARTITIONS, lag),
            unknown_reasons: groups::LAG_UNKNOWN_REASONS.family(),
            beyond_end_partitions: Sum::new(groups::BEYOND_END_PARTITIONS, lag),
            lost_records: Sum::new(groups::LOST_RECORDS, lag),
        }
    }

    fn add(&mut self, cluster: &Cluster, group: &Group, lag: &TopicLag) {
        let Some(topic) = cluster.topics.get(lag.topic) else { return };
        let labels = [("consumergroup", &*group.id), ("topic", &*topic.name)];
        if self.shown.contains(&true) {
            let mut rows = self.per_partition.block(labels);
            for shown in &lag.partitions {
                let Some(partition) = topic.partitions.get(shown.partition) else { continue };
                let (offset, lag) = match shown.commit {
                    Commit::Nothing => (Some(-1), Some(-1)),
                    Commit::At(offset) => (Some(offset), shown.lag),
                    Commit::Unknown => (None, None),
                };
                let [with_offset, with_lag] = self.shown;
                let (offset, lag) = (offset.filter(|_| with_offset), lag.filter(|_| with_lag));
                rows.push(partition.id, [offset.map(offset_value), lag.map(offset_value)]);
            }
        }
        for (reason, partitions) in &lag.unknown_reasons {
            let labels = labels.iter().copied().chain([("reason", *reason)]);
            self.unknown_reasons.push(Labels::new(labels), f64::from(*partitions));
        }
        let labels = Labels::new(labels);
        for (sum, value) in [
            (&mut self.current_offset_sum, lag.committed_sum),
            (&mut self.lag_sum, lag.lag_sum),
            (&mut self.unknown_partitions, Some(lag.unknown_partitions.into())),
            (&mut self.beyond_end_partitions, Some(lag.beyond_end_partitions.into())),
            (&mut self.lost_records, lag.lost_records),
        ] {
            sum.add(&labels, value);
        }
    }

    /// `labels` are the group's.
    fn end_group(&mut self, labels: &Labels) {
        for sum in [
            &mut self.current_offset_sum,
            &mut self.lag_sum,
            &mut self.unknown_partitions,
            &mut self.beyond_end_partitions,
            &mut self.lost_records,
        ] {
            sum.end_group(labels);
        }
    }

    fn into_vec(self) -> Vec<Family> {
        let [current_offset, lag] = self.per_partition.into_columns();
        vec![
            self.members,
            self.commits_unknown,
            groups::CURRENT_OFFSET.family().with_column(current_offset),
            self.current_offset_sum.into_family(),
            groups::LAG_RECORDS.family().with_column(lag),
            self.lag_sum.into_family(),
            self.unknown_partitions.into_family(),
            self.unknown_reasons,
            self.beyond_end_partitions.into_family(),
            self.lost_records.into_family(),
        ]
    }
}

/// The partitions of a topic that members own.
fn assigned_on(assigned: Option<&Assigned<'_>>, topic: &str) -> usize {
    assigned.and_then(|assigned| assigned.get(topic)).map_or(0, Vec::len)
}

#[cfg(test)]
mod tests;
