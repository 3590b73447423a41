//! An engine that can be exchanged while it is in use. In: calls; out: the answers of the engine that was current when each
//! call began.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use async_trait::async_trait;
use kafka_admin::{
    AdminError, Cluster, CommittedOffset, ConfigEntry, ConfigResource, FoundOffset, GroupDescription, GroupRef,
    GroupsListed, Isolation, KafkaAdmin, LogDir, OffsetQuery, OffsetRange, Quorum, RegisteredBroker, RequestTime,
};

/// See the module.
#[derive(Debug)]
pub struct Renewable(RwLock<Arc<dyn KafkaAdmin>>);

impl Renewable {
    /// Begins with this engine.
    pub fn new(admin: Arc<dyn KafkaAdmin>) -> Self {
        Self(RwLock::new(admin))
    }

    /// Calls from now on go to `admin`. The engine before it ends when its last call has its answer.
    pub fn replace(&self, admin: Arc<dyn KafkaAdmin>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = admin;
    }

    fn current(&self) -> Arc<dyn KafkaAdmin> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl KafkaAdmin for Renewable {
    fn engine(&self) -> &'static str {
        self.current().engine()
    }

    fn unsupported(&self) -> &'static [&'static str] {
        self.current().unsupported()
    }

    async fn cluster(&self, deadline: Instant) -> Result<Cluster, AdminError> {
        self.current().cluster(deadline).await
    }

    async fn list_groups(&self, deadline: Instant) -> Result<GroupsListed, AdminError> {
        self.current().list_groups(deadline).await
    }

    async fn describe_groups(
        &self,
        groups: &[GroupRef],
        deadline: Instant,
    ) -> Vec<Result<GroupDescription, AdminError>> {
        self.current().describe_groups(groups, deadline).await
    }

    async fn committed(&self, groups: &[GroupRef], deadline: Instant) -> Vec<Result<Vec<CommittedOffset>, AdminError>> {
        self.current().committed(groups, deadline).await
    }

    async fn offsets(
        &self,
        queries: &[OffsetQuery],
        isolation: Isolation,
        deadline: Instant,
    ) -> Vec<Result<FoundOffset, AdminError>> {
        self.current().offsets(queries, isolation, deadline).await
    }

    async fn quorum(&self, deadline: Instant) -> Result<Quorum, AdminError> {
        self.current().quorum(deadline).await
    }

    async fn registered_brokers(&self, deadline: Instant) -> Result<Vec<RegisteredBroker>, AdminError> {
        self.current().registered_brokers(deadline).await
    }

    async fn log_dirs(&self, brokers: &[i32], deadline: Instant) -> Vec<Result<Vec<LogDir>, AdminError>> {
        self.current().log_dirs(brokers, deadline).await
    }

    async fn configs(
        &self,
        resources: &[ConfigResource],
        names: Option<&[&str]>,
        deadline: Instant,
    ) -> Vec<Result<Vec<ConfigEntry>, AdminError>> {
        self.current().configs(resources, names, deadline).await
    }

    async fn only_control_records(&self, ranges: &[OffsetRange], deadline: Instant) -> Vec<Result<bool, AdminError>> {
        self.current().only_control_records(ranges, deadline).await
    }

    fn request_times(&self) -> Option<Vec<RequestTime>> {
        self.current().request_times()
    }
}
