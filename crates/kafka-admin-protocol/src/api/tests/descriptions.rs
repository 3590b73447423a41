//! DescribeGroups, ConsumerGroupDescribe and ShareGroupDescribe against the codec.

use bytes::{BufMut, Bytes, BytesMut};
use kafka_admin::{ErrorCode, GroupDescription, GroupId, GroupState, GroupType, Member, TopicPartition};
use kafka_protocol::messages::consumer_protocol_assignment::TopicPartition as AssignedTopic;
use kafka_protocol::messages::{
    ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse, ConsumerProtocolAssignment, DescribeGroupsRequest,
    DescribeGroupsResponse, ShareGroupDescribeRequest, ShareGroupDescribeResponse, consumer_group_describe_response,
    describe_groups_response, share_group_describe_response,
};
use kafka_protocol::protocol::Encodable;
use proptest::prelude::*;

use super::{GROUPS, NAMES, Target, aligned, answer, body, code, id_of, name, request, tags, told, topics, unless};
use crate::api::{Call, ConsumerGroupDescribe, DescribeGroups, ShareGroupDescribe, text};

#[derive(Debug, Clone)]
struct AnyMember {
    id: String,
    instance: Option<String>,
    client: String,
    host: String,
    rack: Option<String>,
    subscribed: Vec<String>,
    assignment: Vec<(String, Vec<i32>)>,
    target: Vec<(String, Vec<i32>)>,
    /// Of what a classic client writes: its version, and whether the end is lost.
    encoding: (i16, bool),
}

#[derive(Debug, Clone)]
struct AnyGroup {
    error: i16,
    is_stable: bool,
    is_consumer: bool,
    assignor: String,
    epoch: i32,
    members: Vec<AnyMember>,
}

fn any_groups() -> impl Strategy<Value = Vec<(GroupId, AnyGroup)>> {
    let texts = (name(), prop::option::of(name()), name(), name(), prop::option::of(name()));
    let assignments = (topics(0..9i32), topics(0..9i32), (0..9i16, prop::bool::weighted(0.2)));
    let member = (texts, prop::collection::vec(name(), 0..3), assignments).prop_map(
        |((id, instance, client, host, rack), subscribed, (assignment, target, encoding))| AnyMember {
            id,
            instance,
            client,
            host,
            rack,
            subscribed,
            assignment,
            target,
            encoding,
        },
    );
    let kind = (any::<bool>(), any::<bool>());
    let group = (code(), kind, name(), any::<i32>(), prop::collection::vec(member, 0..4));
    told(group.prop_map(|(error, (is_stable, is_consumer), assignor, epoch, members)| AnyGroup {
        error,
        is_stable,
        is_consumer,
        assignor,
        epoch,
        members,
    }))
}

fn state(group: &AnyGroup) -> &'static str {
    if group.is_stable { "Stable" } else { "Empty" }
}

fn protocol_type(group: &AnyGroup) -> &'static str {
    if group.is_consumer { "consumer" } else { "connect" }
}

fn expected_assignment(topics: &[(String, Vec<i32>)]) -> Vec<TopicPartition> {
    let all = topics.iter().flat_map(|(topic, partitions)| partitions.iter().map(move |partition| (topic, *partition)));
    all.map(|(topic, partition)| TopicPartition { topic: topic.as_str().into(), partition }).collect()
}

fn expected_group(
    kind: GroupType,
    id: &GroupId,
    group: &AnyGroup,
    member: impl Fn(&AnyMember) -> Member,
) -> Result<GroupDescription, ErrorCode> {
    unless(
        group.error,
        GroupDescription {
            id: id.clone(),
            state: if group.is_stable { GroupState::Stable } else { GroupState::Empty },
            kind,
            protocol_type: (kind == GroupType::Classic).then(|| protocol_type(group).to_owned()),
            assignor: group.assignor.clone(),
            epoch: (kind != GroupType::Classic).then_some(group.epoch),
            coordinator: None,
            members: group.members.iter().map(member).collect(),
        },
    )
}

/// What a client writes, in versions that the codec does not know yet too. User data follows, or null.
fn assignment_bytes(member: &AnyMember) -> Bytes {
    let topics = member.assignment.iter().map(|(topic, partitions)| {
        AssignedTopic::default().with_topic(text(topic).into()).with_partitions(partitions.clone())
    });
    let (version, is_cut) = member.encoding;
    let user_data = Some(Bytes::from_static(b"data")).filter(|_| version % 2 == 0);
    let length = 4 + user_data.as_ref().map_or(0, Bytes::len);
    let assignment =
        ConsumerProtocolAssignment::default().with_assigned_partitions(topics.collect()).with_user_data(user_data);
    let mut out = BytesMut::new();
    out.put_i16(version);
    assignment.encode(&mut out, 0).expect("the codec encodes it");
    if is_cut {
        // Into what counts: user data could be lost without harm.
        out.truncate(out.len() - length - 1);
    }
    out.freeze()
}

