//! kafka-vitals' first engine: [`KafkaAdmin`] on librdkafka, which knows every way of authenticating to a Kafka.
//!
//! rdkafka's safe `AdminClient` lacks every call that is needed here, so the C admin API is called on a handle of our
//! own; the module `ffi` holds all unsafe code of the project. librdkafka asks for one group per request: a collection
//! costs the brokers one request per group for its offsets, and one (KIP-848) or two (classic) for its description.
//!
//! What it cannot tell: KIP-848's Assigning and Reconciling (a group in them is
//! [`GroupState::Unknown`](kafka_admin::GroupState)), share groups and Connect's worker groups (never listed), topic ids.
//! What Kafka itself does not tell: a coordinator that is still loading its groups may list none, without an error.

mod cluster;
mod config;
mod configs;
mod context;
mod error;
mod faults;
#[expect(unsafe_code, reason = "the C admin API; every other crate and module denies it")]
mod ffi;
mod groups;
mod known;
mod lanes;
mod names;
mod offsets;
mod pending;
mod shared;
mod tokens;

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use kafka_admin::{
    AdminError, ClientConfig, Cluster, CommittedOffset, ConfigEntry, ConfigResource, FoundOffset, GroupDescription,
    GroupId, GroupRef, GroupsListed, Isolation, KafkaAdmin, OffsetQuery, Sasl,
};
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka_sys::RDKafkaConfRes;

use crate::context::Context;
use crate::ffi::Client;
use crate::shared::Shared;
use crate::tokens::Tokens;

/// A connection to one cluster. Calls need a tokio runtime around them. Dropping it ends the connection in the
/// background.
#[derive(Debug)]
pub struct LibrdkafkaAdmin {
    shared: Arc<Shared>,
}

impl LibrdkafkaAdmin {
    /// Sets up the client. Nothing is connected yet, so an unreachable cluster is no error here. With OAUTHBEARER, the
    /// provider's tokens are asked for in the tokio runtime around this call.
    ///
    /// # Errors
    /// [`AdminError::Client`] for a configuration that is contradictory, that names a property that librdkafka does not
    /// know, or a value that it does not take; the text has the property's name and no value.
    pub fn new(config: &ClientConfig) -> Result<Self, AdminError> {
        let properties = config::properties(config)?;
        let secrets = config::secrets(&properties);
        let mut native: rdkafka::ClientConfig =
            properties.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        // rdkafka would take the level from the `log` crate, which says nothing about ours.
        native.set_log_level(if properties.contains_key("debug") {
            RDKafkaLogLevel::Debug
        } else {
            RDKafkaLogLevel::Info
        });
        let tokens = match &config.security.sasl {
            Some(Sasl::OAuthBearer { tokens }) => Some(Tokens::new(Arc::clone(tokens))?),
            _ => None,
        };
        let client = Client::new(&native, tokens.is_some()).map_err(|error| refusal(&error, &secrets))?;
        let shared = Arc::new(Shared::new(client, Context::new(secrets), tokens));
        let served = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("kafka-admin".to_owned())
            // The thread usually has the last reference when it ends: the handle's destruction, which may block, blocks
            // nobody else.
            .spawn(move || served.serve())
            .map_err(|error| AdminError::Client { message: format!("cannot start a thread: {error}") })?;
        Ok(Self { shared })
    }

    /// Ends all calls that are under way with an error, and refuses later ones. [`Drop`] does it too.
    pub fn close(&self) {
        self.shared.close();
    }

    /// Calls to librdkafka whose answer has not come yet, given up or not: what bounds this engine's memory.
    pub fn in_flight(&self) -> usize {
        self.shared.in_flight()
    }
}

impl Drop for LibrdkafkaAdmin {
    fn drop(&mut self) {
        self.close();
    }
}

#[async_trait]
impl KafkaAdmin for LibrdkafkaAdmin {
    fn engine(&self) -> &'static str {
        "librdkafka"
    }

    fn unsupported(&self) -> &'static [&'static str] {
        &[
            "DescribeCluster",
            "DescribeLogDirs",
            "DescribeQuorum",
            "DescribeShareGroupOffsets",
            "Fetch",
            "ShareGroupDescribe",
            "StreamsGroupDescribe",
        ]
    }

    async fn cluster(&self, deadline: Instant) -> Result<Cluster, AdminError> {
        cluster::describe(&self.shared, deadline).await
    }

    async fn list_groups(&self, deadline: Instant) -> Result<GroupsListed, AdminError> {
        groups::list(&self.shared, deadline).await
    }

    async fn describe_groups(
        &self,
        groups: &[GroupRef],
        deadline: Instant,
    ) -> Vec<Result<GroupDescription, AdminError>> {
        let mut described = groups::describe(&self.shared, &ids(groups), deadline).await;
        for (group, described) in groups.iter().zip(&mut described) {
            // librdkafka does not say which of its two calls failed: the one of the group's protocol has.
            if let Err(AdminError::Broker { call, .. }) = described {
                *call = group.kind.describe_call();
            }
        }
        described
    }

    async fn committed(&self, groups: &[GroupRef], deadline: Instant) -> Vec<Result<Vec<CommittedOffset>, AdminError>> {
        groups::committed(&self.shared, &ids(groups), deadline).await
    }

    async fn offsets(
        &self,
        queries: &[OffsetQuery],
        isolation: Isolation,
        deadline: Instant,
    ) -> Vec<Result<FoundOffset, AdminError>> {
        offsets::find(&self.shared, queries, isolation, deadline).await
    }

    async fn configs(
        &self,
        resources: &[ConfigResource],
        names: Option<&[&str]>,
        deadline: Instant,
    ) -> Vec<Result<Vec<ConfigEntry>, AdminError>> {
        configs::describe(&self.shared, resources, names, deadline).await
    }
}

/// librdkafka finds out itself which protocol a group speaks; share and streams groups it never lists.
fn ids(groups: &[GroupRef]) -> Vec<GroupId> {
    groups.iter().map(|group| group.id.clone()).collect()
}

/// librdkafka's texts about a property quote its value, so they are not passed on.
fn refusal(error: &KafkaError, secrets: &[String]) -> AdminError {
    let message = match error {
        KafkaError::ClientConfig(RDKafkaConfRes::RD_KAFKA_CONF_UNKNOWN, _, key, _) => {
            format!("unknown librdkafka property {key:?}")
        }
        KafkaError::ClientConfig(_, _, key, _) => format!("librdkafka does not accept the value given for {key:?}"),
        KafkaError::ClientCreation(message) => format!("librdkafka: {}", config::redact(message.trim(), secrets)),
        error => format!("librdkafka: {}", config::redact(&error.to_string(), secrets)),
    };
    AdminError::Client { message }
}
