//! The C functions and structs whose bindings hold an enum. `rdkafka-sys` makes Rust enums of C's, and a value outside
//! of such an enum (an error code newer than the bindings, say) is undefined behaviour the moment it is returned:
//! here they are plain integers.

use std::ffi::{c_char, c_int, c_void};
use std::mem::{offset_of, size_of};

use rdkafka_sys::{
    rd_kafka_AdminOptions_t, rd_kafka_ConfigResource_t, rd_kafka_ConsumerGroupDescription_t,
    rd_kafka_ConsumerGroupListing_t, rd_kafka_error_t, rd_kafka_event_t, rd_kafka_metadata_partition,
    rd_kafka_metadata_t, rd_kafka_metadata_topic, rd_kafka_t, rd_kafka_topic_partition_s, rd_kafka_topic_t,
};

/// `rd_kafka_admin_op_t`: which call an options object is for.
#[derive(Debug, Clone, Copy)]
pub(super) enum AdminOp {
    DescribeConfigs = 5,
    ListConsumerGroups = 12,
    DescribeConsumerGroups = 13,
    ListConsumerGroupOffsets = 14,
    DescribeCluster = 20,
    ListOffsets = 21,
}

/// `rd_kafka_topic_partition_t`.
#[repr(C)]
pub(super) struct TopicPartition {
    pub(super) topic: *const c_char,
    pub(super) partition: i32,
    pub(super) offset: i64,
    metadata: *const c_void,
    metadata_size: usize,
    opaque: *const c_void,
    pub(super) err: c_int,
    private: *const c_void,
}

/// `rd_kafka_metadata_topic_t`.
#[repr(C)]
pub(super) struct MetadataTopic {
    pub(super) topic: *const c_char,
    pub(super) partition_cnt: c_int,
    pub(super) partitions: *const MetadataPartition,
    pub(super) err: c_int,
}

/// `rd_kafka_metadata_partition_t`.
#[repr(C)]
pub(super) struct MetadataPartition {
    pub(super) id: i32,
    pub(super) err: c_int,
    pub(super) leader: i32,
    pub(super) replica_cnt: c_int,
    pub(super) replicas: *const i32,
    pub(super) isr_cnt: c_int,
    pub(super) isrs: *const i32,
}

// Ours must lie in memory as the bindings' do.
const _: () = assert!(
    size_of::<TopicPartition>() == size_of::<rd_kafka_topic_partition_s>()
        && offset_of!(TopicPartition, offset) == offset_of!(rd_kafka_topic_partition_s, offset)
        && offset_of!(TopicPartition, err) == offset_of!(rd_kafka_topic_partition_s, err)
        && size_of::<MetadataTopic>() == size_of::<rd_kafka_metadata_topic>()
        && offset_of!(MetadataTopic, partitions) == offset_of!(rd_kafka_metadata_topic, partitions)
        && offset_of!(MetadataTopic, err) == offset_of!(rd_kafka_metadata_topic, err)
        && size_of::<MetadataPartition>() == size_of::<rd_kafka_metadata_partition>()
        && offset_of!(MetadataPartition, err) == offset_of!(rd_kafka_metadata_partition, err)
        && offset_of!(MetadataPartition, isrs) == offset_of!(rd_kafka_metadata_partition, isrs)
);

unsafe extern "C" {
    pub(super) fn rd_kafka_err2str(code: c_int) -> *const c_char;
    pub(super) fn rd_kafka_error_code(error: *const rd_kafka_error_t) -> c_int;
    pub(super) fn rd_kafka_consumer_close(client: *mut rd_kafka_t) -> c_int;
    pub(super) fn rd_kafka_oauthbearer_set_token(
        client: *mut rd_kafka_t,
        token: *const c_char,
        expires_at_ms: i64,
        principal: *const c_char,
        extensions: *mut *const c_char,
        extensions_size: usize,
        message: *mut c_char,
        message_size: usize,
    ) -> c_int;
    pub(super) fn rd_kafka_oauthbearer_set_token_failure(client: *mut rd_kafka_t, message: *const c_char) -> c_int;
    pub(super) fn rd_kafka_event_error(event: *const rd_kafka_event_t) -> c_int;
    pub(super) fn rd_kafka_metadata(
        client: *mut rd_kafka_t,
        all_topics: c_int,
        only_topic: *mut rd_kafka_topic_t,
        metadata: *mut *const rd_kafka_metadata_t,
        timeout_ms: c_int,
    ) -> c_int;
    pub(super) fn rd_kafka_AdminOptions_new(client: *mut rd_kafka_t, op: c_int) -> *mut rd_kafka_AdminOptions_t;
    pub(super) fn rd_kafka_AdminOptions_set_request_timeout(
        options: *mut rd_kafka_AdminOptions_t,
        timeout_ms: c_int,
        message: *mut c_char,
        message_size: usize,
    ) -> c_int;
    pub(super) fn rd_kafka_AdminOptions_set_broker(
        options: *mut rd_kafka_AdminOptions_t,
        broker: i32,
        message: *mut c_char,
        message_size: usize,
    ) -> c_int;
    pub(super) fn rd_kafka_AdminOptions_set_isolation_level(
        options: *mut rd_kafka_AdminOptions_t,
        level: c_int,
    ) -> *mut rd_kafka_error_t;
    pub(super) fn rd_kafka_ConsumerGroupListing_state(listing: *const rd_kafka_ConsumerGroupListing_t) -> c_int;
    pub(super) fn rd_kafka_ConsumerGroupListing_type(listing: *const rd_kafka_ConsumerGroupListing_t) -> c_int;
    pub(super) fn rd_kafka_ConsumerGroupDescription_state(group: *const rd_kafka_ConsumerGroupDescription_t) -> c_int;
    pub(super) fn rd_kafka_ConsumerGroupDescription_type(group: *const rd_kafka_ConsumerGroupDescription_t) -> c_int;
    pub(super) fn rd_kafka_ConfigResource_new(kind: c_int, name: *const c_char) -> *mut rd_kafka_ConfigResource_t;
    pub(super) fn rd_kafka_ConfigResource_set_config(
        resource: *mut rd_kafka_ConfigResource_t,
        name: *const c_char,
        value: *const c_char,
    ) -> c_int;
    pub(super) fn rd_kafka_ConfigResource_type(resource: *const rd_kafka_ConfigResource_t) -> c_int;
    pub(super) fn rd_kafka_ConfigResource_error(resource: *const rd_kafka_ConfigResource_t) -> c_int;
}
