//! One file per API: the request that is sent, and its answer read straight into the types of `kafka-admin`.

mod aligned;
mod consumer_group_describe;
mod describe_cluster;
mod describe_configs;
mod describe_groups;
mod describe_log_dirs;
mod describe_quorum;
mod describe_share_group_offsets;
mod fetch;
mod find_coordinator;
mod list_groups;
mod list_offsets;
mod metadata;
mod offset_fetch;
mod share_group_describe;
mod streams_group_describe;
#[cfg(test)]
pub(crate) mod tests;

use std::ops::RangeInclusive;

use bytes::BytesMut;
use kafka_admin::GroupId;
use kafka_protocol::protocol::StrBytes;

pub(crate) use consumer_group_describe::ConsumerGroupDescribe;
pub(crate) use describe_cluster::DescribeCluster;
pub(crate) use describe_configs::DescribeConfigs;
pub(crate) use describe_groups::DescribeGroups;
pub(crate) use describe_log_dirs::DescribeLogDirs;
pub(crate) use describe_quorum::DescribeQuorum;
pub(crate) use describe_share_group_offsets::DescribeShareGroupOffsets;
pub(crate) use fetch::Fetch;
pub(crate) use find_coordinator::FindCoordinator;
pub(crate) use list_groups::ListGroups;
pub(crate) use list_offsets::ListOffsets;
pub(crate) use metadata::{Metadata, MetadataTopics};
pub(crate) use offset_fetch::OffsetFetch;
pub(crate) use share_group_describe::ShareGroupDescribe;
pub(crate) use streams_group_describe::StreamsGroupDescribe;

use crate::wire::{Malformed, Reader};

/// A request of one API and the answer to it.
pub(crate) trait Call: Send + Sync {
    /// What the answer tells.
    type Answer: Send;

    /// Key, name and versions.
    const API: Api;

    /// Appends the request's body, without header, to `out`. `version` is one of [`Api::versions`].
    ///
    /// # Errors
    /// What cannot be put into this version; a fault of ours.
    fn encode(&self, version: i16, out: &mut BytesMut) -> Result<(), Unencodable>;

    /// Reads the answer's body, without header. What follows it is the caller's matter.
    ///
    /// # Errors
    /// Whatever is not an answer to this request in this version.
    fn decode(&self, version: i16, body: &mut Reader<'_>) -> Result<Self::Answer, Malformed>;
}

/// An API as this engine speaks it.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    /// API key.
    pub(crate) key: i16,
    /// Kafka's name, without `Request`.
    pub(crate) name: &'static str,
    /// Versions that this engine knows.
    pub(crate) versions: RangeInclusive<i16>,
    /// First flexible version (KIP-482): its request header is version 2, its response header version 1 (ApiVersions'
    /// response header is always version 0).
    pub(crate) flexible_from: i16,
}

impl Api {
    /// Whether a version is flexible.
    pub(crate) fn is_flexible(&self, version: i16) -> bool {
        version >= self.flexible_from
    }
}

/// A request that does not fit the version it is sent in.
#[derive(Debug)]
pub(crate) struct Unencodable(pub(crate) String);

/// Encodes a request by `kafka-protocol`.
fn encode(
    request: &impl kafka_protocol::protocol::Encodable,
    version: i16,
    out: &mut BytesMut,
) -> Result<(), Unencodable> {
    request.encode(out, version).map_err(|error| Unencodable(error.to_string()))
}

/// A string as `kafka-protocol` takes it.
fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

/// The only group of a request whose version takes no more.
fn only_group<'a>(call: &str, version: i16, groups: &'a [GroupId]) -> Result<&'a GroupId, Unencodable> {
    match groups {
        [group] => Ok(group),
        _ => Err(Unencodable(format!("{call} version {version} takes one group, not {}", groups.len()))),
    }
}
