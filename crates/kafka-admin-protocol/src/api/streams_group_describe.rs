//! StreamsGroupDescribe: streams groups (KIP-1071, Kafka 4.1) with their members. Coded by hand: the codec lacks it.
//! Members have tasks, a task is a partition number of a subtopology's source topics; topic partitions are worked out.

use std::cmp::Reverse;
use std::collections::HashMap;

use bytes::BytesMut;
use kafka_admin::{ErrorCode, GroupDescription, GroupId, GroupType, Member, TopicName, TopicPartition};
use kafka_protocol::messages::ConsumerGroupDescribeRequest;

use super::aligned::Aligned;
use super::list_groups::group_state;
use super::{Api, Call, Unencodable, encode, text};
use crate::wire::{Interner, Malformed, Names, Reader};

/// Topic partitions that an answer may give rise to: so many per byte of it and per partition of the cluster. Topics
/// times tasks grows faster than the answer that names them; an honest one has each partition twice, as what a member
/// has and what it is to have, in each group that reads it.
const PAIRS_PER_BYTE: usize = 4;
const PAIRS_PER_PARTITION: usize = 4;

/// Asks a coordinator for the streams groups among its groups.
#[derive(Debug)]
pub(crate) struct StreamsGroupDescribe<'a> {
    /// Groups, each once.
    pub(crate) groups: &'a [GroupId],
    /// Names as known so far, and how many partitions they have: of a subtopology's topics some may have fewer than
    /// there are tasks.
    pub(crate) names: &'a Names,
}

impl Call for StreamsGroupDescribe<'_> {
    /// One entry per group, in the order asked; `None` where the broker left it out. Neither coordinators nor assignors
    /// are told. Assignments are those of active tasks.
    type Answer = Vec<Option<Result<GroupDescription, ErrorCode>>>;

    const API: Api = Api { key: 89, name: "StreamsGroupDescribe", versions: 0..=0, flexible_from: 0 };

    fn encode(&self, _version: i16, out: &mut BytesMut) -> Result<(), Unencodable> {
        // Its request is, byte for byte, that of ConsumerGroupDescribe.
        let groups = self.groups.iter().map(|group| text(group).into()).collect();
        encode(&ConsumerGroupDescribeRequest::default().with_group_ids(groups), 0, out)
    }

    fn decode(&self, _version: i16, body: &mut Reader<'_>) -> Result<Self::Answer, Malformed> {
        let mut names = Interner::new(self.names);
        let mut room = body
            .remaining()
            .saturating_mul(PAIRS_PER_BYTE)
            .saturating_add(self.names.all_partitions().saturating_mul(PAIRS_PER_PARTITION));
        let mut found = Aligned::new(self.groups.iter().map(|group| &**group));
        let _throttle_time_ms = body.i32()?;
        body.each(|body| {
            let error = body.error()?;
            body.skip_string()?; // error message
            let id = body.string()?;
            let state = group_state(body.string()?);
            let epoch = Some(body.i32()?);
            let _assignment_epoch = body.i32()?;
            let mut tasks = Tasks { sources: topology(body, self.names, &mut names)?, room };
            let members = body.items(28, |body| member(body, &mut tasks))?;
            room = tasks.room;
            let _authorized_operations = body.i32()?;
            body.tagged_fields()?;
            let group = GroupDescription {
                id: id.into(),
                state,
                kind: GroupType::Streams,
                protocol_type: None,
                assignor: String::new(),
                epoch,
                coordinator: None,
                members,
            };
            found.put(id, error.map_or(Ok(group), Err));
            Ok(())
        })?;
        body.tagged_fields()?;
        Ok(found.finish())
    }
}

/// A source topic and how many partitions it has; the highest number where that is not known.
type Source = (TopicName, i32);

