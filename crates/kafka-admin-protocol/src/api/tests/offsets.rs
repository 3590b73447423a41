//! ListOffsets, OffsetFetch and DescribeShareGroupOffsets against the codec.

use std::sync::LazyLock;

use bytes::{BufMut, BytesMut};
use kafka_admin::{AdminError, CommittedOffset, ErrorCode, FoundOffset, GroupId, Isolation, OffsetSpec, TopicName};
use kafka_protocol::messages::describe_share_group_offsets_response::{
    DescribeShareGroupOffsetsResponseGroup, DescribeShareGroupOffsetsResponsePartition,
    DescribeShareGroupOffsetsResponseTopic,
};
use kafka_protocol::messages::list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse};
use kafka_protocol::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions, OffsetFetchResponseTopic,
    OffsetFetchResponseTopics,
};
use kafka_protocol::messages::{
    DescribeShareGroupOffsetsRequest, DescribeShareGroupOffsetsResponse, ListOffsetsRequest, ListOffsetsResponse,
    OffsetFetchRequest, OffsetFetchResponse,
};
use proptest::prelude::*;

use super::{
    GROUPS, NAMES, Target, aligned, answer, body, code, id_of, name, number, positive, request, tags, told, topics,
    unless,
};
use crate::api::{Call, DescribeShareGroupOffsets, ListOffsets, OffsetFetch, text};

type Topics<T> = Vec<(String, Vec<T>)>;

/// Partition, error, timestamp, offset.
type AnyFound = (i32, i16, i64, i64);

/// What is asked for: `a` and `b` with the specs in turn.
static ASKED: LazyLock<Vec<(TopicName, i32, OffsetSpec)>> = LazyLock::new(|| {
    let specs = [OffsetSpec::Earliest, OffsetSpec::Latest, OffsetSpec::Timestamp(1_700_000_000_000)];
    let asked = ["a", "b"].into_iter().flat_map(|topic| [0, 1, 2, 7].map(|partition| (topic, partition)));
    asked.zip(specs.into_iter().cycle()).map(|((topic, partition), spec)| (topic.into(), partition, spec)).collect()
});

const LIST: fn() -> ListOffsets<'static> = || ListOffsets { partitions: &ASKED, isolation: Isolation::ReadUncommitted };

fn any_found() -> impl Strategy<Value = Topics<AnyFound>> {
    let in_order = prop::collection::vec((code(), number(), number()), 8).prop_map(|found| {
        let found = |range: std::ops::Range<usize>| {
            let found = [0, 1, 2, 7].into_iter().zip(&found[range]);
            found.map(|(partition, (error, time, offset))| (partition, *error, *time, *offset)).collect()
        };
        vec![("a".to_owned(), found(0..4)), ("b".to_owned(), found(4..8))]
    });
    prop_oneof![in_order, topics((0..9i32, code(), number(), number()))]
}

fn found_body(version: i16, topics: &Topics<AnyFound>) -> Vec<u8> {
    let tags = || tags::<ListOffsets<'_>>(version);
    let partition = |(partition, error, timestamp, offset): &AnyFound| {
        ListOffsetsPartitionResponse::default()
            .with_partition_index(*partition)
            .with_error_code(*error)
            .with_timestamp(*timestamp)
            .with_offset(*offset)
            .with_leader_epoch(if version >= 4 { 5 } else { -1 })
            .with_unknown_tagged_fields(tags())
    };
    let topics = topics.iter().map(|(name, partitions)| {
        ListOffsetsTopicResponse::default()
            .with_name(text(name).into())
            .with_partitions(partitions.iter().map(partition).collect())
            .with_unknown_tagged_fields(tags())
    });
    body(version, &ListOffsetsResponse::default().with_topics(topics.collect()).with_unknown_tagged_fields(tags()))
}

fn expected_found(topics: &Topics<AnyFound>) -> Vec<Option<Result<FoundOffset, ErrorCode>>> {
    let all = || topics.iter().flat_map(|(topic, partitions)| partitions.iter().map(move |found| (topic, found)));
    let expected = |(topic, partition, spec): &(TopicName, i32, OffsetSpec)| {
        let (_, (_, error, timestamp, offset)) =
            all().find(|(name, found)| ***name == **topic && found.0 == *partition)?;
        let offset = positive(*offset);
        let is_lookup = matches!(spec, OffsetSpec::Timestamp(_)) && offset.is_some();
        Some(unless(*error, FoundOffset { offset, timestamp: Some(*timestamp).filter(|_| is_lookup) }))
    };
    ASKED.iter().map(expected).collect()
}

