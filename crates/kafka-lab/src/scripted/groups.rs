//! The groups' side of the answers: names that change with the generation, members, assignments.

use bytes::{BufMut as _, Bytes, BytesMut};
use kafka_protocol::messages::consumer_group_describe_response as consumer;
use kafka_protocol::messages::consumer_protocol_assignment::{ConsumerProtocolAssignment, TopicPartition};
use kafka_protocol::messages::describe_groups_response as classic;
use kafka_protocol::messages::{GroupId, TopicName};
use kafka_protocol::protocol::{Encodable as _, StrBytes};

use super::answers::{Problem, text, topic_id};
use super::shape::Shape;

/// GROUP_ID_NOT_FOUND.
const NOT_FOUND: i16 = 69;

/// The groups under their present names.
#[derive(Clone, Copy)]
pub(super) struct Groups<'a> {
    pub(super) shape: &'a Shape,
    /// Each has other names.
    pub(super) generation: u64,
}

impl Groups<'_> {
    pub(super) fn name(&self, group: usize) -> String {
        format!("scripted-group-{}-{group:05}", self.generation)
    }

    /// The group that has this name now.
    pub(super) fn named(&self, name: &str) -> Option<usize> {
        let (generation, group) = name.strip_prefix("scripted-group-")?.split_once('-')?;
        let group = group.parse().ok().filter(|group| *group < self.shape.groups)?;
        (generation == self.generation.to_string()).then_some(group)
    }

    /// Those that this broker coordinates.
    pub(super) fn of(&self, broker: i32) -> impl Iterator<Item = (usize, String)> {
        let named = (0..self.shape.groups).map(|group| (group, self.name(group)));
        named.filter(move |(_, name)| self.shape.coordinator(name) == broker)
    }

    pub(super) fn state(&self, group: usize) -> StrBytes {
        text(if self.shape.has_members(group) { "Stable" } else { "Empty" })
    }

    /// Each of the two members has the partitions of every other topic.
    fn assignment(&self, group: usize, member: usize) -> impl Iterator<Item = (usize, std::ops::Range<i32>)> {
        self.shape.commits_of(group).skip(member).step_by(2)
    }

    fn members(&self, group: usize) -> usize {
        if self.shape.has_members(group) { 2 } else { 0 }
    }

    /// What DescribeGroups tells; a group of KIP-848 is not found there.
    pub(super) fn describe_classic(&self, name: &str, version: i16) -> Result<classic::DescribedGroup, Problem> {
        let described = classic::DescribedGroup::default().with_group_id(GroupId(text(name)));
        let Some(group) = self.named(name).filter(|group| !self.shape.speaks_consumer_protocol(*group)) else {
            let described = described.with_group_state(text("Dead"));
            return Ok(if version < 6 { described } else { described.with_error_code(NOT_FOUND) });
        };
        let members = (0..self.members(group)).map(|member| {
            let assigned = self.assignment(group, member).map(|(topic, partitions)| {
                let name = TopicName(text(self.shape.topic_name(topic)));
                TopicPartition::default().with_topic(name).with_partitions(partitions.collect())
            });
            let assigned = ConsumerProtocolAssignment::default().with_assigned_partitions(assigned.collect());
            let mut assignment = BytesMut::new();
            assignment.put_i16(0);
            assigned.encode(&mut assignment, 0)?;
            Ok(classic::DescribedGroupMember::default()
                .with_member_id(member_id(name, member))
                .with_client_id(text(format!("client-{member}")))
                .with_client_host(text("/10.0.0.1"))
                .with_member_metadata(Bytes::from_static(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0]))
                .with_member_assignment(assignment.freeze()))
        });
        let members = members.collect::<Result<Vec<_>, Problem>>()?;
        let protocol = if members.is_empty() { "" } else { "range" };
        Ok(described
            .with_group_state(self.state(group))
            .with_protocol_type(text("consumer"))
            .with_protocol_data(text(protocol))
            .with_members(members))
    }

    /// What ConsumerGroupDescribe tells; a classic group is not found there.
    pub(super) fn describe_consumer(&self, name: &str) -> consumer::DescribedGroup {
        let described = consumer::DescribedGroup::default().with_group_id(GroupId(text(name)));
        let Some(group) = self.named(name).filter(|group| self.shape.speaks_consumer_protocol(*group)) else {
            return described.with_error_code(NOT_FOUND);
        };
        let members = (0..self.members(group)).map(|member| {
            let assigned = self.assignment(group, member).map(|(topic, partitions)| {
                consumer::TopicPartitions::default()
                    .with_topic_id(topic_id(topic))
                    .with_topic_name(TopicName(text(self.shape.topic_name(topic))))
                    .with_partitions(partitions.collect())
            });
            let assignment = consumer::Assignment::default().with_topic_partitions(assigned.collect());
            consumer::Member::default()
                .with_member_id(member_id(name, member))
                .with_member_epoch(1)
                .with_client_id(text(format!("client-{member}")))
                .with_client_host(text("/10.0.0.1"))
                .with_target_assignment(assignment.clone())
                .with_assignment(assignment)
        });
        described
            .with_group_state(self.state(group))
            .with_group_epoch(1)
            .with_assignment_epoch(1)
            .with_assignor_name(text("uniform"))
            .with_members(members.collect())
    }
}

/// As long as those of real clients.
fn member_id(group: &str, member: usize) -> StrBytes {
    text(format!("{group}-{member}-6c84fb90-12c4-11e1-840d-7b25c5ee775a"))
}
