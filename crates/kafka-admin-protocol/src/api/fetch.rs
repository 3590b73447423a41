//! Fetch: whether only control records stand between two offsets (KIP-98), asked of the partition's leader. By topic names,
//! which versions after 12 do not know, and without a fetch session (KIP-227). Of the records nothing is read but the
//! headers of their batches.

use std::ops::Range;

use bytes::BytesMut;
use kafka_admin::{ErrorCode, TopicName};
use kafka_protocol::messages::FetchRequest;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};

use super::{Api, Call, Unencodable, encode, text};
use crate::wire::{Malformed, Reader};

/// Of a partition. A control batch has 78 bytes; of a first batch that is larger than this, which has records, a broker
/// sends nothing, but for one partition of a request.
const PARTITION_BYTES: i32 = 1 << 10;
/// Of an answer: far more than those are, lest a large batch leave nothing for others.
const ANSWER_BYTES: i32 = 50 << 20;
/// A batch's base offset and the length of what follows.
const BATCH_START: usize = 12;
/// The least that a batch has: its header, that start included.
const BATCH_HEADER: usize = 61;

/// Asks a broker for the first batches of ranges of partitions that it leads.
#[derive(Debug)]
pub(crate) struct Fetch<'a> {
    /// Partitions in ascending order of topic and id, each once, with their offsets.
    pub(crate) partitions: &'a [(TopicName, i32, Range<i64>)],
}

impl Call for Fetch<'_> {
    /// One entry per partition, in the order asked: whether all of its range is control batches. `None` where the broker
    /// left it out.
    type Answer = Vec<Option<Result<bool, ErrorCode>>>;

    const API: Api = Api { key: 1, name: "Fetch", versions: 4..=12, flexible_from: 12 };

    fn encode(&self, version: i16, out: &mut BytesMut) -> Result<(), Unencodable> {
        let topics = self.partitions.chunk_by(|a, b| a.0 == b.0).map(|partitions| {
            let asked = partitions.iter().map(|(_, partition, offsets)| {
                FetchPartition::default()
                    .with_partition(*partition)
                    .with_fetch_offset(offsets.start)
                    .with_partition_max_bytes(PARTITION_BYTES)
            });
            let name = partitions.first().map_or("", |(topic, ..)| topic);
            FetchTopic::default().with_topic(text(name).into()).with_partitions(asked.collect())
        });
        let request = FetchRequest::default()
            .with_replica_id((-1).into())
            .with_max_wait_ms(0)
            .with_min_bytes(0)
            .with_max_bytes(ANSWER_BYTES)
            .with_isolation_level(0)
            .with_session_id(0)
            .with_session_epoch(-1)
            .with_topics(topics.collect());
        encode(&request, version, out)
    }

    fn decode(&self, version: i16, body: &mut Reader<'_>) -> Result<Self::Answer, Malformed> {
        let _throttle_time_ms = body.i32()?;
        let mut error = None;
        if version >= 7 {
            error = body.error()?;
            let _session_id = body.i32()?;
        }
        // The same for all, if the request as a whole was refused.
        let mut found: Self::Answer = vec![error.map(Err); self.partitions.len()];
        body.each(|body| {
            let topic = body.string()?;
            body.each(|body| {
                let partition = body.i32()?;
                let error = body.error()?;
                let _high_watermark = body.i64()?;
                let _last_stable_offset = body.i64()?;
                if version >= 5 {
                    let _log_start_offset = body.i64()?;
                }
                for _ in 0..body.nullable_array()?.unwrap_or_default() {
                    let _producer_id = body.i64()?;
                    let _first_offset = body.i64()?;
                    body.tagged_fields()?;
                }
                if version >= 11 {
                    let _preferred_read_replica = body.i32()?;
                }
                let records = body.nullable_bytes()?.unwrap_or_default();
                body.tagged_fields()?;
                let place = self.partitions.binary_search_by(|asked| (&*asked.0, asked.1).cmp(&(topic, partition)));
                let Ok(place) = place else { return Ok(()) };
                if let (Some((_, _, offsets)), Some(slot @ None)) = (self.partitions.get(place), found.get_mut(place)) {
                    *slot = Some(error.map_or_else(|| Ok(is_control_up_to(offsets.end, records)), Err));
                }
                Ok(())
            })?;
            body.tagged_fields()
        })?;
        body.tagged_fields()?;
        Ok(found)
    }
}

/// Whether these batches are control batches up to the offset `end`, and get there. What is cut off or cannot be read may be
/// anything.
fn is_control_up_to(end: i64, mut records: &[u8]) -> bool {
    while let Some((batch, rest)) = next_batch(records) {
        match Header::read(batch) {
            Ok(Some(header)) if header.is_control && header.end >= end => return true,
            Ok(Some(header)) if header.is_control => records = rest,
            // Records, which may all be beyond the end.
            Ok(Some(header)) => return header.base >= end,
            Ok(None) | Err(_) => return false,
        }
    }
    false
}

/// The first batch, if all of it is there, and what follows.
fn next_batch(records: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut start = Reader::new(records, false);
    start.i64().ok()?;
    let length = usize::try_from(start.i32().ok()?).ok()?;
    let whole = length.checked_add(BATCH_START).filter(|whole| *whole >= BATCH_HEADER)?;
    records.split_at_checked(whole)
}

/// What a batch's header tells.
struct Header {
    /// Its first offset.
    base: i64,
    /// One after its last offset, which compaction leaves as it is.
    end: i64,
    is_control: bool,
}

impl Header {
    /// `None` for message formats before version 2, which have no control records of their own.
    fn read(batch: &[u8]) -> Result<Option<Self>, Malformed> {
        const CONTROL: i16 = 0x20;
        let mut batch = Reader::new(batch, false);
        let base = batch.i64()?;
        let _length = batch.i32()?;
        let _leader_epoch = batch.i32()?;
        if batch.i8()? != 2 {
            return Ok(None);
        }
        let _crc = batch.i32()?;
        let attributes = batch.i16()?;
        let last = base.saturating_add(i64::from(batch.i32()?));
        Ok(Some(Self { base, end: last.saturating_add(1), is_control: attributes & CONTROL != 0 }))
    }
}
