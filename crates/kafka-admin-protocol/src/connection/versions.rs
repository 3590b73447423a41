//! Which versions a broker speaks. In: its answer to ApiVersions; out: the highest version of an API that both know.
//! KIP-35; client name and version and the way back to version 0: KIP-511.

use bytes::BytesMut;
use kafka_admin::ErrorCode;
use kafka_protocol::{
    messages::ApiVersionsRequest,
    protocol::{Encodable, StrBytes},
};

use super::{Ended, Fault, Line};
use crate::{
    api::{Api, Call, Unencodable},
    wire::{Malformed, Reader},
};

/// Kafka's UNSUPPORTED_VERSION.
const UNSUPPORTED_VERSION: ErrorCode = ErrorCode(35);

/// A broker's APIs with their versions, in ascending order of key.
#[derive(Debug, Clone, Default)]
pub(crate) struct Versions(Vec<Range>);

/// One API of a broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    key: i16,
    lowest: i16,
    highest: i16,
}

impl Versions {
    /// Asks a broker, in version 3 and, where that is not known, in version 0.
    pub(super) async fn ask(line: &Line) -> Result<Self, Fault> {
        for version in [3, 0] {
            let answer = line.ask(&ApiVersions, version).await.map_err(|Ended { fault, .. }| fault)?;
            match answer {
                Ok(mut ranges) => {
                    ranges.sort_unstable_by_key(|range| range.key);
                    return Ok(Self(ranges));
                }
                Err(UNSUPPORTED_VERSION) if version > 0 => {}
                Err(code) => return Err(Fault::Broker(code, format!("from {} to ApiVersions", line.peer()))),
            }
        }
        Err(Fault::Broker(UNSUPPORTED_VERSION, format!("{} knows no version of ApiVersions", line.peer())))
    }

    /// The highest version of an API that both sides know.
    ///
    /// # Errors
    /// UNSUPPORTED_VERSION with both ranges, if there is none.
    pub(crate) fn common(&self, api: &Api, peer: &str) -> Result<i16, Fault> {
        let (lowest, highest) = (*api.versions.start(), *api.versions.end());
        let theirs = self.0.binary_search_by_key(&api.key, |range| range.key).ok().and_then(|at| self.0.get(at));
        let message = match theirs {
            Some(theirs) if theirs.lowest <= highest && theirs.highest >= lowest => {
                return Ok(highest.min(theirs.highest));
            }
            Some(theirs) => format!(
                "{peer} has versions {} to {} of {}, this engine {lowest} to {highest}",
                theirs.lowest, theirs.highest, api.name
            ),
            None => format!("{peer} does not have {}, this engine has versions {lowest} to {highest}", api.name),
        };
        Err(Fault::Broker(UNSUPPORTED_VERSION, message))
    }
}

/// The call.
#[derive(Debug)]
pub(super) struct ApiVersions;

impl Call for ApiVersions {
    type Answer = Result<Vec<Range>, ErrorCode>;

    const API: Api = Api { key: 18, name: "ApiVersions", versions: 0..=3, flexible_from: 3 };

    fn encode(&self, version: i16, out: &mut BytesMut) -> Result<(), Unencodable> {
        let mut request = ApiVersionsRequest::default();
        if version >= 3 {
            // Brokers show these in their metrics (KIP-511).
            request.client_software_name = StrBytes::from_static_str("kafka-vitals");
            request.client_software_version = StrBytes::from_static_str(env!("CARGO_PKG_VERSION"));
        }
        request.encode(out, version).map_err(|error| Unencodable(error.to_string()))
    }

    fn decode(&self, version: i16, body: &mut Reader<'_>) -> Result<Self::Answer, Malformed> {
        let code = body.i16()?;
        // A broker that does not know the version answers in version 0, of which this is all that we need.
        if code == UNSUPPORTED_VERSION.0 && version > 0 {
            for _ in 0..body.i32()? {
                let (_key, _lowest, _highest) = (body.i16()?, body.i16()?, body.i16()?);
            }
            return Ok(Err(UNSUPPORTED_VERSION));
        }
        let ranges = body.items(6, |body| {
            let range = Range { key: body.i16()?, lowest: body.i16()?, highest: body.i16()? };
            body.tagged_fields()?;
            Ok(range)
        })?;
        if version >= 1 {
            let _throttle_time_ms = body.i32()?;
        }
        body.tagged_fields()?;
        Ok(if code == 0 { Ok(ranges) } else { Err(ErrorCode(code)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const API: Api = Api { key: 16, name: "ListGroups", versions: 2..=5, flexible_from: 3 };

    #[test]
    fn the_highest_version_that_both_know_is_taken_and_none_is_told_with_both_ranges() {
        type Expected = Result<i16, &'static str>;
        let table: [(&[(i16, i16)], Expected); 6] = [
            (&[(0, 9)], Ok(5)),
            (&[(0, 3)], Ok(3)),
            (&[(5, 7)], Ok(5)),
            (&[(6, 7)], Err("broker 1 has versions 6 to 7 of ListGroups, this engine 2 to 5")),
            (&[(0, 1)], Err("broker 1 has versions 0 to 1 of ListGroups, this engine 2 to 5")),
            (&[], Err("broker 1 does not have ListGroups, this engine has versions 2 to 5")),
        ];
        for (theirs, expected) in table {
            let ranges = theirs.iter().map(|(lowest, highest)| Range { key: 16, lowest: *lowest, highest: *highest });
            let found = Versions(ranges.collect()).common(&API, "broker 1");
            match (found, expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected),
                (Err(Fault::Broker(UNSUPPORTED_VERSION, message)), Err(expected)) => assert_eq!(message, expected),
                (found, expected) => panic!("{found:?} instead of {expected:?}"),
            }
        }
    }
}
