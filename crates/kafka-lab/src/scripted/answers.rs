//! A request's body in, the body of its answer out. Pure: equal requests to a broker have equal answers as long as the
//! groups keep their names.

use std::sync::LazyLock;
use std::time::SystemTime;

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::{
    ApiKey, ApiVersionsResponse, BrokerId, ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse,
    DescribeClusterResponse, DescribeGroupsRequest, DescribeGroupsResponse, FindCoordinatorRequest,
    FindCoordinatorResponse, GroupId, ListGroupsResponse, ListOffsetsRequest, ListOffsetsResponse, MetadataRequest,
    MetadataResponse, OffsetFetchRequest, OffsetFetchResponse, TopicName, api_versions_response,
    describe_cluster_response, find_coordinator_response, list_groups_response, list_offsets_response,
    metadata_response, offset_fetch_response,
};
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes};
use uuid::Uuid;

use super::groups::Groups;
use super::shape::{LAG, Shape};

/// Why a request has no answer.
pub(super) type Problem = Box<dyn std::error::Error + Send + Sync>;

/// The versions that it says to know, which are Kafka 4.0's.
const KNOWN: [(ApiKey, i16, i16); 9] = [
    (ApiKey::ListOffsets, 1, 10),
    (ApiKey::Metadata, 0, 13),
    (ApiKey::OffsetFetch, 1, 9),
    (ApiKey::FindCoordinator, 0, 6),
    (ApiKey::DescribeGroups, 0, 6),
    (ApiKey::ListGroups, 0, 5),
    (ApiKey::ApiVersions, 0, 4),
    (ApiKey::DescribeCluster, 0, 2),
    (ApiKey::ConsumerGroupDescribe, 0, 1),
];

/// When this process began, in milliseconds since the epoch: the newest records' time.
static BEGAN: LazyLock<i64> = LazyLock::new(|| {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
});

const UNKNOWN_TOPIC_OR_PARTITION: i16 = 3;
const NOT_LEADER: i16 = 6;
const NOT_COORDINATOR: i16 = 16;
const UNSUPPORTED_VERSION: i16 = 35;
/// "Not told" in the fields for authorized operations.
const NOT_TOLD: i32 = i32::MIN;

/// A question and who is asked.
pub(super) struct Question<'a> {
    pub(super) shape: &'a Shape,
    /// Of each broker, in order.
    pub(super) ports: &'a [u16],
    /// Changes the groups' names.
    pub(super) generation: u64,
    pub(super) broker: i32,
    pub(super) api: ApiKey,
    pub(super) version: i16,
    pub(super) body: Bytes,
}

