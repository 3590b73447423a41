//! The differences that are meant, each with its reason: what `docs/migrating-from-jmx_exporter.md` tells users. An entry
//! that no longer shows fails the test.

use crate::oracle_support::rounds::{Difference, What};
use crate::world::Agent;
use Agent::{V0_17_2, V0_20_0, V1_0_1};
use What::{Extra, Missing, Type, Value};

/// Series of one file that differ from some agents' on purpose.
#[derive(Debug)]
pub(crate) struct Allowed {
    pub(crate) file: &'static str,
    pub(crate) agents: &'static [Agent],
    pub(crate) what: What,
    /// The series, or what they begin with.
    pub(crate) series: &'static str,
    /// Why.
    #[expect(dead_code, reason = "for whoever reads the list")]
    pub(crate) reason: &'static str,
}

const fn allowed(
    file: &'static str,
    agents: &'static [Agent],
    what: What,
    series: &'static str,
    reason: &'static str,
) -> Allowed {
    Allowed { file, agents, what, series, reason }
}

/// Files for which an agent has no page at all.
#[derive(Debug)]
pub(crate) struct Failing {
    pub(crate) file: &'static str,
    pub(crate) agents: &'static [Agent],
    /// What it answers.
    pub(crate) error: &'static str,
}

const EACH: &[Agent] = &Agent::ALL;
const OLD: &[Agent] = &[V0_17_2, V0_20_0];

const FIRST_ONE: &str = "which of equal series, and of the types of one family, comes first is left to Java's hash order \
    and to reflection in agents of 0.x; here the bean that is first by its name decides, so that it stays";
const NO_PARTS: &str = "a summary or histogram is a summary or histogram only with its sums, counts and buckets, which \
    these are not; Prometheus's tools refuse a page on which bare samples are called so";
const ONE_LABEL: &str = "a label that a sample has twice makes Prometheus refuse the whole page; the first one stays";
const COLONS: &str = "a colon in the name of a label makes Prometheus refuse the whole page";
const NO_ENUMS: &str = "0.17.2 does not know enums, later ones take their text, and so do we";
const PROPERTIES: &str = "0.17.2 reads the system properties of the JVM, later ones leave them out, and so do we";
const DIGITS: &str =
    "digits are 0 to 9 here; Java knows those of other scripts, and sets one more underscore before them";

pub(crate) const LIST: &[Allowed] = &[
    allowed("duplicates", OLD, Value, "sizes_Total", FIRST_ONE),
    allowed("mixed-types", OLD, Type, "counter_and_gauge_total", FIRST_ONE),
    allowed("mixed-types", OLD, Type, "gauge_and_untyped", FIRST_ONE),
    allowed("types", OLD, Type, "summary", NO_PARTS),
    allowed("types", OLD, Type, "histogram", NO_PARTS),
    allowed("types", OLD, Type, "gauge_histogram", NO_PARTS),
    allowed("label-names-that-end-up-equal", OLD, Missing, "by_", ONE_LABEL),
    allowed("label-names-that-end-up-equal", OLD, Extra, "by_", ONE_LABEL),
    allowed("label-names-with-colons", OLD, Missing, "captured{FencedBrokerCount_Value:", COLONS),
    allowed("label-names-with-colons", OLD, Extra, "captured{FencedBrokerCount_Value_", COLONS),
    allowed("label-names-with-colons", OLD, Missing, "named{a:b=", COLONS),
    allowed("label-names-with-colons", OLD, Extra, "named{a_b=", COLONS),
    allowed("order-of-rules", &[V0_17_2], Extra, "units{kind=\"RateUnit\"}", NO_ENUMS),
    allowed("patterns-that-see-the-value", &[V0_17_2], Missing, "anything_with_a_dot", PROPERTIES),
    allowed("names", EACH, Missing, "__arabic", DIGITS),
    allowed("names", EACH, Extra, "_arabic", DIGITS),
];

/// One bad name costs an agent of 1.x the whole page; ours has it without what is wrong.
pub(crate) const FAILING: &[Failing] = &[
    Failing { file: "label-names-that-end-up-equal", agents: &[V1_0_1], error: "duplicate label name" },
    Failing { file: "label-names-with-colons", agents: &[V1_0_1], error: "is an illegal label name" },
];

/// The entry that a difference is.
pub(crate) fn find(file: &str, agent: Agent, difference: &Difference) -> Option<usize> {
    LIST.iter().position(|allowed| {
        allowed.file == file
            && allowed.agents.contains(&agent)
            && allowed.what == difference.what
            && difference.series.starts_with(allowed.series)
    })
}

/// What the agent is to answer instead of a page, if it is to.
pub(crate) fn failing(file: &str, agent: Agent) -> Option<&'static Failing> {
    FAILING.iter().find(|failing| failing.file == file && failing.agents.contains(&agent))
}
