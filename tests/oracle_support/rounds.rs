//! Several comparisons of the same two pages in, the differences that last out: beans come, go and move while pages are
//! read, and only what differs in every round is wrong.

use std::collections::BTreeMap;

use super::types::Types;
use super::{Series, compare};

/// How one series differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    /// On the agent's page and not on ours.
    Missing,
    /// On ours and not on the agent's.
    Extra,
    /// Stood still with another value on ours.
    Value,
    /// Has another type on ours.
    Type,
}

/// A difference, and what it is in words.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Difference {
    pub(crate) what: What,
    pub(crate) series: String,
    /// The agent's and ours.
    pub(crate) detail: String,
}

/// Our page, read between two of the agent's.
#[derive(Debug, Default)]
pub(crate) struct Round {
    /// Series from beans under rules that stood still and were compared; JVM and process families do not count.
    pub(crate) still: usize,
    /// Series of whatever kind on both pages, and how many of them were NaN.
    pub(crate) compared: usize,
    pub(crate) nan: usize,
    differences: BTreeMap<(What, String), String>,
}

impl Round {
    /// Compares the pages, given as text.
    pub(crate) fn new(before: &str, ours: &str, after: &str) -> Self {
        let (of_agent, of_ours, later) = (super::series(before), super::series(ours), super::series(after));
        let found = compare(&of_agent, &of_ours, &later);
        let mut differences = BTreeMap::new();
        for series in found.missing {
            differences.insert((What::Missing, series.clone()), format!("{} there", of_agent[&series]));
        }
        for series in found.extra {
            differences.insert((What::Extra, series.clone()), format!("{} here", of_ours[&series]));
        }
        for (series, agents, ours) in found.different {
            differences.insert((What::Value, series), format!("{agents} there, {ours} here"));
        }
        let (agents, ours) = (Types::of(before), Types::of(ours));
        for series in of_agent.keys().filter(|series| of_ours.contains_key(*series)) {
            let (agents, ours) = (agents.kind(series), ours.kind(series));
            if agents != ours {
                differences.insert((What::Type, series.clone()), format!("{agents} there, {ours} here"));
            }
        }
        let still = still(&of_agent, &of_ours, &later);
        Self { still, compared: found.compared, nan: found.nan, differences }
    }

    /// Whether the same series are on both pages.
    pub(crate) fn has_the_same_series(&self) -> bool {
        !self.differences.keys().any(|(what, _)| matches!(what, What::Missing | What::Extra))
    }

    /// What differs in this round.
    pub(crate) fn differences(&self) -> impl Iterator<Item = Difference> {
        self.differences.iter().map(|((what, series), detail)| Difference {
            what: *what,
            series: series.clone(),
            detail: detail.clone(),
        })
    }
}

/// Whether rules made the series, and not the JVM's, the process's or the exporter's own families.
pub(crate) fn is_of_rules(series: &str) -> bool {
    !["jvm_", "process_", "jmx_", "kafka_vitals_"].iter().any(|prefix| series.starts_with(prefix))
}

fn still(before: &Series, ours: &Series, after: &Series) -> usize {
    let stands = |series: &&String| {
        let (before, after) = (before.get(*series), after.get(*series));
        before.zip(after).is_some_and(|(before, after)| before.to_bits() == after.to_bits())
    };
    ours.keys().filter(|series| is_of_rules(series)).filter(stands).count()
}

/// What differs in every round.
pub(crate) fn lasting(rounds: &[Round]) -> Vec<Difference> {
    let Some((last, others)) = rounds.split_last() else { return Vec::new() };
    let again = |difference: &Difference| {
        let key = (difference.what, difference.series.clone());
        others.iter().all(|other| other.differences.contains_key(&key))
    };
    last.differences().filter(again).collect()
}

#[test]
fn each_kind_of_difference_is_found_and_only_when_it_lasts() {
    let agent = "# TYPE a gauge\na 1\n# TYPE b counter\nb 2\n# TYPE c_total counter\nc 3\nd 4\nmoves 1\n";
    let later = agent.replace("moves 1", "moves 2");
    let differences = |ours: &[&str]| {
        let rounds: Vec<Round> = ours.iter().map(|ours| Round::new(agent, ours, &later)).collect();
        let found = lasting(&rounds).into_iter();
        found.map(|found| (found.what, found.series, found.detail)).collect::<Vec<_>>()
    };
    // A sample whose type line has another name is untyped.
    let same = "# TYPE a gauge\na 1\n# TYPE b counter\nb 2\n# TYPE c untyped\nc 3\nd 4\nmoves 7\n";
    assert_eq!(differences(&[same]), []);
    assert_eq!(Round::new(agent, same, &later).still, 4);
    let found = |what, series: &str, detail: &str| vec![(what, series.to_owned(), detail.to_owned())];
    for (change, to, difference) in [
        ("d 4\n", "", found(What::Missing, "d", "4 there")),
        ("d 4\n", "d 4\ne 5\n", found(What::Extra, "e", "5 here")),
        ("d 4\n", "d 5\n", found(What::Value, "d", "4 there, 5 here")),
        ("b counter", "b gauge", found(What::Type, "b", "counter there, gauge here")),
        ("c untyped", "c counter", found(What::Type, "c", "untyped there, counter here")),
    ] {
        let other = same.replace(change, to);
        assert_eq!(differences(&[&other]), difference, "{change} -> {to}");
        assert_eq!(differences(&[&other, &other]), difference, "{change} -> {to}, twice");
        assert_eq!(differences(&[&other, same]), [], "{change} -> {to}, once");
    }
}
