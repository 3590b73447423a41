//! librdkafka's handle with one queue of ours for all that it says. Calls are submitted with a token and come back as
//! events that carry it; logs and errors come by the same queue.

use std::ffi::c_int;
use std::ptr::{self, NonNull};
use std::time::Duration;

use kafka_admin::{AdminError, Cluster, ConfigResource, GroupId, Isolation, Token};
use rdkafka::client::{Client as Handle, DefaultClientContext};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::types::RDKafkaType;
use rdkafka_sys::{
    RD_KAFKA_EVENT_ERROR, RD_KAFKA_EVENT_OAUTHBEARER_TOKEN_REFRESH, RDKafka, rd_kafka_DescribeCluster,
    rd_kafka_DescribeConfigs, rd_kafka_DescribeConsumerGroups, rd_kafka_ListConsumerGroupOffsets,
    rd_kafka_ListConsumerGroups, rd_kafka_ListOffsets, rd_kafka_conf_set_events, rd_kafka_queue_destroy,
    rd_kafka_queue_forward, rd_kafka_queue_get_main, rd_kafka_queue_new, rd_kafka_queue_poll, rd_kafka_queue_t,
    rd_kafka_queue_yield,
};

use super::configs::Resources;
use super::event::Event;
use super::metadata;
use super::options::{CStrings, CallOptions, GroupOffsets, Options, PartitionList};
use super::raw::{self, AdminOp};
use super::text::describe;
use super::token;
use crate::error::Failure;
use crate::names::Names;

/// `rd_kafka_queue_t`.
struct Queue(NonNull<rd_kafka_queue_t>);

// SAFETY: librdkafka's queues may be used from any thread, several at once.
unsafe impl Send for Queue {}
// SAFETY: as above.
unsafe impl Sync for Queue {}

impl Drop for Queue {
    fn drop(&mut self) {
        // SAFETY: ours, destroyed once; Client drops it before the handle.
        unsafe { rd_kafka_queue_destroy(self.0.as_ptr()) };
    }
}

/// A librdkafka handle.
///
/// It is a consumer's that was closed at once, which never talks to a group coordinator of its own: on any handle
/// without a group, an OffsetFetch answer of NOT_COORDINATOR, everyday business while a broker restarts, has
/// librdkafka follow a null pointer (confluentinc/librdkafka issue 5040).
pub(crate) struct Client {
    // Fields drop in order: the queues must go before the handle that they belong to.
    main: Queue,
    events: Queue,
    handle: Handle<DefaultClientContext>,
}

impl Client {
    /// `config` must have a `group.id`. `events_for_tokens`: [`Kind::TokenWanted`](super::Kind::TokenWanted) comes when
    /// OAUTHBEARER needs a token.
    pub(crate) fn new(config: &rdkafka::ClientConfig, events_for_tokens: bool) -> KafkaResult<Self> {
        let failed = |what: &str| KafkaError::ClientCreation(what.to_owned());
        let native = config.create_native_config()?;
        // Logs come as events because rdkafka asks for them. Whether tokens are asked for by events is up to the
        // configuration: without OAUTHBEARER they never are, and librdkafka may be told to make its own.
        let tokens = if events_for_tokens { RD_KAFKA_EVENT_OAUTHBEARER_TOKEN_REFRESH } else { 0 };
        // SAFETY: the configuration is live.
        unsafe { rd_kafka_conf_set_events(native.ptr(), RD_KAFKA_EVENT_ERROR | tokens) };
        let handle = Handle::new(config, native, RDKafkaType::RD_KAFKA_CONSUMER, DefaultClientContext)?;
        // SAFETY: the handle is live. With no subscription this neither waits nor sends anything.
        let code = unsafe { raw::rd_kafka_consumer_close(handle.native_ptr()) };
        if code != 0 {
            return Err(failed(&describe(code)));
        }
        // SAFETY: the handle is live.
        let main = unsafe { rd_kafka_queue_get_main(handle.native_ptr()) };
        let main = Queue(NonNull::new(main).ok_or_else(|| failed("no main queue"))?);
        // SAFETY: the handle is live.
        let events = unsafe { rd_kafka_queue_new(handle.native_ptr()) };
        let events = Queue(NonNull::new(events).ok_or_else(|| failed("no queue"))?);
        // SAFETY: both queues are live.
        unsafe { rd_kafka_queue_forward(main.0.as_ptr(), events.0.as_ptr()) };
        Ok(Self { main, events, handle })
    }

    fn handle(&self) -> *mut RDKafka {
        self.handle.native_ptr()
    }

    fn queue(&self) -> *mut rd_kafka_queue_t {
        self.events.0.as_ptr()
    }

    /// The next event, waiting for up to `timeout`.
    pub(crate) fn poll(&self, timeout: Duration) -> Option<Event> {
        let timeout = c_int::try_from(timeout.as_millis()).unwrap_or(c_int::MAX);
        // SAFETY: the queue is live.
        let event = unsafe { rd_kafka_queue_poll(self.queue(), timeout) };
        // SAFETY: an event from poll is ours alone.
        unsafe { Event::from_raw(event) }
    }

