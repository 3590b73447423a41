//! Metadata, DescribeCluster and DescribeQuorum against the codec.

use kafka_admin::{Broker, Cluster, ErrorCode, Partition, Quorum, QuorumNode, QuorumReplica, RegisteredBroker, Topic};
use kafka_protocol::messages::describe_cluster_response::DescribeClusterBroker;
use kafka_protocol::messages::describe_quorum_response::{Listener, Node, PartitionData, ReplicaState, TopicData};
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{
    DescribeClusterRequest, DescribeClusterResponse, DescribeQuorumRequest, DescribeQuorumResponse, MetadataRequest,
    MetadataResponse,
};
use proptest::prelude::*;

use super::{NAMES, Target, answer, body, code, id_of, name, positive, request, tags, unless};
use crate::api::describe_cluster::DescribedCluster;
use crate::api::{Call, DescribeCluster, DescribeQuorum, Metadata, MetadataTopics, Unencodable, text};
use crate::wire::{Malformed, Names, Reader};

type AnyPartition = (i16, i32, i32, Vec<i32>, Vec<i32>);
type AnyBroker = (i32, String, u16, Option<String>);

#[derive(Debug, Clone)]
struct AnyMetadata {
    brokers: Vec<AnyBroker>,
    id: Option<String>,
    controller: i32,
    topics: Vec<(i16, Option<String>, u128, Vec<AnyPartition>)>,
    error: i16,
}

fn broker() -> impl Strategy<Value = AnyBroker> {
    (0..6i32, "[a-z]{0,9}|\\[::1\\]", any::<u16>(), prop::option::of(name()))
}

fn any_metadata() -> impl Strategy<Value = AnyMetadata> {
    let ids = || prop::collection::vec(0..9i32, 0..4);
    let partition = (code(), 0..9i32, -1..4i32, ids(), ids());
    let topic_id = prop_oneof![Just(0), any::<u128>()];
    let topic = (code(), prop::option::weighted(0.9, name()), topic_id, prop::collection::vec(partition, 0..6));
    let (brokers, topics) = (prop::collection::vec(broker(), 0..5), prop::collection::vec(topic, 0..6));
    (brokers, prop::option::of(name()), -1..3i32, topics, prop_oneof![3 => Just(0), 1 => Just(29)])
        .prop_map(|(brokers, id, controller, topics, error)| AnyMetadata { brokers, id, controller, topics, error })
}

fn metadata_body(version: i16, any: &AnyMetadata) -> Vec<u8> {
    let tags = || tags::<Metadata<'_>>(version);
    let ids = |ids: &[i32]| ids.iter().map(|id| (*id).into()).collect::<Vec<_>>();
    let brokers = any.brokers.iter().map(|(id, host, port, rack)| {
        MetadataResponseBroker::default()
            .with_node_id((*id).into())
            .with_host(text(host))
            .with_port((*port).into())
            .with_rack(rack.as_deref().map(text))
            .with_unknown_tagged_fields(tags())
    });
    let partition = |(error, id, leader, replicas, isr): &AnyPartition| {
        MetadataResponsePartition::default()
            .with_error_code(*error)
            .with_partition_index(*id)
            .with_leader_id((*leader).into())
            .with_leader_epoch(7)
            .with_replica_nodes(ids(replicas))
            .with_isr_nodes(ids(isr))
            .with_offline_replicas(if version >= 5 { ids(&[5, 6]) } else { vec![] })
            .with_unknown_tagged_fields(tags())
    };
    let topics = any.topics.iter().map(|(error, name, id, partitions)| {
        let name = if version >= 12 { name.clone() } else { Some(name.clone().unwrap_or_default()) };
        MetadataResponseTopic::default()
            .with_error_code(*error)
            .with_name(name.map(|name| text(&name).into()))
            .with_topic_id(id_of(*id).topic_id)
            .with_is_internal(true)
            .with_partitions(partitions.iter().map(partition).collect())
            .with_unknown_tagged_fields(tags())
    });
    let response = MetadataResponse::default()
        .with_throttle_time_ms(9)
        .with_brokers(brokers.collect())
        .with_cluster_id(any.id.as_deref().map(text))
        .with_controller_id(any.controller.into())
        .with_topics(topics.collect())
        .with_error_code(any.error)
        .with_unknown_tagged_fields(tags());
    body(version, &response)
}

