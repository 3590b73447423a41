//! What a Kafka 4.3.0 node answered, for versions that the codec lacks: StreamsGroupDescribe 0 and
//! DescribeShareGroupOffsets 1.

use std::sync::LazyLock;

use bytes::BytesMut;
use kafka_admin::{
    Cluster, CommittedOffset, ErrorCode, GroupDescription, GroupId, GroupState, GroupType, Member, Partition, Topic,
    TopicPartition,
};
use kafka_protocol::messages::ConsumerGroupDescribeRequest;
use proptest::prelude::*;

use super::{ASKED_FOR, NAMES, Target, answer, request};
use crate::api::{Call, DescribeShareGroupOffsets, StreamsGroupDescribe};
use crate::wire::Names;

/// As they were asked for.
static ASKED: LazyLock<Vec<GroupId>> =
    LazyLock::new(|| ["streams-app", "share-app", "new-app", "old-app", "nope"].map(Into::into).to_vec());

/// Two subtopologies, the first with the topics `in` (three partitions) and `in2` (one), and one member.
const STREAMS: &str = "
    000000000600452647726f7570206f6c642d617070206973206e6f7420612073747265616d732067726f75702e086f6c642d617070010000
    000000000000ff01800000000000452847726f75702073686172652d617070206973206e6f7420612073747265616d732067726f75702e0a
    73686172652d617070010000000000000000ff01800000000000452647726f7570206e65772d617070206973206e6f742061207374726561
    6d732067726f75702e086e65772d617070010000000000000000ff0180000000000000000c73747265616d732d61707007537461626c6500
    0000030000000301000000000302300303696e04696e32021b73747265616d732d6170702d62792d7265706172746974696f6e0101000231
    010101021b73747265616d732d6170702d62792d7265706172746974696f6e00000002ffff050f636c65616e75702e706f6c696379076465
    6c65746500176d6573736167652e74696d657374616d702e747970650b43726561746554696d65000d726574656e74696f6e2e6d73032d31
    000e7365676d656e742e62797465730935323432383830300000000002176241346863703955536753774e716539565942386f5100000003
    00002673747265616d2d636c69656e742d53747265616d5468726561642d312d636f6e73756d65720b2f3132372e302e302e310000000025
    34623438306362652d376161652d343636322d386432382d316535366138323064663537010a6c6f63616c686f73741e6100010101030230
    0400000000000000010000000200023103000000000000000100010100030230040000000000000001000000020002310300000000000000
    01000101000000800000000000451647726f7570206e6f7065206e6f7420666f756e642e056e6f7065010000000000000000ff0180000000
    0000
";

/// A share group with start offset 0 in three partitions and lags of 3, 6 and 0.
const SHARE: &str = "
    00000000060c73747265616d732d61707001000000000a73686172652d6170700203696e25fc6446c310473ca329dc6226fa05a504000000
    0000000000000000000000000000000000000000030000000000000001000000000000000000000000000000000000000600000000000000
    020000000000000000000000000000000000000000000000000000000000086e65772d6170700100000000086f6c642d6170700100000000
    056e6f7065010000000000
";

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        hex.chars().filter_map(|digit| digit.to_digit(16)).map(|digit| u8::try_from(digit).unwrap()).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn names(topics: &[(&str, i32)]) -> Names {
    let partition = |id| Partition { id, leader: None, replicas: vec![], isr: vec![], error: None };
    let topics = topics.iter().map(|(name, count)| Topic {
        name: (*name).into(),
        id: None,
        error: None,
        partitions: (0..*count).map(partition).collect(),
    });
    Names::of(&Cluster { topics: topics.collect(), ..Cluster::default() })
}

fn pairs(pairs: &[(&str, i32)]) -> Vec<TopicPartition> {
    pairs.iter().map(|(topic, partition)| TopicPartition { topic: (*topic).into(), partition: *partition }).collect()
}

