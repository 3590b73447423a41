//! ListOffsets: one offset per partition, asked of their leader. Isolation from version 2 (KIP-98), leader epochs from
//! version 4 (KIP-320). Offsets -2 and -1 stand for the earliest and the latest.

use bytes::BytesMut;
use kafka_admin::{ErrorCode, FoundOffset, Isolation, OffsetSpec, TopicName};
use kafka_protocol::messages::ListOffsetsRequest;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};

use super::{Api, Call, Unencodable, encode, text};
use crate::wire::{Malformed, Reader};

/// For a lookup by timestamp in segments that are in remote storage, milliseconds: about a scrape's time.
const REMOTE_STORAGE_MS: i32 = 10_000;

/// Asks a broker for offsets of partitions that it leads.
#[derive(Debug)]
pub(crate) struct ListOffsets<'a> {
    /// Partitions in ascending order of topic and id, each once, with what to look up.
    pub(crate) partitions: &'a [(TopicName, i32, OffsetSpec)],
    /// Whether open transactions hide what comes after them; versions from 2 on.
    pub(crate) isolation: Isolation,
}

impl Call for ListOffsets<'_> {
    /// One entry per partition, in the order asked; `None` where the broker left it out.
    type Answer = Vec<Option<Result<FoundOffset, ErrorCode>>>;

    const API: Api = Api { key: 2, name: "ListOffsets", versions: 1..=10, flexible_from: 6 };

    fn encode(&self, version: i16, out: &mut BytesMut) -> Result<(), Unencodable> {
        let topics = self.partitions.chunk_by(|a, b| a.0 == b.0).map(|partitions| {
            let asked = partitions.iter().map(|(_, partition, spec)| {
                let timestamp = match spec {
                    OffsetSpec::Earliest => -2,
                    OffsetSpec::Latest => -1,
                    OffsetSpec::Timestamp(timestamp) => *timestamp,
                };
                ListOffsetsPartition::default()
                    .with_partition_index(*partition)
                    .with_current_leader_epoch(-1)
                    .with_timestamp(timestamp)
            });
            let name = partitions.first().map_or("", |(topic, ..)| topic);
            ListOffsetsTopic::default().with_name(text(name).into()).with_partitions(asked.collect())
        });
        let isolation = match self.isolation {
            Isolation::ReadUncommitted => 0,
            Isolation::ReadCommitted => 1,
        };
        let request = ListOffsetsRequest::default()
            .with_replica_id((-1).into())
            .with_isolation_level(isolation)
            .with_topics(topics.collect());
        // How long remote storage may take (KIP-1075); the codec wants the default where the version has no such field.
        let request = if version >= 10 { request.with_timeout_ms(REMOTE_STORAGE_MS) } else { request };
        encode(&request, version, out)
    }

    fn decode(&self, version: i16, body: &mut Reader<'_>) -> Result<Self::Answer, Malformed> {
        if version >= 2 {
            let _throttle_time_ms = body.i32()?;
        }
        let mut found: Self::Answer = vec![None; self.partitions.len()];
        let mut next = 0;
        body.each(|body| {
            let topic = body.string()?;
            body.each(|body| {
                let partition = body.i32()?;
                let error = body.error()?;
                let timestamp = body.i64()?;
                let offset = body.i64()?;
                if version >= 4 {
                    let _leader_epoch = body.i32()?;
                }
                body.tagged_fields()?;
                let Some((place, spec)) = self.place(next, topic, partition) else { return Ok(()) };
                next = place + 1;
                if let Some(slot @ None) = found.get_mut(place) {
                    let told = matches!(spec, OffsetSpec::Timestamp(_)).then_some(timestamp);
                    let offset = Some(offset).filter(|offset| *offset >= 0);
                    let offset = FoundOffset { offset, timestamp: told.filter(|_| offset.is_some()) };
                    *slot = Some(error.map_or(Ok(offset), Err));
                }
                Ok(())
            })?;
            body.tagged_fields()
        })?;
        body.tagged_fields()?;
        Ok(found)
    }
}

impl ListOffsets<'_> {
    /// Where a partition stands among those asked, `next` if the answer keeps to their order, and what was asked.
    fn place(&self, next: usize, topic: &str, partition: i32) -> Option<(usize, OffsetSpec)> {
        let is_next = self.partitions.get(next).is_some_and(|asked| asked.1 == partition && &*asked.0 == topic);
        let place = if is_next {
            next
        } else {
            self.partitions.binary_search_by(|asked| (&*asked.0, asked.1).cmp(&(topic, partition))).ok()?
        };
        self.partitions.get(place).map(|asked| (place, asked.2))
    }
}
