//! ConsumerGroupDescribe: groups of the consumer protocol (KIP-848) with their members' current and target assignments.

use bytes::BytesMut;
use kafka_admin::{ErrorCode, GroupDescription, GroupId, GroupType, Member, TopicPartition};
use kafka_protocol::messages::ConsumerGroupDescribeRequest;

use super::aligned::Aligned;
use super::list_groups::group_state;
use super::{Api, Call, Unencodable, encode, text};
use crate::wire::{Interner, Malformed, Names, Reader};

/// Asks a coordinator for the consumer groups among its groups.
#[derive(Debug)]
pub(crate) struct ConsumerGroupDescribe<'a> {
    /// Groups, each once.
    pub(crate) groups: &'a [GroupId],
    /// Names as known so far.
    pub(crate) names: &'a Names,
}

impl Call for ConsumerGroupDescribe<'_> {
    /// One entry per group, in the order asked; `None` where the broker left it out. Coordinators are not told.
    type Answer = Vec<Option<Result<GroupDescription, ErrorCode>>>;

    const API: Api = Api { key: 69, name: "ConsumerGroupDescribe", versions: 0..=1, flexible_from: 0 };

    fn encode(&self, version: i16, out: &mut BytesMut) -> Result<(), Unencodable> {
        let groups = self.groups.iter().map(|group| text(group).into()).collect();
        encode(&ConsumerGroupDescribeRequest::default().with_group_ids(groups), version, out)
    }

    fn decode(&self, version: i16, body: &mut Reader<'_>) -> Result<Self::Answer, Malformed> {
        let member = |body: &mut Reader<'_>, names: &mut Interner<'_>| {
            let id = body.string()?.to_owned();
            let instance_id = body.nullable_string()?.map(str::to_owned);
            body.skip_string()?; // rack
            let _epoch = body.i32()?;
            let client_id = body.string()?.to_owned();
            let host = body.string()?.to_owned();
            body.each(Reader::skip_string)?; // subscribed topics
            body.skip_string()?; // subscribed pattern
            let current = assignment(body, names)?;
            let target = Some(assignment(body, names)?);
            if version >= 1 {
                let _member_type = body.i8()?;
            }
            body.tagged_fields()?;
            Ok(Member { id, client_id, instance_id, host, assignment: current, target })
        };
        groups(self.groups, self.names, GroupType::Consumer, body, member)
    }
}

/// The answer of ConsumerGroupDescribe and ShareGroupDescribe, whose groups differ in their members only.
pub(super) fn groups(
    groups: &[GroupId],
    names: &Names,
    kind: GroupType,
    body: &mut Reader<'_>,
    member: impl Fn(&mut Reader<'_>, &mut Interner<'_>) -> Result<Member, Malformed>,
) -> Result<Vec<Option<Result<GroupDescription, ErrorCode>>>, Malformed> {
    let mut names = Interner::new(names);
    let mut found = Aligned::new(groups.iter().map(|group| &**group));
    let _throttle_time_ms = body.i32()?;
    body.each(|body| {
        let error = body.error()?;
        body.skip_string()?; // error message
        let id = body.string()?;
        let state = group_state(body.string()?);
        let epoch = Some(body.i32()?);
        let _assignment_epoch = body.i32()?;
        let assignor = body.string()?.to_owned();
        let members = body.items(12, |body| member(body, &mut names))?;
        let _authorized_operations = body.i32()?;
        body.tagged_fields()?;
        let group = GroupDescription {
            id: id.into(),
            state,
            kind,
            protocol_type: None,
            assignor,
            epoch,
            coordinator: None,
            members,
        };
        found.put(id, error.map_or(Ok(group), Err));
        Ok(())
    })?;
    body.tagged_fields()?;
    Ok(found.finish())
}

/// Topics by id and name, with their partitions.
pub(super) fn assignment(body: &mut Reader<'_>, names: &mut Interner<'_>) -> Result<Vec<TopicPartition>, Malformed> {
    let mut assignment = Vec::new();
    body.each(|body| {
        let _topic_id = body.uuid()?;
        let topic = names.name(body.string()?);
        body.append(&mut assignment, 4, |body| Ok(TopicPartition { topic: topic.clone(), partition: body.i32()? }))?;
        body.tagged_fields()
    })?;
    body.tagged_fields()?;
    assignment.shrink_to_fit();
    Ok(assignment)
}
