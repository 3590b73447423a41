//! Rules that cannot fire: after one that takes everything, for beans that are not read, with patterns that no match
//! string has, or behind a rule that takes all of theirs.

use std::sync::LazyLock;

use regex::Regex;

use super::samples::raw_samples;
use super::{Finding, FindingKind, Looked, matches, numbers, shown};
use crate::rules::{Rule, Rules};

/// Match strings with nothing in common but what all have. A pattern that matches all of these matches everything.
const ANYTHING: [&str; 4] = [
    "a<b=c><>d: 1",
    "Zz.9-y<x=\"q, w=1\", k=v><u, i>P-q: true",
    "<_=_><>_: NaN",
    "kafka.server<type=t, name=n><>Count: -1.0E-7",
];

/// Beyond this comparing each rule with each takes too long.
const MAX_COMPARED: usize = 3_000;

/// Looks at all rules; returns those that can fire, as far as that can be told.
pub(super) fn check<'l, 'r>(
    looked: &'l [Looked<'r>],
    rules: &Rules,
    findings: &mut Vec<Finding>,
) -> Vec<&'l Looked<'r>> {
    let mut alive = Vec::with_capacity(looked.len());
    let mut zookeeper = Vec::new();
    let everything = looked.iter().position(|looked| takes_everything(looked.rule));
    let reached = everything.map_or(looked.len(), |at| at + 1);
    if let (Some(last), Some(first)) = (everything, looked.get(reached)) {
        let who = if looked.len() == reached + 1 {
            "this rule is".to_owned()
        } else {
            format!("rules {} to {} are", first.number, looked.len())
        };
        let last = &looked[last];
        let text = format!(
            "{who} never reached, because rule {} in line {} matches everything; put that one last",
            last.number, last.rule.line
        );
        findings.push(first.finding(FindingKind::Dead, text));
    }
    let reachable = &looked[..reached];
    for (at, looked) in reachable.iter().enumerate() {
        if let Some(text) = never_matches(looked).or_else(|| hidden(looked, rules)) {
            findings.push(looked.finding(FindingKind::Dead, text));
            continue;
        }
        if names_zookeeper(looked.rule) {
            zookeeper.push(looked.number);
        }
        let earlier = if at < MAX_COMPARED { &reachable[..at] } else { &[] };
        match earlier.iter().find(|earlier| shadows(earlier, looked)) {
            Some(earlier) => findings.push(looked.finding(FindingKind::Shadowed, shadowed_by(earlier, looked))),
            None => alive.push(looked),
        }
    }
    if !zookeeper.is_empty() {
        let text = format!("nothing comes of rule {} on Kafka 4, which has no ZooKeeper beans", numbers(&zookeeper));
        findings.push(Finding { rule: None, line: 0, kind: FindingKind::Note, text });
    }
    if reached > MAX_COMPARED {
        let text = format!("of {reached} rules only the first {MAX_COMPARED} were compared with those before them");
        findings.push(Finding { rule: None, line: 0, kind: FindingKind::Note, text });
    }
    alive
}

fn shadowed_by(earlier: &Looked<'_>, later: &Looked<'_>) -> String {
    format!(
        "rule {} in line {} takes all that this one would match, such as {}; put this one before it, or remove it",
        earlier.number,
        earlier.rule.line,
        shown(later.samples.first().map(String::as_str).unwrap_or_default())
    )
}

fn takes_everything(rule: &Rule) -> bool {
    ANYTHING.iter().all(|text| {
        // With `cache` there is no value to match.
        let text = if rule.cache { with_cache(text) } else { (*text).to_owned() };
        matches(rule, &text)
    })
}

/// The match string as a rule with `cache: true` sees it.
pub(super) fn with_cache(text: &str) -> String {
    text.rsplit_once(": ").map_or_else(|| text.to_owned(), |(head, _)| format!("{head}: <cache>"))
}

