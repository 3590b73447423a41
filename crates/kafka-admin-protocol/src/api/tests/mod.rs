//! Every reader against `kafka-protocol`'s encoders (one file per kind of call), against recordings of real brokers
//! where the codec has no encoder, and against bytes that are no answer at all.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod allocator;
mod attacks;
mod cluster;
mod descriptions;
mod fetch;
mod fuzz;
mod groups;
mod logs;
mod offsets;
mod recorded;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use bytes::{Bytes, BytesMut};
use kafka_admin::{Cluster, ErrorCode, GroupId, Partition, Topic};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::protocol::{Decodable, Encodable};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::Call;
use crate::wire::{Malformed, Names, Reader};
use crate::{connection, sasl};

/// The groups that are asked for.
static GROUPS: LazyLock<Vec<GroupId>> = LazyLock::new(|| (0..6).map(group_id).collect());

/// A cluster with the topics `a` of one partition and `b` of three.
static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let partition = |id| Partition { id, leader: None, replicas: vec![], isr: vec![], error: None };
    let topic = |name: &str, count| Topic {
        name: name.into(),
        id: None,
        error: None,
        partitions: (0..count).map(partition).collect(),
    };
    Names::of(&Cluster { topics: vec![topic("a", 1), topic("b", 3)], ..Cluster::default() })
});

fn group_id(number: usize) -> GroupId {
    format!("g{number}").into()
}

/// What a response looks like in bytes.
pub(crate) fn body(version: i16, response: &impl Encodable) -> Vec<u8> {
    let mut out = BytesMut::new();
    response.encode(&mut out, version).expect("the codec encodes it");
    out.to_vec()
}

/// What a body is read as; all of it must be read.
fn answer<C: Call>(call: &C, version: i16, body: &[u8]) -> C::Answer {
    let mut reader = Reader::new(body, C::API.is_flexible(version));
    let answer = call.decode(version, &mut reader).unwrap_or_else(|error| panic!("version {version}: {error}"));
    assert_eq!(reader.end(), Ok(()), "version {version}");
    answer
}

/// A request as the codec reads it.
fn request<R: Decodable>(call: &impl Call, version: i16) -> R {
    let mut out = BytesMut::new();
    call.encode(version, &mut out).expect("it fits the version");
    let mut bytes = out.freeze();
    let request = R::decode(&mut bytes, version).expect("the codec reads it");
    assert!(bytes.is_empty(), "version {version}: {} bytes too many", bytes.len());
    request
}

/// Tagged fields from the future, where the version can have any.
pub(crate) fn tags<C: Call>(version: i16) -> BTreeMap<i32, Bytes> {
    let tags = if C::API.is_flexible(version) { &[(3, "x"), (300, "")][..] } else { &[] };
    tags.iter().map(|(tag, value)| (*tag, Bytes::from_static(value.as_bytes()))).collect()
}

/// Something of the codec's with a topic id: its `uuid` cannot be named here.
fn id_of(id: u128) -> MetadataRequestTopic {
    let mut bytes = BytesMut::new();
    bytes.extend(id.to_be_bytes());
    bytes.extend([0, 0]); // no name, no tagged fields
    MetadataRequestTopic::decode(&mut bytes, 10).expect("a topic")
}

/// Names of topics and the like, often the same ones, now and then empty.
pub(crate) fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-c]", "[a-z.é-]{0,12}", "[a-z]{120,300}"]
}

/// Error codes, mostly none.
pub(crate) fn code() -> impl Strategy<Value = i16> {
    prop_oneof![4 => Just(0i16), 1 => any::<i16>()]
}

/// Ids and offsets, -1 among them.
fn number() -> impl Strategy<Value = i64> {
    prop_oneof![1 => Just(-1i64), 1 => Just(0i64), 6 => 0..i64::MAX]
}

