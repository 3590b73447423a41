//! A member that joins and then says nothing: a group in, the same group in the midst of a rebalance that does not end out.

use std::time::Duration;

use bytes::{BufMut, BytesMut};
use kafka_protocol::{
    ResponseError,
    messages::{
        ApiKey, ConsumerProtocolSubscription, JoinGroupRequest, JoinGroupResponse,
        join_group_request::JoinGroupRequestProtocol,
    },
    protocol::{Encodable, StrBytes},
};

use crate::{Kafka, LabError, Result, state::topics::check, wire::Connection};

/// JoinGroup v5 is known to brokers from 2.3 on; a newcomer is given its member id first (KIP-394).
const JOIN_GROUP: i16 = 5;
const SUBSCRIPTION: i16 = 0;

/// No member joined before, so nobody is waited for.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long Kafka waits for a word of it: `group.min.session.timeout.ms` to `group.max.session.timeout.ms`, 6 s to half an hour.
const SESSION_MS: i32 = 600_000;

impl Kafka {
    /// Joins a group that has committed and has no members, under the classic protocol, as its leader, who is to assign the partitions.
    /// It never does: the group stays in `CompletingRebalance` with one member, for ten minutes.
    ///
    /// # Errors
    /// When there is no such group.
    pub fn join_silently(&self, group: &str, topics: &[&str]) -> Result<()> {
        let groups = self.groups()?;
        let listed = groups.get(group).ok_or_else(|| LabError::Input(format!("there is no group {group}")))?;
        let mut connection = Connection::open(&listed.address, TIMEOUT)?;
        let request = request(group, topics)?;
        let newcomer: JoinGroupResponse = connection.call(ApiKey::JoinGroup, JOIN_GROUP, &request)?;
        if newcomer.error_code != ResponseError::MemberIdRequired.code() {
            return check(newcomer.error_code, || format!("join group {group}"));
        }
        let request = request.with_member_id(newcomer.member_id);
        let joined: JoinGroupResponse = connection.call(ApiKey::JoinGroup, JOIN_GROUP, &request)?;
        check(joined.error_code, || format!("join group {group}"))
    }
}

fn request(group: &str, topics: &[&str]) -> Result<JoinGroupRequest> {
    let text = |text: &str| StrBytes::from_string(text.into());
    let subscription =
        ConsumerProtocolSubscription::default().with_topics(topics.iter().map(|topic| text(topic)).collect());
    let mut metadata = BytesMut::new();
    metadata.put_i16(SUBSCRIPTION);
    subscription
        .encode(&mut metadata, SUBSCRIPTION)
        .map_err(|error| LabError::Input(format!("no subscription to {topics:?}: {error}")))?;
    let protocol = JoinGroupRequestProtocol::default().with_name(text("range")).with_metadata(metadata.freeze());
    Ok(JoinGroupRequest::default()
        .with_group_id(text(group).into())
        .with_session_timeout_ms(SESSION_MS)
        .with_rebalance_timeout_ms(SESSION_MS)
        .with_protocol_type(text("consumer"))
        .with_protocols(vec![protocol]))
}
