//! kafka-vitals' second engine: [`KafkaAdmin`] on Kafka's own protocol.
//!
//! A collection asks each broker for everything that it leads or coordinates in one request per kind, so that its cost
//! grows with brokers, not with groups or partitions. Requests are encoded by `kafka-protocol`; answers are read by
//! readers of our own, straight into the types of `kafka-admin`: its decoders reserve memory for whatever length an
//! answer claims (six bytes can ask for 326 GB, which aborts the process), ours for what the bytes at hand can hold.

mod api;
mod brokers;
mod connection;
mod connections;
mod describe;
mod groups;
mod markers;
mod metadata;
mod offsets;
mod properties;
mod sasl;
#[cfg(test)]
mod tests;
mod tls;
mod wire;

use std::time::Instant;

use async_trait::async_trait;
use kafka_admin::{
    AdminError, ClientConfig, Cluster, CommittedOffset, ConfigEntry, ConfigResource, FoundOffset, GroupDescription,
    GroupRef, GroupsListed, Isolation, KafkaAdmin, LogDir, OffsetQuery, OffsetRange, Quorum, RegisteredBroker,
    RequestTime,
};

pub use properties::is_honoured;

use crate::brokers::Brokers;

/// A connection to one cluster. Calls need a tokio runtime around them.
#[derive(Debug)]
pub struct ProtocolAdmin {
    brokers: Brokers,
}

impl ProtocolAdmin {
    /// Reads certificates and checks the configuration. Nothing is connected yet, so an unreachable cluster is no error
    /// here.
    ///
    /// # Errors
    /// [`AdminError::Client`] for what is contradictory, cannot be read, or cannot be honoured by this engine; the text
    /// has no secret.
    pub fn new(config: &ClientConfig) -> Result<Self, AdminError> {
        Ok(Self { brokers: Brokers::new(config)? })
    }
}

#[async_trait]
impl KafkaAdmin for ProtocolAdmin {
    fn engine(&self) -> &'static str {
        "protocol"
    }

    async fn cluster(&self, deadline: Instant) -> Result<Cluster, AdminError> {
        metadata::cluster(&self.brokers, deadline).await
    }

    async fn list_groups(&self, deadline: Instant) -> Result<GroupsListed, AdminError> {
        groups::list(&self.brokers, deadline).await
    }

    async fn describe_groups(
        &self,
        groups: &[GroupRef],
        deadline: Instant,
    ) -> Vec<Result<GroupDescription, AdminError>> {
        groups::describe(&self.brokers, groups, deadline).await
    }

    async fn committed(&self, groups: &[GroupRef], deadline: Instant) -> Vec<Result<Vec<CommittedOffset>, AdminError>> {
        groups::committed(&self.brokers, groups, deadline).await
    }

    async fn offsets(
        &self,
        queries: &[OffsetQuery],
        isolation: Isolation,
        deadline: Instant,
    ) -> Vec<Result<FoundOffset, AdminError>> {
        offsets::find(&self.brokers, queries, isolation, deadline).await
    }

    async fn quorum(&self, deadline: Instant) -> Result<Quorum, AdminError> {
        describe::quorum(&self.brokers, deadline).await
    }

    async fn registered_brokers(&self, deadline: Instant) -> Result<Vec<RegisteredBroker>, AdminError> {
        describe::registered_brokers(&self.brokers, deadline).await
    }

    async fn log_dirs(&self, brokers: &[i32], deadline: Instant) -> Vec<Result<Vec<LogDir>, AdminError>> {
        describe::log_dirs(&self.brokers, brokers, deadline).await
    }

    async fn configs(
        &self,
        resources: &[ConfigResource],
        names: Option<&[&str]>,
        deadline: Instant,
    ) -> Vec<Result<Vec<ConfigEntry>, AdminError>> {
        describe::configs(&self.brokers, resources, names, deadline).await
    }

    async fn only_control_records(&self, ranges: &[OffsetRange], deadline: Instant) -> Vec<Result<bool, AdminError>> {
        markers::only(&self.brokers, ranges, deadline).await
    }

    fn request_times(&self) -> Option<Vec<RequestTime>> {
        Some(self.brokers.request_times())
    }
}
