//! A rule's pattern: Java's dialect in, whether and where it matches a match string out.
//!
//! A pattern is parsed into a tree ([`parse`]) and written anew for the `regex` crate ([`translate`]), which takes time in
//! proportion to the text whatever the pattern. Look-around, back-references, possessive quantifiers and some odd
//! repetitions are matched by trying, with counted steps ([`backtrack`]).

mod ast;
mod backtrack;
mod class;
mod fold;
mod literals;
mod looks;
mod parse;
mod property;
mod sight;
mod translate;

use std::ops::Range;

pub use literals::literal_is_value_free;

/// What stands in front of a pattern in the text that the agent compiles.
const BEFORE: &str = "^.*(?:";

/// What a compiled automaton may take, in bytes.
const MAX_AUTOMATON_BYTES: usize = 4 << 20;

/// What an automaton may remember while it runs, in bytes; it forgets and goes on.
const MAX_CACHE_BYTES: usize = 1 << 20;

/// A compiled `pattern` of a rule. It matches as jmx_exporter's agent does, which compiles `^.*(?:PATTERN).*$` and wants
/// the whole match string: because the first `.*` is greedy, the right-most place wins.
#[derive(Debug)]
pub struct Pattern {
    java: String,
    /// Names of the groups, group 1 first.
    groups: Vec<Option<String>>,
    engine: Engine,
    required: Vec<String>,
    can_see_number: bool,
}

#[derive(Debug)]
enum Engine {
    Automaton(regex::Regex),
    Backtracking(backtrack::Program),
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
    /// Compiles a pattern in the dialect of `java.util.regex.Pattern` (Java 9 and later).
    ///
    /// # Errors
    /// When Java would refuse it, when it has what is not supported (`\X`, `\b{g}`, `\N{...}`, Unicode blocks, most
    /// scripts, canonical equivalence), and when it is too large.
    pub fn compile(java: &str) -> Result<Self, PatternError> {
        // All of it is parsed, as in Java: a pattern such as `a)|(?:b` is legal.
        let wrapped = format!("{BEFORE}{java}).*$");
        let parsed = parse::parse(&wrapped).map_err(|error| describe(java, &error))?;
        let engine = match translate::to_regex(&parsed.root) {
            Some(regex) => Engine::Automaton(automaton(&regex)?),
            None => Engine::Backtracking(backtrack::Program::new(&parsed.root, parsed.groups.len())),
        };
        Ok(Self {
            java: java.to_owned(),
            groups: parsed.groups,
            engine,
            required: literals::required(&parsed.root),
            can_see_number: sight::can_see_number(&parsed.root),
        })
    }

    /// As it stands in the file.
    pub fn as_java(&self) -> &str {
        &self.java
    }

    /// How many groups there are, group 0 not counted.
    pub fn group_count(&self) -> usize {
        self.groups.len()
    }

    /// The number of a named group.
    pub fn group_number(&self, name: &str) -> Option<usize> {
        self.groups.iter().position(|group| group.as_deref() == Some(name)).map(|at| at + 1)
    }

    /// Texts every one of which is in each match string that matches; for a search of many patterns' literals at once.
    /// None when nothing is sure. Single characters only if there is nothing longer.
    pub fn required(&self) -> &[String] {
        &self.required
    }

    /// Whether the match or a group's text can depend on the value at the end of a match string (`L: VALUE`, L without
    /// line terminators), when that is the Java text of a number or boolean. `false` is certain.
    pub fn can_see_number(&self) -> bool {
        self.can_see_number
    }

    /// The groups of the match of the whole of `text`, or `None`.
    ///
    /// # Errors
    /// When it would take too long.
    pub fn matches(&self, text: &str) -> Result<Option<Groups>, TooManySteps> {
        match &self.engine {
            Engine::Automaton(regex) => {
                let groups = |found: regex::Captures<'_>| Groups(found.iter().map(|group| Some(group?.range())).collect());
                Ok(regex.captures(text).map(groups))
            }
            Engine::Backtracking(program) => {
                let groups = |slots: Vec<Option<usize>>| {
                    Groups(slots.chunks(2).map(|slots| Some(slots.first().copied()??..slots.last().copied()??)).collect())
                };
                Ok(program.matches(text)?.map(groups))
            }
        }
    }
}

fn automaton(regex: &str) -> Result<regex::Regex, PatternError> {
    let built = regex::RegexBuilder::new(regex)
        .size_limit(MAX_AUTOMATON_BYTES)
        .dfa_size_limit(MAX_CACHE_BYTES)
        .nest_limit(1000)
        .build();
    built.map_err(|error| {
        PatternError(match error {
            regex::Error::CompiledTooBig(_) => {
                "it would take too much memory: use smaller numbers in {...}, or * and + in their place".to_owned()
            }
            error => format!("it could not be translated: {}", error.to_string().replace('\n', " ")),
        })
    })
}

/// Says what is wrong in terms of the pattern as it stands in the file.
fn describe(java: &str, error: &parse::SyntaxError) -> PatternError {
    let at = error.at.saturating_sub(BEFORE.chars().count());
    let reason = &error.reason;
    PatternError(match java.chars().nth(at) {
        Some(c) => format!("at character {} ({}): {reason}", at + 1, c.escape_default()),
        None => format!("at its end: {reason}"),
    })
}