/// A description of the recorded group, whose member has, and is to have, these partitions.
fn described(partitions: &[(&str, i32)]) -> GroupDescription {
    GroupDescription {
        id: "streams-app".into(),
        state: GroupState::Stable,
        kind: GroupType::Streams,
        protocol_type: None,
        assignor: String::new(),
        epoch: Some(3),
        coordinator: None,
        members: vec![Member {
            id: "bA4hcp9USgSwNqe9VYB8oQ".into(),
            client_id: "stream-client-StreamThread-1-consumer".into(),
            instance_id: None,
            host: "/127.0.0.1".into(),
            assignment: pairs(partitions),
            target: Some(pairs(partitions)),
        }],
    }
}

pub(super) fn streams() -> Target {
    let call = StreamsGroupDescribe { groups: &ASKED, names: &NAMES };
    // A byte may stand for four topic partitions of 24 bytes.
    Target::new(call, Just(()), |_, ()| bytes(STREAMS)).holding(320, NAMES.all_partitions() * 512 + ASKED_FOR)
}

#[test]
fn a_streams_group_is_read_as_a_broker_describes_it() {
    let names = names(&[("in", 3), ("in2", 1), ("streams-app-by-repartition", 2)]);
    let read = answer(&StreamsGroupDescribe { groups: &ASKED, names: &names }, 0, &bytes(STREAMS));
    let repartition = "streams-app-by-repartition";
    let expected = described(&[("in", 0), ("in2", 0), ("in", 1), ("in", 2), (repartition, 0), (repartition, 1)]);
    let no_such_group = || Some(Err(ErrorCode(69)));
    assert_eq!(read, [Some(Ok(expected)), no_such_group(), no_such_group(), no_such_group(), no_such_group()]);
}

#[test]
fn a_task_is_taken_to_read_every_topic_whose_partitions_are_not_known() {
    let names = names(&[("in2", 1)]);
    let read = answer(&StreamsGroupDescribe { groups: &ASKED[..1], names: &names }, 0, &bytes(STREAMS));
    let repartition = "streams-app-by-repartition";
    let expected = described(&[("in", 0), ("in2", 0), ("in", 1), ("in", 2), (repartition, 0), (repartition, 1)]);
    assert_eq!(read, [Some(Ok(expected))]);

    let read = answer(&StreamsGroupDescribe { groups: &ASKED[..1], names: &Names::default() }, 0, &bytes(STREAMS));
    let expected = described(&[
        ("in", 0),
        ("in2", 0),
        ("in", 1),
        ("in2", 1),
        ("in", 2),
        ("in2", 2),
        (repartition, 0),
        (repartition, 1),
    ]);
    assert_eq!(read, [Some(Ok(expected))]);
}

#[test]
fn streams_groups_are_asked_for_many_at_a_time() {
    let call = StreamsGroupDescribe { groups: &ASKED, names: &NAMES };
    let request: ConsumerGroupDescribeRequest = request(&call, 0);
    assert_eq!(
        request.group_ids.iter().map(|id| id.as_str()).collect::<Vec<_>>(),
        ASKED.iter().map(|id| &**id).collect::<Vec<_>>()
    );
    // What Kafka's own StreamsGroupDescribeRequest of one group `g` is.
    let mut out = BytesMut::new();
    StreamsGroupDescribe { groups: &["g".into()], names: &NAMES }.encode(0, &mut out).unwrap();
    assert_eq!(out[..], [2, 2, b'g', 0, 0]);
}

#[test]
fn lags_of_a_share_group_are_read_as_a_broker_tells_them() {
    let call = DescribeShareGroupOffsets { groups: &ASKED, names: &NAMES };
    let read = answer(&call, 1, &bytes(SHARE));
    let told =
        |partition, lag| CommittedOffset { topic: "in".into(), partition, offset: Ok(Some(0)), told_lag: Some(lag) };
    let nothing = || Some(Ok(vec![]));
    let share = Some(Ok(vec![told(0, 3), told(1, 6), told(2, 0)]));
    assert_eq!(read, [nothing(), share, nothing(), nothing(), nothing()]);
}
