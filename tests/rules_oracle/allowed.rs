//! The differences that are meant, each with its reason: what `docs/migrating-from-jmx_exporter.md` tells users. An entry
//! that no longer shows fails the test.

use crate::oracle_support::{Difference, What};
use crate::world::Agent;
use Agent::V1_0_1;

/// Series of one file that differ from some agents' on purpose.
#[derive(Debug)]
pub(crate) struct Allowed {
    pub(crate) file: &'static str,
    pub(crate) agents: &'static [Agent],
    pub(crate) what: What,
    /// The series, or what they begin with.
    pub(crate) series: &'static str,
    /// The agent's value or type and ours, as [`Difference`] tells them; all of them if empty.
    pub(crate) detail: &'static str,
    /// Why.
    #[expect(dead_code, reason = "for whoever reads the list")]
    pub(crate) reason: &'static str,
}

/// Files for which an agent has no page at all.
#[derive(Debug)]
pub(crate) struct Failing {
    pub(crate) file: &'static str,
    pub(crate) agents: &'static [Agent],
    /// What it answers.
    pub(crate) error: &'static str,
}

pub(crate) const LIST: &[Allowed] = &[];

/// One bad name costs an agent of 1.x the whole page; ours has it without what is wrong.
pub(crate) const FAILING: &[Failing] =
    &[Failing { file: "label-names-that-end-up-equal", agents: &[V1_0_1], error: "duplicate label name" }];

/// The entry that a difference is.
pub(crate) fn find(file: &str, agent: Agent, difference: &Difference) -> Option<usize> {
    LIST.iter().position(|allowed| {
        allowed.file == file
            && allowed.agents.contains(&agent)
            && allowed.what == difference.what
            && difference.series.starts_with(allowed.series)
            && (allowed.detail.is_empty() || allowed.detail == difference.detail)
    })
}

/// What the agent is to answer instead of a page, if it is to.
pub(crate) fn failing(file: &str, agent: Agent) -> Option<&'static Failing> {
    FAILING.iter().find(|failing| failing.file == file && failing.agents.contains(&agent))
}
