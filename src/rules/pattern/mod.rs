//! A rule's pattern: Java's dialect in, whether and where it matches a match string out.
//!
//! A pattern is parsed into a tree ([`parse`]) and written anew for the `regex` crate ([`translate`]), which takes time in
//! proportion to the text whatever the pattern. Look-around, back-references, possessive quantifiers and some odd
//! repetitions are matched by trying, with counted steps ([`backtrack`]).

mod ast;
mod backtrack;
mod class;
mod escape;
mod fold;
mod literals;
mod looks;
mod parse;
mod program;
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
    Backtracking(program::Program),
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
        let parsed = parse::parse(&wrapped).map_err(|error| {
            // What is wrong is said best of the pattern alone, if it is wrong in itself.
            let error = parse::parse(java).err().unwrap_or_else(|| error.shifted(BEFORE.len()));
            describe(java, &error)
        })?;
        let engine = match translate::to_regex(&parsed.root) {
            Some(regex) => Engine::Automaton(automaton(&regex)?),
            None => Engine::Backtracking(program::Program::new(&parsed.root, parsed.groups.len())),
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
                let groups =
                    |found: regex::Captures<'_>| Groups(found.iter().map(|group| Some(group?.range())).collect());
                Ok(regex.captures(text).map(groups))
            }
            Engine::Backtracking(program) => {
                let groups = |slots: Vec<Option<usize>>| {
                    Groups(
                        slots.chunks(2).map(|slots| Some(slots.first().copied()??..slots.last().copied()??)).collect(),
                    )
                };
                Ok(program.matches(text)?.map(groups))
            }
        }
    }
}

fn automaton(regex: &str) -> Result<regex::Regex, PatternError> {
    // With brackets: a pattern such as `a)|(?:b` makes alternatives of the whole.
    let built = regex::RegexBuilder::new(&format!(r"\A(?:{regex})\z"))
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

fn describe(java: &str, error: &parse::SyntaxError) -> PatternError {
    let reason = &error.reason;
    PatternError(match java.chars().nth(error.at) {
        Some(c) => format!("at character {} ({}): {reason}", error.at + 1, c.escape_default()),
        None => format!("at its end: {reason}"),
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn groups(pattern: &str, text: &str) -> Option<Vec<Option<String>>> {
        let pattern = Pattern::compile(pattern).unwrap();
        let groups = pattern.matches(text).unwrap()?;
        Some((1..=pattern.group_count()).map(|group| groups.text(group, text).map(str::to_owned)).collect())
    }

    fn texts(groups: &[&str]) -> Option<Vec<Option<String>>> {
        Some(groups.iter().map(|&group| Some(group.to_owned())).collect())
    }

    #[test]
    fn the_right_most_place_wins() {
        assert_eq!(groups(r"(\d+)", "a1 b23: c456"), texts(&["6"]));
        assert_eq!(groups(r"\b(\w+)=", "a=1, bc=2"), texts(&["bc"]));
    }

    #[test]
    fn texts_with_line_breaks_match_only_if_the_pattern_takes_them() {
        assert_eq!(groups("a", "a\nb"), None);
        assert_eq!(groups("a$", "a\n"), None);
        assert_eq!(groups("(a)(?s).*", "a\nb"), texts(&["a"]));
        assert_eq!(groups(r"(a)$\s", "a\r\n"), None);
        assert_eq!(groups(r"(a)$\s+", "a\r\n"), texts(&["a"]));
    }

    #[test]
    fn named_groups_have_numbers() {
        let pattern = Pattern::compile("(a)(?<name>b)").unwrap();
        assert_eq!(
            (pattern.group_count(), pattern.group_number("name"), pattern.group_number("x")),
            (2, Some(2), None)
        );
    }

    #[test]
    fn errors_say_what_stands_where() {
        for (pattern, message) in [
            ("kafka(.+", "at character 6 ((): this ( is never closed: write \\( for a bracket of the text"),
            ("kafka)", "at character 6 ()): a ) that closes nothing: write \\) for a bracket of the text"),
            ("a|*b", "at character 3 (*): nothing stands in front of this * that it could repeat"),
            ("[a-z", "at character 1 ([): this [ is never closed: write \\[ for a bracket of the text"),
            ("a{x}", "at character 3 (x): a { must be followed by a number: write \\{ for a bracket of the text"),
            (r"a\y", "at character 3 (y): there is no escape \\y: write y for the letter"),
            (r"\p{Foo}", "at character 3 ({): a class \\p{Foo} is not known"),
            (
                "(a{1000}){1000}",
                "it would take too much memory: use smaller numbers in {...}, or * and + in their place",
            ),
        ] {
            assert_eq!(Pattern::compile(pattern).unwrap_err().0, message, "{pattern}");
        }
    }

    #[test]
    fn catastrophic_patterns_end_soon() {
        let started = Instant::now();
        let text = "a".repeat(3_000);
        for pattern in [r"(a+)+\1b", "(?:(?=a)a|a?)*(?:a*)*b", r"(?=(a*)*(a*)*b)", "(a*)*(a*)*(a*)*b", "(?:a*+|a*)*b"] {
            let _ = Pattern::compile(pattern).unwrap().matches(&text);
        }
        let regular = Pattern::compile("(a+)+(.+)+(?:a|aa)+$b").unwrap();
        assert_eq!(regular.matches(&text), Ok(None));
        assert!(started.elapsed() < Duration::from_secs(20), "took {:?}", started.elapsed());
    }

    #[test]
    fn backtracking_that_takes_too_long_is_given_up() {
        let pattern = Pattern::compile(r"(?=(a*)(a*)(a*)(a*)b)").unwrap();
        assert_eq!(pattern.matches(&"a".repeat(200)), Err(TooManySteps));
    }

    #[test]
    fn hostile_patterns_are_refused_or_compiled_soon() {
        let deep = format!("{}{}", "(".repeat(5_000), ")".repeat(5_000));
        let classes = format!("{}a{}", "[".repeat(5_000), "]".repeat(5_000));
        let long = r"\p{L}".repeat(2_500);
        for pattern in [&deep, &classes, &long, &"a?".repeat(5_000), &"(a|".repeat(3_000), &"a".repeat(20_000)] {
            let started = Instant::now();
            let _ = Pattern::compile(pattern);
            assert!(started.elapsed() < Duration::from_secs(10), "{:.20} took {:?}", pattern, started.elapsed());
        }
        assert!(Pattern::compile(&deep).is_err());
        assert!(Pattern::compile(&classes).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_compiling_or_matching_panic(
            pattern in r"([a-c.*+?()\[\]{}|^$\\<>&#, 0-9:=!ixsmduUQEpkRbXé𝄞-]|\PC){0,24}",
            text in r"([a-c<>\n\ré𝄞]|\PC){0,12}",
        ) {
            if let Ok(pattern) = Pattern::compile(&pattern)
                && let Ok(Some(groups)) = pattern.matches(&text)
            {
                proptest::prop_assert_eq!(groups.text(0, &text), Some(text.as_str()));
            }
        }
    }
}