fn classic_body(version: i16, groups: &[(GroupId, AnyGroup)]) -> Vec<u8> {
    use describe_groups_response::{DescribedGroup, DescribedGroupMember};
    let tags = || tags::<DescribeGroups<'_>>(version);
    let member = |member: &AnyMember| {
        DescribedGroupMember::default()
            .with_member_id(text(&member.id))
            .with_group_instance_id(member.instance.as_deref().filter(|_| version >= 4).map(text))
            .with_client_id(text(&member.client))
            .with_client_host(text(&member.host))
            .with_member_metadata(Bytes::from_static(b"\xff\xfe"))
            .with_member_assignment(assignment_bytes(member))
            .with_unknown_tagged_fields(tags())
    };
    let groups = groups.iter().map(|(id, group)| {
        DescribedGroup::default()
            .with_error_code(group.error)
            .with_error_message((version >= 6).then(|| text("words")))
            .with_group_id(text(id).into())
            .with_group_state(text(state(group)))
            .with_protocol_type(text(protocol_type(group)))
            .with_protocol_data(text(&group.assignor))
            .with_members(group.members.iter().map(member).collect())
            .with_unknown_tagged_fields(tags())
    });
    let response = DescribeGroupsResponse::default().with_groups(groups.collect());
    body(version, &response.with_unknown_tagged_fields(tags()))
}

fn expected_classic(version: i16, id: &GroupId, group: &AnyGroup) -> Result<GroupDescription, ErrorCode> {
    expected_group(GroupType::Classic, id, group, |member| {
        let is_read = group.is_consumer && !member.encoding.1;
        Member {
            id: member.id.clone(),
            client_id: member.client.clone(),
            instance_id: member.instance.clone().filter(|_| version >= 4),
            host: member.host.clone(),
            assignment: if is_read { expected_assignment(&member.assignment) } else { Vec::new() },
            target: None,
        }
    })
}

pub(super) fn classic() -> Target {
    let call = DescribeGroups { groups: &GROUPS, names: &NAMES };
    Target::new(call, any_groups(), |version, any| classic_body(version, any))
}

fn consumer_body(version: i16, groups: &[(GroupId, AnyGroup)]) -> Vec<u8> {
    use consumer_group_describe_response::{Assignment, DescribedGroup, Member, TopicPartitions};
    let tags = || tags::<ConsumerGroupDescribe<'_>>(version);
    let assignment = |topics: &[(String, Vec<i32>)]| {
        let topics = topics.iter().map(|(topic, partitions)| {
            TopicPartitions::default()
                .with_topic_id(id_of(7).topic_id)
                .with_topic_name(text(topic).into())
                .with_partitions(partitions.clone())
                .with_unknown_tagged_fields(tags())
        });
        Assignment::default().with_topic_partitions(topics.collect()).with_unknown_tagged_fields(tags())
    };
    let member = |member: &AnyMember| {
        Member::default()
            .with_member_id(text(&member.id))
            .with_instance_id(member.instance.as_deref().map(text))
            .with_rack_id(member.rack.as_deref().map(text))
            .with_client_id(text(&member.client))
            .with_client_host(text(&member.host))
            .with_subscribed_topic_names(member.subscribed.iter().map(|topic| text(topic).into()).collect())
            .with_subscribed_topic_regex(member.rack.as_deref().map(text))
            .with_assignment(assignment(&member.assignment))
            .with_target_assignment(assignment(&member.target))
            .with_member_type(if version >= 1 { 1 } else { -1 })
            .with_unknown_tagged_fields(tags())
    };
    let groups = groups.iter().map(|(id, group)| {
        DescribedGroup::default()
            .with_error_code(group.error)
            .with_error_message((group.error != 0).then(|| text("words")))
            .with_group_id(text(id).into())
            .with_group_state(text(state(group)))
            .with_group_epoch(group.epoch)
            .with_assignor_name(text(&group.assignor))
            .with_members(group.members.iter().map(member).collect())
            .with_unknown_tagged_fields(tags())
    });
    let response = ConsumerGroupDescribeResponse::default().with_groups(groups.collect());
    body(version, &response.with_unknown_tagged_fields(tags()))
}

fn expected_consumer(id: &GroupId, group: &AnyGroup) -> Result<GroupDescription, ErrorCode> {
    expected_group(GroupType::Consumer, id, group, |member| Member {
        id: member.id.clone(),
        client_id: member.client.clone(),
        instance_id: member.instance.clone(),
        host: member.host.clone(),
        assignment: expected_assignment(&member.assignment),
        target: Some(expected_assignment(&member.target)),
    })
}

