//! A jmx_exporter rules file in, [`Rules`] out, or everything that keeps it from being used, with file, line and rule.

mod customizers;
mod keys;
mod names;
mod rule;
mod scalar;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;

use scalar::Scalar;

use super::model::Warning;
use super::{Compat, Rules};
use crate::yaml::{self, Spanned, Yaml};

/// Largest file that is read, in bytes. The largest in the wild have some 100 KiB.
const MAX_BYTES: usize = 8 << 20;

/// Most rules of a file. Each costs memory for its compiled pattern and time for each new bean.
const MAX_RULES: usize = 10_000;

/// Most problems that an error tells.
const MAX_PROBLEMS: usize = 100;

/// A rules file that cannot be used, with all that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct RulesError {
    /// The file's name as it was given.
    pub file: String,
    /// At least one, in the order of the file.
    pub problems: Vec<Problem>,
    /// How many more there are.
    pub more: usize,
    /// What is odd besides, in the order of the file; [`Display`](fmt::Display) leaves it out.
    pub warnings: Vec<Warning>,
}

/// One thing that is wrong with a rules file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Line, counted from 1; 0 = unknown.
    pub line: u64,
    /// The rule, counted from 1; `None` if it is about something else.
    pub rule: Option<usize>,
    /// What is wrong and what to do, in one line.
    pub reason: String,
}

impl fmt::Display for RulesError {
    /// A line `FILE:LINE: rule N: reason` per problem.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.problems.iter().enumerate() {
            let separator = if at == 0 { "" } else { "\n" };
            write!(f, "{separator}{}:{}: {problem}", self.file, problem.line)?;
        }
        if self.more > 0 {
            write!(f, "\n{}: {} more problems", self.file, self.more)?;
        }
        Ok(())
    }
}

impl fmt::Display for Problem {
    /// `rule N: reason`, without the line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(rule) = self.rule {
            write!(f, "rule {rule}: ")?;
        }
        f.write_str(&self.reason)
    }
}

impl Rules {
    /// Reads a rules file of jmx_exporter in the generation that the file's key `compat` names, or else 0.x. `file` is
    /// its name, for errors. An empty text means an empty map: every attribute in the default format. What is odd but
    /// usable is in [`warnings`](Self::warnings); nothing is logged.
    ///
    /// # Errors
    /// All problems of the file at once: not YAML, or what jmx_exporter would refuse at load or fail on at each scrape.
    pub fn load(text: &str, file: &str) -> Result<Self, RulesError> {
        Self::load_with(text, file, None)
    }

    /// As [`load`](Self::load); a generation that is given here counts more than the file's.
    ///
    /// # Errors
    /// As for [`load`](Self::load).
    pub fn load_with(text: &str, file: &str, compat: Option<Compat>) -> Result<Self, RulesError> {
        let mut loader = Loader::new(text);
        let rules = loader.file(compat);
        loader.problems.sort_by_key(|problem| problem.line);
        loader.warnings.sort_by_key(|warning| warning.line);
        if loader.problems.is_empty() {
            return Ok(Self { warnings: loader.warnings, ..rules });
        }
        let more = loader.problems.len().saturating_sub(MAX_PROBLEMS);
        loader.problems.truncate(MAX_PROBLEMS);
        Err(RulesError { file: file.to_owned(), problems: loader.problems, more, warnings: loader.warnings })
    }
}

/// An entry of a map: the key, its line, and the value.
type Entry<'y> = (&'y str, u64, &'y Spanned<Yaml>);

/// Reads one file and collects what is wrong or odd in it. What is wrong gives way to a default, so that the rest can be
/// looked at too.
struct Loader<'t> {
    text: &'t str,
    compat: Compat,
    /// The rule that is being read, counted from 1.
    rule: Option<usize>,
    problems: Vec<Problem>,
    warnings: Vec<Warning>,
}

