//! DescribeGroups: groups of the classic protocol with their members. Static members' ids from version 4 (KIP-345), an
//! error instead of a dead group from version 6 (KIP-1043). Members' assignments are bytes that the group's leader
//! wrote, by ConsumerProtocolAssignment where the protocol type is `consumer`.

use bytes::BytesMut;
use kafka_admin::{ErrorCode, GroupDescription, GroupId, GroupType, Member, TopicPartition};
use kafka_protocol::messages::DescribeGroupsRequest;

use super::aligned::Aligned;
use super::list_groups::group_state;
use super::{Api, Call, Unencodable, encode, text};
use crate::wire::{Interner, Malformed, Names, Reader};

/// Asks a coordinator for the classic groups among its groups.
#[derive(Debug)]
pub(crate) struct DescribeGroups<'a> {
    /// Groups, each once.
    pub(crate) groups: &'a [GroupId],
    /// Names as known so far.
    pub(crate) names: &'a Names,
}

impl Call for DescribeGroups<'_> {
    /// One entry per group, in the order asked; `None` where the broker left it out. Coordinators are not told.
    type Answer = Vec<Option<Result<GroupDescription, ErrorCode>>>;

    const API: Api = Api { key: 15, name: "DescribeGroups", versions: 0..=6, flexible_from: 5 };

    fn encode(&self, version: i16, out: &mut BytesMut) -> Result<(), Unencodable> {
        let groups = self.groups.iter().map(|group| text(group).into()).collect();
        encode(&DescribeGroupsRequest::default().with_groups(groups), version, out)
    }

    fn decode(&self, version: i16, body: &mut Reader<'_>) -> Result<Self::Answer, Malformed> {
        let mut names = Interner::new(self.names);
        let mut found = Aligned::new(self.groups.iter().map(|group| &**group));
        if version >= 1 {
            let _throttle_time_ms = body.i32()?;
        }
        body.each(|body| {
            let (id, group) = group(version, body, &mut names)?;
            found.put(id, group);
            Ok(())
        })?;
        body.tagged_fields()?;
        Ok(found.finish())
    }
}

fn group<'b>(
    version: i16,
    body: &mut Reader<'b>,
    names: &mut Interner<'_>,
) -> Result<(&'b str, Result<GroupDescription, ErrorCode>), Malformed> {
    let error = body.error()?;
    if version >= 6 {
        body.skip_string()?; // error message
    }
    let id = body.string()?;
    let state = group_state(body.string()?);
    let protocol_type = body.string()?;
    let is_consumer = protocol_type == "consumer";
    let assignor = body.string()?.to_owned();
    let members = body.items(7, |body| member(version, is_consumer, body, names))?;
    if version >= 3 {
        let _authorized_operations = body.i32()?;
    }
    body.tagged_fields()?;
    let group = GroupDescription {
        id: id.into(),
        state,
        kind: GroupType::Classic,
        protocol_type: Some(protocol_type.to_owned()),
        assignor,
        epoch: None,
        coordinator: None,
        members,
    };
    Ok((id, error.map_or(Ok(group), Err)))
}

fn member(
    version: i16,
    is_consumer: bool,
    body: &mut Reader<'_>,
    names: &mut Interner<'_>,
) -> Result<Member, Malformed> {
    let id = body.string()?.to_owned();
    let instance_id = if version >= 4 { body.nullable_string()?.map(str::to_owned) } else { None };
    let client_id = body.string()?.to_owned();
    let host = body.string()?.to_owned();
    let _metadata = body.bytes()?;
    let assignment = body.bytes()?;
    body.tagged_fields()?;
    let assignment = match is_consumer {
        // What a client wrote wrongly is its own fault, not the answer's.
        true => consumer_assignment(assignment, names).unwrap_or_default(),
        false => Vec::new(),
    };
    Ok(Member { id, client_id, instance_id, host, assignment, target: None })
}

/// ConsumerProtocolAssignment: its versions, which a later one is to be read like, differ in nothing that counts here.
/// User data follows.
fn consumer_assignment(bytes: &[u8], names: &mut Interner<'_>) -> Result<Vec<TopicPartition>, Malformed> {
    let mut assignment = Vec::new();
    let mut body = Reader::new(bytes, false);
    // Members have no bytes while the group has no assignment.
    if bytes.is_empty() {
        return Ok(assignment);
    }
    let _version = body.i16()?;
    body.each(|body| {
        let topic = names.name(body.string()?);
        body.append(&mut assignment, 4, |body| Ok(TopicPartition { topic: topic.clone(), partition: body.i32()? }))
    })?;
    assignment.shrink_to_fit();
    Ok(assignment)
}
