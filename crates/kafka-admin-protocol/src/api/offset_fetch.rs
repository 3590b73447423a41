//! OffsetFetch: what groups have committed. All topics from version 2 on, many groups in one request from version 8
//! (KIP-709). Its version 10 has topic ids instead of names (KIP-848), which would need another lookup.

use bytes::BytesMut;
use kafka_admin::{AdminError, CommittedOffset, ErrorCode, GroupId};
use kafka_protocol::messages::OffsetFetchRequest;
use kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestGroup;

use super::aligned::Aligned;
use super::{Api, Call, Unencodable, encode, only_group, text};
use crate::wire::{Interner, Malformed, Names, Reader};

/// Asks a coordinator for all offsets of its groups; before version 8 of exactly one.
#[derive(Debug)]
pub(crate) struct OffsetFetch<'a> {
    /// Groups, each once.
    pub(crate) groups: &'a [GroupId],
    /// Names as known so far.
    pub(crate) names: &'a Names,
}

impl Call for OffsetFetch<'_> {
    /// One entry per group, in the order asked; `None` where the broker left it out.
    type Answer = Vec<Option<Result<Vec<CommittedOffset>, ErrorCode>>>;

    const API: Api = Api { key: 9, name: "OffsetFetch", versions: 2..=9, flexible_from: 6 };

    fn encode(&self, version: i16, out: &mut BytesMut) -> Result<(), Unencodable> {
        let request = OffsetFetchRequest::default();
        let request = if version >= 8 {
            let groups = self
                .groups
                .iter()
                .map(|group| OffsetFetchRequestGroup::default().with_group_id(text(group).into()).with_topics(None));
            request.with_groups(groups.collect())
        } else {
            let group = only_group(Self::API.name, version, self.groups)?;
            request.with_group_id(text(group).into()).with_topics(None)
        };
        encode(&request, version, out)
    }

    fn decode(&self, version: i16, body: &mut Reader<'_>) -> Result<Self::Answer, Malformed> {
        let mut names = Interner::new(self.names);
        if version >= 3 {
            let _throttle_time_ms = body.i32()?;
        }
        let found = if version >= 8 {
            let mut found = Aligned::new(self.groups.iter().map(|group| &**group));
            body.each(|body| {
                let group = body.string()?;
                let offsets = offsets(version, body, &mut names)?;
                body.tagged_fields()?;
                found.put(group, offsets);
                Ok(())
            })?;
            found.finish()
        } else {
            let mut found = vec![None; self.groups.len()];
            let offsets = offsets(version, body, &mut names)?;
            if let Some(first) = found.first_mut() {
                *first = Some(offsets);
            }
            found
        };
        body.tagged_fields()?;
        Ok(found)
    }
}

/// The offsets of one group, or its error, which follows them.
fn offsets(
    version: i16,
    body: &mut Reader<'_>,
    names: &mut Interner<'_>,
) -> Result<Result<Vec<CommittedOffset>, ErrorCode>, Malformed> {
    let mut offsets = Vec::new();
    body.each(|body| {
        let topic = names.name(body.string()?);
        body.append(&mut offsets, 16, |body| {
            let partition = body.i32()?;
            let offset = body.i64()?;
            if version >= 5 {
                let _leader_epoch = body.i32()?;
            }
            body.skip_string()?; // metadata
            let error = body.error()?;
            body.tagged_fields()?;
            let offset = match error {
                None => Ok(Some(offset).filter(|offset| *offset >= 0)),
                Some(code) => Err(AdminError::Broker { call: "OffsetFetch", code, message: String::new() }),
            };
            Ok(CommittedOffset { topic: topic.clone(), partition, offset, told_lag: None })
        })?;
        body.tagged_fields()
    })?;
    let error = body.error()?;
    offsets.shrink_to_fit();
    Ok(error.map_or(Ok(offsets), Err))
}