impl Question<'_> {
    /// The answer's body.
    pub(super) fn answer(&self) -> Result<Bytes, Problem> {
        let is_known = KNOWN.iter().any(|(api, min, max)| *api == self.api && (*min..=*max).contains(&self.version));
        if !is_known && self.api != ApiKey::ApiVersions {
            return Err(format!("{:?} version {} was never announced", self.api, self.version).into());
        }
        match self.api {
            ApiKey::ApiVersions => self.api_versions(is_known),
            ApiKey::Metadata => self.metadata(),
            ApiKey::DescribeCluster => self.describe_cluster(),
            ApiKey::ListOffsets => self.list_offsets(),
            ApiKey::FindCoordinator => self.find_coordinator(),
            ApiKey::OffsetFetch => self.offset_fetch(),
            ApiKey::ListGroups => self.list_groups(),
            ApiKey::DescribeGroups => self.describe_groups(),
            ApiKey::ConsumerGroupDescribe => self.consumer_group_describe(),
            _ => Err("not announced".into()),
        }
    }

    fn groups(&self) -> Groups<'_> {
        Groups { shape: self.shape, generation: self.generation }
    }

    fn request<R: Decodable>(&self) -> Result<R, Problem> {
        Ok(R::decode(&mut self.body.clone(), self.version)?)
    }

    fn encoded(&self, answer: &impl Encodable) -> Result<Bytes, Problem> {
        encoded(answer, self.version)
    }

    /// Brokers with their addresses.
    fn brokers(&self) -> impl Iterator<Item = (BrokerId, StrBytes, i32, Option<StrBytes>)> {
        let rack = |id| Some(text(format!("rack-{}", id % 3)));
        (1..).zip(self.ports).map(move |(id, port)| (BrokerId(id), text("127.0.0.1"), i32::from(*port), rack(id)))
    }

    fn api_versions(&self, is_known: bool) -> Result<Bytes, Problem> {
        let keys = KNOWN.map(|(api, min, max)| {
            api_versions_response::ApiVersion::default()
                .with_api_key(api as i16)
                .with_min_version(min)
                .with_max_version(max)
        });
        let answer = ApiVersionsResponse::default().with_api_keys(keys.to_vec());
        if is_known { self.encoded(&answer) } else { encoded(&answer.with_error_code(UNSUPPORTED_VERSION), 0) }
    }

    fn metadata(&self) -> Result<Bytes, Problem> {
        let request: MetadataRequest = self.request()?;
        let brokers = self.brokers().map(|(id, host, port, rack)| {
            let rack = rack.filter(|_| self.version >= 1);
            metadata_response::MetadataResponseBroker::default()
                .with_node_id(id)
                .with_host(host)
                .with_port(port)
                .with_rack(rack)
        });
        // None of them, in version 0, is all.
        let asked = request.topics.filter(|topics| self.version > 0 || !topics.is_empty());
        let topics = match asked {
            None => self.shape.topics().map(|(topic, _)| self.topic(topic)).collect(),
            Some(asked) => asked
                .into_iter()
                .filter_map(|asked| asked.name)
                .map(|name| {
                    let unknown = || {
                        metadata_response::MetadataResponseTopic::default()
                            .with_error_code(UNKNOWN_TOPIC_OR_PARTITION)
                            .with_name(Some(name.clone()))
                    };
                    self.shape.topic_named(&name).map_or_else(unknown, |topic| self.topic(topic))
                })
                .collect(),
        };
        let mut answer = MetadataResponse::default().with_brokers(brokers.collect()).with_topics(topics);
        if self.version >= 1 {
            answer.controller_id = BrokerId(1);
        }
        if self.version >= 2 {
            answer.cluster_id = Some(text("scripted"));
        }
        self.encoded(&answer)
    }

    fn topic(&self, topic: usize) -> metadata_response::MetadataResponseTopic {
        let partitions = (0..self.shape.partitions_of(topic)).map(|partition| {
            let replicas: Vec<BrokerId> = self.shape.replicas_of(topic, partition).map(BrokerId).collect();
            let told = metadata_response::MetadataResponsePartition::default()
                .with_partition_index(partition)
                .with_leader_id(BrokerId(self.shape.leader_of(topic, partition)))
                .with_isr_nodes(replicas.clone())
                .with_replica_nodes(replicas);
            if self.version >= 7 { told.with_leader_epoch(1) } else { told }
        });
        let name = self.shape.topic_name(topic);
        let is_internal = self.version >= 1 && name.starts_with("__");
        let told = metadata_response::MetadataResponseTopic::default()
            .with_name(Some(TopicName(text(name))))
            .with_is_internal(is_internal)
            .with_partitions(partitions.collect())
            .with_topic_authorized_operations(NOT_TOLD);
        if self.version >= 10 { told.with_topic_id(topic_id(topic)) } else { told }
    }

    fn describe_cluster(&self) -> Result<Bytes, Problem> {
        let brokers = self.brokers().map(|(id, host, port, rack)| {
            describe_cluster_response::DescribeClusterBroker::default()
                .with_broker_id(id)
                .with_host(host)
                .with_port(port)
                .with_rack(rack)
        });
        self.encoded(
            &DescribeClusterResponse::default()
                .with_cluster_id(text("scripted"))
                .with_controller_id(BrokerId(1))
                .with_brokers(brokers.collect())
                .with_cluster_authorized_operations(NOT_TOLD),
        )
    }

    fn list_offsets(&self) -> Result<Bytes, Problem> {
        let request: ListOffsetsRequest = self.request()?;
        let topics = request.topics.into_iter().map(|asked| {
            let topic = self.shape.topic_named(&asked.name);
            let partitions =
                asked.partitions.iter().map(|asked| self.offset(topic, asked.partition_index, asked.timestamp));
            let partitions = partitions.collect();
            list_offsets_response::ListOffsetsTopicResponse::default().with_name(asked.name).with_partitions(partitions)
        });
        self.encoded(&ListOffsetsResponse::default().with_topics(topics.collect()))
    }

    fn offset(
        &self,
        topic: Option<usize>,
        partition: i32,
        timestamp: i64,
    ) -> list_offsets_response::ListOffsetsPartitionResponse {
        let answer = list_offsets_response::ListOffsetsPartitionResponse::default().with_partition_index(partition);
        let found = topic.filter(|topic| (0..self.shape.partitions_of(*topic)).contains(&partition));
        let Some(topic) = found else { return answer.with_error_code(UNKNOWN_TOPIC_OR_PARTITION) };
        if self.shape.leader_of(topic, partition) != self.broker {
            return answer.with_error_code(NOT_LEADER);
        }
        let (start, end) = self.shape.offsets_of(topic, partition);
        let answer = if self.version >= 4 { answer.with_leader_epoch(1) } else { answer };
        match timestamp {
            // Latest, earliest.
            -1 => answer.with_offset(end),
            -2 => answer.with_offset(start),
            // A record each second, the last one when this process began.
            timestamp => {
                let of = |offset: i64| *BEGAN - (end - 1 - offset) * 1_000;
                let found = start + (timestamp.saturating_sub(of(start)).max(0) + 999) / 1_000;
                if found < end { answer.with_offset(found).with_timestamp(of(found)) } else { answer }
            }
        }
    }

    fn find_coordinator(&self) -> Result<Bytes, Problem> {
        let request: FindCoordinatorRequest = self.request()?;
        let place = |group: &StrBytes| {
            let id = self.shape.coordinator(group);
            let port = usize::try_from(id - 1).ok().and_then(|at| self.ports.get(at)).copied().unwrap_or(0);
            (BrokerId(id), text("127.0.0.1"), i32::from(port))
        };
        if self.version < 4 {
            let (id, host, port) = place(&request.key);
            let answer = FindCoordinatorResponse::default().with_node_id(id).with_host(host).with_port(port);
            return self.encoded(&answer);
        }
        let coordinators = request.coordinator_keys.into_iter().map(|key| {
            let (id, host, port) = place(&key);
            find_coordinator_response::Coordinator::default()
                .with_key(key)
                .with_node_id(id)
                .with_host(host)
                .with_port(port)
        });
        self.encoded(&FindCoordinatorResponse::default().with_coordinators(coordinators.collect()))
    }

    fn offset_fetch(&self) -> Result<Bytes, Problem> {
        let request: OffsetFetchRequest = self.request()?;
        if self.version < 8 {
            let answer = OffsetFetchResponse::default();
            if self.shape.coordinator(&request.group_id) != self.broker {
                return self.encoded(&answer.with_error_code(NOT_COORDINATOR));
            }
            let topics = self.commits(&request.group_id).map(|(topic, partitions)| {
                let partitions = partitions.map(|(partition, offset)| {
                    offset_fetch_response::OffsetFetchResponsePartition::default()
                        .with_partition_index(partition)
                        .with_committed_offset(offset)
                        .with_metadata(Some(StrBytes::default()))
                });
                offset_fetch_response::OffsetFetchResponseTopic::default()
                    .with_name(topic)
                    .with_partitions(partitions.collect())
            });
            return self.encoded(&answer.with_topics(topics.collect()));
        }
        let groups = request.groups.into_iter().map(|asked| {
            let answer =
                offset_fetch_response::OffsetFetchResponseGroup::default().with_group_id(asked.group_id.clone());
            if self.shape.coordinator(&asked.group_id) != self.broker {
                return answer.with_error_code(NOT_COORDINATOR);
            }
            let topics = self.commits(&asked.group_id).map(|(topic, partitions)| {
                let partitions = partitions.map(|(partition, offset)| {
                    offset_fetch_response::OffsetFetchResponsePartitions::default()
                        .with_partition_index(partition)
                        .with_committed_offset(offset)
                        .with_metadata(Some(StrBytes::default()))
                });
                offset_fetch_response::OffsetFetchResponseTopics::default()
                    .with_name(topic)
                    .with_partitions(partitions.collect())
            });
            answer.with_topics(topics.collect())
        });
        self.encoded(&OffsetFetchResponse::default().with_groups(groups.collect()))
    }

    /// A group's commits by topic; none of a group that has not that name now.
    fn commits(&self, name: &str) -> impl Iterator<Item = (TopicName, impl Iterator<Item = (i32, i64)>)> {
        let (shape, group) = (self.shape, self.groups().named(name));
        group.into_iter().flat_map(|group| shape.commits_of(group)).map(move |(topic, partitions)| {
            let commits = partitions.map(move |partition| (partition, shape.offsets_of(topic, partition).1 - LAG));
            (TopicName(text(shape.topic_name(topic))), commits)
        })
    }

    fn list_groups(&self) -> Result<Bytes, Problem> {
        let groups = self.groups();
        let listed = groups.of(self.broker).map(|(group, name)| {
            let mut listed = list_groups_response::ListedGroup::default()
                .with_group_id(GroupId(text(name)))
                .with_protocol_type(text("consumer"));
            if self.version >= 4 {
                listed.group_state = groups.state(group);
            }
            if self.version >= 5 {
                let consumer = self.shape.speaks_consumer_protocol(group);
                listed.group_type = text(if consumer { "Consumer" } else { "Classic" });
            }
            listed
        });
        self.encoded(&ListGroupsResponse::default().with_groups(listed.collect()))
    }

    fn describe_groups(&self) -> Result<Bytes, Problem> {
        let request: DescribeGroupsRequest = self.request()?;
        let described = request.groups.iter().map(|name| {
            let mut described = self.groups().describe_classic(name, self.version)?;
            if self.shape.coordinator(name) != self.broker {
                described = Default::default();
                described.group_id = name.clone();
                described.error_code = NOT_COORDINATOR;
            }
            if self.version >= 3 {
                described.authorized_operations = NOT_TOLD;
            }
            Ok(described)
        });
        let described = described.collect::<Result<Vec<_>, Problem>>()?;
        self.encoded(&DescribeGroupsResponse::default().with_groups(described))
    }

    fn consumer_group_describe(&self) -> Result<Bytes, Problem> {
        let request: ConsumerGroupDescribeRequest = self.request()?;
        let described = request.group_ids.iter().map(|name| {
            let mut described = self.groups().describe_consumer(name);
            if self.shape.coordinator(name) != self.broker {
                described = Default::default();
                described.group_id = name.clone();
                described.error_code = NOT_COORDINATOR;
            }
            described.authorized_operations = NOT_TOLD;
            described
        });
        let described = described.collect();
        self.encoded(&ConsumerGroupDescribeResponse::default().with_groups(described))
    }
}

fn encoded(answer: &impl Encodable, version: i16) -> Result<Bytes, Problem> {
    let mut out = BytesMut::new();
    answer.encode(&mut out, version)?;
    Ok(out.freeze())
}

pub(super) fn text(text: impl Into<String>) -> StrBytes {
    StrBytes::from_string(text.into())
}

/// Differs from topic to topic and is none of the reserved ones.
pub(super) fn topic_id(topic: usize) -> Uuid {
    Uuid::from_u128(1 << 64 | topic as u128)
}
