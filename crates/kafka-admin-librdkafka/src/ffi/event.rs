//! A result event and its decoders: everything is copied out, nothing of an event outlives it.

use std::ptr::{self, NonNull};

use kafka_admin::{GroupDescription, GroupListing, GroupState, GroupType, Member, TopicName, TopicPartition};
use rdkafka_sys::{
    RD_KAFKA_EVENT_ERROR, RD_KAFKA_EVENT_LOG, RD_KAFKA_EVENT_OAUTHBEARER_TOKEN_REFRESH,
    rd_kafka_ConsumerGroupDescription_coordinator, rd_kafka_ConsumerGroupDescription_error,
    rd_kafka_ConsumerGroupDescription_group_id, rd_kafka_ConsumerGroupDescription_member,
    rd_kafka_ConsumerGroupDescription_member_count, rd_kafka_ConsumerGroupDescription_partition_assignor,
    rd_kafka_ConsumerGroupDescription_t, rd_kafka_ConsumerGroupListing_group_id, rd_kafka_ConsumerGroupListing_t,
    rd_kafka_DescribeCluster_result_nodes, rd_kafka_DescribeConsumerGroups_result_groups,
    rd_kafka_ListConsumerGroupOffsets_result_groups, rd_kafka_ListConsumerGroups_result_errors,
    rd_kafka_ListConsumerGroups_result_valid, rd_kafka_ListOffsets_result_infos,
    rd_kafka_ListOffsetsResultInfo_timestamp, rd_kafka_ListOffsetsResultInfo_topic_partition,
    rd_kafka_MemberAssignment_partitions, rd_kafka_MemberAssignment_t, rd_kafka_MemberDescription_assignment,
    rd_kafka_MemberDescription_client_id, rd_kafka_MemberDescription_consumer_id,
    rd_kafka_MemberDescription_group_instance_id, rd_kafka_MemberDescription_host, rd_kafka_MemberDescription_t,
    rd_kafka_MemberDescription_target_assignment, rd_kafka_Node_id, rd_kafka_Node_rack,
    rd_kafka_event_DescribeCluster_result, rd_kafka_event_DescribeConsumerGroups_result,
    rd_kafka_event_ListConsumerGroupOffsets_result, rd_kafka_event_ListConsumerGroups_result,
    rd_kafka_event_ListOffsets_result, rd_kafka_event_destroy, rd_kafka_event_error_string, rd_kafka_event_log,
    rd_kafka_event_opaque, rd_kafka_event_t, rd_kafka_event_type, rd_kafka_group_result_error,
    rd_kafka_group_result_partitions, rd_kafka_topic_partition_list_t,
};

use super::raw;
use super::text::{borrowed, failure, slice, text};
use crate::error::Failure;
use crate::names::Interner;

/// Something that librdkafka has to say.
#[derive(Debug)]
pub(crate) struct Event(NonNull<rd_kafka_event_t>);

// SAFETY: an event belongs to whoever polled it, and librdkafka ties it to no thread.
unsafe impl Send for Event {}

impl Drop for Event {
    fn drop(&mut self) {
        // SAFETY: ours alone since poll, destroyed once.
        unsafe { rd_kafka_event_destroy(self.0.as_ptr()) };
    }
}

/// What an event is.
#[derive(Debug)]
pub(crate) enum Kind {
    /// The answer to the call with this token.
    Answer { token: usize },
    /// A line of the library's log.
    Log(Log),
    /// Something is wrong with a connection, or with the client.
    Error(Failure),
    /// OAUTHBEARER needs a (new) token.
    TokenWanted,
    /// Nothing for us.
    Other,
}

/// A log line with syslog's level, 0 (emergency) to 7 (debug).
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) level: i32,
    pub(crate) facility: String,
    pub(crate) message: String,
}

/// One partition of an OffsetFetch or ListOffsets answer, as librdkafka hands it on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PartitionAnswer {
    pub(crate) topic: TopicName,
    pub(crate) partition: i32,
    /// -1 or -1001 for none.
    pub(crate) offset: i64,
    /// ListOffsets only, else -1.
    pub(crate) timestamp: i64,
    /// 0 for none.
    pub(crate) code: i32,
}

/// A group id with its description.
pub(crate) type Described = (String, Result<GroupDescription, Failure>);

impl Event {
    /// # Safety
    /// A non-null `event` must come from a queue's poll, and belong to nobody else.
    pub(super) unsafe fn from_raw(event: *mut rd_kafka_event_t) -> Option<Self> {
        NonNull::new(event).map(Self)
    }

    pub(super) fn ptr(&self) -> *mut rd_kafka_event_t {
        self.0.as_ptr()
    }