fn expected_broker((id, host, port, rack): &AnyBroker) -> Broker {
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    Broker { id: *id, host, port: *port, rack: rack.clone() }
}

fn id(id: i32) -> Option<i32> {
    Some(id).filter(|id| *id >= 0)
}

/// The first of those with the same key, in ascending order of key.
fn first_of_each<T, K: Ord>(items: Vec<T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut kept = std::collections::BTreeMap::new();
    for item in items {
        kept.entry(key(&item)).or_insert(item);
    }
    kept.into_values().collect()
}

fn expected_metadata(version: i16, any: &AnyMetadata) -> Result<Cluster, ErrorCode> {
    let partition = |(error, number, leader, replicas, isr): &AnyPartition| Partition {
        id: *number,
        leader: id(*leader),
        replicas: replicas.clone(),
        isr: isr.clone(),
        error: unless(*error, ()).err(),
    };
    let topics = any.topics.iter().filter(|topic| topic.1.is_some() || version < 12);
    let topics = topics.map(|(error, name, id, partitions)| Topic {
        name: name.as_deref().unwrap_or_default().into(),
        id: Some(*id).filter(|id| *id != 0 && version >= 10),
        error: unless(*error, ()).err(),
        partitions: first_of_each(partitions.iter().map(partition).collect(), |partition| partition.id),
    });
    let cluster = Cluster {
        id: any.id.clone().filter(|_| version >= 2),
        controller: id(any.controller),
        brokers: first_of_each(any.brokers.iter().map(expected_broker).collect(), |broker| broker.id),
        topics: first_of_each(topics.collect(), |topic| topic.name.clone()),
    };
    if version >= 13 { unless(any.error, cluster) } else { Ok(cluster) }
}

pub(super) fn metadata() -> Target {
    let call = Metadata { topics: MetadataTopics::All, names: &NAMES };
    Target::new(call, any_metadata(), metadata_body)
}

proptest! {
    #[test]
    fn metadata_is_read_as_the_codec_writes_it(any in any_metadata()) {
        for version in Metadata::API.versions {
            let call = Metadata { topics: MetadataTopics::All, names: &NAMES };
            let read = answer(&call, version, &metadata_body(version, &any));
            prop_assert_eq!(read, expected_metadata(version, &any), "version {}", version);
        }
    }

    #[test]
    fn a_cluster_is_read_as_the_codec_writes_it(any in any_described()) {
        for version in DescribeCluster::API.versions {
            let read = answer(&DescribeCluster, version, &described_body(version, &any));
            prop_assert_eq!(read, expected_described(&any), "version {}", version);
        }
    }

    #[test]
    fn a_quorum_is_read_as_the_codec_writes_it(any in any_quorum()) {
        for version in DescribeQuorum::API.versions {
            let body = quorum_body(version, &any);
            let mut reader = Reader::new(&body, true);
            let read = DescribeQuorum.decode(version, &mut reader);
            prop_assert_eq!(reader.end(), Ok(()));
            prop_assert_eq!(read.map_err(|Malformed { what, .. }| what), expected_quorum(version, &any));
        }
    }
}

#[test]
fn names_of_topics_are_those_of_the_cluster_before() {
    let any = AnyMetadata {
        brokers: vec![],
        id: None,
        controller: 1,
        topics: vec![(0, Some("a".into()), 1, vec![]), (0, Some("new".into()), 2, vec![])],
        error: 0,
    };
    let (empty, body) = (Names::default(), metadata_body(12, &any));
    let read = |names: &Names| answer(&Metadata { topics: MetadataTopics::All, names }, 12, &body).unwrap();
    let first = read(&empty);
    let second = read(&Names::of(&first));
    for (first, second) in first.topics.iter().zip(&second.topics) {
        assert!(std::sync::Arc::ptr_eq(&first.name, &second.name), "{}", first.name);
    }
}

