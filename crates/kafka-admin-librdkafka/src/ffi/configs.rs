//! DescribeConfigs: what goes in, freed when dropped (librdkafka copies it during the call), and what comes out.

use std::ffi::CString;
use std::ptr::NonNull;

use kafka_admin::{AdminError, ConfigEntry, ConfigResource};
use rdkafka_sys::{
    rd_kafka_ConfigEntry_is_default, rd_kafka_ConfigEntry_is_sensitive, rd_kafka_ConfigEntry_name,
    rd_kafka_ConfigEntry_t, rd_kafka_ConfigEntry_value, rd_kafka_ConfigResource_configs,
    rd_kafka_ConfigResource_destroy, rd_kafka_ConfigResource_error_string, rd_kafka_ConfigResource_name,
    rd_kafka_ConfigResource_t, rd_kafka_DescribeConfigs_result_resources, rd_kafka_event_DescribeConfigs_result,
};

use super::event::Event;
use super::options::{c_string, refused};
use super::raw;
use super::text::{borrowed, describe, slice, text};
use crate::error::Failure;
use crate::names::Names;

/// `rd_kafka_ResourceType_t`.
const TOPIC: i32 = 2;
const BROKER: i32 = 4;

/// `rd_kafka_ConfigResource_t`s.
pub(super) struct Resources(Vec<*mut rd_kafka_ConfigResource_t>);

impl Resources {
    /// Asks for the entries with these names, or without any for all. librdkafka documents entries of resources only as
    /// what to alter, and sends the names of those of a resource that is to be described.
    pub(super) fn new(resources: &[&ConfigResource], names: &[&str]) -> Result<Self, AdminError> {
        let names = names.iter().map(|name| c_string(name, "entry name")).collect::<Result<Vec<_>, _>>()?;
        let mut list = Self(Vec::with_capacity(resources.len()));
        for resource in resources {
            list.add(resource, &names)?;
        }
        Ok(list)
    }

    fn add(&mut self, resource: &ConfigResource, names: &[CString]) -> Result<(), AdminError> {
        let (kind, name) = match resource {
            ConfigResource::Topic(name) => (TOPIC, c_string(name, "topic name")?),
            ConfigResource::Broker(id) => (BROKER, c_string(&id.to_string(), "broker id")?),
        };
        // SAFETY: the name is copied; null for an empty one.
        let added = unsafe { raw::rd_kafka_ConfigResource_new(kind, name.as_ptr()) };
        let added = NonNull::new(added).ok_or_else(|| refused("ConfigResource_new"))?.as_ptr();
        self.0.push(added);
        for name in names {
            // SAFETY: the resource is live; the strings are copied. There must be some value, which is not sent.
            let code = unsafe { raw::rd_kafka_ConfigResource_set_config(added, name.as_ptr(), c"".as_ptr()) };
            if code != 0 {
                return Err(refused("ConfigResource_set_config"));
            }
        }
        Ok(())
    }

    pub(super) fn as_mut_ptr(&mut self) -> *mut *mut rd_kafka_ConfigResource_t {
        self.0.as_mut_ptr()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl Drop for Resources {
    fn drop(&mut self) {
        for &resource in &self.0 {
            // SAFETY: made by ConfigResource_new, destroyed once.
            unsafe { rd_kafka_ConfigResource_destroy(resource) };
        }
    }
}

/// A resource with its configuration.
pub(crate) type Configured = (ConfigResource, Result<Vec<ConfigEntry>, Failure>);

impl Event {
    /// What DescribeConfigs told of each resource: entries with these names, or all. Values of sensitive ones are not
    /// read.
    pub(crate) fn configs(&self, topics: &Names, names: Option<&[&str]>) -> Result<Vec<Configured>, Failure> {
        self.check()?;
        // SAFETY: the event is live; null when it is another call's.
        let result = unsafe { rd_kafka_event_DescribeConfigs_result(self.ptr()) };
        if result.is_null() {
            return Err(Failure::other_event());
        }
        let mut count = 0;
        // SAFETY: the result lives as long as the event.
        let resources = unsafe { rd_kafka_DescribeConfigs_result_resources(result, &raw mut count) };
        // SAFETY: `count` resources.
        let resources = unsafe { slice(resources.cast_const(), count) };
        // One that the broker left out is null.
        let told = resources.iter().filter(|resource| !resource.is_null());
        // SAFETY: each is live.
        Ok(told.filter_map(|&resource| unsafe { configured(resource, topics, names) }).collect())
    }
}

/// `None` for what is neither a topic nor a broker, and so was not asked for.
///
/// # Safety
/// `config` must be live.
unsafe fn configured(
    config: *const rd_kafka_ConfigResource_t,
    topics: &Names,
    names: Option<&[&str]>,
) -> Option<Configured> {
    // SAFETY: live, as promised.
    let kind = unsafe { raw::rd_kafka_ConfigResource_type(config) };
    // SAFETY: live.
    let name = unsafe { rd_kafka_ConfigResource_name(config) };
    // SAFETY: a string of the resource.
    let name = unsafe { borrowed(name) }?;
    let resource = match kind {
        TOPIC => ConfigResource::Topic(topics.name(&name)),
        BROKER => ConfigResource::Broker(name.parse().ok()?),
        _ => return None,
    };
    // SAFETY: live.
    let code = unsafe { raw::rd_kafka_ConfigResource_error(config) };
    if code != 0 {
        // SAFETY: live.
        let message = unsafe { rd_kafka_ConfigResource_error_string(config) };
        // SAFETY: belongs to the resource, or is static.
        let message = unsafe { text(message) };
        // Its own words stand for those that the broker did not find.
        let message = message.filter(|message| *message != describe(code)).unwrap_or_default();
        return Some((resource, Err(Failure { code, message })));
    }
    let mut count = 0;
    // SAFETY: live.
    let entries = unsafe { rd_kafka_ConfigResource_configs(config, &raw mut count) };
    // SAFETY: null or `count` entries.
    let entries = unsafe { slice(entries.cast_const(), count) };
    // SAFETY: each is live.
    let entries = entries.iter().filter_map(|&config| unsafe { entry(config, names) });
    Some((resource, Ok(entries.collect())))
}

/// `None` for an entry that is not wanted.
///
/// # Safety
/// `config` must be live.
unsafe fn entry(config: *const rd_kafka_ConfigEntry_t, names: Option<&[&str]>) -> Option<ConfigEntry> {
    // SAFETY: live, as promised.
    let name = unsafe { rd_kafka_ConfigEntry_name(config) };
    // SAFETY: a string of the entry.
    let name = unsafe { borrowed(name) }?;
    if names.is_some_and(|names| !names.contains(&&*name)) {
        return None;
    }
    // SAFETY: live.
    let is_default = unsafe { rd_kafka_ConfigEntry_is_default(config) } == 1;
    // SAFETY: live.
    let is_sensitive = unsafe { rd_kafka_ConfigEntry_is_sensitive(config) } != 0;
    let value = if is_sensitive {
        None
    } else {
        // SAFETY: live.
        let value = unsafe { rd_kafka_ConfigEntry_value(config) };
        // SAFETY: null or a string of the entry.
        unsafe { text(value) }
    };
    Some(ConfigEntry { name: name.into_owned(), value, is_default })
}
