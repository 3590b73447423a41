//! The lists of beans.

use super::{Finding, FindingKind};
use crate::rules::Rules;

pub(super) fn check(rules: &Rules, findings: &mut Vec<Finding>) {
    let lists = [("include", rules.filter.include.as_deref()), ("exclude", Some(rules.filter.exclude.as_slice()))];
    for (what, patterns) in lists {
        let closed: Vec<String> = patterns
            .unwrap_or_default()
            .iter()
            .filter(|pattern| {
                !pattern.is_open() && pattern.properties().iter().any(|(_, value)| value.contains(['*', '?']))
            })
            .map(|pattern| format!("`{pattern}`"))
            .collect();
        if !closed.is_empty() {
            let text = format!(
                "these {what} patterns name only beans with exactly their keys; end one with `,*` if beans with more keys \
                 are meant too: {}",
                closed.join(" ")
            );
            findings.push(Finding { rule: None, line: 0, kind: FindingKind::Note, text });
        }
    }
    if rules.filter.include.as_ref().is_some_and(Vec::is_empty) {
        let text =
            "the list of included beans is empty, so nothing is exported; leave the key out to export everything";
        findings.push(Finding { rule: None, line: 0, kind: FindingKind::Dead, text: text.to_owned() });
    }
}