fn shadows(earlier: &Looked<'_>, later: &Looked<'_>) -> bool {
    // Rules that see other strings cannot be compared by these.
    let (one, other) = (earlier.rule, later.rule);
    one.attr_name_snake_case == other.attr_name_snake_case
        && one.cache == other.cache
        && later.samples.len() > 1
        // Searching texts is far cheaper than matching, and most pairs end here.
        && later.samples.iter().all(|sample| earlier.required.iter().all(|text| sample.contains(text.as_str())))
        && later.samples.iter().all(|sample| matches(one, sample))
}

/// Why the pattern matches no match string at all.
fn never_matches(looked: &Looked<'_>) -> Option<String> {
    static JOINED: LazyLock<Regex> = LazyLock::new(|| regex(r",[A-Za-z][\w-]*="));
    static OBJECT_NAME: LazyLock<Regex> = LazyLock::new(|| regex(r"^[\w.*-]+:[A-Za-z][\w-]*="));
    let pattern = looked.rule.pattern.as_ref()?;
    let raw = raw_samples(pattern);
    let all = |test: &dyn Fn(&str) -> bool| !raw.is_empty() && raw.iter().all(|raw| test(raw));
    if all(&|raw| OBJECT_NAME.is_match(raw)) {
        return Some(
            "the pattern is written as an ObjectName and never matches; match strings look like \
             `kafka.server<type=ReplicaManager, name=LeaderCount><>Value: 1`"
                .to_owned(),
        );
    }
    // Something like `,.*name=` takes the blank.
    let with_blank = |text: &String| {
        JOINED.replace_all(text, |found: &regex::Captures<'_>| found[0].replacen(',', ", ", 1)).into_owned()
    };
    let takes_blank = || looked.samples.iter().chain(&raw).any(|text| matches(looked.rule, &with_blank(text)));
    if all(&|raw| JOINED.is_match(&without_quoted(raw))) && !takes_blank() {
        return Some(
            "the pattern never matches: between key properties match strings have a comma and a blank, as in \
             `<type=Log, name=Size>`"
                .to_owned(),
        );
    }
    let java = pattern.as_java();
    if java.ends_with('$')
        && !java.ends_with("\\$")
        && looked.samples.is_empty()
        && all(&|raw| raw.contains("><") && !raw.contains(": "))
    {
        return Some(
            "the pattern never matches: its $ stands where the attribute ends, but `: ` and the value follow; \
             write `:` in place of $"
                .to_owned(),
        );
    }
    None
}

/// The text without what stands in double quotes, where commas are part of a value.
fn without_quoted(text: &str) -> String {
    text.split('"').step_by(2).collect::<Vec<_>>().join("\"")
}

/// Why no bean that the pattern names is read.
fn hidden(looked: &Looked<'_>, rules: &Rules) -> Option<String> {
    let java = looked.rule.pattern.as_ref()?.as_java();
    let (domain, _) = java.split_once('<')?;
    let anchored = domain.strip_prefix('^');
    let domain = anchored.unwrap_or(domain).trim_end_matches('\\').replace("\\.", ".");
    let is_literal = !domain.is_empty() && domain.chars().all(|c| c.is_alphanumeric() || ".-_".contains(c));
    // Without ^ it may be the end of a longer name; those with a dot never are.
    if !is_literal || (anchored.is_none() && !domain.contains('.')) {
        return None;
    }
    let why = rules.filter.hides_domain(&domain)?;
    Some(format!("nothing of the domain {domain} is read, because {why}; remove the rule, or read the domain"))
}

fn names_zookeeper(rule: &Rule) -> bool {
    let java = rule.pattern.as_ref().map(|pattern| pattern.as_java().to_ascii_lowercase()).unwrap_or_default();
    java.contains("zookeeper") || java.contains("sessionexpirelistener")
}

#[expect(clippy::expect_used, reason = "constants, each used by a test")]
fn regex(expression: &str) -> Regex {
    Regex::new(expression).expect("a regular expression of this file")
}