#[test]
fn metadata_is_asked_for_without_creating_topics() {
    let names = Names::default();
    for version in Metadata::API.versions {
        let all: MetadataRequest = request(&Metadata { topics: MetadataTopics::All, names: &names }, version);
        assert_eq!(all.topics, None);
        assert_eq!(all.allow_auto_topic_creation, version < 4, "absent before version 4");
        let named = ["a".into(), "b".into()];
        let call = Metadata { topics: MetadataTopics::Named(&named), names: &names };
        if version < 4 {
            let refused = call.encode(version, &mut bytes::BytesMut::new());
            assert!(matches!(refused, Err(Unencodable(why)) if why.contains("create")), "version {version}");
            continue;
        }
        let request: MetadataRequest = request(&call, version);
        let asked = request.topics.unwrap().into_iter().map(|topic| topic.name.unwrap().to_string());
        assert_eq!(asked.collect::<Vec<_>>(), ["a", "b"]);
        assert!(!request.allow_auto_topic_creation);
    }
}

type AnyDescribed = (i16, String, i32, Vec<(AnyBroker, bool)>);

fn any_described() -> impl Strategy<Value = AnyDescribed> {
    (code(), name(), -1..4i32, prop::collection::vec((broker(), any::<bool>()), 0..6))
}

fn described_body(version: i16, (error, id, controller, brokers): &AnyDescribed) -> Vec<u8> {
    let tags = || tags::<DescribeCluster>(version);
    let brokers = brokers.iter().map(|((id, host, port, rack), is_fenced)| {
        DescribeClusterBroker::default()
            .with_broker_id((*id).into())
            .with_host(text(host))
            .with_port((*port).into())
            .with_rack(rack.as_deref().map(text))
            .with_is_fenced(*is_fenced)
            .with_unknown_tagged_fields(tags())
    });
    let response = DescribeClusterResponse::default()
        .with_error_code(*error)
        .with_error_message(Some(text("words")))
        .with_cluster_id(text(id))
        .with_controller_id((*controller).into())
        .with_brokers(brokers.collect())
        .with_unknown_tagged_fields(tags());
    body(version, &response)
}

fn expected_described(any: &AnyDescribed) -> Result<DescribedCluster, ErrorCode> {
    let (error, cluster, controller, brokers) = any;
    let brokers = brokers
        .iter()
        .map(|(broker, is_fenced)| RegisteredBroker { broker: expected_broker(broker), is_fenced: *is_fenced });
    unless(
        *error,
        DescribedCluster {
            id: cluster.clone(),
            controller: id(*controller),
            brokers: first_of_each(brokers.collect(), |broker| broker.broker.id),
        },
    )
}

pub(super) fn describe_cluster() -> Target {
    Target::new(DescribeCluster, any_described(), described_body)
}

#[test]
fn fenced_brokers_are_asked_for() {
    for version in DescribeCluster::API.versions {
        let request: DescribeClusterRequest = request(&DescribeCluster, version);
        assert!(request.include_fenced_brokers);
        assert_eq!(request.endpoint_type, 1);
    }
}

type AnyReplica = (i32, i64, i64, i64);

/// Whether it is of the metadata log, partition, error, leader, high watermark, voters, observers.
type AnyState = (bool, i32, i16, i32, i64, Vec<AnyReplica>, Vec<AnyReplica>);

type AnyNode = (i32, Vec<(String, String, u16)>);

#[derive(Debug, Clone)]
struct AnyQuorum {
    error: i16,
    partitions: Vec<AnyState>,
    nodes: Vec<AnyNode>,
}

fn any_quorum() -> impl Strategy<Value = AnyQuorum> {
    let number = super::number;
    let replicas = || prop::collection::vec((0..9i32, number(), number(), number()), 0..4);
    let partition = (any::<bool>(), 0..2i32, code(), -1..4i32, number(), replicas(), replicas());
    let listener = (name(), "[a-z]{1,9}", any::<u16>());
    let nodes = prop::collection::vec((0..9i32, prop::collection::vec(listener, 0..3)), 0..4);
    (code(), prop::collection::vec(partition, 0..4), nodes).prop_map(|(error, partitions, nodes)| AnyQuorum {
        error,
        partitions,
        nodes,
    })
}

