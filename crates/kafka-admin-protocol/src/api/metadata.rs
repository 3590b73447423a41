//! Metadata: brokers, controller and topics with their partitions. Topic ids from version 10 (KIP-516), names may be
//! null from version 12, an error of the whole from version 13.

use std::cmp::Ordering;

use bytes::BytesMut;
use kafka_admin::{Broker, Cluster, ErrorCode, Partition, Topic, TopicName};
use kafka_protocol::messages::MetadataRequest;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;

use super::{Api, Call, Unencodable, encode, text};
use crate::wire::{Malformed, Names, Reader};

/// Asks for the cluster. Never has the broker create a topic.
#[derive(Debug)]
pub(crate) struct Metadata<'a> {
    /// Topics to tell of.
    pub(crate) topics: MetadataTopics<'a>,
    /// Names as known so far.
    pub(crate) names: &'a Names,
}

/// Which topics to tell of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum MetadataTopics<'a> {
    /// All that the principal may describe.
    All,
    /// These, in versions from 4 on: brokers may create what is missing in older ones.
    Named(&'a [TopicName]),
}

impl Call for Metadata<'_> {
    /// Brokers, topics and partitions in ascending order, each once.
    type Answer = Result<Cluster, ErrorCode>;

    const API: Api = Api { key: 3, name: "Metadata", versions: 1..=13, flexible_from: 9 };

    fn encode(&self, version: i16, out: &mut BytesMut) -> Result<(), Unencodable> {
        let topics = match self.topics {
            MetadataTopics::All => None,
            MetadataTopics::Named(_) if version < 4 => {
                return Err(Unencodable(format!("Metadata version {version} may create the topics that it names")));
            }
            MetadataTopics::Named(names) => Some(
                names.iter().map(|name| MetadataRequestTopic::default().with_name(Some(text(name).into()))).collect(),
            ),
        };
        // The codec wants the default where the version has no such field.
        let request = MetadataRequest::default().with_topics(topics).with_allow_auto_topic_creation(version < 4);
        encode(&request, version, out)
    }

    fn decode(&self, version: i16, body: &mut Reader<'_>) -> Result<Self::Answer, Malformed> {
        if version >= 3 {
            let _throttle_time_ms = body.i32()?;
        }
        let mut brokers = body.items(11, broker)?;
        let id = if version >= 2 { body.nullable_string()?.map(str::to_owned) } else { None };
        let controller = Some(body.i32()?).filter(|id| *id >= 0);
        let mut topics = body.items_if(9, |body| self.topic(version, body))?;
        if (8..=10).contains(&version) {
            let _cluster_authorized_operations = body.i32()?;
        }
        let error = if version >= 13 { body.error()? } else { None };
        body.tagged_fields()?;
        if let Some(error) = error {
            return Ok(Err(error));
        }
        sort_once(&mut brokers, |a, b| a.id.cmp(&b.id));
        sort_once(&mut topics, |a, b| a.name.cmp(&b.name));
        Ok(Ok(Cluster { id, controller, brokers, topics }))
    }
}

impl Metadata<'_> {
    /// A topic; none where its name is null, which is an id that nobody asked for.
    fn topic(&self, version: i16, body: &mut Reader<'_>) -> Result<Option<Topic>, Malformed> {
        let error = body.error()?;
        let name = if version >= 12 { body.nullable_string()? } else { Some(body.string()?) };
        let id = if version >= 10 { Some(body.uuid()?).filter(|id| *id != 0) } else { None };
        let _is_internal = body.bool()?;
        let mut partitions = body.items(18, |body| partition(version, body))?;
        if version >= 8 {
            let _topic_authorized_operations = body.i32()?;
        }
        body.tagged_fields()?;
        sort_once(&mut partitions, |a, b| a.id.cmp(&b.id));
        Ok(name.map(|name| Topic { name: self.names.name(name), id, error, partitions }))
    }
}

fn partition(version: i16, body: &mut Reader<'_>) -> Result<Partition, Malformed> {
    let error = body.error()?;
    let id = body.i32()?;
    let leader = Some(body.i32()?).filter(|leader| *leader >= 0);
    if version >= 7 {
        let _leader_epoch = body.i32()?;
    }
    let replicas = body.items(4, Reader::i32)?;
    let isr = body.items(4, Reader::i32)?;
    if version >= 5 {
        body.skip_i32s()?; // offline replicas
    }
    body.tagged_fields()?;
    Ok(Partition { id, leader, replicas, isr, error })
}

fn broker(body: &mut Reader<'_>) -> Result<Broker, Malformed> {
    let id = body.i32()?;
    let host = body.host()?.to_owned();
    let port = body.port()?;
    let rack = body.nullable_string()?.map(str::to_owned);
    body.tagged_fields()?;
    Ok(Broker { id, host, port, rack })
}

/// Into ascending order, each once: the first of equal ones stays.
fn sort_once<T>(items: &mut Vec<T>, order: impl Fn(&T, &T) -> Ordering) {
    items.sort_by(&order);
    items.dedup_by(|later, earlier| order(later, earlier).is_eq());
}
