//! DescribeCluster: registered brokers, fenced ones too. That is version 2 (KIP-1073, Kafka 4.0); earlier ones (KIP-700)
//! tell of nothing that Metadata does not, and would pass the brokers alive for those registered.

use bytes::BytesMut;
use kafka_admin::{Broker, ErrorCode, RegisteredBroker};
use kafka_protocol::messages::DescribeClusterRequest;

use super::{Api, Call, Unencodable, encode};
use crate::wire::{Malformed, Reader};

/// Asks any broker for all brokers.
#[derive(Debug)]
pub(crate) struct DescribeCluster;

/// A cluster's brokers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DescribedCluster {
    /// `cluster.id`.
    pub(crate) id: String,
    /// The broker given as controller.
    pub(crate) controller: Option<i32>,
    /// In ascending order of id.
    pub(crate) brokers: Vec<RegisteredBroker>,
}

impl Call for DescribeCluster {
    type Answer = Result<DescribedCluster, ErrorCode>;

    const API: Api = Api { key: 60, name: "DescribeCluster", versions: 2..=2, flexible_from: 0 };

    fn encode(&self, version: i16, out: &mut BytesMut) -> Result<(), Unencodable> {
        // Endpoint type 1, the default, are brokers.
        encode(&DescribeClusterRequest::default().with_include_fenced_brokers(true), version, out)
    }

    fn decode(&self, _version: i16, body: &mut Reader<'_>) -> Result<Self::Answer, Malformed> {
        let _throttle_time_ms = body.i32()?;
        let error = body.error()?;
        body.skip_string()?; // error message
        let _endpoint_type = body.i8()?;
        let id = body.string()?.to_owned();
        let controller = Some(body.i32()?).filter(|id| *id >= 0);
        let mut brokers = body.items(11, |body| {
            let id = body.i32()?;
            let host = body.host()?.to_owned();
            let port = body.port()?;
            let rack = body.nullable_string()?.map(str::to_owned);
            let is_fenced = body.bool()?;
            body.tagged_fields()?;
            Ok(RegisteredBroker { broker: Broker { id, host, port, rack }, is_fenced })
        })?;
        let _cluster_authorized_operations = body.i32()?;
        body.tagged_fields()?;
        brokers.sort_by_key(|broker| broker.broker.id);
        brokers.dedup_by_key(|broker| broker.broker.id);
        Ok(error.map_or(Ok(DescribedCluster { id, controller, brokers }), Err))
    }
}
