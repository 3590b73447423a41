//! Groups as Kafka sees them: nothing in; state, type and members out.

use std::{collections::BTreeMap, time::Duration};

use kafka_protocol::{
    messages::{
        ApiKey, ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse, DeleteGroupsRequest, DeleteGroupsResponse,
        DescribeGroupsRequest, DescribeGroupsResponse, ListGroupsRequest, ListGroupsResponse,
    },
    protocol::StrBytes,
};

use crate::{Kafka, LabError, Result, state::topics::check, wait_until, wire::Connection};

/// ListGroups v5 has the type (brokers from 3.8 on); before, classic groups are all there are.
const LIST_GROUPS: i16 = 5;
const DESCRIBE_GROUPS: i16 = 5;
const CONSUMER_GROUP_DESCRIBE: i16 = 0;
const DELETE_GROUPS: i16 = 2;

const TIMEOUT: Duration = Duration::from_secs(10);

/// A group in a broker's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// `Stable`, `Empty`, `PreparingRebalance`, ..., as Kafka writes it.
    pub state: String,
    /// `classic`, `consumer`, `share` or `streams`; `classic` where the broker does not tell.
    pub kind: String,
    /// `consumer` for consumers, `connect` for Kafka Connect, empty where nobody ever joined.
    pub protocol: String,
    /// The coordinator's node id.
    pub coordinator: i32,
    pub(super) address: String,
}

impl Kafka {
    /// All groups of all brokers, by name.
    ///
    /// # Errors
    /// When one of the brokers in Metadata does not answer.
    pub fn groups(&self) -> Result<BTreeMap<String, Group>> {
        let mut groups = BTreeMap::new();
        for (coordinator, address) in self.metadata(Some(&[]))?.brokers {
            let mut connection = Connection::open(&address, TIMEOUT)?;
            let version = connection.newest(ApiKey::ListGroups, LIST_GROUPS)?;
            let response: ListGroupsResponse =
                connection.call(ApiKey::ListGroups, version, &ListGroupsRequest::default())?;
            check(response.error_code, || format!("list the groups of broker {coordinator}"))?;
            for group in response.groups {
                let kind = if version < LIST_GROUPS { "classic".into() } else { group.group_type.to_lowercase() };
                let listed = Group {
                    state: group.group_state.to_string(),
                    kind,
                    protocol: group.protocol_type.to_string(),
                    coordinator,
                    address: address.clone(),
                };
                groups.insert(group.group_id.to_string(), listed);
            }
        }
        Ok(groups)
    }

    /// How many members a group has, and how many of them have partitions; both kinds of consumer groups.
    ///
    /// # Errors
    /// When there is no such group.
    pub fn members(&self, group: &str) -> Result<(usize, usize)> {
        let groups = self.groups()?;
        let listed = groups.get(group).ok_or_else(|| LabError::Input(format!("there is no group {group}")))?;
        let mut connection = Connection::open(&listed.address, TIMEOUT)?;
        let ids = vec![StrBytes::from_string(group.into()).into()];
        let what = || format!("describe group {group}");
        if listed.kind == "consumer" {
            let request = ConsumerGroupDescribeRequest::default().with_group_ids(ids);
            let response: ConsumerGroupDescribeResponse =
                connection.call(ApiKey::ConsumerGroupDescribe, CONSUMER_GROUP_DESCRIBE, &request)?;
            let described = response.groups.first().ok_or_else(|| LabError::Input(format!("no group {group}")))?;
            check(described.error_code, what)?;
            let assigned =
                described.members.iter().filter(|member| !member.assignment.topic_partitions.is_empty()).count();
            Ok((described.members.len(), assigned))
        } else {
            let request = DescribeGroupsRequest::default().with_groups(ids);
            let response: DescribeGroupsResponse =
                connection.call(ApiKey::DescribeGroups, DESCRIBE_GROUPS, &request)?;
            let described = response.groups.first().ok_or_else(|| LabError::Input(format!("no group {group}")))?;
            check(described.error_code, what)?;
            let assigned = described.members.iter().filter(|member| !member.member_assignment.is_empty()).count();
            Ok((described.members.len(), assigned))
        }
    }

    /// Deletes a group that has no members, with its committed offsets.
    ///
    /// # Errors
    /// When there is no such group, or [`LabError::Kafka`] for one that has members.
    pub fn delete_group(&self, group: &str) -> Result<()> {
        let groups = self.groups()?;
        let listed = groups.get(group).ok_or_else(|| LabError::Input(format!("there is no group {group}")))?;
        let request =
            DeleteGroupsRequest::default().with_groups_names(vec![StrBytes::from_string(group.into()).into()]);
        let response: DeleteGroupsResponse =
            Connection::open(&listed.address, TIMEOUT)?.call(ApiKey::DeleteGroups, DELETE_GROUPS, &request)?;
        response.results.iter().try_for_each(|result| check(result.error_code, || format!("delete group {group}")))
    }

    /// Waits until a group is `Stable` with `members` members, all with partitions.
    ///
    /// # Errors
    /// [`LabError::Timeout`] with the state last seen.
    pub fn await_stable(&self, group: &str, members: usize, timeout: Duration) -> Result<()> {
        wait_until(timeout, &format!("group {group} to be Stable with {members} members"), || {
            let state = self.groups().map_err(|error| error.to_string())?.remove(group).map(|listed| listed.state);
            if state.as_deref() != Some("Stable") {
                return Err(format!("state {state:?}"));
            }
            match self.members(group) {
                Ok((all, assigned)) if all == members && assigned == members => Ok(()),
                Ok((all, assigned)) => Err(format!("{all} members, {assigned} with partitions")),
                Err(error) => Err(error.to_string()),
            }
        })
    }

    /// Waits until a group is in that state (`Empty`, `Stable`, ...).
    ///
    /// # Errors
    /// [`LabError::Timeout`] with the state last seen.
    pub fn await_state(&self, group: &str, state: &str, timeout: Duration) -> Result<()> {
        wait_until(timeout, &format!("group {group} to be {state}"), || {
            let seen = self.groups().map_err(|error| error.to_string())?.remove(group).map(|listed| listed.state);
            if seen.as_deref() == Some(state) { Ok(()) } else { Err(format!("state {seen:?}")) }
        })
    }
}