pub(super) fn list_offsets() -> Target {
    Target::new(LIST(), any_found(), found_body)
}

/// Partition, offset, metadata, error.
type AnyCommitted = (i32, i64, Option<String>, i16);

/// The group's own error, and its topics.
type AnyOffsets = (i16, Topics<AnyCommitted>);

const FETCH: fn() -> OffsetFetch<'static> = || OffsetFetch { groups: &GROUPS, names: &NAMES };

fn any_offsets() -> impl Strategy<Value = Vec<(GroupId, AnyOffsets)>> {
    told((code(), topics((0..9i32, number(), prop::option::of(name()), code()))))
}

fn offsets_body(version: i16, groups: &[(GroupId, AnyOffsets)]) -> Vec<u8> {
    let tags = || tags::<OffsetFetch<'_>>(version);
    let epoch = if version >= 5 { 4 } else { -1 };
    let response = OffsetFetchResponse::default().with_throttle_time_ms(if version >= 3 { 8 } else { 0 });
    let response = response.with_unknown_tagged_fields(tags());
    if version >= 8 {
        let partition = |(partition, offset, metadata, error): &AnyCommitted| {
            OffsetFetchResponsePartitions::default()
                .with_partition_index(*partition)
                .with_committed_offset(*offset)
                .with_committed_leader_epoch(epoch)
                .with_metadata(metadata.as_deref().map(text))
                .with_error_code(*error)
                .with_unknown_tagged_fields(tags())
        };
        let topic = |(name, partitions): &(String, Vec<AnyCommitted>)| {
            OffsetFetchResponseTopics::default()
                .with_name(text(name).into())
                .with_partitions(partitions.iter().map(partition).collect())
                .with_unknown_tagged_fields(tags())
        };
        let groups = groups.iter().map(|(id, (error, topics))| {
            OffsetFetchResponseGroup::default()
                .with_group_id(text(id).into())
                .with_error_code(*error)
                .with_topics(topics.iter().map(topic).collect())
                .with_unknown_tagged_fields(tags())
        });
        return body(version, &response.with_groups(groups.collect()));
    }
    let partition = |(partition, offset, metadata, error): &AnyCommitted| {
        OffsetFetchResponsePartition::default()
            .with_partition_index(*partition)
            .with_committed_offset(*offset)
            .with_committed_leader_epoch(epoch)
            .with_metadata(metadata.as_deref().map(text))
            .with_error_code(*error)
            .with_unknown_tagged_fields(tags())
    };
    let topic = |(name, partitions): &(String, Vec<AnyCommitted>)| {
        OffsetFetchResponseTopic::default()
            .with_name(text(name).into())
            .with_partitions(partitions.iter().map(partition).collect())
            .with_unknown_tagged_fields(tags())
    };
    let only = groups.first().map(|(_, offsets)| offsets.clone()).unwrap_or_default();
    let response = response.with_error_code(only.0).with_topics(only.1.iter().map(topic).collect());
    body(version, &response)
}

fn expected_offsets((error, topics): &AnyOffsets) -> Result<Vec<CommittedOffset>, ErrorCode> {
    let offset = |topic: &str, (partition, offset, _, error): &AnyCommitted| CommittedOffset {
        topic: topic.into(),
        partition: *partition,
        offset: unless(*error, positive(*offset)).map_err(|code| AdminError::Broker {
            call: "OffsetFetch",
            code,
            message: String::new(),
        }),
        told_lag: None,
    };
    let offsets = topics.iter().flat_map(|(topic, partitions)| partitions.iter().map(move |any| offset(topic, any)));
    unless(*error, offsets.collect())
}

pub(super) fn offset_fetch() -> Target {
    Target::new(FETCH(), any_offsets(), |version, any| offsets_body(version, any))
}

/// Partition, start offset, lag, error, its words.
type AnyStart = (i32, i64, i64, i16, Option<String>);

const SHARE: fn() -> DescribeShareGroupOffsets<'static> =
    || DescribeShareGroupOffsets { groups: &GROUPS, names: &NAMES };

fn any_starts() -> impl Strategy<Value = Vec<(GroupId, (i16, Topics<AnyStart>))>> {
    told((code(), topics((0..9i32, number(), number(), code(), prop::option::of(name())))))
}

