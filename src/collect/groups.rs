//! Consumer groups as families.

use kafka_admin::Cluster;

use crate::config::Selection;
use crate::kafka::{Group, PartitionOffsets};
use crate::lag::{self, Commit, Show, TopicIndex, TopicLag};
use crate::metrics::catalogue::groups;
use crate::metrics::{Family, Labels, count_value, offset_value};

/// kafka_exporter's `kafka_consumergroup_*` with its mistakes put right, and what it lacks. Without a `cluster` (its
/// metadata could not be had) there is no lag.
pub fn families(
    all: &[Group],
    cluster: Option<&Cluster>,
    ends: &PartitionOffsets,
    starts: &PartitionOffsets,
    selection: &Selection,
) -> Vec<Family> {
    let mut families = Families::new();
    let index = cluster.map(|cluster| TopicIndex::new(cluster, |topic| selection.topic(topic)));
    for group in all {
        let labels = Labels::new([("consumergroup", &*group.id)]);
        if let Some(members) = group.members() {
            families.members.push(labels.clone(), count_value(members));
        }
        families.commits_unknown.push(labels, f64::from(u8::from(group.committed.is_err())));
        let (Some(cluster), Some(index), Ok(committed)) = (cluster, &index, &group.committed) else { continue };
        let assigned = group.description.as_deref().map(lag::assigned_partitions);
        let show = match (selection.show_all_offsets, group.members(), &assigned) {
            (true, ..) => Show::All,
            (false, Some(1..), Some(assigned)) => Show::Assigned(assigned),
            (false, ..) => Show::Committed,
        };
        for topic in lag::group_lag(cluster, index, ends, starts, committed, show) {
            families.add(cluster, group, &topic);
        }
    }
    families.into_vec()
}

struct Families {
    members: Family,
    commits_unknown: Family,
    current_offset: Family,
    current_offset_sum: Family,
    lag: Family,
    lag_sum: Family,
    unknown_partitions: Family,
    beyond_end_partitions: Family,
    lost_records: Family,
}

impl Families {
    fn new() -> Self {
        Self {
            members: groups::MEMBERS.family(),
            commits_unknown: groups::COMMITS_UNKNOWN.family(),
            current_offset: groups::CURRENT_OFFSET.family(),
            current_offset_sum: groups::CURRENT_OFFSET_SUM.family(),
            lag: groups::LAG_RECORDS.family(),
            lag_sum: groups::LAG_SUM.family(),
            unknown_partitions: groups::LAG_UNKNOWN_PARTITIONS.family(),
            beyond_end_partitions: groups::BEYOND_END_PARTITIONS.family(),
            lost_records: groups::LOST_RECORDS.family(),
        }
    }

    fn add(&mut self, cluster: &Cluster, group: &Group, lag: &TopicLag) {
        let Some(topic) = cluster.topics.get(lag.topic) else { return };
        for shown in &lag.partitions {
            let Some(partition) = topic.partitions.get(shown.partition) else { continue };
            let labels = Labels::new([
                ("consumergroup", &*group.id),
                ("partition", partition.id.to_string().as_str()),
                ("topic", &topic.name),
            ]);
            let (offset, lag) = match shown.commit {
                Commit::Nothing => (Some(-1), Some(-1)),
                Commit::At(offset) => (Some(offset), shown.lag),
                Commit::Unknown => (None, None),
            };
            if let Some(offset) = offset {
                self.current_offset.push(labels.clone(), offset_value(offset));
            }
            if let Some(lag) = lag {
                self.lag.push(labels, offset_value(lag));
            }
        }
        let labels = Labels::new([("consumergroup", &*group.id), ("topic", &topic.name)]);
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
        vec![
            self.members,
            self.commits_unknown,
            self.current_offset,
            self.current_offset_sum,
            self.lag,
            self.lag_sum,
            self.unknown_partitions,
            self.beyond_end_partitions,
            self.lost_records,
        ]
    }
}
