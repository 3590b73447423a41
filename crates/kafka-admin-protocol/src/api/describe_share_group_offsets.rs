//! DescribeShareGroupOffsets: how far share groups have got (KIP-932). Version 0 by the codec; version 1, which has the
//! same request and tells the lag (KIP-1226, Kafka 4.2), by hand.

use bytes::BytesMut;
use kafka_admin::{AdminError, CommittedOffset, ErrorCode, GroupId};
use kafka_protocol::messages::DescribeShareGroupOffsetsRequest;
use kafka_protocol::messages::describe_share_group_offsets_request::DescribeShareGroupOffsetsRequestGroup;

use super::aligned::Aligned;
use super::{Api, Call, Unencodable, encode, text};
use crate::wire::{Interner, Malformed, Names, Reader};

/// Asks a coordinator for the start offsets of its share groups in all topics.
#[derive(Debug)]
pub(crate) struct DescribeShareGroupOffsets<'a> {
    /// Groups, each once.
    pub(crate) groups: &'a [GroupId],
    /// Names as known so far.
    pub(crate) names: &'a Names,
}

impl Call for DescribeShareGroupOffsets<'_> {
    /// One entry per group, in the order asked; `None` where the broker left it out.
    type Answer = Vec<Option<Result<Vec<CommittedOffset>, ErrorCode>>>;

    const API: Api = Api { key: 90, name: "DescribeShareGroupOffsets", versions: 0..=1, flexible_from: 0 };

    fn encode(&self, _version: i16, out: &mut BytesMut) -> Result<(), Unencodable> {
        let groups = self.groups.iter().map(|group| {
            DescribeShareGroupOffsetsRequestGroup::default().with_group_id(text(group).into()).with_topics(None)
        });
        encode(&DescribeShareGroupOffsetsRequest::default().with_groups(groups.collect()), 0, out)
    }

    fn decode(&self, version: i16, body: &mut Reader<'_>) -> Result<Self::Answer, Malformed> {
        let mut names = Interner::new(self.names);
        let mut found = Aligned::new(self.groups.iter().map(|group| &**group));
        let _throttle_time_ms = body.i32()?;
        body.each(|body| {
            let group = body.string()?;
            let mut offsets = Vec::new();
            body.each(|body| {
                let topic = names.name(body.string()?);
                let _topic_id = body.uuid()?;
                body.append(&mut offsets, 20, |body| {
                    let partition = body.i32()?;
                    let offset = body.i64()?;
                    let _leader_epoch = body.i32()?;
                    let lag = if version >= 1 { body.i64()? } else { -1 };
                    let error = body.error()?;
                    let message = body.nullable_string()?.unwrap_or_default();
                    body.tagged_fields()?;
                    let offset = match error {
                        None => Ok(Some(offset).filter(|offset| *offset >= 0)),
                        Some(code) => {
                            Err(AdminError::Broker { call: Self::API.name, code, message: message.to_owned() })
                        }
                    };
                    let told_lag = Some(lag).filter(|lag| *lag >= 0 && offset.is_ok());
                    Ok(CommittedOffset { topic: topic.clone(), partition, offset, told_lag })
                })?;
                body.tagged_fields()
            })?;
            let error = body.error()?;
            body.skip_string()?; // error message
            body.tagged_fields()?;
            offsets.shrink_to_fit();
            found.put(group, error.map_or(Ok(offsets), Err));
            Ok(())
        })?;
        body.tagged_fields()?;
        Ok(found.finish())
    }
}