fn starts_body(version: i16, groups: &[(GroupId, (i16, Topics<AnyStart>))]) -> Vec<u8> {
    if version >= 1 {
        return starts_body_with_lag(groups);
    }
    let tags = || tags::<DescribeShareGroupOffsets<'_>>(version);
    let partition = |(partition, offset, _, error, words): &AnyStart| {
        DescribeShareGroupOffsetsResponsePartition::default()
            .with_partition_index(*partition)
            .with_start_offset(*offset)
            .with_leader_epoch(6)
            .with_error_code(*error)
            .with_error_message(words.as_deref().map(text))
            .with_unknown_tagged_fields(tags())
    };
    let topic = |(name, partitions): &(String, Vec<AnyStart>)| {
        DescribeShareGroupOffsetsResponseTopic::default()
            .with_topic_name(text(name).into())
            .with_topic_id(id_of(77).topic_id)
            .with_partitions(partitions.iter().map(partition).collect())
            .with_unknown_tagged_fields(tags())
    };
    let groups = groups.iter().map(|(id, (error, topics))| {
        DescribeShareGroupOffsetsResponseGroup::default()
            .with_group_id(text(id).into())
            .with_topics(topics.iter().map(topic).collect())
            .with_error_code(*error)
            .with_error_message((*error != 0).then(|| text("words")))
            .with_unknown_tagged_fields(tags())
    });
    let response = DescribeShareGroupOffsetsResponse::default().with_groups(groups.collect());
    body(version, &response.with_unknown_tagged_fields(tags()))
}

/// Version 1, which the codec lacks: a lag between leader epoch and error code. Lengths stay below 126.
fn starts_body_with_lag(groups: &[(GroupId, (i16, Topics<AnyStart>))]) -> Vec<u8> {
    let length = |length: usize| u8::try_from(length + 1).expect("short");
    let string = |out: &mut BytesMut, text: &str| {
        // Names of up to 300 bytes: two bytes of length.
        let length = u16::try_from(text.len() + 1).expect("short");
        out.put_u8(u8::try_from(length & 0x7f).expect("seven bits") | 0x80);
        out.put_u8(u8::try_from(length >> 7).expect("short"));
        out.put_slice(text.as_bytes());
    };
    let mut out = BytesMut::new();
    out.put_i32(0);
    out.put_u8(length(groups.len()));
    for (id, (error, topics)) in groups {
        string(&mut out, id);
        out.put_u8(length(topics.len()));
        for (name, partitions) in topics {
            string(&mut out, name);
            out.put_u128(77);
            out.put_u8(length(partitions.len()));
            for (partition, offset, lag, error, words) in partitions {
                out.put_i32(*partition);
                out.put_i64(*offset);
                out.put_i32(6);
                out.put_i64(*lag);
                out.put_i16(*error);
                match words {
                    Some(words) => string(&mut out, words),
                    None => out.put_u8(0),
                }
                out.put_u8(0);
            }
            out.put_u8(0);
        }
        out.put_i16(*error);
        out.put_u8(0); // no words
        out.put_slice(&[1, 9, 2, b'x', b'y']); // a tagged field
    }
    out.put_u8(0);
    out.to_vec()
}

fn expected_starts(version: i16, (error, topics): &(i16, Topics<AnyStart>)) -> Result<Vec<CommittedOffset>, ErrorCode> {
    let offset = |topic: &str, (partition, offset, lag, error, words): &AnyStart| CommittedOffset {
        topic: topic.into(),
        partition: *partition,
        offset: unless(*error, positive(*offset)).map_err(|code| AdminError::Broker {
            call: "DescribeShareGroupOffsets",
            code,
            message: words.clone().unwrap_or_default(),
        }),
        told_lag: positive(*lag).filter(|_| version >= 1 && *error == 0),
    };
    let offsets = topics.iter().flat_map(|(topic, partitions)| partitions.iter().map(move |any| offset(topic, any)));
    unless(*error, offsets.collect())
}

pub(super) fn share_offsets() -> Target {
    Target::new(SHARE(), any_starts(), |version, any| starts_body(version, any))
}

