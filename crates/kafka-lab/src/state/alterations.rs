//! Changes of topics that exist: more partitions, other configurations, other leaders, or an end.

use std::time::Duration;

use kafka_protocol::{
    ResponseError,
    messages::{
        AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse, ApiKey, BrokerId,
        CreatePartitionsRequest, CreatePartitionsResponse, DeleteTopicsRequest, DeleteTopicsResponse,
        ElectLeadersRequest, ElectLeadersResponse, IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse,
        TopicName,
        alter_partition_reassignments_request::{ReassignablePartition, ReassignableTopic},
        create_partitions_request::CreatePartitionsTopic,
        elect_leaders_request::TopicPartitions,
        incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig},
    },
    protocol::StrBytes,
};

use crate::{Kafka, LabError, Metadata, Result, state::topics::check, wait_until};

/// All known to brokers from 2.8 on.
const DELETE_TOPICS: i16 = 5;
const CREATE_PARTITIONS: i16 = 3;
const INCREMENTAL_ALTER_CONFIGS: i16 = 1;
const ALTER_PARTITION_REASSIGNMENTS: i16 = 0;
const ELECT_LEADERS: i16 = 2;

/// `TOPIC` of `org.apache.kafka.common.config.ConfigResource.Type`.
const TOPIC: i8 = 2;

const TIMEOUT: Duration = Duration::from_secs(60);
const TIMEOUT_MS: i32 = 60_000;

impl Kafka {
    /// Deletes a topic and waits until no broker names it any more. With it goes what groups have committed for it.
    ///
    /// # Errors
    /// [`LabError::Kafka`] when there is no such topic.
    pub fn delete_topic(&self, topic: &str) -> Result<()> {
        let request = DeleteTopicsRequest::default().with_topic_names(vec![name_of(topic)]).with_timeout_ms(TIMEOUT_MS);
        let mut connection = self.connect_controller(TIMEOUT)?;
        let response: DeleteTopicsResponse = connection.call(ApiKey::DeleteTopics, DELETE_TOPICS, &request)?;
        let codes = response.responses.iter().map(|result| result.error_code);
        codes.into_iter().try_for_each(|code| check(code, || format!("delete topic {topic}")))?;
        self.await_everywhere(topic, "to be gone", |metadata| !metadata.topics.contains_key(topic))
    }

    /// Adds partitions to a topic up to `partitions` in all, and waits until every broker names their leaders.
    ///
    /// # Errors
    /// [`LabError::Kafka`] when it has as many already.
    pub fn add_partitions(&self, topic: &str, partitions: i32) -> Result<()> {
        // Null, for Kafka to place them; the default is a list of no placements.
        let wanted =
            CreatePartitionsTopic::default().with_name(name_of(topic)).with_count(partitions).with_assignments(None);
        let request = CreatePartitionsRequest::default().with_topics(vec![wanted]).with_timeout_ms(TIMEOUT_MS);
        let mut connection = self.connect_controller(TIMEOUT)?;
        let response: CreatePartitionsResponse =
            connection.call(ApiKey::CreatePartitions, CREATE_PARTITIONS, &request)?;
        let codes = response.results.iter().map(|result| result.error_code);
        codes.into_iter().try_for_each(|code| check(code, || format!("add partitions to {topic}")))?;
        self.await_everywhere(topic, "to have new partitions", |metadata| {
            let known = metadata.topics.get(topic);
            known.is_some_and(|known| (0..partitions).all(|id| known.get(&id).is_some_and(|one| one.leader.is_some())))
        })
    }

    /// Sets a configuration of a topic, such as `retention.ms`. Brokers take it over some moments later.
    ///
    /// # Errors
    /// [`LabError::Kafka`] when Kafka does not know it or not like the value.
    pub fn configure_topic(&self, topic: &str, key: &str, value: &str) -> Result<()> {
        let text = |text: &str| StrBytes::from_string(text.into());
        // The operation 0, as it is by default, sets.
        let config = AlterableConfig::default().with_name(text(key)).with_value(Some(text(value)));
        let resource = AlterConfigsResource::default().with_resource_type(TOPIC).with_resource_name(text(topic));
        let request =
            IncrementalAlterConfigsRequest::default().with_resources(vec![resource.with_configs(vec![config])]);
        let mut connection = self.connect_controller(TIMEOUT)?;
        let response: IncrementalAlterConfigsResponse =
            connection.call(ApiKey::IncrementalAlterConfigs, INCREMENTAL_ALTER_CONFIGS, &request)?;
        let codes = response.responses.iter().map(|result| result.error_code);
        codes.into_iter().try_for_each(|code| check(code, || format!("set {key}={value} of {topic}")))
    }

