//! An engine that notes what is asked of it. In: the calls of the exporter; out: their answers, and by call what came of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use kafka_admin::{
    AdminError, Cluster, CommittedOffset, ConfigEntry, ConfigResource, ErrorCode, FoundOffset, GroupDescription,
    GroupRef, GroupType, GroupsListed, Isolation, KafkaAdmin, LogDir, OffsetQuery, OffsetRange, Quorum,
    RegisteredBroker, RequestTime,
};

use crate::locked::locked;

/// A group that went meanwhile is no failure.
const GROUP_ID_NOT_FOUND: ErrorCode = ErrorCode(69);

/// What came of one kind of call.
#[derive(Debug, Clone, Default)]
pub(super) struct Observation {
    /// Time of the slowest one.
    pub(super) longest: Duration,
    /// Items of the largest one.
    pub(super) items: usize,
    /// What failed, by item; the name is empty for a call as a whole.
    pub(super) errors: BTreeMap<String, AdminError>,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Observed {
    inner: Arc<dyn KafkaAdmin>,
    calls: Mutex<BTreeMap<&'static str, Observation>>,
}

impl Observed {
    pub(super) fn new(inner: Arc<dyn KafkaAdmin>) -> Self {
        Self { inner, calls: Mutex::default() }
    }

    /// By Kafka's name of the call, what has come of it so far.
    pub(super) fn calls(&self) -> BTreeMap<&'static str, Observation> {
        locked(&self.calls).clone()
    }

    /// The engine, for a call that is not to be noted.
    pub(super) fn unobserved(&self) -> &dyn KafkaAdmin {
        &*self.inner
    }

    /// Notes a call that ended, with its failed items.
    pub(super) fn note(
        &self,
        call: &'static str,
        started: Instant,
        items: usize,
        errors: impl Iterator<Item = (String, AdminError)>,
    ) {
        let mut calls = locked(&self.calls);
        let observation = calls.entry(call).or_default();
        observation.longest = observation.longest.max(started.elapsed());
        observation.items = observation.items.max(items);
        let is_failure = |error: &AdminError| !matches!(error, AdminError::Broker { code: GROUP_ID_NOT_FOUND, .. });
        observation.errors.extend(errors.filter(|(_, error)| is_failure(error)));
    }

    /// Notes a call as a whole, with the number of items in its answer.
    fn note_one<T>(
        &self,
        call: &'static str,
        started: Instant,
        answer: &Result<T, AdminError>,
        items: impl Fn(&T) -> usize,
    ) {
        let error = answer.as_ref().err().map(|error| (String::new(), error.clone()));
        self.note(call, started, answer.as_ref().map_or(0, items), error.into_iter());
    }

    /// Notes a call that asks for many groups, under the name that it has for their kind.
    fn note_groups<T>(
        &self,
        call: impl Fn(GroupType) -> &'static str,
        started: Instant,
        groups: &[GroupRef],
        answers: &[Result<T, AdminError>],
    ) {
        let mut kinds: BTreeMap<&'static str, Vec<usize>> = BTreeMap::new();
        for (at, group) in groups.iter().enumerate() {
            kinds.entry(call(group.kind)).or_default().push(at);
        }
        for (call, places) in kinds {
            let error = |at: &usize| {
                let (group, answer) = groups.get(*at).zip(answers.get(*at))?;
                Some((format!("group {}", group.id), answer.as_ref().err()?.clone()))
            };
            self.note(call, started, places.len(), places.iter().filter_map(error));
        }
    }
}

