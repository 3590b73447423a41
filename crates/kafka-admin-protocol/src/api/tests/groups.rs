//! ListGroups and FindCoordinator against the codec.

use kafka_admin::{Broker, ErrorCode, GroupId, GroupListing, GroupState, GroupType};
use kafka_protocol::messages::find_coordinator_response::Coordinator;
use kafka_protocol::messages::list_groups_response::ListedGroup;
use kafka_protocol::messages::{
    FindCoordinatorRequest, FindCoordinatorResponse, ListGroupsRequest, ListGroupsResponse,
};
use proptest::prelude::*;

use super::{GROUPS, Target, aligned, answer, body, code, name, request, tags, told, unless};
use crate::api::find_coordinator::Coordinators;
use crate::api::{Call, FindCoordinator, ListGroups, text};

/// Id, protocol type, then indices of state and type.
type AnyListed = (String, String, usize, usize);

const STATES: [(&str, GroupState); 9] = [
    ("PreparingRebalance", GroupState::PreparingRebalance),
    ("CompletingRebalance", GroupState::CompletingRebalance),
    ("Stable", GroupState::Stable),
    ("Dead", GroupState::Dead),
    ("Empty", GroupState::Empty),
    ("Assigning", GroupState::Assigning),
    ("Reconciling", GroupState::Reconciling),
    ("NotReady", GroupState::NotReady),
    ("Levitating", GroupState::Unknown),
];

const TYPES: [(&str, GroupType); 6] = [
    ("Classic", GroupType::Classic),
    ("classic", GroupType::Classic),
    ("Consumer", GroupType::Consumer),
    ("Share", GroupType::Share),
    ("Streams", GroupType::Streams),
    ("", GroupType::Unknown),
];

fn any_list() -> impl Strategy<Value = (i16, Vec<AnyListed>)> {
    (code(), prop::collection::vec((name(), name(), 0..STATES.len(), 0..TYPES.len()), 0..9))
}

fn list_body(version: i16, (error, groups): &(i16, Vec<AnyListed>)) -> Vec<u8> {
    let tags = || tags::<ListGroups>(version);
    let groups = groups.iter().map(|(id, protocol, state, kind)| {
        ListedGroup::default()
            .with_group_id(text(id).into())
            .with_protocol_type(text(protocol))
            .with_group_state(text(if version >= 4 { STATES[*state].0 } else { "" }))
            .with_group_type(text(if version >= 5 { TYPES[*kind].0 } else { "" }))
            .with_unknown_tagged_fields(tags())
    });
    let response = ListGroupsResponse::default()
        .with_error_code(*error)
        .with_groups(groups.collect())
        .with_unknown_tagged_fields(tags());
    body(version, &response)
}

pub(super) fn list_groups() -> Target {
    Target::new(ListGroups, any_list(), list_body)
}

#[derive(Debug, Clone)]
struct AnyCoordinator {
    error: i16,
    id: i32,
    host: String,
    port: u16,
}

fn any_coordinators() -> impl Strategy<Value = Vec<(GroupId, AnyCoordinator)>> {
    let coordinator = (code(), 0..4i32, "[a-z]{0,9}", any::<u16>());
    told(coordinator.prop_map(|(error, id, host, port)| AnyCoordinator { error, id, host, port }))
}

fn coordinators_body(version: i16, coordinators: &[(GroupId, AnyCoordinator)]) -> Vec<u8> {
    let tags = || tags::<FindCoordinator<'_>>(version);
    // What brokers say beside an error.
    let address = |any: &AnyCoordinator| {
        if any.error == 0 { (any.id, any.host.clone(), any.port.into()) } else { (-1, String::new(), -1) }
    };
    let response = FindCoordinatorResponse::default().with_unknown_tagged_fields(tags());
    if version >= 4 {
        let coordinators = coordinators.iter().map(|(group, any)| {
            let (id, host, port) = address(any);
            Coordinator::default()
                .with_key(text(group))
                .with_node_id(id.into())
                .with_host(text(&host))
                .with_port(port)
                .with_error_code(any.error)
                .with_error_message((any.error != 0).then(|| text("words")))
                .with_unknown_tagged_fields(tags())
        });
        return body(version, &response.with_coordinators(coordinators.collect()));
    }
    let nobody = AnyCoordinator { error: 15, id: -1, host: String::new(), port: 0 };
    let any = coordinators.first().map_or(&nobody, |(_, any)| any);
    let (id, host, port) = address(any);
    let response = response.with_error_code(any.error).with_node_id(id.into()).with_host(text(&host)).with_port(port);
    let response = response.with_error_message((version >= 1).then(|| text("words")));
    body(version, &response)
}

