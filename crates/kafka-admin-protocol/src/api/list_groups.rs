//! ListGroups: the groups that a broker coordinates. States from version 4 (KIP-518), types from version 5 (KIP-848).

use bytes::BytesMut;
use kafka_admin::{ErrorCode, GroupListing, GroupState, GroupType};
use kafka_protocol::messages::ListGroupsRequest;

use super::{Api, Call, Unencodable, encode};
use crate::wire::{Malformed, Reader};

/// Asks for all groups of all types and states.
#[derive(Debug)]
pub(crate) struct ListGroups;

impl Call for ListGroups {
    /// In the broker's order.
    type Answer = Result<Vec<GroupListing>, ErrorCode>;

    const API: Api = Api { key: 16, name: "ListGroups", versions: 0..=5, flexible_from: 3 };

    fn encode(&self, version: i16, out: &mut BytesMut) -> Result<(), Unencodable> {
        encode(&ListGroupsRequest::default(), version, out)
    }

    fn decode(&self, version: i16, body: &mut Reader<'_>) -> Result<Self::Answer, Malformed> {
        if version >= 1 {
            let _throttle_time_ms = body.i32()?;
        }
        let error = body.error()?;
        let groups = body.items(3, |body| {
            let id = body.string()?.into();
            let _protocol_type = body.string()?;
            let state = if version >= 4 { group_state(body.string()?) } else { GroupState::Unknown };
            let kind = if version >= 5 { group_type(body.string()?) } else { GroupType::Unknown };
            body.tagged_fields()?;
            Ok(GroupListing { id, state, kind })
        })?;
        body.tagged_fields()?;
        Ok(error.map_or(Ok(groups), Err))
    }
}

/// A state by its name (`org.apache.kafka.common.GroupState`).
pub(crate) fn group_state(name: &str) -> GroupState {
    match name {
        "PreparingRebalance" => GroupState::PreparingRebalance,
        "CompletingRebalance" => GroupState::CompletingRebalance,
        "Stable" => GroupState::Stable,
        "Dead" => GroupState::Dead,
        "Empty" => GroupState::Empty,
        "Assigning" => GroupState::Assigning,
        "Reconciling" => GroupState::Reconciling,
        "NotReady" => GroupState::NotReady,
        _ => GroupState::Unknown,
    }
}

/// A type by its name (`org.apache.kafka.common.GroupType`).
fn group_type(name: &str) -> GroupType {
    let types = [
        ("classic", GroupType::Classic),
        ("consumer", GroupType::Consumer),
        ("share", GroupType::Share),
        ("streams", GroupType::Streams),
    ];
    let known = types.into_iter().find(|(known, _)| name.eq_ignore_ascii_case(known));
    known.map_or(GroupType::Unknown, |(_, kind)| kind)
}
