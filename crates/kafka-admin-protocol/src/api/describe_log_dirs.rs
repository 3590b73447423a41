//! DescribeLogDirs: a broker's log directories and the replicas in them. An error of the whole from version 3, sizes of
//! volumes from version 4 (KIP-827).

use bytes::BytesMut;
use kafka_admin::{ErrorCode, LogDir, LogDirReplica};
use kafka_protocol::messages::DescribeLogDirsRequest;

use super::{Api, Call, Unencodable, encode};
use crate::wire::{Interner, Malformed, Names, Reader};

/// Asks a broker for its log directories with all topics.
#[derive(Debug)]
pub(crate) struct DescribeLogDirs<'a> {
    /// Names as known so far.
    pub(crate) names: &'a Names,
}

impl Call for DescribeLogDirs<'_> {
    /// In the broker's order.
    type Answer = Result<Vec<LogDir>, ErrorCode>;

    const API: Api = Api { key: 35, name: "DescribeLogDirs", versions: 1..=4, flexible_from: 2 };

    fn encode(&self, version: i16, out: &mut BytesMut) -> Result<(), Unencodable> {
        encode(&DescribeLogDirsRequest::default().with_topics(None), version, out)
    }

    fn decode(&self, version: i16, body: &mut Reader<'_>) -> Result<Self::Answer, Malformed> {
        let mut names = Interner::new(self.names);
        let _throttle_time_ms = body.i32()?;
        let error = if version >= 3 { body.error()? } else { None };
        let dirs = body.items(5, |body| {
            let error = body.error()?;
            let path = body.string()?.to_owned();
            let mut replicas = Vec::new();
            body.each(|body| {
                let topic = names.name(body.string()?);
                body.append(&mut replicas, 21, |body| {
                    let partition = body.i32()?;
                    let size = body.i64()?;
                    let offset_lag = body.i64()?;
                    let is_future = body.bool()?;
                    body.tagged_fields()?;
                    Ok(LogDirReplica { topic: topic.clone(), partition, size, offset_lag, is_future })
                })?;
                body.tagged_fields()
            })?;
            let mut bytes = || Ok(if version >= 4 { Some(body.i64()?).filter(|bytes| *bytes >= 0) } else { None });
            let (total_bytes, usable_bytes) = (bytes()?, bytes()?);
            body.tagged_fields()?;
            replicas.shrink_to_fit();
            Ok(LogDir { path, error, total_bytes, usable_bytes, replicas })
        })?;
        body.tagged_fields()?;
        Ok(error.map_or(Ok(dirs), Err))
    }
}