#[async_trait]
impl KafkaAdmin for Observed {
    fn engine(&self) -> &'static str {
        self.inner.engine()
    }

    fn unsupported(&self) -> &'static [&'static str] {
        self.inner.unsupported()
    }

    async fn cluster(&self, deadline: Instant) -> Result<Cluster, AdminError> {
        let started = Instant::now();
        let answer = self.inner.cluster(deadline).await;
        self.note_one("Metadata", started, &answer, |cluster| cluster.topics.len());
        answer
    }

    async fn list_groups(&self, deadline: Instant) -> Result<GroupsListed, AdminError> {
        let started = Instant::now();
        let answer = self.inner.list_groups(deadline).await;
        self.note_one("ListGroups", started, &answer, |listed| listed.groups.len());
        let of_brokers = answer.iter().flat_map(|listed| &listed.errors).enumerate();
        let of_brokers = of_brokers.map(|(at, error)| (format!("broker number {}", at + 1), error.clone()));
        self.note("ListGroups", started, 0, of_brokers);
        answer
    }

    async fn describe_groups(
        &self,
        groups: &[GroupRef],
        deadline: Instant,
    ) -> Vec<Result<GroupDescription, AdminError>> {
        let started = Instant::now();
        let answers = self.inner.describe_groups(groups, deadline).await;
        self.note_groups(GroupType::describe_call, started, groups, &answers);
        answers
    }

    async fn committed(&self, groups: &[GroupRef], deadline: Instant) -> Vec<Result<Vec<CommittedOffset>, AdminError>> {
        let started = Instant::now();
        let answers = self.inner.committed(groups, deadline).await;
        self.note_groups(GroupType::committed_call, started, groups, &answers);
        answers
    }

    async fn offsets(
        &self,
        queries: &[OffsetQuery],
        isolation: Isolation,
        deadline: Instant,
    ) -> Vec<Result<FoundOffset, AdminError>> {
        let started = Instant::now();
        let answers = self.inner.offsets(queries, isolation, deadline).await;
        let errors = queries.iter().zip(&answers).filter_map(|(query, answer)| {
            let error = answer.as_ref().err()?;
            Some((format!("topic {} partition {}", query.topic, query.partition), error.clone()))
        });
        self.note("ListOffsets", started, queries.len(), errors);
        answers
    }

    async fn quorum(&self, deadline: Instant) -> Result<Quorum, AdminError> {
        let started = Instant::now();
        let answer = self.inner.quorum(deadline).await;
        self.note_one("DescribeQuorum", started, &answer, |quorum| quorum.voters.len());
        answer
    }

    async fn registered_brokers(&self, deadline: Instant) -> Result<Vec<RegisteredBroker>, AdminError> {
        let started = Instant::now();
        let answer = self.inner.registered_brokers(deadline).await;
        self.note_one("DescribeCluster", started, &answer, Vec::len);
        answer
    }

    async fn log_dirs(&self, brokers: &[i32], deadline: Instant) -> Vec<Result<Vec<LogDir>, AdminError>> {
        let started = Instant::now();
        let answers = self.inner.log_dirs(brokers, deadline).await;
        let errors = brokers.iter().zip(&answers).filter_map(|(broker, answer)| {
            let error = answer.as_ref().err()?;
            Some((format!("broker {broker}"), error.clone()))
        });
        self.note("DescribeLogDirs", started, brokers.len(), errors);
        answers
    }

    async fn configs(
        &self,
        resources: &[ConfigResource],
        names: Option<&[&str]>,
        deadline: Instant,
    ) -> Vec<Result<Vec<ConfigEntry>, AdminError>> {
        let started = Instant::now();
        let answers = self.inner.configs(resources, names, deadline).await;
        let errors = resources.iter().zip(&answers).filter_map(|(resource, answer)| {
            let name = match resource {
                ConfigResource::Topic(topic) => format!("topic {topic}"),
                ConfigResource::Broker(id) => format!("broker {id}"),
            };
            Some((name, answer.as_ref().err()?.clone()))
        });
        self.note("DescribeConfigs", started, resources.len(), errors);
        answers
    }

    async fn only_control_records(&self, ranges: &[OffsetRange], deadline: Instant) -> Vec<Result<bool, AdminError>> {
        let started = Instant::now();
        let answers = self.inner.only_control_records(ranges, deadline).await;
        let errors = ranges.iter().zip(&answers).filter_map(|(range, answer)| {
            let error = answer.as_ref().err()?;
            Some((format!("topic {} partition {}", range.topic, range.partition), error.clone()))
        });
        self.note("Fetch", started, ranges.len(), errors);
        answers
    }

    fn request_times(&self) -> Option<Vec<RequestTime>> {
        self.inner.request_times()
    }
}
