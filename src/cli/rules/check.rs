//! `rules check`: rules files in, all their errors and all that is suspicious in them out.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use super::arguments::Check;
use super::{Done, Outcome, counted, files, json};
use crate::rules::{Compat, FindingKind, OtherNames, Rules, RulesError, Warning, lint};

/// What was found in one file.
#[derive(Debug, Serialize)]
struct Report {
    file: String,
    /// Whether it could be read at all.
    #[serde(skip)]
    readable: bool,
    /// Whether the exporter would take it.
    usable: bool,
    compat: &'static str,
    /// How many rules there are; absent if the file is not usable.
    #[serde(skip_serializing_if = "Option::is_none")]
    rules: Option<usize>,
    errors: Vec<Remark>,
    warnings: Vec<Remark>,
    findings: Vec<Remark>,
    #[serde(skip_serializing_if = "Option::is_none")]
    other_generation: Option<OtherGeneration>,
}

/// Something about a rule, or about the file as a whole.
#[derive(Debug, Serialize)]
struct Remark {
    /// Counted from 1; 0 = unknown.
    line: u64,
    rule: Option<usize>,
    /// Nothing is wrong with it.
    #[serde(skip)]
    harmless: bool,
    /// Of findings alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    reason: String,
}

impl Remark {
    /// An error or a warning.
    fn new(line: u64, rule: Option<usize>, reason: String) -> Self {
        Self { line, rule, harmless: false, kind: None, reason }
    }
}

/// What the other generation would make of the file.
#[derive(Debug, Serialize)]
struct OtherGeneration {
    compat: &'static str,
    /// Why it could not use it.
    errors: Vec<Remark>,
    /// In one line; absent if nothing would differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    /// Rules whose names differ whatever they match.
    renamed: Vec<Renamed>,
    /// Rules whose names may differ, depending on what they match.
    may_rename: Vec<usize>,
    /// Rules whose types are untyped under 1.x.
    types: Vec<usize>,
}

/// A name in both generations; `$1` stands for what the rule captures.
#[derive(Debug, Serialize)]
struct Renamed {
    rule: usize,
    line: u64,
    #[serde(rename = "0.x")]
    v0: String,
    #[serde(rename = "1.x")]
    v1: String,
}

/// A file that cannot be read is in the output like those with errors, and fails the tool.
///
/// # Errors
/// The output cannot be made.
pub(super) fn run(arguments: &Check) -> Result<Done, String> {
    let reports: Vec<Report> = arguments.files.iter().map(|file| report(file, arguments.generation.compat)).collect();
    let is_bad = |report: &Report| {
        !report.usable
            || (arguments.strict && report.warnings.iter().chain(&report.findings).any(|remark| !remark.harmless))
    };
    let outcome = if reports.iter().any(|report| !report.readable) {
        Outcome::Failed
    } else {
        Outcome::of_problems(reports.iter().any(is_bad))
    };
    let text = if arguments.output.json { json(&reports)? } else { reports.iter().map(write).collect() };
    Ok(Done { text, outcome })
}

fn report(path: &Path, compat: Option<Compat>) -> Report {
    let file = path.display().to_string();
    let unusable = |file, readable, errors, warnings| Report {
        file,
        readable,
        usable: false,
        compat: compat.unwrap_or_default().as_str(),
        rules: None,
        errors,
        warnings,
        findings: Vec::new(),
        other_generation: None,
    };
    let text = match files::read(path) {
        Ok(text) => text,
        Err(error) => {
            // The line begins with the file anyway.
            let reason = error.strip_prefix(&format!("{file}: ")).unwrap_or(&error).to_owned();
            return unusable(file, false, vec![Remark::new(0, None, reason)], Vec::new());
        }
    };
    let rules = match Rules::load_with(&text, &file, compat) {
        Ok(rules) => rules,
        Err(mut error) => {
            let odd = warnings(&std::mem::take(&mut error.warnings));
            return unusable(file, true, errors(error), odd);
        }
    };
    let findings = lint(&rules).into_iter().map(|finding| Remark {
        line: finding.line,
        rule: finding.rule,
        harmless: finding.kind == FindingKind::Note,
        kind: Some(finding.kind.as_str()),
        reason: finding.text,
    });
    Report {
        readable: true,
        usable: true,
        compat: rules.compat.as_str(),
        rules: Some(rules.rules.len()),
        errors: Vec::new(),
        warnings: warnings(&rules.warnings),
        findings: findings.collect(),
        other_generation: Some(other_generation(&text, &file, &rules)),
        file,
    }
}