/// Source topics, repartition topics among them, by subtopology; those with the most partitions first.
fn topology<'b>(
    body: &mut Reader<'b>,
    known: &Names,
    names: &mut Interner<'_>,
) -> Result<HashMap<&'b str, Vec<Source>>, Malformed> {
    let mut sources = HashMap::new();
    if !body.is_present()? {
        return Ok(sources);
    }
    let _epoch = body.i32()?;
    // Null while source topics are missing.
    for _ in 0..body.nullable_array()?.unwrap_or_default() {
        let id = body.string()?;
        let mut topics = body.items(1, |body| {
            let topic = body.string()?;
            Ok((names.name(topic), known.partitions(topic).unwrap_or(i32::MAX)))
        })?;
        body.each(Reader::skip_string)?; // repartition topics that it writes to
        body.each(|body| topic(body).map(drop))?; // changelogs
        body.append(&mut topics, 9, |body| {
            let (topic, told) = topic(body)?;
            let told = if told > 0 { told } else { i32::MAX };
            Ok((names.name(topic), known.partitions(topic).unwrap_or(told)))
        })?;
        topics.sort_by_key(|(_, partitions)| Reverse(*partitions));
        body.tagged_fields()?;
        sources.entry(id).or_insert(topics);
    }
    body.tagged_fields()?;
    Ok(sources)
}

/// Name and number of partitions, 0 where it is not fixed.
fn topic<'b>(body: &mut Reader<'b>) -> Result<(&'b str, i32), Malformed> {
    let name = body.string()?;
    let partitions = body.i32()?;
    let _replication_factor = body.i16()?;
    body.each(key_and_value)?;
    body.tagged_fields()?;
    Ok((name, partitions))
}

fn key_and_value(body: &mut Reader<'_>) -> Result<(), Malformed> {
    body.skip_string()?;
    body.skip_string()?;
    body.tagged_fields()
}

fn member(body: &mut Reader<'_>, tasks: &mut Tasks<'_>) -> Result<Member, Malformed> {
    let id = body.string()?.to_owned();
    let _epoch = body.i32()?;
    let instance_id = body.nullable_string()?.map(str::to_owned);
    body.skip_string()?; // rack
    let client_id = body.string()?.to_owned();
    let host = body.string()?.to_owned();
    let _topology_epoch = body.i32()?;
    body.skip_string()?; // process id
    if body.is_present()? {
        // Endpoint of interactive queries.
        body.skip_string()?;
        let _port = body.u16()?;
        body.tagged_fields()?;
    }
    body.each(key_and_value)?; // client tags
    body.each(task_offset)?;
    body.each(task_offset)?; // end offsets
    let assignment = tasks.assignment(body)?;
    let target = Some(tasks.assignment(body)?);
    let _is_classic = body.bool()?;
    body.tagged_fields()?;
    Ok(Member { id, client_id, instance_id, host, assignment, target })
}

fn task_offset(body: &mut Reader<'_>) -> Result<(), Malformed> {
    body.skip_string()?;
    let _partition = body.i32()?;
    let _offset = body.i64()?;
    body.tagged_fields()
}

/// What a group's tasks stand for.
struct Tasks<'b> {
    sources: HashMap<&'b str, Vec<Source>>,
    /// Topic partitions that the answer may still give rise to.
    room: usize,
}

impl Tasks<'_> {
    /// The topic partitions of the active tasks of an assignment.
    fn assignment(&mut self, body: &mut Reader<'_>) -> Result<Vec<TopicPartition>, Malformed> {
        let mut assignment = Vec::new();
        body.each(|body| {
            let subtopology = body.string()?;
            let topics = self.sources.get(subtopology).map(Vec::as_slice).unwrap_or_default();
            body.each(|body| {
                let partition = body.i32()?;
                for (topic, _) in topics.iter().take_while(|(_, partitions)| partition < *partitions) {
                    self.room = self.room.checked_sub(1).ok_or_else(|| {
                        body.malformed("tasks stand for more topic partitions than the answer may tell of")
                    })?;
                    assignment.push(TopicPartition { topic: topic.clone(), partition });
                }
                Ok(())
            })?;
            body.tagged_fields()
        })?;
        for _standby_then_warmup in 0..2 {
            body.each(|body| {
                body.skip_string()?;
                body.skip_i32s()?;
                body.tagged_fields()
            })?;
        }
        body.tagged_fields()?;
        assignment.shrink_to_fit();
        Ok(assignment)
    }
}
