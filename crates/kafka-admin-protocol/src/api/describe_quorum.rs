//! DescribeQuorum: the metadata quorum (KIP-595). Times of fetches from version 1 (KIP-836), controllers' endpoints
//! from version 2 (KIP-853).

use bytes::BytesMut;
use kafka_admin::{ErrorCode, Quorum, QuorumNode, QuorumReplica};
use kafka_protocol::messages::DescribeQuorumRequest;
use kafka_protocol::messages::describe_quorum_request::{PartitionData, TopicData};

use super::{Api, Call, Unencodable, encode, text};
use crate::wire::{Malformed, Reader};

/// The metadata log: partition 0 of this topic.
const METADATA: &str = "__cluster_metadata";

/// Asks any broker, which passes it on to the active controller.
#[derive(Debug)]
pub(crate) struct DescribeQuorum;

impl Call for DescribeQuorum {
    /// The error is that of the whole, or else that of the metadata log's partition.
    type Answer = Result<Quorum, ErrorCode>;

    const API: Api = Api { key: 55, name: "DescribeQuorum", versions: 0..=2, flexible_from: 0 };

    fn encode(&self, version: i16, out: &mut BytesMut) -> Result<(), Unencodable> {
        // Partition 0 is the default.
        let topic =
            TopicData::default().with_topic_name(text(METADATA).into()).with_partitions(vec![PartitionData::default()]);
        encode(&DescribeQuorumRequest::default().with_topics(vec![topic]), version, out)
    }

    fn decode(&self, version: i16, body: &mut Reader<'_>) -> Result<Self::Answer, Malformed> {
        let error = body.error()?;
        if version >= 2 {
            body.skip_string()?; // error message
        }
        let mut found = None;
        body.each(|body| {
            let topic = body.string()?;
            body.each(|body| {
                let id = body.i32()?;
                let quorum = partition(version, body)?;
                if topic == METADATA && id == 0 {
                    found.get_or_insert(quorum);
                }
                Ok(())
            })?;
            body.tagged_fields()
        })?;
        let nodes = if version >= 2 { body.items(6, node)? } else { Vec::new() };
        body.tagged_fields()?;
        match (error, found) {
            (Some(error), _) => Ok(Err(error)),
            (None, Some(quorum)) => Ok(quorum.map(|quorum| Quorum { nodes, ..quorum })),
            (None, None) => Err(body.malformed("the answer lacks the metadata log's partition")),
        }
    }
}

/// What follows a partition's id.
fn partition(version: i16, body: &mut Reader<'_>) -> Result<Result<Quorum, ErrorCode>, Malformed> {
    let error = body.error()?;
    if version >= 2 {
        body.skip_string()?; // error message
    }
    let leader = Some(body.i32()?).filter(|id| *id >= 0);
    let leader_epoch = body.i32()?;
    let high_watermark = body.i64()?;
    let voters = body.items(13, |body| replica(version, body))?;
    let observers = body.items(13, |body| replica(version, body))?;
    body.tagged_fields()?;
    let quorum = Quorum { leader, leader_epoch, high_watermark, voters, observers, nodes: Vec::new() };
    Ok(error.map_or(Ok(quorum), Err))
}

fn replica(version: i16, body: &mut Reader<'_>) -> Result<QuorumReplica, Malformed> {
    let id = body.i32()?;
    if version >= 2 {
        let _directory_id = body.uuid()?;
    }
    let told = |value: i64| Some(value).filter(|value| *value >= 0);
    let log_end_offset = told(body.i64()?);
    let mut time = || Ok(if version >= 1 { told(body.i64()?) } else { None });
    let (last_fetch, last_caught_up) = (time()?, time()?);
    body.tagged_fields()?;
    Ok(QuorumReplica { id, log_end_offset, last_fetch, last_caught_up })
}

fn node(body: &mut Reader<'_>) -> Result<QuorumNode, Malformed> {
    let id = body.i32()?;
    let listeners = body.items(5, |body| {
        let name = body.string()?.to_owned();
        let host = body.host()?.to_owned();
        let port = body.u16()?;
        body.tagged_fields()?;
        Ok((name, host, port))
    })?;
    body.tagged_fields()?;
    Ok(QuorumNode { id, listeners })
}
