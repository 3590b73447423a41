//! A cluster of scripted brokers. In: who leads and coordinates what, and what goes wrong; out: addresses, and what was
//! asked. Brokers refuse what they do not lead or coordinate, and tell offsets that show who told them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::find_coordinator_response::Coordinator;
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{
    ApiKey, ApiVersionsResponse, DescribeGroupsRequest, DescribeGroupsResponse, FindCoordinatorRequest,
    FindCoordinatorResponse, ListGroupsResponse, ListOffsetsRequest, ListOffsetsResponse, MetadataRequest,
    MetadataResponse, OffsetFetchRequest, OffsetFetchResponse, TopicName, describe_groups_response,
    list_groups_response, list_offsets_response, offset_fetch_response,
};
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes, decode_request_header_from_buffer};

use crate::connection::tests::fake::{Asked, Fake, Step, encoded};

/// What the brokers know, and up to which version.
const KNOWN: [(ApiKey, i16); 7] = [
    (ApiKey::ListOffsets, 9),
    (ApiKey::Metadata, 12),
    (ApiKey::OffsetFetch, 9),
    (ApiKey::FindCoordinator, 6),
    (ApiKey::DescribeGroups, 5),
    (ApiKey::ListGroups, 5),
    (ApiKey::ApiVersions, 3),
];
const UNKNOWN_TOPIC_OR_PARTITION: i16 = 3;
const LEADER_NOT_AVAILABLE: i16 = 5;
const NOT_LEADER: i16 = 6;
const COORDINATOR_NOT_AVAILABLE: i16 = 15;
const NOT_COORDINATOR: i16 = 16;
/// Times `Fault::times` for ever.
pub(super) const ALWAYS: usize = usize::MAX;
/// Each broker's offsets begin at its id times this.
pub(super) const OF_BROKER: i64 = 1_000_000;

/// The cluster.
pub(super) struct World {
    state: Arc<Mutex<State>>,
    brokers: Vec<Fake>,
}

/// What is so now.
#[derive(Default)]
pub(super) struct State {
    /// By id; those in `hidden` are in no metadata.
    addresses: BTreeMap<i32, String>,
    pub(super) hidden: Vec<i32>,
    /// By topic and partition; `None` while there is an election.
    pub(super) leaders: BTreeMap<(&'static str, i32), Option<i32>>,
    /// By group; `None` while there is none.
    pub(super) coordinators: BTreeMap<String, Option<i32>>,
    /// Committed offsets of a group, all of topic `t`; 1 where nothing is told.
    pub(super) commits: BTreeMap<String, i32>,
    /// Groups that a broker lists and does not coordinate, with their state.
    pub(super) also_listed: Vec<(i32, &'static str, &'static str)>,
    /// Of old brokers: their ids, APIs, and highest versions of those.
    pub(super) old: Vec<(i32, ApiKey, i16)>,
    pub(super) faults: Vec<Fault>,
    asked: Vec<String>,
}

/// What a broker does instead of answering as it should.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    /// Absent: any.
    pub(super) broker: Option<i32>,
    pub(super) api: ApiKey,
    /// A group, a topic, or `topic-partition`.
    pub(super) item: &'static str,
    /// The error code, or nothing and the end of the connection.
    pub(super) code: Option<i16>,
    /// How many times more.
    pub(super) times: usize,
}