    /// Makes a replica in sync the leader of its partition, and the preferred one, and waits until every broker knows.
    ///
    /// # Errors
    /// [`LabError::Input`] when `node` has no replica.
    pub fn move_leader(&self, topic: &str, partition: i32, node: i32) -> Result<()> {
        let metadata = self.metadata(Some(&[topic]))?;
        let known = metadata.topics.get(topic).and_then(|partitions| partitions.get(&partition));
        let mut replicas = known.map(|known| known.replicas.clone()).unwrap_or_default();
        if !replicas.contains(&node) {
            return Err(LabError::Input(format!("{topic}/{partition} has no replica on {node}: {replicas:?}")));
        }
        // The first one is the preferred one; the others keep their order.
        replicas.sort_by_key(|replica| *replica != node);
        self.reassign(topic, partition, &replicas)?;
        self.elect_preferred(topic, partition)?;
        self.await_everywhere(topic, &format!("to be led by {node}"), |metadata| {
            let partitions = metadata.topics.get(topic);
            partitions.and_then(|partitions| partitions.get(&partition)?.leader) == Some(node)
        })
    }

    fn reassign(&self, topic: &str, partition: i32, replicas: &[i32]) -> Result<()> {
        let replicas = replicas.iter().map(|node| BrokerId(*node)).collect();
        let wanted = ReassignablePartition::default().with_partition_index(partition).with_replicas(Some(replicas));
        let of_topic = ReassignableTopic::default().with_name(name_of(topic)).with_partitions(vec![wanted]);
        let request =
            AlterPartitionReassignmentsRequest::default().with_topics(vec![of_topic]).with_timeout_ms(TIMEOUT_MS);
        let mut connection = self.connect_controller(TIMEOUT)?;
        let response: AlterPartitionReassignmentsResponse =
            connection.call(ApiKey::AlterPartitionReassignments, ALTER_PARTITION_REASSIGNMENTS, &request)?;
        let results = response.responses.iter().flat_map(|topic| &topic.partitions);
        let mut codes = results.map(|result| result.error_code).chain([response.error_code]);
        codes.try_for_each(|code| check(code, || format!("reassign {topic}/{partition}")))
    }

    fn elect_preferred(&self, topic: &str, partition: i32) -> Result<()> {
        let wanted = TopicPartitions::default().with_topic(name_of(topic)).with_partitions(vec![partition]);
        // The election type 0, as it is by default, is that of the preferred leader.
        let request =
            ElectLeadersRequest::default().with_topic_partitions(Some(vec![wanted])).with_timeout_ms(TIMEOUT_MS);
        let mut connection = self.connect_controller(TIMEOUT)?;
        let response: ElectLeadersResponse = connection.call(ApiKey::ElectLeaders, ELECT_LEADERS, &request)?;
        let results = response.replica_election_results.iter().flat_map(|topic| &topic.partition_result);
        let mut codes = results.map(|result| result.error_code).chain([response.error_code]);
        let not_needed = ResponseError::ElectionNotNeeded.code();
        codes.try_for_each(|code| match code {
            code if code == not_needed => Ok(()),
            code => check(code, || format!("elect the preferred leader of {topic}/{partition}")),
        })
    }

    /// Waits until the Metadata of every broker that is up is as wanted.
    fn await_everywhere(&self, topic: &str, what: &str, is_so: impl Fn(&Metadata) -> bool) -> Result<()> {
        for (id, address) in self.metadata(Some(&[]))?.brokers {
            let broker = Self::new([address]);
            wait_until(TIMEOUT, &format!("{topic} {what} on broker {id}"), || {
                let metadata = broker.metadata(Some(&[topic])).map_err(|error| error.to_string())?;
                if is_so(&metadata) { Ok(()) } else { Err(format!("{:?}", metadata.topics)) }
            })?;
        }
        Ok(())
    }
}

fn name_of(topic: &str) -> TopicName {
    StrBytes::from_string(topic.into()).into()
}
