//! What can go wrong with a call or with one item of it, and its bounded kind for metrics.

use std::fmt;

/// A Kafka protocol error code, as the broker sent it. Kept raw: brokers newer than an engine's tables use codes that
/// it has no name for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ErrorCode(pub i16);

impl ErrorCode {
    /// The protocol's name of the code (`org.apache.kafka.common.protocol.Errors`) where an operator is likely to meet
    /// it in an answer to what we ask.
    pub fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            -1 => "UNKNOWN_SERVER_ERROR",
            1 => "OFFSET_OUT_OF_RANGE",
            3 => "UNKNOWN_TOPIC_OR_PARTITION",
            5 => "LEADER_NOT_AVAILABLE",
            6 => "NOT_LEADER_OR_FOLLOWER",
            7 => "REQUEST_TIMED_OUT",
            8 => "BROKER_NOT_AVAILABLE",
            9 => "REPLICA_NOT_AVAILABLE",
            13 => "NETWORK_EXCEPTION",
            14 => "COORDINATOR_LOAD_IN_PROGRESS",
            15 => "COORDINATOR_NOT_AVAILABLE",
            16 => "NOT_COORDINATOR",
            17 => "INVALID_TOPIC_EXCEPTION",
            24 => "INVALID_GROUP_ID",
            29 => "TOPIC_AUTHORIZATION_FAILED",
            30 => "GROUP_AUTHORIZATION_FAILED",
            31 => "CLUSTER_AUTHORIZATION_FAILED",
            33 => "UNSUPPORTED_SASL_MECHANISM",
            34 => "ILLEGAL_SASL_STATE",
            35 => "UNSUPPORTED_VERSION",
            42 => "INVALID_REQUEST",
            43 => "UNSUPPORTED_FOR_MESSAGE_FORMAT",
            56 => "KAFKA_STORAGE_ERROR",
            58 => "SASL_AUTHENTICATION_FAILED",
            69 => "GROUP_ID_NOT_FOUND",
            72 => "LISTENER_NOT_FOUND",
            74 => "FENCED_LEADER_EPOCH",
            75 => "UNKNOWN_LEADER_EPOCH",
            78 => "OFFSET_NOT_AVAILABLE",
            88 => "UNSTABLE_OFFSET_COMMIT",
            _ => return None,
        })
    }

    /// The kind under which this code is counted.
    pub fn kind(self) -> ErrorKind {
        match self.0 {
            7 => ErrorKind::Timeout,
            13 => ErrorKind::Transport,
            29..=31 => ErrorKind::Authorization,
            33 | 34 | 58 => ErrorKind::Authentication,
            35 => ErrorKind::Unsupported,
            3 | 5 | 6 | 8 | 9 | 14 | 15 | 16 | 56 | 72 | 74 | 75 | 78 => ErrorKind::Unavailable,
            _ => ErrorKind::Broker,
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "Kafka error {}", self.0),
        }
    }
}

/// The closed set of label values under which errors are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ErrorKind {
    /// No answer in time.
    Timeout,
    /// Connection refused, reset, or a name that does not resolve.
    Transport,
    /// Wrong credentials or certificate.
    Authentication,
    /// The principal lacks a right.
    Authorization,
    /// A leader, coordinator or replica is not there at the moment.
    Unavailable,
    /// The engine or the broker does not know the call.
    Unsupported,
    /// Any other error code from a broker.
    Broker,
    /// What came was no answer in Kafka's protocol.
    Protocol,
    /// The client library refused or failed.
    Client,
}

impl ErrorKind {
    /// The label value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Transport => "transport",
            Self::Authentication => "authentication",
            Self::Authorization => "authorization",
            Self::Unavailable => "unavailable",
            Self::Unsupported => "unsupported",
            Self::Broker => "broker",
            Self::Protocol => "protocol",
            Self::Client => "client",
        }
    }
}

/// Why a call, or one item of a batch, has no answer. Cloneable, so that one failed request can be told to each of
/// its items.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdminError {
    /// No answer by the deadline.
    #[error("{call}: no answer in time")]
    Timeout {
        /// The call, in Kafka's terms: `ListOffsets`.
        call: &'static str,
    },
    /// A broker could not be reached, or the connection broke.
    #[error("{call}: {message}")]
    Transport {
        /// The call, in Kafka's terms.
        call: &'static str,
        /// What the client library says, without credentials.
        message: String,
    },
    /// A broker answered with an error code.
    #[error("{call}: {code}{}{message}", if .message.is_empty() { "" } else { ": " })]
    Broker {
        /// The call, in Kafka's terms.
        call: &'static str,
        /// The code, raw.
        code: ErrorCode,
        /// The broker's own words, may be empty.
        message: String,
    },
    /// What came was no answer in Kafka's protocol: no Kafka, or a faulty one, or something in between.
    #[error("{call}: {message}")]
    Protocol {
        /// The call, in Kafka's terms.
        call: &'static str,
        /// Which broker, and what was wrong with the answer.
        message: String,
    },
    /// TLS or SASL failed.
    #[error("authentication failed: {message}")]
    Authentication {
        /// What the client library says, without credentials.
        message: String,
    },
    /// The engine cannot ask this.
    #[error("{call} is not supported by this engine")]
    Unsupported {
        /// The call, in Kafka's terms.
        call: &'static str,
    },
    /// The client library refused: bad configuration or an internal fault.
    #[error("{message}")]
    Client {
        /// What it says, without credentials.
        message: String,
    },
}

impl AdminError {
    /// The call that failed, in Kafka's terms, where the error is one of a call.
    pub fn call(&self) -> Option<&'static str> {
        match self {
            Self::Timeout { call }
            | Self::Transport { call, .. }
            | Self::Broker { call, .. }
            | Self::Protocol { call, .. }
            | Self::Unsupported { call } => Some(call),
            Self::Authentication { .. } | Self::Client { .. } => None,
        }
    }

    /// The kind under which this error is counted.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Timeout { .. } => ErrorKind::Timeout,
            Self::Transport { .. } => ErrorKind::Transport,
            Self::Broker { code, .. } => code.kind(),
            Self::Protocol { .. } => ErrorKind::Protocol,
            Self::Authentication { .. } => ErrorKind::Authentication,
            Self::Unsupported { .. } => ErrorKind::Unsupported,
            Self::Client { .. } => ErrorKind::Client,
        }
    }
}
