//! Fetch against the codec, with batches as Kafka writes them and as nobody does.

use std::ops::Range;
use std::sync::LazyLock;

use bytes::{BufMut, Bytes, BytesMut};
use kafka_admin::{ErrorCode, TopicName};
use kafka_protocol::messages::fetch_response::{AbortedTransaction, FetchableTopicResponse, PartitionData};
use kafka_protocol::messages::{FetchRequest, FetchResponse};
use proptest::prelude::*;

use super::{Target, answer, body, code, name, number, request, tags, unless};
use crate::api::{Call, Fetch, text};

/// What is asked for.
static ASKED: LazyLock<Vec<(TopicName, i32, Range<i64>)>> = LazyLock::new(|| {
    let asked = ["a", "b"].into_iter().flat_map(|topic| [0, 1, 7].map(|partition| (topic, partition)));
    asked.map(|(topic, partition)| (topic.into(), partition, 10..13)).collect()
});

const FETCH: fn() -> Fetch<'static> = || Fetch { partitions: &ASKED };

/// Base offset, last offset delta, magic, attributes, bytes of records.
type Batch = (i64, i32, i8, i16, usize);

const RECORDS: i16 = 0;
const TRANSACTIONAL: i16 = 0x10;
const CONTROL: i16 = 0x30;

/// The marker of a transaction's end at this offset.
fn marker(offset: i64) -> Batch {
    (offset, 0, 2, CONTROL, 17)
}

fn records(batches: &[Batch]) -> Vec<u8> {
    let mut out = BytesMut::new();
    for (base, last, magic, attributes, bytes) in batches {
        out.put_i64(*base);
        out.put_i32(i32::try_from(49 + bytes).unwrap());
        out.put_i32(3); // leader epoch
        out.put_i8(*magic);
        out.put_u32(0xdead_beef); // checksum
        out.put_i16(*attributes);
        out.put_i32(*last);
        out.put_bytes(7, 8 + 8 + 8 + 2 + 4 + 4 + bytes); // timestamps, producer, number of records, records
    }
    out.to_vec()
}

/// Partition, error, aborted transactions, batches, bytes cut off at the end.
type AnyFetched = (i32, i16, Option<usize>, Vec<Batch>, usize);

fn any_fetched() -> impl Strategy<Value = Vec<(String, Vec<AnyFetched>)>> {
    let attributes = prop::sample::select(vec![RECORDS, TRANSACTIONAL, CONTROL]);
    let batch = (8..14i64, 0..4i32, 1..3i8, attributes, 0..40usize);
    let batches = prop::collection::vec(prop_oneof![(10..13i64).prop_map(marker), batch], 0..4);
    let partition = prop::sample::select(vec![0, 1, 2, 7]);
    super::topics((partition, code(), prop::option::of(0..3usize), batches, 0..30usize))
}

fn fetched_body(version: i16, topics: &[(String, Vec<AnyFetched>)]) -> Vec<u8> {
    refused_body(version, 0, topics)
}

fn refused_body(version: i16, error: i16, topics: &[(String, Vec<AnyFetched>)]) -> Vec<u8> {
    let tags = || tags::<Fetch<'_>>(version);
    let partition = |(partition, error, aborted, batches, cut): &AnyFetched| {
        let mut records = records(batches);
        records.truncate(records.len().saturating_sub(*cut));
        let aborted = aborted.map(|count| {
            vec![AbortedTransaction::default().with_first_offset(3).with_unknown_tagged_fields(tags()); count]
        });
        PartitionData::default()
            .with_partition_index(*partition)
            .with_error_code(*error)
            .with_high_watermark(13)
            .with_last_stable_offset(13)
            .with_log_start_offset(if version >= 5 { 4 } else { -1 })
            .with_aborted_transactions(aborted)
            .with_records(Some(Bytes::from(records)).filter(|records| !records.is_empty()))
            .with_unknown_tagged_fields(tags())
    };
    let topics = topics.iter().map(|(name, partitions)| {
        FetchableTopicResponse::default()
            .with_topic(text(name).into())
            .with_partitions(partitions.iter().map(partition).collect())
            .with_unknown_tagged_fields(tags())
    });
    let response = FetchResponse::default().with_responses(topics.collect()).with_unknown_tagged_fields(tags());
    body(version, &if version >= 7 { response.with_error_code(error) } else { response })
}

/// The rule in other words: the batches that are all there, up to the first that reaches the end, are control batches; or
/// the first one that is none begins there.
fn expected(batches: &[Batch], cut: usize) -> bool {
    let (end, mut left) = (13, records(batches).len().saturating_sub(cut));
    for (base, last, magic, attributes, bytes) in batches {
        let Some(rest) = left.checked_sub(61 + bytes) else { return false };
        left = rest;
        if *magic != 2 || *attributes != CONTROL {
            return *magic == 2 && *base >= end;
        }
        if base + i64::from(*last) + 1 >= end {
            return true;
        }
    }
    false
}