impl World {
    /// Brokers 1 to `brokers`.
    pub(super) async fn start(brokers: i32) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let mut fakes = Vec::new();
        for id in 1..=brokers {
            let shared = Arc::clone(&state);
            let fake = Fake::start(move |asked| shared.lock().unwrap().answer(id, asked)).await;
            state.lock().unwrap().addresses.insert(id, fake.address.clone());
            fakes.push(fake);
        }
        Self { state, brokers: fakes }
    }

    /// Brokers 1 to `brokers` with groups and their coordinators.
    pub(super) async fn with_groups(brokers: i32, groups: &[(&str, i32)]) -> Self {
        let world = Self::start(brokers).await;
        world.change(|state| groups.iter().for_each(|(group, broker)| state.coordinate(group, *broker)));
        world
    }

    /// Brokers 1 to `brokers` with partitions and their leaders.
    pub(super) async fn with_leaders(brokers: i32, leaders: &[(&'static str, i32, i32)]) -> Self {
        let world = Self::start(brokers).await;
        world.change(|state| {
            leaders.iter().for_each(|(topic, partition, leader)| state.lead(topic, *partition, *leader))
        });
        world
    }

    pub(super) fn bootstrap(&self) -> String {
        self.brokers[0].address.clone()
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
    }

    /// What was asked since the last time, sorted: `OffsetFetch at 1: g0 g1`. Of what any broker answers the broker is
    /// left out.
    pub(super) fn asked(&self) -> Vec<String> {
        let mut asked = std::mem::take(&mut self.state().asked);
        asked.sort();
        asked
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl State {
    pub(super) fn coordinate(&mut self, group: &str, broker: i32) {
        self.coordinators.insert(group.to_owned(), Some(broker));
    }

    pub(super) fn lead(&mut self, topic: &'static str, partition: i32, broker: i32) {
        self.leaders.insert((topic, partition), Some(broker));
    }

    /// Has each of `items` go wrong at any broker.
    pub(super) fn fail(&mut self, api: ApiKey, items: &[&'static str], code: i16, times: usize) {
        let fault = |item: &&'static str| Fault { broker: None, api, item, code: Some(code), times };
        self.faults.extend(items.iter().map(fault));
    }

    fn answer(&mut self, broker: i32, asked: &Asked) -> Vec<Step> {
        let mut request = Bytes::from(asked.bytes.clone());
        decode_request_header_from_buffer(&mut request).expect("a header");
        let api = ApiKey::try_from(asked.key).expect("a known API");
        let mut question = Question { state: self, broker, api, version: asked.version, is_closed: false };
        let body = match api {
            ApiKey::ApiVersions => question.api_versions(),
            ApiKey::Metadata => question.metadata(read(request, asked.version)),
            ApiKey::ListOffsets => question.list_offsets(read(request, asked.version)),
            ApiKey::FindCoordinator => question.find_coordinator(read(request, asked.version)),
            ApiKey::OffsetFetch => question.offset_fetch(read(request, asked.version)),
            ApiKey::ListGroups => question.list_groups(),
            ApiKey::DescribeGroups => question.describe_groups(read(request, asked.version)),
            other => panic!("{other:?} was never announced"),
        };
        if question.is_closed {
            return vec![Step::Close];
        }
        let mut answer = BytesMut::new();
        if api != ApiKey::ApiVersions && api.response_header_version(asked.version) > 0 {
            answer.put_u8(0);
        }
        answer.put(body);
        vec![Step::Answer(answer.freeze())]
    }
}

fn read<R: Decodable>(mut request: Bytes, version: i16) -> R {
    R::decode(&mut request, version).expect("a request")
}

fn text(text: impl Into<String>) -> StrBytes {
    StrBytes::from_string(text.into())
}

/// A request and who is asked.
struct Question<'a> {
    state: &'a mut State,
    broker: i32,
    api: ApiKey,
    version: i16,
    /// Whether the connection ends instead of an answer.
    is_closed: bool,
}

impl Question<'_> {
    fn encoded(&self, answer: &impl Encodable) -> Bytes {
        encoded(answer, self.version)
    }

    fn note(&mut self, items: &[String]) {
        let place = match self.api {
            ApiKey::Metadata | ApiKey::FindCoordinator => String::new(),
            _ => format!(" at {}", self.broker),
        };
        let items: String = items.iter().map(|item| format!(" {item}")).collect();
        self.state.asked.push(format!("{:?}{place}:{items}", self.api));
    }

    /// The code that goes wrong with `item` this time.
    fn fault(&mut self, item: &str) -> Option<i16> {
        let Self { state, broker, api, .. } = self;
        let fault = state.faults.iter_mut().find(|fault| {
            fault.times > 0 && fault.api == *api && fault.item == item && fault.broker.is_none_or(|id| id == *broker)
        })?;
        fault.times -= 1;
        self.is_closed |= fault.code.is_none();
        fault.code
    }

    /// What is wrong with a group here.
    fn refusal(&mut self, group: &str) -> i16 {
        let here = self.state.coordinators.get(group) == Some(&Some(self.broker));
        self.fault(group).unwrap_or(if here { 0 } else { NOT_COORDINATOR })
    }

    fn api_versions(&self) -> Bytes {
        let highest = |api, newest| {
            let old = self.state.old.iter().find(|(broker, of, _)| *broker == self.broker && *of == api);
            old.map_or(newest, |(_, _, highest)| *highest)
        };
        let keys = KNOWN
            .map(|(api, newest)| ApiVersion::default().with_api_key(api as i16).with_max_version(highest(api, newest)));
        self.encoded(&ApiVersionsResponse::default().with_api_keys(keys.to_vec()))
    }

    fn metadata(&mut self, request: MetadataRequest) -> Bytes {
        let named: Option<Vec<String>> = request
            .topics
            .map(|topics| topics.into_iter().map(|topic| topic.name.expect("a name").to_string()).collect());
        self.note(named.as_deref().unwrap_or(&["all".to_owned()]));
        let hidden = &self.state.hidden;
        let brokers = self.state.addresses.iter().filter(|(id, _)| !hidden.contains(id)).map(|(id, address)| {
            let (host, port) = address.rsplit_once(':').expect("host:port");
            let broker = MetadataResponseBroker::default().with_node_id((*id).into()).with_host(text(host));
            broker.with_port(port.parse().expect("a port"))
        });
        let answer = MetadataResponse::default().with_brokers(brokers.collect()).with_controller_id(1.into());
        let mut all: Vec<String> = self.state.leaders.keys().map(|(topic, _)| (*topic).to_owned()).collect();
        all.dedup();
        let topics: Vec<_> = named.unwrap_or(all).iter().map(|topic| self.topic(topic)).collect();
        self.encoded(&answer.with_topics(topics))
    }

    fn topic(&mut self, topic: &str) -> MetadataResponseTopic {
        let code = self.fault(topic);
        let partitions = self.state.leaders.iter().filter(|((of, _), _)| *of == topic).map(|((_, id), leader)| {
            let partition = MetadataResponsePartition::default().with_partition_index(*id);
            match leader {
                Some(leader) => partition.with_leader_id((*leader).into()),
                None => partition.with_leader_id((-1).into()).with_error_code(LEADER_NOT_AVAILABLE),
            }
        });
        let partitions: Vec<_> = partitions.collect();
        let code = code.unwrap_or(if partitions.is_empty() { UNKNOWN_TOPIC_OR_PARTITION } else { 0 });
        let told = MetadataResponseTopic::default().with_name(Some(TopicName(text(topic)))).with_error_code(code);
        told.with_partitions(partitions)
    }

    fn list_offsets(&mut self, request: ListOffsetsRequest) -> Bytes {
        let item = |topic: &TopicName, partition: i32| format!("{}-{partition}", topic.as_str());
        let items = request
            .topics
            .iter()
            .flat_map(|topic| topic.partitions.iter().map(|partition| item(&topic.name, partition.partition_index)));
        self.note(&items.collect::<Vec<_>>());
        let topics = request.topics.iter().map(|topic| {
            let partitions = topic.partitions.iter().map(|asked| {
                let partition = asked.partition_index;
                let leader =
                    self.state.leaders.iter().find(|((of, id), _)| *of == topic.name.as_str() && *id == partition);
                let refusal = match leader {
                    None => UNKNOWN_TOPIC_OR_PARTITION,
                    Some((_, leader)) if *leader == Some(self.broker) => 0,
                    Some(_) => NOT_LEADER,
                };
                let code = self.fault(&item(&topic.name, partition)).unwrap_or(refusal);
                let answer = list_offsets_response::ListOffsetsPartitionResponse::default()
                    .with_partition_index(partition)
                    .with_error_code(code);
                if code != 0 {
                    return answer;
                }
                // -1 is the latest, -2 the earliest.
                let start = i64::from(self.broker) * OF_BROKER + i64::from(partition);
                answer.with_offset(if asked.timestamp == -1 { start + 1000 } else { start })
            });
            let partitions = partitions.collect();
            list_offsets_response::ListOffsetsTopicResponse::default()
                .with_name(topic.name.clone())
                .with_partitions(partitions)
        });
        let topics = topics.collect();
        self.encoded(&ListOffsetsResponse::default().with_topics(topics))
    }

    fn find_coordinator(&mut self, request: FindCoordinatorRequest) -> Bytes {
        let keys = if self.version < 4 { vec![request.key] } else { request.coordinator_keys };
        self.note(&keys.iter().map(|key| key.to_string()).collect::<Vec<_>>());
        let found: Vec<_> = keys.into_iter().map(|key| self.coordinator(key)).collect();
        if self.version >= 4 {
            return self.encoded(&FindCoordinatorResponse::default().with_coordinators(found));
        }
        let [one] = found.as_slice() else { panic!("one group") };
        let answer = FindCoordinatorResponse::default().with_error_code(one.error_code).with_node_id(one.node_id);
        self.encoded(&answer.with_host(one.host.clone()).with_port(one.port))
    }

    fn coordinator(&mut self, key: StrBytes) -> Coordinator {
        let coordinator = self.state.coordinators.get(key.as_str()).copied().flatten();
        let refusal = if coordinator.is_none() { COORDINATOR_NOT_AVAILABLE } else { 0 };
        let code = self.fault(&key).unwrap_or(refusal);
        let answer = Coordinator::default().with_key(key).with_error_code(code);
        match coordinator.filter(|_| code == 0) {
            None => answer.with_node_id((-1).into()).with_port(-1),
            Some(id) => {
                let (host, port) = self.state.addresses[&id].rsplit_once(':').expect("host:port");
                answer.with_node_id(id.into()).with_host(text(host)).with_port(port.parse().expect("a port"))
            }
        }
    }

    fn offset_fetch(&mut self, request: OffsetFetchRequest) -> Bytes {
        use offset_fetch_response as told;
        if self.version < 8 {
            let group = request.group_id.to_string();
            self.note(std::slice::from_ref(&group));
            let (code, offsets) = self.commits(&group);
            let partitions = offsets.map(|(partition, offset)| {
                let answer = told::OffsetFetchResponsePartition::default().with_partition_index(partition);
                answer.with_committed_offset(offset)
            });
            let topic = told::OffsetFetchResponseTopic::default().with_name(TopicName(text("t")));
            let topics = vec![topic.with_partitions(partitions.collect())];
            return self.encoded(&OffsetFetchResponse::default().with_error_code(code).with_topics(topics));
        }
        let groups: Vec<String> = request.groups.iter().map(|group| group.group_id.to_string()).collect();
        self.note(&groups);
        let answers = groups.iter().map(|group| {
            let (code, offsets) = self.commits(group);
            let partitions = offsets.map(|(partition, offset)| {
                let answer = told::OffsetFetchResponsePartitions::default().with_partition_index(partition);
                answer.with_committed_offset(offset)
            });
            let topic = told::OffsetFetchResponseTopics::default().with_name(TopicName(text("t")));
            let answer = told::OffsetFetchResponseGroup::default().with_group_id(text(group).into());
            answer.with_error_code(code).with_topics(vec![topic.with_partitions(partitions.collect())])
        });
        let answers = answers.collect();
        self.encoded(&OffsetFetchResponse::default().with_groups(answers))
    }

    /// A group's error and commits.
    fn commits(&mut self, group: &str) -> (i16, impl Iterator<Item = (i32, i64)> + use<>) {
        let code = self.refusal(group);
        let count = if code == 0 { self.state.commits.get(group).copied().unwrap_or(1) } else { 0 };
        let first = i64::from(self.broker) * OF_BROKER;
        (code, (0..count).map(move |partition| (partition, first + i64::from(partition))))
    }

    fn list_groups(&mut self) -> Bytes {
        self.note(&[]);
        let code = self.fault("").unwrap_or(0);
        let here = self.state.coordinators.iter().filter(|(_, broker)| **broker == Some(self.broker));
        let here = here.map(|(group, _)| (group.as_str(), "Stable"));
        let also = self.state.also_listed.iter().filter(|(broker, ..)| *broker == self.broker);
        let groups = here.chain(also.map(|(_, group, state)| (*group, *state))).map(|(group, state)| {
            list_groups_response::ListedGroup::default()
                .with_group_id(text(group).into())
                .with_protocol_type(text("consumer"))
                .with_group_state(text(state))
                .with_group_type(text("Classic"))
        });
        let groups = if code == 0 { groups.collect() } else { Vec::new() };
        self.encoded(&ListGroupsResponse::default().with_error_code(code).with_groups(groups))
    }

    fn describe_groups(&mut self, request: DescribeGroupsRequest) -> Bytes {
        self.note(&request.groups.iter().map(|group| group.to_string()).collect::<Vec<_>>());
        let groups = request.groups.iter().map(|group| {
            let code = self.refusal(group);
            let answer = describe_groups_response::DescribedGroup::default().with_group_id(group.clone());
            let state = if code == 0 { "Stable" } else { "" };
            answer.with_error_code(code).with_group_state(text(state)).with_protocol_type(text("consumer"))
        });
        let groups = groups.collect();
        self.encoded(&DescribeGroupsResponse::default().with_groups(groups))
    }
}