    /// What the event is.
    pub(crate) fn kind(&self) -> Kind {
        // SAFETY: the event is live.
        match unsafe { rd_kafka_event_type(self.ptr()) } {
            RD_KAFKA_EVENT_LOG => self.log().map_or(Kind::Other, Kind::Log),
            RD_KAFKA_EVENT_OAUTHBEARER_TOKEN_REFRESH => Kind::TokenWanted,
            RD_KAFKA_EVENT_ERROR => self.failure().map_or(Kind::Other, Kind::Error),
            // SAFETY: the event is live; null for an event that answers no call.
            _ => match unsafe { rd_kafka_event_opaque(self.ptr()) }.addr().checked_sub(1) {
                Some(token) => Kind::Answer { token },
                None => Kind::Other,
            },
        }
    }

    fn log(&self) -> Option<Log> {
        let (mut facility, mut message, mut level) = (ptr::null(), ptr::null(), 0);
        // SAFETY: the event is live, the others are ours to be written to.
        let code = unsafe { rd_kafka_event_log(self.ptr(), &raw mut facility, &raw mut message, &raw mut level) };
        if code != 0 {
            return None;
        }
        // SAFETY: a string of the event.
        let facility = unsafe { text(facility) }?;
        // SAFETY: a string of the event.
        let message = unsafe { text(message) }?;
        Some(Log { level, facility, message })
    }

    /// Why the call as a whole has failed.
    pub(crate) fn failure(&self) -> Option<Failure> {
        // SAFETY: the event is live.
        let code = unsafe { raw::rd_kafka_event_error(self.ptr()) };
        if code == 0 {
            return None;
        }
        // SAFETY: the event is live.
        let message = unsafe { rd_kafka_event_error_string(self.ptr()) };
        // SAFETY: belongs to the event, may be null.
        let message = unsafe { text(message) }.unwrap_or_default();
        Some(Failure { code, message })
    }

    /// The decoders call this first: on a failed call librdkafka's getters abort the process.
    pub(super) fn check(&self) -> Result<(), Failure> {
        self.failure().map_or(Ok(()), Err)
    }

    /// The groups that were listed, and the brokers' errors.
    pub(crate) fn groups_listed(&self) -> Result<(Vec<GroupListing>, Vec<Failure>), Failure> {
        self.check()?;
        // SAFETY: the event is live; null when it is another call's.
        let result = unsafe { rd_kafka_event_ListConsumerGroups_result(self.ptr()) };
        if result.is_null() {
            return Err(Failure::other_event());
        }
        let mut count = 0;
        // SAFETY: the result lives as long as the event.
        let valid = unsafe { rd_kafka_ListConsumerGroups_result_valid(result, &raw mut count) };
        // SAFETY: `count` listings.
        let valid = unsafe { slice(valid.cast_const(), count) };
        // SAFETY: each is live.
        let groups = valid.iter().map(|listing| unsafe { listed(*listing) }).collect();
        // SAFETY: as for the listings.
        let errors = unsafe { rd_kafka_ListConsumerGroups_result_errors(result, &raw mut count) };
        // SAFETY: `count` errors.
        let errors = unsafe { slice(errors.cast_const(), count) };
        // SAFETY: each is live.
        let errors = errors.iter().filter_map(|error| unsafe { failure(*error) }).collect();
        Ok((groups, errors))
    }

    /// Group ids with their descriptions, in the order asked.
    pub(crate) fn groups_described(&self, names: &mut Interner<'_>) -> Result<Vec<Described>, Failure> {
        self.check()?;
        // SAFETY: the event is live; null when it is another call's.
        let result = unsafe { rd_kafka_event_DescribeConsumerGroups_result(self.ptr()) };
        if result.is_null() {
            return Err(Failure::other_event());
        }
        let mut count = 0;
        // SAFETY: the result lives as long as the event.
        let groups = unsafe { rd_kafka_DescribeConsumerGroups_result_groups(result, &raw mut count) };
        // SAFETY: `count` descriptions.
        let groups = unsafe { slice(groups.cast_const(), count) };
        // SAFETY: each is live.
        Ok(groups.iter().map(|group| unsafe { described(*group, names) }).collect())
    }

    /// The committed offsets of the one group that was asked for.
    pub(crate) fn committed(&self, names: &mut Interner<'_>) -> Result<Vec<PartitionAnswer>, Failure> {
        self.check()?;
        // SAFETY: the event is live; null when it is another call's.
        let result = unsafe { rd_kafka_event_ListConsumerGroupOffsets_result(self.ptr()) };
        if result.is_null() {
            return Err(Failure::other_event());
        }
        let mut count = 0;
        // SAFETY: the result lives as long as the event.
        let groups = unsafe { rd_kafka_ListConsumerGroupOffsets_result_groups(result, &raw mut count) };
        // SAFETY: `count` groups.
        let groups = unsafe { slice(groups.cast_const(), count) };
        let Some(&group) = groups.first() else {
            return Err(Failure::other_event());
        };
        // SAFETY: the group is live.
        let error = unsafe { rd_kafka_group_result_error(group) };
        // SAFETY: null or live.
        if let Some(error) = unsafe { failure(error) } {
            return Err(error);
        }
        // SAFETY: the group is live.
        let list = unsafe { rd_kafka_group_result_partitions(group) };
        // SAFETY: null or live.
        Ok(unsafe { partitions(list, names) })
    }

