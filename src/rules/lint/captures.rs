//! What rules capture of the beans that Kafka really has: more key properties than they have groups for, the value, quotes.

use std::collections::{BTreeMap, BTreeSet};

use super::probes::{INTEGER, Kind, PROBES, Probe, VALUE};
use super::{Finding, FindingKind, Looked, expand, groups, matches, numbers, shown};
use crate::mbean::ObjectName;
use crate::rules::pattern::Groups;
use crate::rules::{Rule, Rules};

/// What a rule does with the probes that it is the first to match.
#[derive(Default)]
struct Seen {
    greedy: Option<String>,
    value: Option<String>,
    per_partition: Vec<&'static str>,
    per_client: Vec<&'static str>,
}

pub(super) fn check(looked: &[&Looked<'_>], rules: &Rules, findings: &mut Vec<Finding>) {
    let mut seen: BTreeMap<usize, Seen> = BTreeMap::new();
    let mut quoting = BTreeSet::new();
    for probe in PROBES.iter().filter(|probe| is_read(probe, rules)) {
        let hit = looked.iter().enumerate().find_map(|(at, looked)| {
            let text = probe.match_string(looked.rule);
            groups(looked.rule, &text).map(|groups| (at, text, groups))
        });
        let Some((at, text, groups)) = hit else { continue };
        let rule = looked[at].rule;
        if rule.name.as_ref().is_some_and(|name| expand(name, groups.as_ref(), &text).is_empty()) {
            continue;
        }
        let seen = seen.entry(at).or_default();
        match probe.kind {
            Kind::Few => {}
            Kind::PerPartition => seen.per_partition.push(probe.name),
            Kind::PerClient => seen.per_client.push(probe.name),
        }
        for (what, got) in expansions(rule, groups.as_ref(), &text) {
            if swallows(what, &got) {
                seen.greedy.get_or_insert_with(|| {
                    format!(
                        "it matches {} and makes {} the {what}; name each key in the pattern, or use `([^,]+)` in place \
                         of `(.+)`, and put a rule for beans with more keys before it",
                        shown(&text),
                        shown(&got)
                    )
                });
            }
            if what == LABEL_VALUE && got.starts_with('"') {
                quoting.insert(looked[at].number);
            }
        }
        if seen.value.is_none() {
            seen.value = value_in(rule, &text, true);
        }
    }
    for probe in PROBES.iter().filter(|probe| is_read(probe, rules)) {
        // Another rule may be the first to take it when the value is an integer.
        let hit = looked.iter().enumerate().find_map(|(at, looked)| {
            let text = with_value(&probe.match_string(looked.rule), INTEGER)?;
            groups(looked.rule, &text).map(|_| (at, text))
        });
        let Some((at, text)) = hit else { continue };
        let seen = seen.entry(at).or_default();
        if seen.value.is_none() {
            seen.value = value_in(looked[at].rule, &text, true);
        }
    }
    for (at, looked) in looked.iter().enumerate() {
        let seen = seen.remove(&at).unwrap_or_default();
        let value =
            seen.value.or_else(|| looked.samples.iter().find_map(|sample| value_in(looked.rule, sample, false)));
        report(looked, seen.greedy, value, &seen.per_partition, &seen.per_client, findings);
    }
    if !quoting.is_empty() {
        let list = numbers(&quoting.into_iter().collect::<Vec<_>>());
        let text = format!(
            "quoted values of beans, such as user=\"CN=alice\", keep their double quotes in the labels of rule {list}, as \
             with jmx_exporter; capture `\"?([^\"]+)\"?` in place of `(.+)` to be rid of them"
        );
        findings.push(Finding { rule: None, line: 0, kind: FindingKind::Note, text });
    }
}

fn report(
    looked: &Looked<'_>,
    greedy: Option<String>,
    value: Option<String>,
    per_partition: &[&str],
    per_client: &[&str],
    findings: &mut Vec<Finding>,
) {
    findings.extend(greedy.map(|text| looked.finding(FindingKind::Greedy, text)));
    findings.extend(value.map(|text| looked.finding(FindingKind::Explosive, text)));
    for (names, what) in [(per_partition, "partition"), (per_client, "client or user")] {
        if let Some(first) = names.first() {
            // Who names the beans wants them.
            let by_chance: Vec<_> = names.iter().copied().filter(|name| !is_named(looked.rule, name)).collect();
            let Some(first) = by_chance.first() else {
                let text = format!("it gives series for each {what}, such as of {first}, as its pattern says");
                findings.push(looked.finding(FindingKind::Note, text));
                continue;
            };
            let text = format!(
                "it gives series for each {what}, such as of {first}; unless something needs them, add \
                 excludeObjectNames: [{}]",
                exclusions(&by_chance)
            );
            findings.push(looked.finding(FindingKind::Explosive, text));
        }
    }
}

/// Whether the pattern speaks of beans of this one's type, by its name.
fn is_named(rule: &Rule, bean: &str) -> bool {
    let (Some(pattern), Ok(name)) = (&rule.pattern, ObjectName::parse(bean)) else { return false };
    let mut words = pattern.as_java().split(|character: char| !character.is_alphanumeric());
    name.get("type").is_some_and(|kind| words.any(|word| word == kind))
}

/// ObjectName patterns for the kinds of these beans.
fn exclusions(names: &[&str]) -> String {
    let mut patterns: Vec<String> = names
        .iter()
        .filter_map(|name| ObjectName::parse(name).ok())
        .map(|name| format!("\"{}:type={},*\"", name.domain, name.get("type").unwrap_or("*")))
        .collect();
    patterns.dedup();
    patterns.join(", ")
}

const LABEL_VALUE: &str = "value of a label";
const LABEL_NAME: &str = "name of a label";
const NAME: &str = "name of the metric";

/// What becomes of the templates.
fn expansions(rule: &Rule, groups: Option<&Groups>, text: &str) -> Vec<(&'static str, String)> {
    let mut found: Vec<_> = rule.name.iter().map(|name| (NAME, expand(name, groups, text))).collect();
    for (name, value) in &rule.labels {
        found.push((LABEL_NAME, expand(name, groups, text)));
        found.push((LABEL_VALUE, expand(value, groups, text)));
    }
    found
}

/// Whether other key properties are in the text, which stand in quotes only if they are part of a value.
fn swallows(what: &str, got: &str) -> bool {
    let outside: String = got.split('"').step_by(2).collect();
    if what == LABEL_NAME { outside.contains(['=', ',']) } else { outside.contains(", ") && outside.contains('=') }
}

/// Values of one shape that differ in each digit: what changes with them holds the value, or a part of it.
const SHAPES: [[&str; 2]; 3] = [[VALUE, "8462.36"], [INTEGER, "8462"], [CACHED, "<other>"]];

/// What patterns see of the value if the rule has a cache.
const CACHED: &str = "<cache>";

/// The text with another value; `None` if it is one that a cache hides.
fn with_value(text: &str, value: &str) -> Option<String> {
    let (head, old) = text.rsplit_once(": ")?;
    (old != CACHED).then(|| format!("{head}: {value}"))
}

/// What is wrong if the value, or a part of it, is in what names the series. The values of probes are numbers.
fn value_in(rule: &Rule, text: &str, is_probe: bool) -> Option<String> {
    let (head, value) = text.rsplit_once(": ")?;
    let may_be_text = value != CACHED && !is_probe && matches(rule, &format!("{head}: leader"));
    let values = SHAPES.iter().filter(|[cached, _]| (value == CACHED) == (*cached == CACHED));
    values.into_iter().find_map(|[one, other]| {
        let [one, other] = [one, other].map(|value| format!("{head}: {value}"));
        let (groups_of_one, groups_of_other) = (groups(rule, &one)?, groups(rule, &other)?);
        let before = expansions(rule, groups_of_one.as_ref(), &one);
        let after = expansions(rule, groups_of_other.as_ref(), &other);
        if before.iter().any(|(what, got)| *what == NAME && got.is_empty()) {
            return None;
        }
        let mut changed = before.into_iter().zip(after).filter(|(before, after)| before.1 != after.1);
        // Of an attribute that may well be a text, as a state is, words are wanted, of which a number's digits are none.
        let (what, got) = changed.find(|(before, _)| !may_be_text || before.1.contains(VALUE))?.0;
        Some(format!(
            "the value of the attribute, or a part of it, is in the {what}: {} gives {}, a new series for each value; end \
             the pattern's last group before the colon, as in `><>(\\w+):`",
            shown(&one),
            shown(&got)
        ))
    })
}

fn is_read(probe: &Probe, rules: &Rules) -> bool {
    ObjectName::parse(probe.name).is_ok_and(|name| rules.filter.bean(&name))
}