proptest! {
    #[test]
    fn found_offsets_are_read_as_the_codec_writes_them(any in any_found()) {
        for version in ListOffsets::API.versions {
            let read = answer(&LIST(), version, &found_body(version, &any));
            prop_assert_eq!(read, expected_found(&any), "version {}", version);
        }
    }

    #[test]
    fn offsets_of_many_groups_are_read_as_the_codec_writes_them(any in any_offsets()) {
        for version in 8..=9 {
            let read = answer(&FETCH(), version, &offsets_body(version, &any));
            for offsets in read.iter().flatten().flatten() {
                prop_assert_eq!(offsets.capacity(), offsets.len());
            }
            prop_assert_eq!(read, aligned(&any, |_, offsets| expected_offsets(offsets)), "version {}", version);
        }
    }

    #[test]
    fn offsets_of_one_group_are_read_as_the_codec_writes_them(any in any_offsets()) {
        for version in 2..=7 {
            let call = OffsetFetch { groups: &GROUPS[..1], names: &NAMES };
            let read = answer(&call, version, &offsets_body(version, &any));
            let only = any.first().map(|(_, offsets)| offsets.clone()).unwrap_or_default();
            prop_assert_eq!(read, [Some(expected_offsets(&only))], "version {}", version);
        }
    }

    #[test]
    fn start_offsets_of_share_groups_are_read_as_they_are_written(any in any_starts()) {
        for version in DescribeShareGroupOffsets::API.versions {
            let read = answer(&SHARE(), version, &starts_body(version, &any));
            let expected = aligned(&any, |_, starts| expected_starts(version, starts));
            prop_assert_eq!(read, expected, "version {}", version);
        }
    }
}

#[test]
fn names_of_topics_are_shared_between_groups() {
    let one = |id: &str| (id.into(), (0, vec![("new".to_owned(), vec![(0, 1, None, 0), (1, 2, None, 0)])]));
    let body = offsets_body(8, &[one("g0"), one("g1")]);
    let read = answer(&FETCH(), 8, &body);
    let mut names = read.iter().flatten().flatten().flatten().map(|offset| &offset.topic);
    let first = names.next().unwrap();
    assert!(names.clone().count() == 3 && names.all(|name| std::sync::Arc::ptr_eq(name, first)));
}

#[test]
fn offsets_are_looked_up_topic_by_topic_as_a_plain_consumer() {
    for version in ListOffsets::API.versions {
        for isolation in [Isolation::ReadUncommitted, Isolation::ReadCommitted] {
            let call = ListOffsets { partitions: &ASKED, isolation };
            if version < 2 && isolation == Isolation::ReadCommitted {
                assert!(call.encode(version, &mut BytesMut::new()).is_err(), "it has no isolation");
                continue;
            }
            let request: ListOffsetsRequest = request(&call, version);
            assert_eq!(
                (request.replica_id.0, request.isolation_level),
                (-1, i8::from(isolation != Isolation::ReadUncommitted))
            );
            let [a, b] = &request.topics[..] else { panic!("{request:?}") };
            assert_eq!((a.name.as_str(), b.name.as_str()), ("a", "b"));
            let asked = a.partitions.iter().chain(&b.partitions);
            assert!(asked.clone().all(|partition| partition.current_leader_epoch == -1));
            let asked: Vec<_> = asked.map(|partition| (partition.partition_index, partition.timestamp)).collect();
            let time = 1_700_000_000_000;
            assert_eq!(asked, [(0, -2), (1, -1), (2, time), (7, -2), (0, -1), (1, time), (2, -2), (7, -1)]);
        }
    }
}

#[test]
fn offsets_are_fetched_for_all_topics_and_for_many_groups_from_version_8_on() {
    for version in OffsetFetch::API.versions {
        if version >= 8 {
            let request: OffsetFetchRequest = request(&FETCH(), version);
            let groups: Vec<_> =
                request.groups.iter().map(|group| (group.group_id.as_str(), group.topics.is_none())).collect();
            assert_eq!(groups, GROUPS.iter().map(|group| (&**group, true)).collect::<Vec<_>>());
            assert!(!request.require_stable);
            continue;
        }
        let request: OffsetFetchRequest = request(&OffsetFetch { groups: &GROUPS[..1], names: &NAMES }, version);
        assert_eq!((request.group_id.as_str(), request.topics, request.require_stable), ("g0", None, false));
        assert!(FETCH().encode(version, &mut BytesMut::new()).is_err(), "version {version} takes one group");
    }
}

#[test]
fn start_offsets_are_asked_for_in_all_topics() {
    let asked = |version| {
        let mut out = BytesMut::new();
        SHARE().encode(version, &mut out).unwrap();
        out
    };
    let request: DescribeShareGroupOffsetsRequest = request(&SHARE(), 0);
    let groups: Vec<_> = request.groups.iter().map(|group| (group.group_id.as_str(), group.topics.is_none())).collect();
    assert_eq!(groups, GROUPS.iter().map(|group| (&**group, true)).collect::<Vec<_>>());
    assert_eq!(asked(1), asked(0), "version 1 changes the answer alone");
}