fn expected_coordinators(coordinators: &[(GroupId, AnyCoordinator)]) -> Coordinators {
    let mut brokers: Vec<Broker> = Vec::new();
    for (_, AnyCoordinator { error, id, host, port }) in coordinators {
        if *error == 0 && brokers.iter().all(|broker| broker.id != *id) {
            brokers.push(Broker { id: *id, host: host.clone(), port: *port, rack: None });
        }
    }
    brokers.sort_by_key(|broker| broker.id);
    Coordinators { found: aligned(coordinators, |_, any| unless(any.error, any.id)), brokers }
}

pub(super) fn find_coordinator() -> Target {
    Target::new(FindCoordinator { groups: &GROUPS }, any_coordinators(), |version, any| coordinators_body(version, any))
}

proptest! {
    #[test]
    fn listed_groups_are_read_as_the_codec_writes_them(any in any_list()) {
        for version in ListGroups::API.versions {
            let read = answer(&ListGroups, version, &list_body(version, &any));
            let expected = any.1.iter().map(|(id, _, state, kind)| GroupListing {
                id: id.as_str().into(),
                state: if version >= 4 { STATES[*state].1 } else { GroupState::Unknown },
                kind: if version >= 5 { TYPES[*kind].1 } else { GroupType::Unknown },
            });
            prop_assert_eq!(read, unless(any.0, expected.collect()), "version {}", version);
        }
    }

    #[test]
    fn coordinators_of_many_groups_are_read_as_the_codec_writes_them(any in any_coordinators()) {
        for version in 4..=6 {
            let read = answer(&FindCoordinator { groups: &GROUPS }, version, &coordinators_body(version, &any));
            prop_assert_eq!(read, expected_coordinators(&any), "version {}", version);
        }
    }

    #[test]
    fn the_coordinator_of_one_group_is_read_as_the_codec_writes_it(any in any_coordinators()) {
        for version in 0..=3 {
            let one = any.first().map_or((GROUPS[0].clone(), Err(ErrorCode(15))), |(group, any)| {
                (group.clone(), unless(any.error, any.id))
            });
            let call = FindCoordinator { groups: std::slice::from_ref(&one.0) };
            let read = answer(&call, version, &coordinators_body(version, &any));
            prop_assert_eq!(&read.found[..], &[Some(one.1)]);
            prop_assert_eq!(read.brokers.iter().map(|broker| broker.id).collect::<Vec<_>>(), Vec::from_iter(one.1));
        }
    }
}

#[test]
fn all_groups_are_asked_for() {
    for version in ListGroups::API.versions {
        let request: ListGroupsRequest = request(&ListGroups, version);
        assert!(request.states_filter.is_empty() && request.types_filter.is_empty());
    }
}

#[test]
fn coordinators_are_asked_for_many_groups_at_once_from_version_4_on() {
    for version in FindCoordinator::API.versions {
        if version >= 4 {
            let request: FindCoordinatorRequest = request(&FindCoordinator { groups: &GROUPS }, version);
            let keys: Vec<_> = request.coordinator_keys.iter().map(|key| key.as_str()).collect();
            assert_eq!((keys, request.key_type), (GROUPS.iter().map(|group| &**group).collect(), 0));
            continue;
        }
        let request: FindCoordinatorRequest = request(&FindCoordinator { groups: &GROUPS[..1] }, version);
        assert_eq!((request.key.as_str(), request.key_type), ("g0", 0));
        for groups in [&GROUPS[..0], &GROUPS[..2]] {
            let refused = FindCoordinator { groups }.encode(version, &mut bytes::BytesMut::new());
            assert!(refused.is_err(), "version {version}, {} groups", groups.len());
        }
    }
}
