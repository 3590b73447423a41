//! `rules check`: rules files in, all their errors and all that is suspicious in them out.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use super::arguments::Check;
use super::{Done, counted, files, json};
use crate::rules::{Compat, FindingKind, OtherNames, Rules, RulesError, lint};

/// What was found in one file.
#[derive(Debug, Serialize)]
struct Report {
    file: String,
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
    fn error(line: u64, rule: Option<usize>, reason: String) -> Self {
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

/// # Errors
/// A file cannot be read.
pub(super) fn run(arguments: &Check) -> Result<Done, String> {
    let reports = arguments.files.iter().map(|file| report(file, arguments.generation.compat));
    let reports = reports.collect::<Result<Vec<Report>, String>>()?;
    let is_bad = |report: &Report| {
        !report.usable
            || (arguments.strict && report.warnings.iter().chain(&report.findings).any(|remark| !remark.harmless))
    };
    let problems = reports.iter().any(is_bad);
    let text = if arguments.output.json { json(&reports)? } else { reports.iter().map(write).collect() };
    Ok(Done { text, problems })
}

fn report(path: &Path, compat: Option<Compat>) -> Result<Report, String> {
    let (text, file) = (files::read(path)?, path.display().to_string());
    let rules = match Rules::load_with(&text, &file, compat) {
        Ok(rules) => rules,
        Err(error) => {
            return Ok(Report {
                file,
                usable: false,
                compat: compat.unwrap_or_default().as_str(),
                rules: None,
                errors: errors(error),
                warnings: Vec::new(),
                findings: Vec::new(),
                other_generation: None,
            });
        }
    };
    let warnings = rules.warnings.iter().map(|warning| Remark {
        line: warning.line,
        rule: warning.rule,
        harmless: false,
        kind: None,
        reason: warning.text.clone(),
    });
    let findings = lint(&rules).into_iter().map(|finding| Remark {
        line: finding.line,
        rule: finding.rule,
        harmless: finding.kind == FindingKind::Note,
        kind: Some(finding.kind.as_str()),
        reason: finding.text,
    });
    Ok(Report {
        usable: true,
        compat: rules.compat.as_str(),
        rules: Some(rules.rules.len()),
        errors: Vec::new(),
        warnings: warnings.collect(),
        findings: findings.collect(),
        other_generation: Some(other_generation(&text, &file, &rules)),
        file,
    })
}

fn other_generation(text: &str, file: &str, rules: &Rules) -> OtherGeneration {
    let compat = files::other(rules.compat);
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
    let more = (error.more > 0).then(|| Remark::error(0, None, format!("{} more errors", error.more)));
    let problems = error.problems.into_iter();
    problems.map(|problem| Remark::error(problem.line, problem.rule, problem.reason)).chain(more).collect()
}

fn write(report: &Report) -> String {
    let mut out = String::new();
    let file = &report.file;
    let mut remarks = |what: &str, remarks: &[Remark]| {
        for Remark { line, rule, kind, reason, .. } in remarks {
            let rule = rule.map(|rule| format!("rule {rule}: ")).unwrap_or_default();
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
        None => format!("cannot be used: {}", counted(report.errors.len(), "error")),
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