pub(super) fn consumer() -> Target {
    let call = ConsumerGroupDescribe { groups: &GROUPS, names: &NAMES };
    Target::new(call, any_groups(), |version, any| consumer_body(version, any))
}

fn share_body(version: i16, groups: &[(GroupId, AnyGroup)]) -> Vec<u8> {
    use share_group_describe_response::{Assignment, DescribedGroup, Member, TopicPartitions};
    let tags = || tags::<ShareGroupDescribe<'_>>(version);
    let assignment = |topics: &[(String, Vec<i32>)]| {
        let topics = topics.iter().map(|(topic, partitions)| {
            TopicPartitions::default()
                .with_topic_id(id_of(7).topic_id)
                .with_topic_name(text(topic).into())
                .with_partitions(partitions.clone())
                .with_unknown_tagged_fields(tags())
        });
        Assignment::default().with_topic_partitions(topics.collect()).with_unknown_tagged_fields(tags())
    };
    let member = |member: &AnyMember| {
        Member::default()
            .with_member_id(text(&member.id))
            .with_rack_id(member.rack.as_deref().map(text))
            .with_client_id(text(&member.client))
            .with_client_host(text(&member.host))
            .with_subscribed_topic_names(member.subscribed.iter().map(|topic| text(topic).into()).collect())
            .with_assignment(assignment(&member.assignment))
            .with_unknown_tagged_fields(tags())
    };
    let groups = groups.iter().map(|(id, group)| {
        DescribedGroup::default()
            .with_error_code(group.error)
            .with_group_id(text(id).into())
            .with_group_state(text(state(group)))
            .with_group_epoch(group.epoch)
            .with_assignor_name(text(&group.assignor))
            .with_members(group.members.iter().map(member).collect())
            .with_unknown_tagged_fields(tags())
    });
    let response = ShareGroupDescribeResponse::default().with_groups(groups.collect());
    body(version, &response.with_unknown_tagged_fields(tags()))
}

fn expected_share(id: &GroupId, group: &AnyGroup) -> Result<GroupDescription, ErrorCode> {
    expected_group(GroupType::Share, id, group, |member| Member {
        id: member.id.clone(),
        client_id: member.client.clone(),
        instance_id: None,
        host: member.host.clone(),
        assignment: expected_assignment(&member.assignment),
        target: None,
    })
}

pub(super) fn share() -> Target {
    let call = ShareGroupDescribe { groups: &GROUPS, names: &NAMES };
    Target::new(call, any_groups(), |version, any| share_body(version, any))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn classic_groups_are_read_as_the_codec_writes_them(any in any_groups()) {
        for version in DescribeGroups::API.versions {
            let call = DescribeGroups { groups: &GROUPS, names: &NAMES };
            let read = answer(&call, version, &classic_body(version, &any));
            let expected = aligned(&any, |id, group| expected_classic(version, id, group));
            prop_assert_eq!(read, expected, "version {}", version);
        }
    }

    #[test]
    fn consumer_groups_are_read_as_the_codec_writes_them(any in any_groups()) {
        for version in ConsumerGroupDescribe::API.versions {
            let call = ConsumerGroupDescribe { groups: &GROUPS, names: &NAMES };
            let read = answer(&call, version, &consumer_body(version, &any));
            prop_assert_eq!(read, aligned(&any, expected_consumer), "version {}", version);
        }
    }

    #[test]
    fn share_groups_are_read_as_the_codec_writes_them(any in any_groups()) {
        let call = ShareGroupDescribe { groups: &GROUPS, names: &NAMES };
        let read = answer(&call, 1, &share_body(1, &any));
        prop_assert_eq!(read, aligned(&any, expected_share));
    }
}

#[test]
fn groups_are_described_many_at_a_time() {
    let asked = |ids: &[kafka_protocol::messages::GroupId]| {
        assert_eq!(ids.iter().map(|id| id.as_str()).collect::<Vec<_>>(), ["g0", "g1", "g2", "g3", "g4", "g5"]);
    };
    for version in DescribeGroups::API.versions {
        let request: DescribeGroupsRequest = request(&DescribeGroups { groups: &GROUPS, names: &NAMES }, version);
        asked(&request.groups);
    }
    for version in ConsumerGroupDescribe::API.versions {
        let request: ConsumerGroupDescribeRequest =
            request(&ConsumerGroupDescribe { groups: &GROUPS, names: &NAMES }, version);
        asked(&request.group_ids);
    }
    let request: ShareGroupDescribeRequest = request(&ShareGroupDescribe { groups: &GROUPS, names: &NAMES }, 1);
    asked(&request.group_ids);
}
