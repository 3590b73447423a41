//! What goes into most calls: options, partition lists, group-offset requests and group ids, each freed when dropped.
//! librdkafka copies all of them during the call.

use std::ffi::{CString, c_char, c_int, c_void};
use std::ptr::{self, NonNull};
use std::time::Duration;

use kafka_admin::{AdminError, Isolation};
use rdkafka_sys::{
    RDKafka, rd_kafka_AdminOptions_destroy, rd_kafka_AdminOptions_set_opaque, rd_kafka_AdminOptions_t,
    rd_kafka_ListConsumerGroupOffsets_destroy, rd_kafka_ListConsumerGroupOffsets_new,
    rd_kafka_ListConsumerGroupOffsets_t, rd_kafka_error_destroy, rd_kafka_topic_partition_list_add,
    rd_kafka_topic_partition_list_destroy, rd_kafka_topic_partition_list_new, rd_kafka_topic_partition_list_t,
};

use super::raw::{self, AdminOp};

/// What every call carries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallOptions {
    /// Comes back with the result event.
    pub(crate) token: usize,
    /// After this librdkafka gives up and sends an event that says so.
    pub(crate) timeout: Duration,
    /// The broker to ask; `None` lets librdkafka find the coordinator, the leaders or all brokers, as the call demands.
    pub(crate) broker: Option<i32>,
}

/// `rd_kafka_AdminOptions_t`.
pub(super) struct Options(NonNull<rd_kafka_AdminOptions_t>);

impl Options {
    /// # Safety
    /// `client` must be a live handle.
    pub(super) unsafe fn new(client: *mut RDKafka, op: AdminOp, call: CallOptions) -> Result<Self, AdminError> {
        // SAFETY: the caller vouches for the handle; `op` is one of librdkafka's.
        let options = unsafe { raw::rd_kafka_AdminOptions_new(client, op as c_int) };
        let options = Self(NonNull::new(options).ok_or_else(|| refused("AdminOptions_new"))?);
        // librdkafka takes 0 to 3,600,000 ms; 0 would be an immediate time-out.
        let timeout = c_int::try_from(call.timeout.as_millis()).unwrap_or(c_int::MAX).clamp(1, 3_600_000);
        // SAFETY: the options are live; a null message buffer of size 0 is allowed.
        let code =
            unsafe { raw::rd_kafka_AdminOptions_set_request_timeout(options.ptr(), timeout, ptr::null_mut(), 0) };
        if code != 0 {
            return Err(refused("set_request_timeout"));
        }
        if let Some(broker) = call.broker {
            // SAFETY: as above.
            let code = unsafe { raw::rd_kafka_AdminOptions_set_broker(options.ptr(), broker, ptr::null_mut(), 0) };
            if code != 0 {
                return Err(refused("set_broker"));
            }
        }
        // An index, never dereferenced; one added, so that it differs from the null of an event without opaque.
        let opaque: *mut c_void = ptr::without_provenance_mut(call.token + 1);
        // SAFETY: the options are live, and librdkafka only carries the opaque value around.
        unsafe { rd_kafka_AdminOptions_set_opaque(options.ptr(), opaque) };
        Ok(options)
    }

    pub(super) fn set_isolation(&mut self, isolation: Isolation) -> Result<(), AdminError> {
        let level = match isolation {
            Isolation::ReadUncommitted => 0,
            Isolation::ReadCommitted => 1,
        };
        // SAFETY: the options are live.
        let error = unsafe { raw::rd_kafka_AdminOptions_set_isolation_level(self.ptr(), level) };
        if error.is_null() {
            return Ok(());
        }
        // SAFETY: a non-null error is ours to destroy, once.
        unsafe { rd_kafka_error_destroy(error) };
        Err(refused("set_isolation_level"))
    }

    pub(super) fn ptr(&self) -> *mut rd_kafka_AdminOptions_t {
        self.0.as_ptr()
    }
}

