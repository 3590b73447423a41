//! librdkafka's error codes to [`AdminError`]. Positive codes are the protocol's and come from a broker; negative ones
//! (but -1, which brokers use too) are librdkafka's own, listed in its rdkafka.h.

use kafka_admin::{AdminError, ErrorCode};

const DESTROY: i32 = -197;
/// No connection, or it broke.
pub(crate) const TRANSPORT: i32 = -195;
const RESOLVE: i32 = -193;
const MESSAGE_TIMED_OUT: i32 = -192;
const UNKNOWN_PARTITION: i32 = -190;
const UNKNOWN_TOPIC: i32 = -188;
const ALL_BROKERS_DOWN: i32 = -187;
const TIMED_OUT: i32 = -185;
/// TLS failed.
pub(crate) const SSL: i32 = -181;
const WAIT_COORDINATOR: i32 = -180;
/// SASL failed.
pub(crate) const AUTHENTICATION: i32 = -169;
const TIMED_OUT_IN_QUEUE: i32 = -166;
const UNSUPPORTED_FEATURE: i32 = -165;
/// ListOffsets found a leader for none of its partitions.
pub(crate) const NO_ENTRY: i32 = -156;
const BROKER_DESTROYED: i32 = -137;

/// A code and librdkafka's words for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: i32,
    pub(crate) message: String,
}

impl Failure {
    /// The library did not answer although it had promised to.
    pub(crate) fn timed_out() -> Self {
        Self { code: TIMED_OUT, message: String::new() }
    }

    /// The client was closed while the call was under way.
    pub(crate) fn closed() -> Self {
        Self { code: DESTROY, message: "the Kafka client is closed".to_owned() }
    }

    /// An answer that does not belong to the call, which librdkafka rules out.
    pub(crate) fn other_event() -> Self {
        Self { code: DESTROY, message: "librdkafka returned an answer of the wrong type".to_owned() }
    }

    /// The error as `call` (in Kafka's terms) reports it.
    pub(crate) fn into_error(self, call: &'static str) -> AdminError {
        let Self { code, message } = self;
        match code {
            TIMED_OUT | TIMED_OUT_IN_QUEUE | MESSAGE_TIMED_OUT => AdminError::Timeout { call },
            TRANSPORT | RESOLVE | ALL_BROKERS_DOWN | BROKER_DESTROYED => AdminError::Transport { call, message },
            AUTHENTICATION | SSL => AdminError::Authentication { message },
            UNKNOWN_TOPIC | UNKNOWN_PARTITION => broker(call, ErrorCode(3)),
            WAIT_COORDINATOR => broker(call, ErrorCode(15)),
            UNSUPPORTED_FEATURE => AdminError::Unsupported { call },
            _ => match error_code(code).filter(|code| code.0 >= -1) {
                Some(code) => AdminError::Broker { call, code, message },
                None => AdminError::Client { message: format!("{call}: {message}") },
            },
        }
    }
}

/// A broker's error without words of its own.
pub(crate) fn broker(call: &'static str, code: ErrorCode) -> AdminError {
    AdminError::Broker { call, code, message: String::new() }
}

/// An error code field of an answer; `None` for 0.
pub(crate) fn error_code(code: i32) -> Option<ErrorCode> {
    (code != 0).then(|| ErrorCode(i16::try_from(code).unwrap_or(-1)))
}

/// A partition's error code; `None` for 0.
pub(crate) fn item_error(call: &'static str, code: i32) -> Option<AdminError> {
    (code != 0).then(|| Failure { code, message: String::new() }.into_error(call))
}

/// Whether the error says that the broker cannot be reached, rather than that it has answered.
pub(crate) fn unreachable(error: &AdminError) -> bool {
    matches!(error, AdminError::Timeout { .. } | AdminError::Transport { .. } | AdminError::Authentication { .. })
}

#[cfg(test)]
mod tests {
    use kafka_admin::ErrorKind;

    use super::*;

    #[test]
    fn codes_become_errors_of_the_right_kind_and_brokers_codes_stay_raw() {
        let table = [
            (TIMED_OUT, ErrorKind::Timeout),
            (TIMED_OUT_IN_QUEUE, ErrorKind::Timeout),
            (TRANSPORT, ErrorKind::Transport),
            (RESOLVE, ErrorKind::Transport),
            (ALL_BROKERS_DOWN, ErrorKind::Transport),
            (AUTHENTICATION, ErrorKind::Authentication),
            (SSL, ErrorKind::Authentication),
            (UNKNOWN_TOPIC, ErrorKind::Unavailable),
            (UNKNOWN_PARTITION, ErrorKind::Unavailable),
            (WAIT_COORDINATOR, ErrorKind::Unavailable),
            (UNSUPPORTED_FEATURE, ErrorKind::Unsupported),
            (DESTROY, ErrorKind::Client),
            (-1, ErrorKind::Broker),
            (3, ErrorKind::Unavailable),
            (30, ErrorKind::Authorization),
            // Codes that the bindings have no name for.
            (114, ErrorKind::Broker),
            (128, ErrorKind::Broker),
            (999, ErrorKind::Broker),
        ];
        for (code, kind) in table {
            let error = Failure { code, message: "words".to_owned() }.into_error("ListOffsets");
            assert_eq!(error.kind(), kind, "{code}: {error}");
            if code > 0 || code == -1 {
                assert!(matches!(error, AdminError::Broker { code: ErrorCode(raw), .. } if i32::from(raw) == code));
            }
        }
    }
}