    /// The offsets that were found.
    pub(crate) fn offsets(&self, names: &mut Interner<'_>) -> Result<Vec<PartitionAnswer>, Failure> {
        self.check()?;
        // SAFETY: the event is live; null when it is another call's.
        let result = unsafe { rd_kafka_event_ListOffsets_result(self.ptr()) };
        if result.is_null() {
            return Err(Failure::other_event());
        }
        let mut count = 0;
        // SAFETY: the result lives as long as the event.
        let infos = unsafe { rd_kafka_ListOffsets_result_infos(result, &raw mut count) };
        // SAFETY: `count` answers.
        let infos = unsafe { slice(infos.cast_const(), count) };
        let mut answers = Vec::with_capacity(infos.len());
        for &info in infos {
            // SAFETY: each is live.
            let partition = unsafe { rd_kafka_ListOffsetsResultInfo_topic_partition(info) };
            // SAFETY: it belongs to the answer; read as our own struct.
            let partition = unsafe { partition.cast::<raw::TopicPartition>().as_ref() };
            let Some(partition) = partition else { return Err(Failure::other_event()) };
            // SAFETY: live.
            let mut answer = unsafe { answer(partition, names) };
            // SAFETY: live.
            answer.timestamp = unsafe { rd_kafka_ListOffsetsResultInfo_timestamp(info) };
            answers.push(answer);
        }
        Ok(answers)
    }

    /// Broker ids with their racks.
    pub(crate) fn racks(&self) -> Result<Vec<(i32, Option<String>)>, Failure> {
        self.check()?;
        // SAFETY: the event is live; null when it is another call's.
        let result = unsafe { rd_kafka_event_DescribeCluster_result(self.ptr()) };
        if result.is_null() {
            return Err(Failure::other_event());
        }
        let mut count = 0;
        // SAFETY: the result lives as long as the event.
        let nodes = unsafe { rd_kafka_DescribeCluster_result_nodes(result, &raw mut count) };
        // SAFETY: `count` nodes.
        let nodes = unsafe { slice(nodes.cast_const(), count) };
        Ok(nodes
            .iter()
            .map(|&node| {
                // SAFETY: each is live.
                let id = unsafe { rd_kafka_Node_id(node) };
                // SAFETY: as above.
                let rack = unsafe { rd_kafka_Node_rack(node) };
                // SAFETY: null or a string of the node.
                (id, unsafe { text(rack) })
            })
            .collect())
    }
}

/// # Safety
/// `listing` must be live.
unsafe fn listed(listing: *const rd_kafka_ConsumerGroupListing_t) -> GroupListing {
    // SAFETY: live, as promised.
    let id = unsafe { rd_kafka_ConsumerGroupListing_group_id(listing) };
    // SAFETY: a string of the listing.
    let id = unsafe { text(id) }.unwrap_or_default();
    // SAFETY: live.
    let state = unsafe { raw::rd_kafka_ConsumerGroupListing_state(listing) };
    // SAFETY: live.
    let kind = unsafe { raw::rd_kafka_ConsumerGroupListing_type(listing) };
    GroupListing { id: id.into(), state: state_of(state), kind: type_of(kind) }
}

/// # Safety
/// `group` must be live.
unsafe fn described(group: *const rd_kafka_ConsumerGroupDescription_t, names: &mut Interner<'_>) -> Described {
    // SAFETY: live, as promised.
    let id = unsafe { rd_kafka_ConsumerGroupDescription_group_id(group) };
    // SAFETY: a string of the description.
    let id = unsafe { text(id) }.unwrap_or_default();
    // SAFETY: live.
    let error = unsafe { rd_kafka_ConsumerGroupDescription_error(group) };
    // SAFETY: null or live.
    if let Some(error) = unsafe { failure(error) } {
        return (id, Err(error));
    }
    // SAFETY: live.
    let state = unsafe { raw::rd_kafka_ConsumerGroupDescription_state(group) };
    // SAFETY: live.
    let kind = unsafe { raw::rd_kafka_ConsumerGroupDescription_type(group) };
    // SAFETY: live.
    let assignor = unsafe { rd_kafka_ConsumerGroupDescription_partition_assignor(group) };
    // SAFETY: null or a string of the description.
    let assignor = unsafe { text(assignor) }.unwrap_or_default();
    // SAFETY: live.
    let node = unsafe { rd_kafka_ConsumerGroupDescription_coordinator(group) };
    // SAFETY: checked for null; the node belongs to the description.
    let coordinator = (!node.is_null()).then(|| unsafe { rd_kafka_Node_id(node) }).filter(|id| *id >= 0);
    // SAFETY: live.
    let count = unsafe { rd_kafka_ConsumerGroupDescription_member_count(group) };
    let members = (0..count)
        .map(|index| {
            // SAFETY: live, and the index is below the count.
            let description = unsafe { rd_kafka_ConsumerGroupDescription_member(group, index) };
            // SAFETY: belongs to the description.
            unsafe { member(description, names) }
        })
        .collect();
    let description = GroupDescription {
        id: id.as_str().into(),
        state: state_of(state),
        kind: type_of(kind),
        // Neither is in librdkafka's descriptions.
        protocol_type: None,
        epoch: None,
        assignor,
        coordinator,
        members,
    };
    (id, Ok(description))
}

