//! What both engines can know, of a snapshot: the rest is left out here, with the reason.

use std::collections::BTreeMap;

use kafka_admin::{Broker, ErrorCode, GroupState, GroupType, Partition};
use kafka_vitals::kafka::{Group, Lookup, Snapshot};

/// A snapshot in a form that can be compared.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct View {
    /// Without racks, which librdkafka does not tell; and without the controller, for which brokers name any of themselves.
    pub(crate) brokers: Vec<Broker>,
    /// Without topic ids, which librdkafka does not tell.
    pub(crate) topics: BTreeMap<String, (Option<ErrorCode>, Vec<Partition>)>,
    /// By topic and partition.
    pub(crate) starts: BTreeMap<(String, i32), Lookup>,
    pub(crate) ends: BTreeMap<(String, i32), Lookup>,
    /// Without share and streams groups, which librdkafka does not know. Snapshots here have no quorum, which it cannot ask for.
    pub(crate) groups: BTreeMap<String, GroupView>,
    pub(crate) failures: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct GroupView {
    pub(crate) kind: GroupType,
    pub(crate) state: GroupState,
    /// Assignor and coordinator, then members in ascending order of id: each has its id, client, instance, host, partitions
    /// now, partitions to be. Without protocol type and epoch, which librdkafka does not tell.
    pub(crate) description: Option<(String, Option<i32>, Vec<[String; 6]>)>,
    /// By topic and partition; what failed is a failure too.
    pub(crate) committed: BTreeMap<(String, i32), Option<i64>>,
}

impl View {
    pub(crate) fn of(snapshot: &Snapshot) -> Self {
        let cluster = snapshot.cluster.as_ref().unwrap();
        let by_partition = |offset: &dyn Fn(usize, usize) -> Lookup| {
            let topics = cluster.topics.iter().enumerate();
            let partitions = topics.flat_map(|(at, topic)| {
                let partitions = topic.partitions.iter().enumerate();
                partitions.map(move |(place, partition)| ((topic.name.to_string(), partition.id), offset(at, place)))
            });
            partitions.collect()
        };
        let topics = cluster.topics.iter();
        let groups = snapshot.groups.as_ref().unwrap().iter();
        let groups = groups.filter(|group| !matches!(group.kind, GroupType::Share | GroupType::Streams));
        Self {
            brokers: cluster.brokers.iter().map(|broker| Broker { rack: None, ..broker.clone() }).collect(),
            topics: topics.map(|topic| (topic.name.to_string(), (topic.error, topic.partitions.clone()))).collect(),
            starts: by_partition(&|topic, partition| snapshot.starts.get(topic, partition)),
            ends: by_partition(&|topic, partition| snapshot.ends.get(topic, partition)),
            groups: groups.map(|group| (group.id.to_string(), GroupView::of(group))).collect(),
            failures: snapshot.failures.iter().map(|failure| format!("{failure:?}")).collect(),
        }
    }
}

impl GroupView {
    fn of(group: &Group) -> Self {
        let partitions = |partitions: &[kafka_admin::TopicPartition]| {
            let mut names: Vec<_> = partitions.iter().map(|one| format!("{}-{}", one.topic, one.partition)).collect();
            names.sort();
            names.join(" ")
        };
        let description = group.description.as_ref().map(|description| {
            let members = description.members.iter().map(|member| {
                let instance = member.instance_id.clone().unwrap_or_default();
                let target = member.target.as_deref().map(partitions).unwrap_or_default();
                let (id, client, host) = (member.id.clone(), member.client_id.clone(), member.host.clone());
                [id, client, instance, host, partitions(&member.assignment), target]
            });
            let mut members: Vec<_> = members.collect();
            members.sort();
            (description.assignor.clone(), description.coordinator, members)
        });
        let committed = group.committed.iter().flatten();
        let committed = committed.filter_map(|one| {
            let offset = one.offset.as_ref().ok()?;
            Some(((one.topic.to_string(), one.partition), *offset))
        });
        Self { kind: group.kind, state: group.state, description, committed: committed.collect() }
    }
}