impl Drop for Options {
    fn drop(&mut self) {
        // SAFETY: made by AdminOptions_new, destroyed once.
        unsafe { rd_kafka_AdminOptions_destroy(self.ptr()) };
    }
}

/// `rd_kafka_topic_partition_list_t` as input of ListOffsets.
pub(super) struct PartitionList(NonNull<rd_kafka_topic_partition_list_t>);

impl PartitionList {
    pub(super) fn with_capacity(capacity: usize) -> Result<Self, AdminError> {
        let size = c_int::try_from(capacity).map_err(|_| refused("topic_partition_list_new"))?;
        // SAFETY: no precondition; the size is only an allocation hint.
        let list = unsafe { rd_kafka_topic_partition_list_new(size) };
        Ok(Self(NonNull::new(list).ok_or_else(|| refused("topic_partition_list_new"))?))
    }

    /// Adds a partition with `offset`, in ListOffsets the specification of what to look up.
    pub(super) fn add(&mut self, topic: &str, partition: i32, offset: i64) -> Result<(), AdminError> {
        let topic = c_string(topic, "topic name")?;
        // SAFETY: the list is live; the name is copied.
        let element = unsafe { rd_kafka_topic_partition_list_add(self.ptr(), topic.as_ptr(), partition) };
        // SAFETY: `add` returns an element of the list, valid until the next `add`.
        unsafe { (*element).offset = offset };
        Ok(())
    }

    pub(super) fn ptr(&self) -> *mut rd_kafka_topic_partition_list_t {
        self.0.as_ptr()
    }
}

impl Drop for PartitionList {
    fn drop(&mut self) {
        // SAFETY: made by list_new, destroyed once.
        unsafe { rd_kafka_topic_partition_list_destroy(self.ptr()) };
    }
}

/// `rd_kafka_ListConsumerGroupOffsets_t`: one group, all partitions that it has committed.
pub(super) struct GroupOffsets(NonNull<rd_kafka_ListConsumerGroupOffsets_t>);

impl GroupOffsets {
    pub(super) fn all_of(group: &str) -> Result<Self, AdminError> {
        let group = c_string(group, "group id")?;
        // SAFETY: the id is copied; null partitions mean all.
        let request = unsafe { rd_kafka_ListConsumerGroupOffsets_new(group.as_ptr(), ptr::null()) };
        Ok(Self(NonNull::new(request).ok_or_else(|| refused("ListConsumerGroupOffsets_new"))?))
    }

    pub(super) fn ptr(&self) -> *mut rd_kafka_ListConsumerGroupOffsets_t {
        self.0.as_ptr()
    }
}

impl Drop for GroupOffsets {
    fn drop(&mut self) {
        // SAFETY: made by ListConsumerGroupOffsets_new, destroyed once.
        unsafe { rd_kafka_ListConsumerGroupOffsets_destroy(self.ptr()) };
    }
}

/// Strings as C wants an array of them.
pub(super) struct CStrings {
    pointers: Vec<*const c_char>,
    _owned: Vec<CString>,
}

impl CStrings {
    pub(super) fn of_groups<'a>(groups: impl Iterator<Item = &'a str>) -> Result<Self, AdminError> {
        let owned = groups.map(|group| c_string(group, "group id")).collect::<Result<Vec<_>, _>>()?;
        // A CString's text is on the heap and stays where it is when the vector moves.
        Ok(Self { pointers: owned.iter().map(|text| text.as_ptr()).collect(), _owned: owned })
    }

    pub(super) fn as_mut_ptr(&mut self) -> *mut *const c_char {
        self.pointers.as_mut_ptr()
    }

    pub(super) fn len(&self) -> usize {
        self.pointers.len()
    }
}

pub(super) fn c_string(text: &str, what: &str) -> Result<CString, AdminError> {
    CString::new(text).map_err(|_| AdminError::Client { message: format!("{what} {text:?} contains a NUL character") })
}

pub(super) fn refused(function: &str) -> AdminError {
    AdminError::Client { message: format!("librdkafka refused {function}") }
}
