//! Explanations in, text for a terminal out.

use std::fmt::Write as _;

use super::counted;
use super::explain::{Explanation, RuleId, Series};
use crate::rules::Compat;

/// `compat` is the generation in use.
pub(super) fn write(explanations: &[Explanation], compat: Compat) -> String {
    let mut out = String::new();
    for (at, explanation) in explanations.iter().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        one(explanation, compat.as_str(), &mut out);
    }
    if explanations.len() > 1 {
        let series = explanations.iter().filter(|explanation| explanation.series.is_some()).count();
        // Writing to a String cannot fail.
        let _ = writeln!(out, "\n{}, {series} series", counted(explanations.len(), "value"));
    }
    out
}

fn one(explanation: &Explanation, compat: &str, out: &mut String) {
    let _ = writeln!(out, "{}", one_line(&explanation.match_string));
    if let Some(rule) = &explanation.rule {
        let _ = writeln!(out, "  {}", rule_text(rule));
        for capture in &explanation.captures {
            let text = capture.text.as_deref().map_or_else(|| "took no part".to_owned(), |text| format!("{text:?}"));
            let _ = writeln!(out, "    ${} = {text}", capture.group);
        }
    }
    if let Some(series) = &explanation.series {
        write_series(compat, series, out);
    }
    if let Some(reason) = &explanation.reason {
        let _ = writeln!(out, "  no series: {reason}");
    }
    if let Some(other) = &explanation.other_generation {
        if let Some(series) = &other.series {
            write_series(other.compat, series, out);
        }
        if let Some(reason) = &other.reason {
            let _ = writeln!(out, "  {}: no series: {reason}", other.compat);
        }
    }
    for missed in &explanation.not_matched {
        let _ = writeln!(out, "  not {}", rule_text(&missed.rule));
        let _ = writeln!(out, "    {}", one_line(&missed.reason));
    }
    // Of a rule that was hit, those before it are of interest only beside others that are told of.
    if explanation.not_matched_more > 0 && !(explanation.not_matched.is_empty() && explanation.rule.is_some()) {
        let which = if explanation.not_matched.is_empty() { "rule" } else { "more rule" };
        let _ = writeln!(out, "  {} not matched; --all tells why", counted(explanation.not_matched_more, which));
    }
}

fn write_series(compat: &str, series: &Series, out: &mut String) {
    let _ = writeln!(out, "  {compat}: {} {}", series.rendered, series.value);
    let _ = writeln!(out, "       type {}, help {:?}", series.kind, series.help);
}

fn rule_text(rule: &RuleId) -> String {
    let pattern = rule.pattern.as_deref().unwrap_or("(no pattern: matches everything)");
    format!("rule {} (line {}): {}", rule.number, rule.line, one_line(pattern))
}

/// Line breaks of a text or a pattern would look like other lines.
fn one_line(text: &str) -> String {
    text.replace('\r', "\\r").replace('\n', "\\n")
}