/// `rule 3`, or `rules 1, 3, 5-8`, of numbers in their order.
fn ranges(rules: &[usize]) -> String {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for &rule in rules {
        match runs.last_mut() {
            Some((_, last)) if rule <= *last + 1 => *last = rule,
            _ => runs.push((rule, rule)),
        }
    }
    let shown = runs.iter().map(|(first, last)| match last - first {
        0 => first.to_string(),
        1 => format!("{first}, {last}"),
        _ => format!("{first}-{last}"),
    });
    let shown = shown.collect::<Vec<_>>().join(", ");
    if rules.len() == 1 { format!("rule {shown}") } else { format!("rules {shown}") }
}

fn other_generation(text: &str, file: &str, rules: &Rules) -> OtherGeneration {
    let compat = rules.compat.other();
    let errors = Rules::load_with(text, file, Some(compat)).err().map(errors).unwrap_or_default();
    let names = OtherNames::of(rules);
    let summary = names.summary(rules.compat);
    let OtherNames { certain, possible, types, .. } = names;
    let renamed = certain.into_iter().map(|one| Renamed { rule: one.rule, line: one.line, v0: one.v0, v1: one.v1 });
    OtherGeneration {
        compat: compat.as_str(),
        errors,
        summary,
        renamed: renamed.collect(),
        may_rename: possible,
        types,
    }
}

fn errors(error: RulesError) -> Vec<Remark> {
    let more = (error.more > 0).then(|| Remark::new(0, None, format!("{} more errors", error.more)));
    let problems = error.problems.into_iter();
    problems.map(|problem| Remark::new(problem.line, problem.rule, problem.reason)).chain(more).collect()
}

fn warnings(warnings: &[Warning]) -> Vec<Remark> {
    warnings.iter().map(|warning| Remark::new(warning.line, warning.rule, warning.text.clone())).collect()
}

fn write(report: &Report) -> String {
    let mut out = String::new();
    let file = &report.file;
    let mut remarks = |what: &str, remarks: &[Remark]| {
        // What is so of several rules is said once, where the first of them stands.
        let mut rules_of: HashMap<_, Vec<usize>> = HashMap::new();
        for remark in remarks {
            rules_of.entry((remark.kind, &remark.reason)).or_default().extend(remark.rule);
        }
        for remark in remarks {
            let Remark { line, rule, kind, reason, .. } = remark;
            let rules = rules_of.get(&(*kind, reason)).map(Vec::as_slice).unwrap_or_default();
            if rule.is_some() && rules.first() != rule.as_ref() {
                continue;
            }
            let rule = rule.map(|_| format!("{}: ", ranges(rules))).unwrap_or_default();
            let kind = kind.map(|kind| format!(" ({kind})")).unwrap_or_default();
            let place = if *line == 0 { file.clone() } else { format!("{file}:{line}") };
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{place}: {what}{kind}: {rule}{reason}");
        }
    };
    remarks("error", &report.errors);
    remarks("warning", &report.warnings);
    remarks("finding", &report.findings);
    if let Some(other) = &report.other_generation {
        if let Some(summary) = &other.summary {
            let _ = writeln!(out, "{file}: note: {summary}");
        }
        if !other.may_rename.is_empty() {
            let _ = writeln!(
                out,
                "{file}: note: of {} only beans can tell whether {} gives other names (endings _total, _created, _bucket and \
                 _info, counters without _total): rules explain shows it, and the exporter's log after its first scrape",
                counted(other.may_rename.len(), "rule"),
                other.compat
            );
        }
        if let Some(first) = other.errors.first() {
            let (compat, count, reason) = (other.compat, counted(other.errors.len(), "error"), &first.reason);
            let _ = writeln!(
                out,
                "{file}:{}: note: generation {compat} could not use this file: {count}, first: {reason}",
                first.line
            );
        }
    }
    let verdict = match report.rules {
        None if !report.readable => "cannot be read".to_owned(),
        None if report.warnings.is_empty() => format!("cannot be used: {}", counted(report.errors.len(), "error")),
        None => format!(
            "cannot be used: {}, {}",
            counted(report.errors.len(), "error"),
            counted(report.warnings.len(), "warning")
        ),
        Some(rules) => format!(
            "can be used: {}, generation {}, {}, {}",
            counted(rules, "rule"),
            report.compat,
            counted(report.warnings.len(), "warning"),
            counted(report.findings.len(), "finding")
        ),
    };
    let _ = writeln!(out, "{file}: {verdict}");
    out
}
