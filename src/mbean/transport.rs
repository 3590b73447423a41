//! The seam between reading MBeans and everything after it: `read(plan, deadline, sink)`.

use std::borrow::Cow;
use std::time::Instant;

use super::{Plan, Value};

/// One MBean as it was read, borrowed from the transport's buffer.
#[derive(Debug)]
pub struct Bean<'a> {
    /// The ObjectName's text, key properties in creation order, as a JMX client would print it.
    pub name: &'a str,
    /// Attributes in the order of the answer; attributes whose getter failed are left out.
    pub attributes: &'a [(Cow<'a, str>, Value<'a>)],
}

/// Takes beans one by one, on the thread that decodes. What a sink needs it copies.
pub trait BeanSink: Send + 'static {
    /// One bean. Each bean of a node arrives at most once per read.
    fn bean(&mut self, bean: Bean<'_>);

    /// All beans but those that exist per partition have arrived: what is here now can be shown even if the rest
    /// never comes.
    fn essentials_complete(&mut self);
}

/// What a read achieved.
#[derive(Debug)]
pub struct Answer<S> {
    /// The sink, with what arrived. `None` when decoding panicked.
    pub sink: Option<S>,
    /// Requests sent (HTTP requests or RMI calls).
    pub requests: u64,
    /// Bytes received, after decompression.
    pub bytes: u64,
    /// The names of all the node's beans, if any was registered or unregistered since the last read that told them:
    /// what a new [`Plan`] is made from. `None` when nothing changed or the question was not reached.
    pub names: Option<Vec<Box<str>>>,
    /// Ok when everything asked for has arrived; else why not. The sink holds what came before the failure.
    pub result: Result<(), ReadError>,
}

/// A way to read MBeans of one node. At most one read of a node is in flight.
pub trait Transport: Send + Sync {
    /// Reads what `plan` asks for into `sink`, essentials first, and returns by `deadline` with what there is. With an
    /// empty plan it only asks for the names.
    fn read<S: BeanSink>(&self, plan: &Plan, deadline: Instant, sink: S) -> impl Future<Output = Answer<S>> + Send;
}

/// Why a node could not be read. Texts hold no credentials.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ReadError {
    /// Bounded kind, a label value.
    pub kind: ReadErrorKind,
    /// What was tried, on which host, what happened, what to do: one line.
    pub message: String,
}

/// The closed set of label values under which failures to read a node are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ReadErrorKind {
    /// No answer in time, or skipped because the answer to the probe after a time-out is still awaited.
    Timeout,
    /// Name resolution, connection refused or reset.
    Connect,
    /// TLS handshake or certificate.
    Tls,
    /// 401 or 403.
    Authentication,
    /// Any other HTTP status than 200, redirects included.
    HttpStatus,
    /// An answer with a content type that no Jolokia sends.
    ContentType,
    /// Larger than the limit, in bytes or in number of values or names.
    TooLarge,
    /// Not what Jolokia's protocol says: broken JSON, wrong shape.
    Protocol,
    /// Jolokia answered queries with an error; what the others gave is there.
    Agent,
    /// The agent is that of another node.
    Identity,
    /// All has arrived, but there was no time to try the rules on all of it; the next scrapes go on with it.
    Learning,
    /// A fault of ours (a panic while decoding).
    Internal,
}

impl ReadErrorKind {
    /// The label value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Authentication => "authentication",
            Self::HttpStatus => "http_status",
            Self::ContentType => "content_type",
            Self::TooLarge => "too_large",
            Self::Protocol => "protocol",
            Self::Agent => "agent",
            Self::Identity => "identity",
            Self::Learning => "learning",
            Self::Internal => "internal",
        }
    }
}
