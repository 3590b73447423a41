//! What a check found, as plain data: made by `gather`, shown by `table` or as JSON.

use serde::Serialize;

/// All of it.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// Nothing was denied and nothing failed.
    pub(super) good: bool,
    /// Absent when only agents are to be read.
    pub(super) kafka: Option<KafkaReport>,
    pub(super) agents: Vec<AgentReport>,
    /// What is to be known besides.
    pub(super) notes: Vec<String>,
    pub(super) pages: Vec<PageReport>,
}

/// The way to Kafka, and what it answered.
#[derive(Debug, Serialize)]
pub(super) struct KafkaReport {
    pub(super) bootstrap: String,
    /// The engine, and why it is this one.
    pub(super) client: &'static str,
    pub(super) reason: String,
    /// `security.protocol`, and the SASL mechanism.
    pub(super) security: &'static str,
    pub(super) mechanism: Option<&'static str>,
    pub(super) principal: String,
    pub(super) calls: Vec<CallReport>,
    /// The commands that grant what was denied.
    pub(super) grants: Vec<String>,
}

/// How a call or a read went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Outcome {
    Works,
    /// Of some or all of what was asked.
    Denied,
    /// Otherwise.
    Failed,
    /// Neither the client nor the brokers can be asked.
    Unsupported,
    /// There was nothing to ask.
    Untried,
}

impl Outcome {
    /// Whether somebody has to do something about it.
    pub(super) fn is_bad(self) -> bool {
        matches!(self, Self::Denied | Self::Failed)
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::Denied => "DENIED",
            Self::Failed => "FAILED",
            Self::Unsupported => "unsupported",
            Self::Untried => "not tried",
        }
    }
}

/// One of Kafka's calls.
#[derive(Debug, Serialize)]
pub(super) struct CallReport {
    /// Kafka's name of it.
    pub(super) api: &'static str,
    pub(super) outcome: Outcome,
    /// Time of the slowest one; absent when it was not made.
    pub(super) seconds: Option<f64>,
    /// Items that were asked for, or that the answer has: topics, groups, partitions, brokers.
    pub(super) items: usize,
    pub(super) denied: usize,
    pub(super) failed: usize,
    /// What was found, or what is wrong and what to do about it.
    pub(super) detail: String,
}

/// One node's agent.
#[derive(Debug, Serialize)]
pub(super) struct AgentReport {
    /// The node's id, or its address.
    pub(super) node: String,
    pub(super) url: String,
    pub(super) outcome: Outcome,
    pub(super) seconds: f64,
    pub(super) mbeans: usize,
    pub(super) detail: String,
}

/// A page, and how many series it would have now.
#[derive(Debug, Serialize)]
pub(super) struct PageReport {
    pub(super) path: String,
    pub(super) series: usize,
}
