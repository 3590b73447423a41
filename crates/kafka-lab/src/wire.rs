//! One connection that speaks Kafka's protocol: a request in, its response out.
//!
//! `kafka-protocol` has the messages of every version as types but does no I/O; librdkafka, in turn, hides requests that the lab needs
//! (a commit without joining, a list of groups with their states). This is what is missing between the two.

use std::{
    io::{Read, Write},
    net::{TcpStream, ToSocketAddrs},
    time::Duration,
};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::{
    messages::{ApiKey, ApiVersionsRequest, ApiVersionsResponse, RequestHeader, ResponseHeader},
    protocol::{Decodable, Encodable, HeaderVersion, StrBytes, encode_request_header_into_buffer},
};

use crate::{LabError, Result};

/// Far above any answer in a lab; a length beyond it means that this is no Kafka.
const MAX_FRAME: usize = 256 << 20;

/// A connection to one broker, with one request in flight.
#[derive(Debug)]
pub(crate) struct Connection {
    host: String,
    stream: TcpStream,
    correlation: i32,
}

impl Connection {
    /// Connects; `timeout` holds for that and for each wait afterwards.
    pub(crate) fn open(host: &str, timeout: Duration) -> Result<Self> {
        let connect = || {
            let mut last = std::io::Error::from(std::io::ErrorKind::AddrNotAvailable);
            for address in host.to_socket_addrs()? {
                match TcpStream::connect_timeout(&address, timeout) {
                    Ok(stream) => {
                        stream.set_nodelay(true)?;
                        stream.set_read_timeout(Some(timeout))?;
                        stream.set_write_timeout(Some(timeout))?;
                        return Ok(stream);
                    }
                    Err(error) => last = error,
                }
            }
            Err(last)
        };
        let stream =
            connect().map_err(|source| LabError::Io { what: format!("connect to Kafka at {host}"), source })?;
        Ok(Self { host: host.into(), stream, correlation: 0 })
    }

    /// A second connection to the same broker, with another time-out.
    pub(crate) fn again(&self, timeout: Duration) -> Result<Self> {
        Self::open(&self.host, timeout)
    }

    /// The newest version of a request that the broker knows, `wanted` at most.
    pub(crate) fn newest(&mut self, api: ApiKey, wanted: i16) -> Result<i16> {
        let known: ApiVersionsResponse = self.call(ApiKey::ApiVersions, 0, &ApiVersionsRequest::default())?;
        let range = known.api_keys.iter().find(|range| range.api_key == api as i16);
        range.map(|range| range.max_version.min(wanted)).ok_or_else(|| LabError::Wire {
            what: format!("{api:?}"),
            host: self.host.clone(),
            why: "the broker does not know this request".into(),
        })
    }

    /// Sends a request of that version and reads its response (framing and headers: Kafka protocol guide, "Common request and response
    /// structure").
    pub(crate) fn call<Q, R>(&mut self, api: ApiKey, version: i16, request: &Q) -> Result<R>
    where
        Q: Encodable,
        R: Decodable + HeaderVersion,
    {
        self.correlation += 1;
        let fail = |why: String| LabError::Wire { what: format!("{api:?} v{version}"), host: self.host.clone(), why };
        let header = RequestHeader::default()
            .with_request_api_key(api as i16)
            .with_request_api_version(version)
            .with_correlation_id(self.correlation)
            .with_client_id(Some(StrBytes::from_static_str("kafka-lab")));
        let mut frame = BytesMut::new();
        frame.put_i32(0);
        encode_request_header_into_buffer(&mut frame, &header).map_err(|error| fail(error.to_string()))?;
        request.encode(&mut frame, version).map_err(|error| fail(error.to_string()))?;
        let length = i32::try_from(frame.len() - 4).map_err(|_| fail("the request is too long".into()))?;
        frame[..4].copy_from_slice(&length.to_be_bytes());

        self.stream.write_all(&frame).map_err(|error| fail(error.to_string()))?;
        let mut length = [0; 4];
        self.stream.read_exact(&mut length).map_err(|error| fail(error.to_string()))?;
        let length = usize::try_from(i32::from_be_bytes(length)).ok().filter(|length| *length <= MAX_FRAME);
        let length = length.ok_or_else(|| fail("the answer is no Kafka frame".into()))?;
        let mut body = Vec::new();
        (&self.stream).take(length as u64).read_to_end(&mut body).map_err(|error| fail(error.to_string()))?;
        if body.len() < length {
            return Err(fail(format!("the connection closed after {} of {length} bytes", body.len())));
        }

        let mut body = Bytes::from(body);
        let header =
            ResponseHeader::decode(&mut body, R::header_version(version)).map_err(|error| fail(error.to_string()))?;
        if header.correlation_id != self.correlation {
            return Err(fail(format!("answer {} to request {}", header.correlation_id, self.correlation)));
        }
        let response = R::decode(&mut body, version).map_err(|error| fail(error.to_string()))?;
        if body.has_remaining() { Err(fail(format!("{} bytes too many", body.remaining()))) } else { Ok(response) }
    }
}
