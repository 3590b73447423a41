//! FindCoordinator: which broker coordinates a group. Many groups in one request from version 4 (KIP-699).

use std::collections::BTreeMap;

use bytes::BytesMut;
use kafka_admin::{Broker, ErrorCode, GroupId};
use kafka_protocol::messages::FindCoordinatorRequest;

use super::aligned::Aligned;
use super::{Api, Call, Unencodable, encode, only_group, text};
use crate::wire::{Malformed, Reader};

/// Asks any broker for the coordinators of groups; before version 4 of exactly one.
#[derive(Debug)]
pub(crate) struct FindCoordinator<'a> {
    /// Groups, each once.
    pub(crate) groups: &'a [GroupId],
}

/// The coordinators of groups.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Coordinators {
    /// A broker id per group, in the order asked; `None` where the broker left it out.
    pub(crate) found: Vec<Option<Result<i32, ErrorCode>>>,
    /// Addresses of the brokers found, in ascending order of id, each once. Racks are not told.
    pub(crate) brokers: Vec<Broker>,
}

impl Call for FindCoordinator<'_> {
    type Answer = Coordinators;

    const API: Api = Api { key: 10, name: "FindCoordinator", versions: 0..=6, flexible_from: 3 };

    fn encode(&self, version: i16, out: &mut BytesMut) -> Result<(), Unencodable> {
        // Key type 0, the default, is a group.
        let request = FindCoordinatorRequest::default();
        let request = if version >= 4 {
            request.with_coordinator_keys(self.groups.iter().map(|group| text(group)).collect())
        } else {
            request.with_key(text(only_group(Self::API.name, version, self.groups)?))
        };
        encode(&request, version, out)
    }

    fn decode(&self, version: i16, body: &mut Reader<'_>) -> Result<Self::Answer, Malformed> {
        let mut brokers = BTreeMap::new();
        if version >= 1 {
            let _throttle_time_ms = body.i32()?;
        }
        let found = if version >= 4 {
            let mut found = Aligned::new(self.groups.iter().map(|group| &**group));
            body.each(|body| {
                let group = body.string()?;
                let address = Address::read(body)?;
                let error = body.error()?;
                body.skip_string()?; // error message
                body.tagged_fields()?;
                found.put(group, address.unless(error, &mut brokers, body)?);
                Ok(())
            })?;
            found.finish()
        } else {
            let error = body.error()?;
            if version >= 1 {
                body.skip_string()?; // error message
            }
            let found = Address::read(body)?.unless(error, &mut brokers, body)?;
            self.groups.iter().map(|_| Some(found)).collect()
        };
        body.tagged_fields()?;
        Ok(Coordinators { found, brokers: brokers.into_values().collect() })
    }
}

/// A coordinator as it stands in the answer: id -1, no host and port -1 beside an error.
struct Address<'a> {
    id: i32,
    host: &'a str,
    port: i32,
}

impl<'a> Address<'a> {
    fn read(body: &mut Reader<'a>) -> Result<Self, Malformed> {
        Ok(Self { id: body.i32()?, host: body.host()?, port: body.i32()? })
    }

    /// The id, having noted the address, unless there was an error.
    fn unless(
        self,
        error: Option<ErrorCode>,
        brokers: &mut BTreeMap<i32, Broker>,
        body: &Reader<'_>,
    ) -> Result<Result<i32, ErrorCode>, Malformed> {
        if let Some(error) = error {
            return Ok(Err(error));
        }
        let Self { id, host, port } = self;
        let port = u16::try_from(port).map_err(|_| body.malformed("a port is out of range"))?;
        brokers.entry(id).or_insert_with(|| Broker { id, host: host.to_owned(), port, rack: None });
        Ok(Ok(id))
    }
}