/// # Safety
/// `member` must be live.
unsafe fn member(member: *const rd_kafka_MemberDescription_t, names: &mut Interner<'_>) -> Member {
    // SAFETY: live, as promised.
    let id = unsafe { rd_kafka_MemberDescription_consumer_id(member) };
    // SAFETY: live.
    let client_id = unsafe { rd_kafka_MemberDescription_client_id(member) };
    // SAFETY: live.
    let instance_id = unsafe { rd_kafka_MemberDescription_group_instance_id(member) };
    // SAFETY: live.
    let host = unsafe { rd_kafka_MemberDescription_host(member) };
    // SAFETY: live.
    let assignment = unsafe { rd_kafka_MemberDescription_assignment(member) };
    // SAFETY: live.
    let target = unsafe { rd_kafka_MemberDescription_target_assignment(member) };
    Member {
        // SAFETY: null or a string of the member.
        id: unsafe { text(id) }.unwrap_or_default(),
        // SAFETY: as above.
        client_id: unsafe { text(client_id) }.unwrap_or_default(),
        // SAFETY: as above.
        instance_id: unsafe { text(instance_id) },
        // SAFETY: as above.
        host: unsafe { text(host) }.unwrap_or_default(),
        // SAFETY: null or live.
        assignment: unsafe { assigned(assignment, names) }.unwrap_or_default(),
        // SAFETY: null or live.
        target: unsafe { assigned(target, names) },
    }
}

/// # Safety
/// A non-null `assignment` must be live.
unsafe fn assigned(
    assignment: *const rd_kafka_MemberAssignment_t,
    names: &mut Interner<'_>,
) -> Option<Vec<TopicPartition>> {
    if assignment.is_null() {
        return None;
    }
    // SAFETY: live, as promised.
    let list = unsafe { rd_kafka_MemberAssignment_partitions(assignment) };
    // SAFETY: null or live.
    let partitions = unsafe { partitions(list, names) };
    Some(partitions.into_iter().map(|p| TopicPartition { topic: p.topic, partition: p.partition }).collect())
}

/// # Safety
/// A non-null `list` must be live.
unsafe fn partitions(list: *const rd_kafka_topic_partition_list_t, names: &mut Interner<'_>) -> Vec<PartitionAnswer> {
    // SAFETY: null or live, as promised; the list's own fields are no enums.
    let Some(list) = (unsafe { list.as_ref() }) else { return Vec::new() };
    let count = usize::try_from(list.cnt).unwrap_or(0);
    // SAFETY: `cnt` elements, read as our own struct.
    let elements = unsafe { slice(list.elems.cast_const().cast::<raw::TopicPartition>(), count) };
    // SAFETY: the elements are live.
    elements.iter().map(|element| unsafe { answer(element, names) }).collect()
}

/// # Safety
/// `partition` must be one of librdkafka's, live.
unsafe fn answer(partition: &raw::TopicPartition, names: &mut Interner<'_>) -> PartitionAnswer {
    // SAFETY: null or a string of the partition.
    let topic = unsafe { borrowed(partition.topic) }.unwrap_or_default();
    PartitionAnswer {
        topic: names.name(&topic),
        partition: partition.partition,
        offset: partition.offset,
        timestamp: -1,
        code: partition.err,
    }
}

/// `rd_kafka_consumer_group_state_t`; KIP-848's Assigning and Reconciling come as 0.
fn state_of(state: i32) -> GroupState {
    match state {
        1 => GroupState::PreparingRebalance,
        2 => GroupState::CompletingRebalance,
        3 => GroupState::Stable,
        4 => GroupState::Dead,
        5 => GroupState::Empty,
        _ => GroupState::Unknown,
    }
}

/// `rd_kafka_consumer_group_type_t`.
fn type_of(kind: i32) -> GroupType {
    match kind {
        1 => GroupType::Consumer,
        2 => GroupType::Classic,
        _ => GroupType::Unknown,
    }
}
