//! Metadata of all topics, librdkafka's only way to list topics.

use std::ffi::c_int;
use std::ptr;
use std::time::Duration;

use kafka_admin::{Broker, Cluster, Partition, Topic};
use rdkafka_sys::{
    RDKafka, rd_kafka_clusterid, rd_kafka_controllerid, rd_kafka_mem_free, rd_kafka_metadata, rd_kafka_metadata_destroy,
};

use super::raw;
use super::text::{borrowed, describe, slice, text};
use crate::error::{Failure, error_code};
use crate::names::Names;

/// Freed when dropped.
struct Metadata(*const rd_kafka_metadata);

impl Drop for Metadata {
    fn drop(&mut self) {
        // SAFETY: made by rd_kafka_metadata, destroyed once.
        unsafe { rd_kafka_metadata_destroy(self.0) };
    }
}

/// Asks one broker of librdkafka's choice; blocks for up to `timeout`.
///
/// # Safety
/// `client` must be a live handle.
pub(super) unsafe fn fetch(client: *mut RDKafka, timeout: Duration, names: &Names) -> Result<Cluster, Failure> {
    let timeout = c_int::try_from(timeout.as_millis()).unwrap_or(c_int::MAX);
    let mut metadata = ptr::null();
    // SAFETY: the handle is live, no topic is named, and `metadata` is written on success only.
    let code = unsafe { raw::rd_kafka_metadata(client, 1, ptr::null_mut(), &raw mut metadata, timeout) };
    if code != 0 {
        return Err(Failure { code, message: describe(code) });
    }
    if metadata.is_null() {
        return Err(Failure::other_event());
    }
    let metadata = Metadata(metadata);
    // SAFETY: live until the end of this function; its own fields are no enums.
    let data = unsafe { &*metadata.0 };
    // SAFETY: `broker_cnt` brokers, without enums.
    let brokers = unsafe { slice(data.brokers.cast_const(), length(data.broker_cnt)) };
    let mut brokers: Vec<Broker> = brokers
        .iter()
        .map(|broker| Broker {
            id: broker.id,
            // SAFETY: a string of the metadata.
            host: unsafe { text(broker.host) }.unwrap_or_default(),
            port: u16::try_from(broker.port).unwrap_or_default(),
            rack: None,
        })
        .collect();
    brokers.sort_unstable_by_key(|broker| broker.id);
    // SAFETY: `topic_cnt` topics, read as our own struct.
    let topics = unsafe { slice(data.topics.cast_const().cast::<raw::MetadataTopic>(), length(data.topic_cnt)) };
    // SAFETY: each is live.
    let mut topics: Vec<Topic> = topics.iter().map(|topic| unsafe { read_topic(topic, names) }).collect();
    topics.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    // SAFETY: the handle is live; 0 does not wait.
    let controller = unsafe { rd_kafka_controllerid(client, 0) };
    // SAFETY: the handle is live.
    let id = unsafe { cluster_id(client) };
    Ok(Cluster { id, controller: (controller >= 0).then_some(controller), brokers, topics })
}

/// # Safety
/// `topic` must be one of librdkafka's, live.
unsafe fn read_topic(topic: &raw::MetadataTopic, names: &Names) -> Topic {
    // SAFETY: a string of the metadata.
    let name = unsafe { borrowed(topic.topic) }.unwrap_or_default();
    // SAFETY: `partition_cnt` partitions.
    let partitions = unsafe { slice(topic.partitions, length(topic.partition_cnt)) };
    let mut partitions: Vec<Partition> = partitions
        .iter()
        .map(|partition| Partition {
            id: partition.id,
            leader: (partition.leader >= 0).then_some(partition.leader),
            // SAFETY: `replica_cnt` ids.
            replicas: unsafe { slice(partition.replicas, length(partition.replica_cnt)) }.to_vec(),
            // SAFETY: `isr_cnt` ids.
            isr: unsafe { slice(partition.isrs, length(partition.isr_cnt)) }.to_vec(),
            error: error_code(partition.err),
        })
        .collect();
    partitions.sort_unstable_by_key(|partition| partition.id);
    Topic { name: names.name(&name), id: None, error: error_code(topic.err), partitions }
}

fn length(count: c_int) -> usize {
    usize::try_from(count).unwrap_or(0)
}

/// # Safety
/// `client` must be a live handle.
unsafe fn cluster_id(client: *mut RDKafka) -> Option<String> {
    // SAFETY: live, as promised; 0 does not wait.
    let id = unsafe { rd_kafka_clusterid(client, 0) };
    // SAFETY: null or a string that is ours.
    let copy = unsafe { text(id) };
    if !id.is_null() {
        // SAFETY: ours to free, once.
        unsafe { rd_kafka_mem_free(client, id.cast()) };
    }
    copy
}
