//! Loaded rules in, what is probably not meant so out: rules that never fire, that swallow more than they should, that
//! give series without bound, each explained. Nothing here keeps rules from being used.

mod captures;
mod lists;
mod probes;
mod reach;
mod samples;
#[cfg(test)]
mod tests;
mod typing;

use super::model::{Rule, Rules};
use super::pattern::Groups;
use super::template::Template;

/// Something that is probably not meant so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule, counted from 1; `None` if it is about something else.
    pub rule: Option<usize>,
    /// The rule's line, counted from 1; 0 = none.
    pub line: u64,
    /// What kind of trouble it is.
    pub kind: FindingKind,
    /// What is so and what to do, in one or two sentences.
    pub text: String,
}

/// Kinds of trouble with rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FindingKind {
    /// It cannot match anything that is there to be matched.
    Dead,
    /// An earlier rule takes all that it would match.
    Shadowed,
    /// It takes more key properties than it has groups for.
    Greedy,
    /// It gives very many series, or names without bound.
    Explosive,
    /// The type does not fit the name or the attribute.
    Type,
    /// `cache` does not go with the pattern.
    Cache,
    /// Two labels have one name.
    Labels,
    /// True, and good to know.
    Note,
}

impl FindingKind {
    /// Its name in output, lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dead => "dead",
            Self::Shadowed => "shadowed",
            Self::Greedy => "greedy",
            Self::Explosive => "explosive",
            Self::Type => "type",
            Self::Cache => "cache",
            Self::Labels => "labels",
            Self::Note => "note",
        }
    }
}

/// A rule with what it is tried with.
struct Looked<'r> {
    /// Its number, counted from 1.
    number: usize,
    rule: &'r Rule,
    /// Match strings that its pattern matches.
    samples: Vec<String>,
    /// Texts that its pattern wants.
    required: Vec<String>,
}

impl Looked<'_> {
    fn finding(&self, kind: FindingKind, text: impl Into<String>) -> Finding {
        Finding { rule: Some(self.number), line: self.rule.line, kind, text: text.into() }
    }
}

/// Looks for trouble in rules that have been loaded. In the order of the rules, what is about no rule last.
pub fn lint(rules: &Rules) -> Vec<Finding> {
    let looked: Vec<Looked<'_>> = rules
        .rules
        .iter()
        .enumerate()
        .map(|(at, rule)| {
            let samples = rule.pattern.as_ref().map(samples::samples).unwrap_or_default();
            let required = rule.pattern.as_ref().map(samples::required).unwrap_or_default();
            Looked { number: at + 1, rule, samples, required }
        })
        .collect();
    let mut findings = Vec::new();
    let alive = reach::check(&looked, rules, &mut findings);
    captures::check(&alive, rules, &mut findings);
    typing::check(&alive, rules, &mut findings);
    findings.sort_by_key(|finding| (finding.rule.unwrap_or(usize::MAX), finding.kind));
    lists::check(rules, &mut findings);
    findings
}

/// The groups of the rule's match; `None` if it does not match, or would take too long to. A rule without pattern matches
/// everything.
fn groups(rule: &Rule, text: &str) -> Option<Option<Groups>> {
    match &rule.pattern {
        None => Some(None),
        Some(pattern) => pattern.matches(text).ok().flatten().map(Some),
    }
}

fn matches(rule: &Rule, text: &str) -> bool {
    groups(rule, text).is_some()
}

fn expand(template: &Template, groups: Option<&Groups>, text: &str) -> String {
    let mut out = String::new();
    if let Some(groups) = groups {
        template.expand_into(groups, text, &mut out);
    }
    out
}

fn numbers(rules: &[usize]) -> String {
    rules.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The text cut to what fits into a sentence.
fn shown(text: &str) -> String {
    let cut: String = text.chars().take(160).collect();
    if cut.len() < text.len() { format!("`{cut}…`") } else { format!("`{cut}`") }
}
