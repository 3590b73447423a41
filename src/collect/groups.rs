//! Consumer groups as families.

use kafka_admin::Cluster;

use super::lag_seconds::LagFamilies;
use crate::config::Selection;
use crate::kafka::{Group, LogTimes};
use crate::lag::seconds::Times;
use crate::lag::{self, Commit, Offsets, Show, TopicIndex, TopicLag};
use crate::metrics::catalogue::groups;
use crate::metrics::{Family, Labels, Table, count_value, offset_value};

/// kafka_exporter's `kafka_consumergroup_*` with its mistakes put right, and what it lacks. Without a `cluster` (its
/// metadata could not be had) there is no lag.
pub fn families(
    all: &[Group],
    cluster: Option<&Cluster>,
    offsets: Offsets<'_>,
    log_times: &LogTimes,
    selection: &Selection,
) -> Vec<Family> {
    let commits = all.iter().filter_map(|group| group.committed.as_ref().ok()).map(Vec::len).sum();
    let mut families = Families::new(commits);
    let mut lag_families = LagFamilies::new(Times { ends: offsets.ends, starts: offsets.starts, log: log_times });
    let index = cluster.map(|cluster| TopicIndex::new(cluster, |topic| selection.topic(topic)));
    for group in all {
        let labels = Labels::new([("consumergroup", &*group.id)]);
        if let Some(members) = group.members() {
            families.members.push(labels.clone(), count_value(members));
        }
        families.commits_unknown.push(labels, f64::from(u8::from(group.committed.is_err())));
        let (Some(cluster), Some(index), Ok(committed)) = (cluster, &index, &group.committed) else { continue };
        let assigned = match (&group.description, group.members()) {
            (Some(description), Some(1..)) if !selection.show_all_offsets => {
                Some(lag::assigned_partitions(description))
            }
            _ => None,
        };
        let show = match (selection.show_all_offsets, &assigned) {
            (true, _) => Show::All,
            (false, Some(assigned)) => Show::Assigned(assigned),
            (false, None) => Show::Committed,
        };
        let topics = lag::group_lag(cluster, index, offsets, committed, show);
        for topic in &topics {
            families.add(cluster, group, topic);
        }
        lag_families.add(cluster, group, &topics);
    }
    let mut families = families.into_vec();
    families.extend(lag_families.into_vec());
    families
}

struct Families {
    members: Family,
    commits_unknown: Family,
    /// Committed offset and lag.
    per_partition: Table<2>,
    current_offset_sum: Family,
    lag_sum: Family,
    unknown_partitions: Family,
    beyond_end_partitions: Family,
    lost_records: Family,
}

impl Families {
    /// With room for so many committed offsets.
    fn new(commits: usize) -> Self {
        Self {
            members: groups::MEMBERS.family(),
            commits_unknown: groups::COMMITS_UNKNOWN.family(),
            per_partition: Table::new("partition", commits),
            current_offset_sum: groups::CURRENT_OFFSET_SUM.family(),
            lag_sum: groups::LAG_SUM.family(),
            unknown_partitions: groups::LAG_UNKNOWN_PARTITIONS.family(),
            beyond_end_partitions: groups::BEYOND_END_PARTITIONS.family(),
            lost_records: groups::LOST_RECORDS.family(),
        }
    }

    fn add(&mut self, cluster: &Cluster, group: &Group, lag: &TopicLag) {
        let Some(topic) = cluster.topics.get(lag.topic) else { return };
        let labels = [("consumergroup", &*group.id), ("topic", &*topic.name)];
        let mut rows = self.per_partition.block(labels);
        for shown in &lag.partitions {
            let Some(partition) = topic.partitions.get(shown.partition) else { continue };
            let (offset, lag) = match shown.commit {
                Commit::Nothing => (Some(-1), Some(-1)),
                Commit::At(offset) => (Some(offset), shown.lag),
                Commit::Unknown => (None, None),
            };
            rows.push(partition.id, [offset.map(offset_value), lag.map(offset_value)]);
        }
        let labels = Labels::new(labels);
        for (family, value) in [
            (&mut self.current_offset_sum, lag.committed_sum),
            (&mut self.lag_sum, lag.lag_sum),
            (&mut self.unknown_partitions, Some(lag.unknown_partitions.into())),
            (&mut self.beyond_end_partitions, Some(lag.beyond_end_partitions.into())),
            (&mut self.lost_records, lag.lost_records),
        ] {
            if let Some(value) = value {
                family.push(labels.clone(), offset_value(value));
            }
        }
    }

    fn into_vec(self) -> Vec<Family> {
        let [current_offset, lag] = self.per_partition.into_columns();
        vec![
            self.members,
            self.commits_unknown,
            groups::CURRENT_OFFSET.family().with_column(current_offset),
            self.current_offset_sum,
            groups::LAG_RECORDS.family().with_column(lag),
            self.lag_sum,
            self.unknown_partitions,
            self.beyond_end_partitions,
            self.lost_records,
        ]
    }
}
