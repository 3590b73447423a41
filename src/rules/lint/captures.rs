//! What rules capture of the beans that Kafka really has: more key properties than they have groups for, the value, quotes.

use std::collections::{BTreeMap, BTreeSet};

use super::probes::{Kind, PROBES, Probe, VALUE};
use super::{Finding, FindingKind, Looked, expand, groups, numbers, shown};
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
        let captured = holds_value(rule, groups.as_ref(), &text, if rule.cache { "<cache>" } else { VALUE });
        seen.value = seen.value.take().or(captured);
    }
    for (at, looked) in looked.iter().enumerate() {
        let seen = seen.remove(&at).unwrap_or_default();
        let value =
            seen.value.or_else(|| looked.samples.iter().find_map(|sample| value_in_sample(looked.rule, sample)));
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
            let text = format!(
                "it gives series for each {what}, such as of {first}; unless something needs them, add \
                 excludeObjectNames: [{}]",
                exclusions(names)
            );
            findings.push(looked.finding(FindingKind::Explosive, text));
        }
    }
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

/// The value is part of what names the series.
fn holds_value(rule: &Rule, groups: Option<&Groups>, text: &str, value: &str) -> Option<String> {
    let (what, got) = expansions(rule, groups, text).into_iter().find(|(_, got)| got.contains(value))?;
    Some(format!(
        "the value of the attribute is part of the {what}: {} gives {}, a new series for each value; end the pattern's last \
         group before the colon, as in `><>(\\w+):`",
        shown(text),
        shown(&got)
    ))
}

fn value_in_sample(rule: &Rule, sample: &str) -> Option<String> {
    let groups = groups(rule, sample)?;
    sample.ends_with(VALUE).then(|| holds_value(rule, groups.as_ref(), sample, VALUE)).flatten()
}

fn is_read(probe: &Probe, rules: &Rules) -> bool {
    ObjectName::parse(probe.name).is_ok_and(|name| rules.filter.bean(&name))
}
