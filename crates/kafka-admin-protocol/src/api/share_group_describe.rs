//! ShareGroupDescribe: share groups (KIP-932) with their members. Version 0 was of Kafka 4.0's early access only.

use bytes::BytesMut;
use kafka_admin::{ErrorCode, GroupDescription, GroupId, GroupType, Member};
use kafka_protocol::messages::ShareGroupDescribeRequest;

use super::consumer_group_describe::{assignment, groups};
use super::{Api, Call, Unencodable, encode, text};
use crate::wire::{Interner, Malformed, Names, Reader};

/// Asks a coordinator for the share groups among its groups.
#[derive(Debug)]
pub(crate) struct ShareGroupDescribe<'a> {
    /// Groups, each once.
    pub(crate) groups: &'a [GroupId],
    /// Names as known so far.
    pub(crate) names: &'a Names,
}

impl Call for ShareGroupDescribe<'_> {
    /// One entry per group, in the order asked; `None` where the broker left it out. Coordinators are not told.
    type Answer = Vec<Option<Result<GroupDescription, ErrorCode>>>;

    const API: Api = Api { key: 77, name: "ShareGroupDescribe", versions: 1..=1, flexible_from: 0 };

    fn encode(&self, version: i16, out: &mut BytesMut) -> Result<(), Unencodable> {
        let groups = self.groups.iter().map(|group| text(group).into()).collect();
        encode(&ShareGroupDescribeRequest::default().with_group_ids(groups), version, out)
    }

    fn decode(&self, _version: i16, body: &mut Reader<'_>) -> Result<Self::Answer, Malformed> {
        let member = |body: &mut Reader<'_>, names: &mut Interner<'_>| {
            let id = body.string()?.to_owned();
            body.skip_string()?; // rack
            let _epoch = body.i32()?;
            let client_id = body.string()?.to_owned();
            let host = body.string()?.to_owned();
            body.each(Reader::skip_string)?; // subscribed topics
            let assignment = assignment(body, names)?;
            body.tagged_fields()?;
            Ok(Member { id, client_id, instance_id: None, host, assignment, target: None })
        };
        groups(self.groups, self.names, GroupType::Share, body, member)
    }
}
