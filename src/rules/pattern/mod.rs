//! A rule's pattern: Java's dialect in, whether and where it matches a match string out.

use std::ops::Range;

/// A compiled `pattern` of a rule. It matches as jmx_exporter's agent does, which compiles `^.*(?:PATTERN).*$` and wants
/// the whole match string: because the first `.*` is greedy, the right-most place wins.
#[derive(Debug)]
pub struct Pattern {
    java: String,
    regex: regex::Regex,
}

/// Why a pattern cannot be used: one line, with what stands where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PatternError(pub String);

/// A match was given up because it would take too many steps (look-around and back-references alone can do that).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the pattern takes too many steps on this text")]
pub struct TooManySteps;

/// Where the groups of a match are in the match string; group 0 is all of it, as in Java.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups(Vec<Option<Range<usize>>>);

impl Groups {
    /// The text of group `group`; `None` if it took no part in the match or does not exist.
    pub fn text<'t>(&self, group: usize, matched: &'t str) -> Option<&'t str> {
        matched.get(self.0.get(group)?.clone()?)
    }
}

impl Pattern {
    /// Compiles a pattern in the dialect of `java.util.regex.Pattern`.
    ///
    /// # Errors
    /// When Java would refuse it, or when it has what cannot be translated.
    pub fn compile(java: &str) -> Result<Self, PatternError> {
        let regex = regex::Regex::new(&format!("^.*(?:{java}).*$")).map_err(|error| PatternError(error.to_string()))?;
        Ok(Self { java: java.to_owned(), regex })
    }

    /// As it stands in the file.
    pub fn as_java(&self) -> &str {
        &self.java
    }

    /// How many groups there are, group 0 not counted.
    pub fn group_count(&self) -> usize {
        self.regex.captures_len() - 1
    }

    /// The number of a named group.
    pub fn group_number(&self, name: &str) -> Option<usize> {
        self.regex.capture_names().position(|group| group == Some(name))
    }

    /// Texts that every string holds that the pattern matches.
    pub fn required(&self) -> &[String] {
        &[]
    }

    /// Whether the outcome of a match may depend on the digits of a number at the end of the match string.
    pub fn can_see_number(&self) -> bool {
        true
    }

    /// The groups of the match of the whole of `text`, or `None`.
    ///
    /// # Errors
    /// When it would take too long.
    pub fn matches(&self, text: &str) -> Result<Option<Groups>, TooManySteps> {
        let groups = |found: regex::Captures<'_>| Groups(found.iter().map(|group| Some(group?.range())).collect());
        Ok(self.regex.captures(text).map(groups))
    }
}

/// Whether the literal cannot touch the number at the end of a match string, wherever it stands in it.
pub fn literal_is_value_free(literal: &str) -> bool {
    let of_a_number = |character: char| character.is_ascii_digit() || ".E-NaIfintytruefals".contains(character);
    match literal.char_indices().rev().find(|&(_, character)| !of_a_number(character)) {
        None => false,
        Some((at, character)) => at + character.len_utf8() == literal.len() || character != ' ',
    }
}