    /// Wakes [`poll`](Self::poll).
    pub(crate) fn wake(&self) {
        // SAFETY: the queue is live.
        unsafe { rd_kafka_queue_yield(self.queue()) };
    }

    /// All topics, brokers, cluster id and controller. Blocks for up to `timeout`.
    pub(crate) fn metadata(&self, timeout: Duration, names: &Names) -> Result<Cluster, Failure> {
        // SAFETY: the handle is live for the duration of the call.
        unsafe { metadata::fetch(self.handle(), timeout, names) }
    }

    /// Gives the token that was wanted; connections that wait for it go on.
    pub(crate) fn set_token(&self, token: &Token) -> Result<(), String> {
        // SAFETY: the handle is live.
        unsafe { token::set(self.handle(), token) }
    }

    /// Tells that there is none. It is wanted again in ten seconds.
    pub(crate) fn set_token_failure(&self, message: &str) {
        // SAFETY: the handle is live.
        unsafe { token::set_failure(self.handle(), message) };
    }

    fn options(&self, op: AdminOp, call: CallOptions) -> Result<Options, AdminError> {
        // SAFETY: the handle is live.
        unsafe { Options::new(self.handle(), op, call) }
    }

    /// ListGroups, to one broker or to all.
    pub(crate) fn list_groups(&self, call: CallOptions) -> Result<(), AdminError> {
        let options = self.options(AdminOp::ListConsumerGroups, call)?;
        // SAFETY: handle, options and queue are live; the options are copied.
        unsafe { rd_kafka_ListConsumerGroups(self.handle(), options.ptr(), self.queue()) };
        Ok(())
    }

    /// ConsumerGroupDescribe, or DescribeGroups for classic groups. The groups must be distinct.
    pub(crate) fn describe_groups(&self, call: CallOptions, groups: &[GroupId]) -> Result<(), AdminError> {
        let options = self.options(AdminOp::DescribeConsumerGroups, call)?;
        let mut ids = CStrings::of_groups(groups.iter().map(|group| &**group))?;
        let (pointers, count) = (ids.as_mut_ptr(), ids.len());
        // SAFETY: handle, options and queue are live; `pointers` has `count` strings, which are copied.
        unsafe { rd_kafka_DescribeConsumerGroups(self.handle(), pointers, count, options.ptr(), self.queue()) };
        Ok(())
    }

    /// OffsetFetch of all partitions of one group.
    pub(crate) fn committed(&self, call: CallOptions, group: &str) -> Result<(), AdminError> {
        let options = self.options(AdminOp::ListConsumerGroupOffsets, call)?;
        let request = GroupOffsets::all_of(group)?;
        let mut requests = [request.ptr()];
        // SAFETY: handle, options and queue are live; one request, which is copied.
        unsafe {
            rd_kafka_ListConsumerGroupOffsets(self.handle(), requests.as_mut_ptr(), 1, options.ptr(), self.queue());
        };
        Ok(())
    }

    /// ListOffsets of distinct partitions, each with its specification (-1 latest, -2 earliest, else a timestamp).
    /// Looks up the leaders in the calling thread, in time quadratic in the number of partitions.
    pub(crate) fn offsets<'a>(
        &self,
        call: CallOptions,
        partitions: impl ExactSizeIterator<Item = (&'a str, i32, i64)>,
        isolation: Isolation,
    ) -> Result<(), AdminError> {
        let mut options = self.options(AdminOp::ListOffsets, call)?;
        options.set_isolation(isolation)?;
        let mut list = PartitionList::with_capacity(partitions.len())?;
        for (topic, partition, spec) in partitions {
            list.add(topic, partition, spec)?;
        }
        // SAFETY: handle, list, options and queue are live; list and options are copied.
        unsafe { rd_kafka_ListOffsets(self.handle(), list.ptr(), options.ptr(), self.queue()) };
        Ok(())
    }

    /// DescribeCluster (sent as Metadata of no topic), for the brokers' racks.
    pub(crate) fn describe_cluster(&self, call: CallOptions) -> Result<(), AdminError> {
        let options = self.options(AdminOp::DescribeCluster, call)?;
        // SAFETY: handle, options and queue are live; the options are copied.
        unsafe { rd_kafka_DescribeCluster(self.handle(), options.ptr(), self.queue()) };
        Ok(())
    }

    /// DescribeConfigs of distinct resources, at most one of them a broker: of each the entries with these names, or all.
    pub(crate) fn describe_configs(
        &self,
        call: CallOptions,
        resources: &[&ConfigResource],
        names: Option<&[&str]>,
    ) -> Result<(), AdminError> {
        let options = self.options(AdminOp::DescribeConfigs, call)?;
        let mut resources = Resources::new(resources, names.unwrap_or_default())?;
        let (pointers, count) = (resources.as_mut_ptr(), resources.len());
        // SAFETY: handle, options and queue are live; `pointers` has `count` live resources; all are copied.
        unsafe { rd_kafka_DescribeConfigs(self.handle(), pointers, count, options.ptr(), self.queue()) };
        Ok(())
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // SAFETY: the queue is live; null ends the forwarding.
        unsafe { rd_kafka_queue_forward(self.main.0.as_ptr(), ptr::null_mut()) };
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}