pub(super) fn fetch() -> Target {
    Target::new(FETCH(), any_fetched(), |version, any| fetched_body(version, any))
}

proptest! {
    #[test]
    fn batches_are_judged_as_the_codec_writes_their_answer(any in any_fetched()) {
        for version in Fetch::API.versions {
            let read = answer(&FETCH(), version, &fetched_body(version, &any));
            let of = |(topic, partition, _): &(TopicName, i32, Range<i64>)| {
                let topics = any.iter().filter(|(name, _)| **name == **topic);
                let mut partitions = topics.flat_map(|(_, partitions)| partitions).filter(|told| told.0 == *partition);
                partitions.next().map(|(_, error, _, batches, cut)| unless(*error, expected(batches, *cut)))
            };
            prop_assert_eq!(read, ASKED.iter().map(of).collect::<Vec<_>>(), "version {}", version);
        }
    }

    #[test]
    fn any_bytes_may_stand_where_batches_do(bytes in prop::collection::vec(any::<u8>(), 0..200), base in number(), topic in name()) {
        let mut records = records(&[(base, i32::MAX, 2, CONTROL, 17)]);
        records.extend(bytes);
        let partition = PartitionData::default().with_partition_index(0).with_records(Some(records.into()));
        let topic = FetchableTopicResponse::default().with_topic(text(&topic).into()).with_partitions(vec![partition]);
        answer(&FETCH(), 12, &body(12, &FetchResponse::default().with_responses(vec![topic])));
    }
}

#[test]
fn only_markers_up_to_the_end_are_only_markers() {
    for (batches, cut, expected) in [
        (&[marker(10), marker(11), marker(12)][..], 0, true),
        // Compaction has left the last, or what follows the end.
        (&[marker(12)], 0, true),
        (&[marker(13)], 0, true),
        (&[marker(10), (13, 4, 2, TRANSACTIONAL, 30)], 0, true),
        // Nothing is told of what follows.
        (&[marker(10), marker(11)], 0, false),
        (&[marker(10), marker(11), marker(12)], 1, false),
        (&[], 0, false),
        // Records, of a transaction or none; an old format, whose bits mean other things.
        (&[marker(10), (11, 0, 2, TRANSACTIONAL, 30), marker(12)], 0, false),
        (&[(8, 2, 2, RECORDS, 30), marker(11), marker(12)], 0, false),
        (&[(10, 2, 1, CONTROL, 30)], 0, false),
    ] {
        assert_eq!(self::expected(batches, cut), expected, "{batches:?}");
        let any = vec![("a".to_owned(), vec![(0, 0, None, batches.to_vec(), cut)])];
        let read = answer(&FETCH(), 12, &fetched_body(12, &any));
        assert_eq!(read[0], Some(Ok(expected)), "{batches:?} without the last {cut} bytes");
    }
}

#[test]
fn a_length_that_is_none_makes_it_unknown() {
    for length in [i32::MIN, -1, 0, 4, 48, i32::MAX] {
        let mut records = records(&[marker(12)]);
        records[8..12].copy_from_slice(&length.to_be_bytes());
        let partition = PartitionData::default().with_partition_index(0).with_records(Some(records.into()));
        let topic = FetchableTopicResponse::default().with_topic(text("a").into()).with_partitions(vec![partition]);
        let read = answer(&FETCH(), 12, &body(12, &FetchResponse::default().with_responses(vec![topic])));
        assert_eq!(read[0], Some(Ok(false)), "{length}");
    }
}

#[test]
fn a_request_that_is_refused_is_refused_for_every_partition() {
    for version in 7..=12 {
        let read = answer(&FETCH(), version, &refused_body(version, 74, &[]));
        assert_eq!(read, vec![Some(Err(ErrorCode(74))); ASKED.len()]);
    }
}

#[test]
fn a_few_bytes_are_fetched_at_once_and_without_a_session() {
    for version in Fetch::API.versions {
        let request: FetchRequest = request(&FETCH(), version);
        assert_eq!((request.replica_id.0, request.max_wait_ms, request.min_bytes), (-1, 0, 0));
        assert_eq!((request.isolation_level, request.session_id, request.session_epoch), (0, 0, -1));
        let [a, b] = &request.topics[..] else { panic!("{request:?}") };
        assert_eq!((a.topic.as_str(), b.topic.as_str()), ("a", "b"));
        let asked = a.partitions.iter().chain(&b.partitions);
        let asked: Vec<_> =
            asked.map(|asked| (asked.partition, asked.fetch_offset, asked.partition_max_bytes)).collect();
        assert_eq!(asked, [0, 1, 7, 0, 1, 7].map(|partition| (partition, 10, 1024)));
    }
}