/// Topics with what they hold.
fn topics<T: std::fmt::Debug>(item: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<(String, Vec<T>)>> {
    prop::collection::vec((name(), prop::collection::vec(item, 0..5)), 0..4)
}

/// What is told of groups: those asked for, mostly in order, and others; some twice.
fn told<T: std::fmt::Debug>(item: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<(GroupId, T)>> {
    let told = prop::collection::vec((0..8usize, item), 0..8);
    (told, any::<bool>()).prop_map(|(mut told, is_sorted)| {
        if is_sorted {
            told.sort_by_key(|(number, _)| *number);
        }
        told.into_iter().map(|(number, item)| (group_id(number), item)).collect()
    })
}

/// What is to come out for each group asked for.
fn aligned<T: Clone, U>(told: &[(GroupId, T)], expected: impl Fn(&GroupId, &T) -> U) -> Vec<Option<U>> {
    let first = |group: &GroupId| told.iter().find(|(id, _)| id == group);
    GROUPS.iter().map(|group| first(group).map(|(id, item)| expected(id, item))).collect()
}

/// The error of a code, or the value.
fn unless<T>(code: i16, value: T) -> Result<T, ErrorCode> {
    if code == 0 { Ok(value) } else { Err(ErrorCode(code)) }
}

fn positive(number: i64) -> Option<i64> {
    Some(number).filter(|number| *number >= 0)
}

/// What a reader may hold that does not depend on the answer: a place for each item asked for.
pub(crate) const ASKED_FOR: usize = 4 << 10;

/// The most that a reader may hold per byte of an answer. A `Member` of 144 bytes may stand as seven bytes, an array
/// that grows is there twice for a moment.
const MULTIPLE: usize = 32;

type Sample = dyn Fn(&mut TestRunner, i16) -> Vec<u8>;
type Decode = dyn Fn(i16, &[u8]) -> Result<(), Malformed>;

/// A reader to be attacked: how to make an honest body, and how to read one.
pub(crate) struct Target {
    name: &'static str,
    versions: RangeInclusive<i16>,
    sample: Box<Sample>,
    decode: Box<Decode>,
    /// The most that it may hold per byte that it reads.
    multiple: usize,
    /// The most that it may hold besides.
    besides: usize,
}

impl Target {
    pub(crate) fn new<C: Call + 'static, S: Strategy + 'static>(
        call: C,
        content: S,
        body: impl Fn(i16, &S::Value) -> Vec<u8> + 'static,
    ) -> Self {
        Self {
            name: C::API.name,
            versions: C::API.versions,
            multiple: MULTIPLE,
            besides: ASKED_FOR,
            sample: Box::new(move |runner, version| {
                body(version, &content.new_tree(runner).expect("a value").current())
            }),
            decode: Box::new(move |version, body| {
                call.decode(version, &mut Reader::new(body, C::API.is_flexible(version))).map(drop)
            }),
        }
    }

    /// What is no answer to a call: strings of `content`, read by `decode`.
    pub(crate) fn of_bytes(
        name: &'static str,
        content: impl Strategy<Value = Vec<u8>> + 'static,
        decode: impl Fn(&[u8]) -> Result<(), Malformed> + 'static,
    ) -> Self {
        Self {
            name,
            versions: 0..=0,
            multiple: MULTIPLE,
            besides: ASKED_FOR,
            sample: Box::new(move |runner, _| content.new_tree(runner).expect("a value").current()),
            decode: Box::new(move |_, bytes| decode(bytes)),
        }
    }

    /// With another measure of what it may hold.
    pub(crate) fn holding(self, multiple: usize, besides: usize) -> Self {
        Self { multiple, besides, ..self }
    }
}

/// Every reader of answers to calls, then those of what comes before and around them.
fn targets() -> Vec<Target> {
    let mut targets = vec![cluster::metadata(), cluster::describe_cluster(), cluster::describe_quorum()];
    targets.extend([groups::list_groups(), groups::find_coordinator()]);
    targets.extend([offsets::list_offsets(), offsets::offset_fetch(), offsets::share_offsets(), fetch::fetch()]);
    targets.extend([descriptions::classic(), descriptions::consumer(), descriptions::share()]);
    targets.extend([logs::log_dirs(), logs::configs(), recorded::streams()]);
    targets.extend(connection::tests::targets::all());
    targets.extend(sasl::targets::all());
    targets
}