fn quorum_body(version: i16, any: &AnyQuorum) -> Vec<u8> {
    let tags = || tags::<DescribeQuorum>(version);
    let replica = |(id, end, fetch, caught_up): &AnyReplica| {
        let times = if version >= 1 { (*fetch, *caught_up) } else { (-1, -1) };
        ReplicaState::default()
            .with_replica_id((*id).into())
            .with_replica_directory_id(id_of(if version >= 2 { 5 } else { 0 }).topic_id)
            .with_log_end_offset(*end)
            .with_last_fetch_timestamp(times.0)
            .with_last_caught_up_timestamp(times.1)
            .with_unknown_tagged_fields(tags())
    };
    let topics = any.partitions.iter().map(|(is_metadata, id, error, leader, high, voters, observers)| {
        let partition = PartitionData::default()
            .with_partition_index(*id)
            .with_error_code(*error)
            .with_error_message((version >= 2).then(|| text("words")))
            .with_leader_id((*leader).into())
            .with_leader_epoch(3)
            .with_high_watermark(*high)
            .with_current_voters(voters.iter().map(replica).collect())
            .with_observers(observers.iter().map(replica).collect())
            .with_unknown_tagged_fields(tags());
        TopicData::default()
            .with_topic_name(text(if *is_metadata { "__cluster_metadata" } else { "other" }).into())
            .with_partitions(vec![partition])
            .with_unknown_tagged_fields(tags())
    });
    let listener = |(name, host, port): &(String, String, u16)| {
        Listener::default()
            .with_name(text(name))
            .with_host(text(host))
            .with_port(*port)
            .with_unknown_tagged_fields(tags())
    };
    let nodes = any.nodes.iter().filter(|_| version >= 2).map(|(id, listeners)| {
        Node::default()
            .with_node_id((*id).into())
            .with_listeners(listeners.iter().map(listener).collect())
            .with_unknown_tagged_fields(tags())
    });
    let response = DescribeQuorumResponse::default()
        .with_error_code(any.error)
        .with_error_message((version >= 2).then(|| text("words")))
        .with_topics(topics.collect())
        .with_nodes(nodes.collect())
        .with_unknown_tagged_fields(tags());
    body(version, &response)
}

fn expected_quorum(version: i16, any: &AnyQuorum) -> Result<Result<Quorum, ErrorCode>, &'static str> {
    if any.error != 0 {
        return Ok(Err(ErrorCode(any.error)));
    }
    let found = any.partitions.iter().find(|partition| partition.0 && partition.1 == 0);
    let Some((_, _, error, leader, high, voters, observers)) = found else {
        return Err("the answer lacks the metadata log's partition");
    };
    let replica = |(id, end, fetch, caught_up): &AnyReplica| QuorumReplica {
        id: *id,
        log_end_offset: positive(*end),
        last_fetch: positive(*fetch).filter(|_| version >= 1),
        last_caught_up: positive(*caught_up).filter(|_| version >= 1),
    };
    let nodes = any.nodes.iter().filter(|_| version >= 2);
    Ok(unless(
        *error,
        Quorum {
            leader: id(*leader),
            leader_epoch: 3,
            high_watermark: *high,
            voters: voters.iter().map(replica).collect(),
            observers: observers.iter().map(replica).collect(),
            nodes: nodes.map(|(id, listeners)| QuorumNode { id: *id, listeners: listeners.clone() }).collect(),
        },
    ))
}

pub(super) fn describe_quorum() -> Target {
    Target::new(DescribeQuorum, any_quorum(), quorum_body)
}

#[test]
fn the_quorum_asked_for_is_the_metadata_logs() {
    for version in DescribeQuorum::API.versions {
        let request: DescribeQuorumRequest = request(&DescribeQuorum, version);
        let [topic] = &request.topics[..] else { panic!("{request:?}") };
        assert_eq!(topic.topic_name.as_str(), "__cluster_metadata");
        assert_eq!(topic.partitions.iter().map(|partition| partition.partition_index).collect::<Vec<_>>(), [0]);
    }
}
