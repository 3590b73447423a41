//! What to do about a failure: its kind in, one clause out. docs/operations.md tells more.

use kafka_admin::ErrorKind;

use crate::mbean::ReadErrorKind;

/// About a failure of Kafka.
pub(super) fn kafka(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Timeout => "is the broker frozen or overloaded, or the time (--scrape.timeout) short?",
        ErrorKind::Transport => {
            "is the broker up, are address and port right, and does the listener expect TLS or SASL?"
        }
        ErrorKind::Authentication => "compare --tls.* and --sasl.* with the listener",
        ErrorKind::Authorization => "grant what is listed below",
        ErrorKind::Unavailable => "passes after an election; if not, look at the brokers",
        ErrorKind::Unsupported => "the brokers are too old for it, or their metadata is in ZooKeeper",
        ErrorKind::Broker => "the broker's log tells more",
        ErrorKind::Protocol => "is the port Kafka's, with TLS as configured?",
        ErrorKind::Client => "report it if it is a bug",
    }
}

/// About a failure of an agent.
pub(super) fn agent(kind: ReadErrorKind) -> &'static str {
    match kind {
        ReadErrorKind::Timeout => "is the node frozen or overloaded, or the time (--scrape.timeout) short?",
        ReadErrorKind::Connect => "is the agent loaded, on this port and interface?",
        ReadErrorKind::Tls => "check --jolokia.protocol and --jolokia.ca-file",
        ReadErrorKind::Authentication => "check --jolokia.username, the password and the agent's policy",
        ReadErrorKind::HttpStatus => "is the path the agent's?",
        ReadErrorKind::ContentType => "is it Jolokia that listens there?",
        ReadErrorKind::TooLarge => "raise --jolokia.max-body-size, or select less by rules",
        ReadErrorKind::Protocol => "is it Jolokia, of 1.7 or 2.x?",
        ReadErrorKind::Agent => "check the agent's policy",
        ReadErrorKind::Identity => "correct --jolokia.url, or the proxy in front of the agent",
        ReadErrorKind::Learning => "nothing: the next scrapes go on with it",
        ReadErrorKind::Internal => "report it as a bug",
    }
}
