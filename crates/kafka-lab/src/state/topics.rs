//! Topics: names and shapes in, topics with leaders on all brokers out.

use std::{collections::BTreeMap, time::Duration};

use kafka_protocol::{
    ResponseError,
    messages::{
        ApiKey, BrokerId, CreateTopicsRequest, CreateTopicsResponse, DeleteRecordsRequest, DeleteRecordsResponse,
        create_topics_request::{CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig},
        delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic},
    },
    protocol::StrBytes,
};

use crate::{Kafka, LabError, Result, wait_until, wire::Connection};

/// Topics in one request: a controller takes some seconds for thousands of partitions.
const BATCH: usize = 100;

/// CreateTopics v7 and DeleteRecords v2 are known to brokers from 2.8 on.
const CREATE_TOPICS: i16 = 7;
const DELETE_RECORDS: i16 = 2;

/// Thousands of new partitions on a busy disk take a while.
const TIMEOUT: Duration = Duration::from_secs(120);

/// A topic to make.
#[derive(Clone, Debug)]
pub struct NewTopic {
    name: String,
    partitions: i32,
    replication: i16,
    assignment: Vec<Vec<i32>>,
    config: Vec<(String, String)>,
}

impl NewTopic {
    /// `partitions` partitions with one replica each.
    pub fn new(name: &str, partitions: i32) -> Self {
        Self { name: name.into(), partitions, replication: 1, assignment: Vec::new(), config: Vec::new() }
    }

    /// Replicas of each partition.
    pub fn replication(mut self, replicas: i16) -> Self {
        self.replication = replicas;
        self
    }

    /// The node ids of each partition's replicas, the preferred leader first; it replaces both counts.
    pub fn assignment(mut self, replicas: &[&[i32]]) -> Self {
        self.assignment = replicas.iter().map(|nodes| nodes.to_vec()).collect();
        self
    }

    /// A topic configuration such as `cleanup.policy`.
    pub fn config(mut self, key: &str, value: &str) -> Self {
        self.config.push((key.into(), value.into()));
        self
    }

    fn request(&self) -> CreatableTopic {
        let text = |text: &str| StrBytes::from_string(text.into());
        let topic = CreatableTopic::default().with_name(text(&self.name).into()).with_configs(
            self.config
                .iter()
                .map(|(key, value)| CreatableTopicConfig::default().with_name(text(key)).with_value(Some(text(value))))
                .collect(),
        );
        if self.assignment.is_empty() {
            return topic.with_num_partitions(self.partitions).with_replication_factor(self.replication);
        }
        let assignments = (0..).zip(&self.assignment).map(|(partition, nodes)| {
            CreatableReplicaAssignment::default()
                .with_partition_index(partition)
                .with_broker_ids(nodes.iter().map(|node| BrokerId(*node)).collect())
        });
        topic.with_num_partitions(-1).with_replication_factor(-1).with_assignments(assignments.collect())
    }
}

impl Kafka {
    /// Makes topics, a hundred a request, and waits until every broker names a leader for all their partitions.
    ///
    /// # Errors
    /// [`LabError::Kafka`] for the first topic that is refused, which includes one that exists.
    pub fn create_topics(&self, topics: &[NewTopic]) -> Result<()> {
        for batch in topics.chunks(BATCH) {
            let request = CreateTopicsRequest::default()
                .with_topics(batch.iter().map(NewTopic::request).collect())
                .with_timeout_ms(60_000);
            // Not tried on a second broker: the first may have made them before it failed.
            let mut connection = self.connect_controller(TIMEOUT)?;
            let response: CreateTopicsResponse = connection.call(ApiKey::CreateTopics, CREATE_TOPICS, &request)?;
            for topic in &response.topics {
                let name = topic.name.as_str();
                check(topic.error_code, || match &topic.error_message {
                    Some(why) => format!("create topic {name} ({why})"),
                    None => format!("create topic {name}"),
                })?;
            }
        }
        self.await_topics(topics)
    }

    fn await_topics(&self, topics: &[NewTopic]) -> Result<()> {
        let brokers = self.metadata(Some(&[]))?.brokers;
        for (id, address) in brokers {
            let broker = Self::new([address]);
            for batch in topics.chunks(BATCH) {
                let names: Vec<&str> = batch.iter().map(|topic| topic.name.as_str()).collect();
                wait_until(TIMEOUT, &format!("broker {id} to know the leaders of the new topics"), || {
                    let known = broker.metadata(Some(&names)).map_err(|error| error.to_string())?.topics;
                    let missing = batch.iter().find(|topic| {
                        !known.get(&topic.name).is_some_and(|partitions| {
                            partitions.len() == topic.partition_count()
                                && partitions.values().all(|p| p.leader.is_some())
                        })
                    });
                    missing.map_or(Ok(()), |topic| Err(format!("{} has no leaders yet", topic.name)))
                })?;
            }
        }
        Ok(())
    }

    /// Deletes the records of a partition whose offset is smaller than `before`, so that the log starts there; -1 deletes all.
    ///
    /// # Errors
    /// [`LabError::Kafka`], as for an offset beyond the end.
    pub fn delete_records(&self, topic: &str, partition: i32, before: i64) -> Result<()> {
        let mut connection = self.connect_leader(topic, partition)?;
        let request = DeleteRecordsRequest::default().with_timeout_ms(60_000).with_topics(vec![
            DeleteRecordsTopic::default().with_name(StrBytes::from_string(topic.into()).into()).with_partitions(vec![
                DeleteRecordsPartition::default().with_partition_index(partition).with_offset(before),
            ]),
        ]);
        let response: DeleteRecordsResponse = connection.call(ApiKey::DeleteRecords, DELETE_RECORDS, &request)?;
        let results = response.topics.iter().flat_map(|topic| &topic.partitions);
        results.into_iter().try_for_each(|result| {
            check(result.error_code, || format!("delete records before {before} of {topic}/{partition}"))
        })
    }

    /// A connection to the partition's leader.
    fn connect_leader(&self, topic: &str, partition: i32) -> Result<Connection> {
        let metadata = self.metadata(Some(&[topic]))?;
        let leader =
            metadata.topics.get(topic).and_then(|partitions: &BTreeMap<_, _>| partitions.get(&partition)?.leader);
        let address = leader.and_then(|leader| metadata.brokers.get(&leader));
        let address = address.ok_or_else(|| LabError::Input(format!("{topic}/{partition} has no leader")))?;
        Connection::open(address, TIMEOUT)
    }
}

impl NewTopic {
    fn partition_count(&self) -> usize {
        if self.assignment.is_empty() { usize::try_from(self.partitions).unwrap_or(0) } else { self.assignment.len() }
    }
}

/// An error code of a response as a result.
pub(crate) fn check(code: i16, what: impl FnOnce() -> String) -> Result<()> {
    match ResponseError::try_from_code(code) {
        None => Ok(()),
        Some(code) => Err(LabError::Kafka { what: what(), code }),
    }
}
