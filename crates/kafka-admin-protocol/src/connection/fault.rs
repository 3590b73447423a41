//! What went wrong with a connection, before it is known which call is told of it. One fault ends many calls.

use std::fmt;

use kafka_admin::{AdminError, ErrorCode};

/// An [`AdminError`] without its call. Messages name the broker and hold no credentials.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    Timeout,
    Transport(String),
    Protocol(String),
    Authentication(String),
    Broker(ErrorCode, String),
    Client(String),
}

impl Fault {
    /// As the answer to one call.
    pub(crate) fn error(self, call: &'static str) -> AdminError {
        match self {
            Self::Timeout => AdminError::Timeout { call },
            Self::Transport(message) => AdminError::Transport { call, message },
            Self::Protocol(message) => AdminError::Protocol { call, message },
            Self::Authentication(message) => AdminError::Authentication { message },
            Self::Broker(code, message) => AdminError::Broker { call, code, message },
            Self::Client(message) => AdminError::Client { message },
        }
    }

    /// Of several brokers' faults the one with the highest rank tells most about what to do.
    pub(crate) fn rank(&self) -> u8 {
        match self {
            Self::Client(_) => 5,
            Self::Authentication(_) => 4,
            Self::Protocol(_) => 3,
            Self::Broker(..) => 2,
            Self::Transport(_) => 1,
            Self::Timeout => 0,
        }
    }
}

/// A broker's own words: one line of bounded length.
pub(crate) struct Words<'a>(pub(crate) &'a str);

/// Characters that are shown of them.
const MOST_WORDS: usize = 300;

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.chars();
        for c in rest.by_ref().take(MOST_WORDS) {
            write!(f, "{}", if c.is_control() { ' ' } else { c })?;
        }
        if rest.next().is_some() { f.write_str("...") } else { Ok(()) }
    }
}