impl<'t> Loader<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, compat: Compat::default(), rule: None, problems: Vec::new(), warnings: Vec::new() }
    }

    fn problem(&mut self, line: u64, reason: impl Into<String>) {
        // Those who tell of patterns and YAML may use several lines.
        let reason = reason.into().split_whitespace().collect::<Vec<_>>().join(" ");
        self.problems.push(Problem { line, rule: self.rule, reason });
    }

    fn warn(&mut self, line: u64, text: impl Into<String>) {
        self.warnings.push(Warning { line, rule: self.rule, text: text.into() });
    }

    fn file(&mut self, compat: Option<Compat>) -> Rules {
        let mut rules = Rules::empty();
        if self.text.len() > MAX_BYTES {
            self.problem(0, format!("the file is larger than {} MiB", MAX_BYTES >> 20));
            return rules;
        }
        // As for SnakeYAML, a byte order mark is no part of the text.
        self.text = self.text.strip_prefix('\u{feff}').unwrap_or(self.text);
        let document = match yaml::parse(self.text) {
            Ok(document) => document,
            Err(error) => {
                self.problem(error.line, format!("not YAML: {}", error.message));
                return rules;
            }
        };
        let Some(document) = document else { return with_compat(rules, compat) };
        let entries = match &document.value {
            Yaml::Map(entries) => self.entries(entries),
            Yaml::Null => return with_compat(rules, compat),
            _ => {
                self.problem(document.referenced.line(), "not a map of jmx_exporter's keys, such as `rules: [...]`");
                return rules;
            }
        };
        // Types and factors are checked by the rules of a generation, so it must be known first.
        let own = entries.iter().find(|(key, ..)| *key == keys::COMPAT);
        let own = own.and_then(|&(_, line, value)| self.compat(line, value));
        rules.compat = compat.or(own).unwrap_or_default();
        self.compat = rules.compat;
        for &(key, line, value) in &entries {
            if let Some(newer) = keys::newer_name(key)
                && entries.iter().any(|(other, ..)| *other == newer)
            {
                self.warn(line, format!("{key} is not read because {newer} is there, as in jmx_exporter"));
                continue;
            }
            self.key(key, line, value, &mut rules);
        }
        rules
    }

    fn key(&mut self, key: &str, line: u64, value: &Spanned<Yaml>, rules: &mut Rules) {
        match key {
            keys::COMPAT => {}
            "lowercaseOutputName" => rules.lowercase_output_name = self.boolean(key, line, value),
            "lowercaseOutputLabelNames" => rules.lowercase_output_label_names = self.boolean(key, line, value),
            "inferCounterTypeFromName" => {
                rules.infer_counter_type_from_name = self.boolean(key, line, value);
                self.newer(key, "1.4", line, rules.infer_counter_type_from_name);
            }
            "excludeJvmMetrics" => {
                rules.exclude_jvm_metrics = !matches!(value.value, Yaml::Null) && self.boolean(key, line, value);
                rules.filter.exclude_jvm = rules.exclude_jvm_metrics;
                self.newer(key, "1.4", line, rules.exclude_jvm_metrics);
            }
            "includeObjectNames" | "whitelistObjectNames" => {
                rules.filter.include = Some(self.object_names(key, line, value))
            }
            "excludeObjectNames" | "blacklistObjectNames" => rules.filter.exclude = self.object_names(key, line, value),
            "includeObjectNameAttributes" => {
                rules.filter.include_attributes = self.attribute_lists(key, line, value);
                self.newer(key, "1.1", line, rules.filter.include_attributes.in_use());
            }
            "excludeObjectNameAttributes" => rules.filter.exclude_attributes = self.attribute_lists(key, line, value),
            "metricCustomizers" => {
                rules.customizers = self.customizers(line, value);
                self.newer(key, "1.2", line, !rules.customizers.is_empty());
            }
            "rules" => rules.rules = self.rules(line, value),
            _ => self.foreign_or_unknown_key(key, line, value),
        }
    }
}

impl<'t> Loader<'t> {
    /// The entries of a map; of equal keys the last one counts, as for SnakeYAML.
    fn entries<'y>(&mut self, entries: &'y [(Spanned<String>, Spanned<Yaml>)]) -> Vec<Entry<'y>> {
        let mut last: HashMap<&str, usize> = HashMap::with_capacity(entries.len());
        let mut kept: Vec<Entry<'y>> = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let entry = (key.value.as_str(), key.referenced.line(), value);
            match last.get(entry.0) {
                Some(&at) => {
                    let (key, line) = (entry.0, kept[at].1);
                    self.warn(line, format!("{key} is there again in line {}, and the last one counts", entry.1));
                    kept[at] = entry;
                }
                None => {
                    last.insert(entry.0, kept.len());
                    kept.push(entry);
                }
            }
        }
        kept
    }

    fn boolean(&mut self, key: &str, line: u64, value: &Spanned<Yaml>) -> bool {
        match Scalar::of(value, self.text) {
            Some(Scalar::Bool(truth)) => return truth,
            Some(other) => self.problem(line, format!("{key} must be true or false, not {}", other.what())),
            None => self.problem(line, format!("{key} must be true or false, not a list or a map")),
        }
        false
    }

    fn compat(&mut self, line: u64, value: &Spanned<Yaml>) -> Option<Compat> {
        let text = Scalar::of(value, self.text).and_then(|scalar| scalar.java_text()).unwrap_or_default();
        let compat = Compat::named(&text);
        if compat.is_none() {
            self.problem(
                line,
                format!("{} must be 0.x or 1.x, the generation of jmx_exporter to follow", keys::COMPAT),
            );
        }
        compat
    }

    /// Says that 0.x does not know the key.
    fn newer(&mut self, key: &str, version: &str, line: u64, in_use: bool) {
        if in_use && self.compat == Compat::V0 {
            let text = format!(
                "{key} is a key of jmx_exporter {version} that 0.x ignores; it works here. If the names of your                  dashboards come from jmx_exporter 1.x, set {}: 1.x",
                keys::COMPAT
            );
            self.warn(line, text);
        }
    }
}

fn with_compat(rules: Rules, compat: Option<Compat>) -> Rules {
    Rules { compat: compat.unwrap_or_default(), ..rules }
}
