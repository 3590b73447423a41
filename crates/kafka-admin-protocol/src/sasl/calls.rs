//! SaslHandshake and SaslAuthenticate: requests, and answers as data. Each in the one version that all brokers from Kafka
//! 2.2 on know, so that nothing need be negotiated first.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use kafka_admin::ErrorCode;
use kafka_protocol::{
    messages::{SaslAuthenticateRequest, SaslHandshakeRequest},
    protocol::{Encodable, StrBytes},
};

use crate::{
    api::{Api, Call, Unencodable},
    wire::{Malformed, Reader},
};

/// Names the mechanism. Version 1 says that SaslAuthenticate follows.
#[derive(Debug)]
pub(super) struct SaslHandshake {
    pub(super) mechanism: &'static str,
}

impl Call for SaslHandshake {
    /// The broker's mechanisms with it.
    type Answer = (ErrorCode, Vec<String>);

    const API: Api = Api { key: 17, name: "SaslHandshake", versions: 1..=1, flexible_from: i16::MAX };

    fn encode(&self, version: i16, out: &mut BytesMut) -> Result<(), Unencodable> {
        let request = SaslHandshakeRequest::default().with_mechanism(StrBytes::from_static_str(self.mechanism));
        request.encode(out, version).map_err(|error| Unencodable(error.to_string()))
    }

    fn decode(&self, _version: i16, body: &mut Reader<'_>) -> Result<Self::Answer, Malformed> {
        Ok((ErrorCode(body.i16()?), body.items(2, |body| Ok(body.string()?.to_owned()))?))
    }
}

/// Carries one message of the mechanism's exchange.
pub(super) struct SaslAuthenticate {
    /// Holds credentials, so there is no `Debug`.
    pub(super) message: Bytes,
}

/// The broker's message.
pub(super) struct SaslAnswer {
    pub(super) code: ErrorCode,
    pub(super) error: Option<String>,
    pub(super) bytes: Vec<u8>,
    /// When the exchange is complete: how long the session lasts, if it ends (KIP-368).
    pub(super) lifetime: Option<Duration>,
}

impl Call for SaslAuthenticate {
    type Answer = SaslAnswer;

    const API: Api = Api { key: 36, name: "SaslAuthenticate", versions: 1..=1, flexible_from: i16::MAX };

    fn encode(&self, version: i16, out: &mut BytesMut) -> Result<(), Unencodable> {
        let request = SaslAuthenticateRequest::default().with_auth_bytes(self.message.clone());
        request.encode(out, version).map_err(|error| Unencodable(error.to_string()))
    }

    fn decode(&self, _version: i16, body: &mut Reader<'_>) -> Result<Self::Answer, Malformed> {
        let code = ErrorCode(body.i16()?);
        let error = body.nullable_string()?.map(str::to_owned);
        let bytes = body.bytes()?.to_vec();
        let lifetime = u64::try_from(body.i64()?).ok().filter(|lifetime| *lifetime > 0).map(Duration::from_millis);
        Ok(SaslAnswer { code, error, bytes, lifetime })
    }
}
