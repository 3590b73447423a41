//! YAML text in, a tree with positions out: the configuration file and the rules file are read from it.

use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
// serde-saphyr: the one kept YAML parser that knows YAML 1.1's booleans, which jmx_exporter files use, and positions.
pub use serde_saphyr::Spanned;
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy, NonFiniteFloatPolicy};

/// A YAML node; the nodes below it have their positions.
#[derive(Debug)]
pub enum Yaml {
    /// Nothing, or `null`.
    Null,
    /// A boolean in any spelling of YAML 1.1.
    Bool(bool),
    /// A number; [`written`] tells which.
    Number,
    /// Any other scalar.
    Text(String),
    /// A sequence.
    List(Vec<Spanned<Yaml>>),
    /// A mapping in the order of the file.
    Map(Vec<(Spanned<String>, Spanned<Yaml>)>),
}

/// Why a text is no YAML.
#[derive(Debug)]
pub struct YamlError {
    /// Line, counted from 1; 0 = unknown.
    pub line: u64,
    /// The parser's words in one line, without the text that it is about, which may hold secrets.
    pub message: String,
}

/// Deepest nesting that is read, in levels.
const MAX_DEPTH: usize = 24;

/// Reads one document; `None` if the text holds nothing but comments. Equal keys of one mapping are all in the tree.
pub fn parse(text: &str) -> Result<Option<Spanned<Yaml>>, YamlError> {
    if text.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with('#') || line == "---") {
        return Ok(None);
    }
    let options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        // Merged below: with duplicates let through, what is merged could not be told from what overrides it.
        merge_keys: MergeKeyPolicy::AsOrdinary,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        with_snippet: false,
        // No file of ours is deeper than ten; the parser's default of 64 is too much for a thread's stack. What aliases
        // unfold to is bounded too.
        budget: serde_saphyr::budget! { max_depth: MAX_DEPTH, flow_nesting_limit: MAX_DEPTH, max_recorded_anchor_events: 100_000 },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 200_000 },
    };
    serde_saphyr::from_str_with_options(text, options).map(Some).map_err(|error| YamlError {
        line: error.location().map_or(0, |location| location.line()),
        message: too_much(&error).unwrap_or_else(|| one_line(&error.without_snippet().to_string())),
    })
}

/// The parser's limits in plain words: it tells them by their names in its code.
fn too_much(error: &serde_saphyr::Error) -> Option<String> {
    use serde_saphyr::Error;
    match error.without_snippet() {
        Error::AliasError { error, .. } => too_much(error),
        Error::Budget { breach, .. } => Some(match breach {
            BudgetBreach::Depth { .. } => format!("it is nested more than {MAX_DEPTH} levels deep"),
            _ => "it unfolds to more than is allowed; use fewer entries, anchors and aliases".to_owned(),
        }),
        Error::AliasReplayCounterOverflow { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => {
            Some("its aliases unfold to more than is allowed; use fewer of them".to_owned())
        }
        _ => None,
    }
}

fn one_line(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    // The parser's words for its own insides, of which the reader of the error knows nothing.
    line.replace("recursion limit exceeded", "it is nested too deeply")
        .replace("recursive references require weak recursion types", "an alias stands in what it is an alias of,")
        .replace(
            "multiple YAML documents detected; use from_str_multiple or from_str_multiple_with_options",
            "several documents, where one is wanted,",
        )
}

/// Where a scalar stands in the text, quotes included; of an alias, where it was defined.
pub fn source<'t>(node: &Spanned<impl Sized>, text: &'t str) -> Option<&'t str> {
    let span = node.defined.span();
    let start = usize::try_from(span.byte_offset()?).ok()?;
    let end = start.checked_add(usize::try_from(span.byte_len()?).ok()?)?;
    text.get(start..end)
}

/// A scalar as the file spells it, for those who take text: `1.10` and `0123` are no numbers to them.
pub fn written<'t>(node: &'t Spanned<Yaml>, text: &'t str) -> Option<&'t str> {
    match &node.value {
        Yaml::Text(value) => Some(value),
        Yaml::Bool(_) | Yaml::Number => source(node, text).map(str::trim),
        Yaml::Null | Yaml::List(_) | Yaml::Map(_) => None,
    }
}

impl<'de> Deserialize<'de> for Yaml {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(YamlVisitor)
    }
}

struct YamlVisitor;

impl<'de> Visitor<'de> for YamlVisitor {
    type Value = Yaml;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("YAML")
    }

    fn visit_unit<E>(self) -> Result<Yaml, E> {
        Ok(Yaml::Null)
    }

    fn visit_none<E>(self) -> Result<Yaml, E> {
        Ok(Yaml::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Yaml, E> {
        Ok(Yaml::Bool(value))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Yaml, E> {
        Ok(Yaml::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Yaml, E> {
        Ok(Yaml::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Yaml, E> {
        Ok(Yaml::Number)
    }

    fn visit_str<E>(self, value: &str) -> Result<Yaml, E> {
        Ok(Yaml::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Yaml, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Yaml::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Yaml, A::Error> {
        let mut map: Vec<(Spanned<String>, Spanned<Yaml>)> = Vec::new();
        let mut merged = Vec::new();
        while let Some((key, value)) = entries.next_entry::<Spanned<String>, Spanned<Yaml>>()? {
            if key.value != "<<" {
                map.push((key, value));
                continue;
            }
            match value.value {
                Yaml::Map(entries) => merged.extend(entries),
                Yaml::List(maps) => {
                    for map in maps {
                        let Yaml::Map(entries) = map.value else { return Err(A::Error::custom(NOT_MERGEABLE)) };
                        merged.extend(entries);
                    }
                }
                _ => return Err(A::Error::custom(NOT_MERGEABLE)),
            }
        }
        // A map's own keys come before merged ones, and of those the first.
        let own: HashSet<String> = map.iter().map(|(key, _)| key.value.clone()).collect();
        let mut seen = HashSet::new();
        merged.retain(|(key, _)| !own.contains(&key.value) && seen.insert(key.value.clone()));
        map.extend(merged);
        Ok(Yaml::Map(map))
    }
}

const NOT_MERGEABLE: &str = "<< needs a map or a list of maps";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_had_as_they_are_written() {
        let text = "é: 1.10\nb: 0123\nc: yes\nd: &x 1e5\ne: *x\nf: \"007\"\ng: 123456789012345678901234567890 # x\n\
                    h: [1_000, -0]\ni: {j: 0x1F, k: 0.0}\nl: a b\nm:\n";
        let root = parse(text).unwrap().unwrap();
        let mut found = Vec::new();
        collect(&root, text, &mut found);
        assert_eq!(
            found,
            [
                "1.10",
                "0123",
                "yes",
                "1e5",
                "1e5",
                "007",
                "123456789012345678901234567890",
                "1_000",
                "-0",
                "0x1F",
                "0.0",
                "a b"
            ]
        );
    }

    fn collect<'t>(node: &'t Spanned<Yaml>, text: &'t str, found: &mut Vec<&'t str>) {
        match &node.value {
            Yaml::List(items) => items.iter().for_each(|item| collect(item, text, found)),
            Yaml::Map(entries) => entries.iter().for_each(|(_, value)| collect(value, text, found)),
            _ => found.extend(written(node, text)),
        }
    }

    #[test]
    fn merged_keys_give_way_to_the_map_s_own() {
        let text = "a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc: {z: 9, <<: [*a, *b]}\nd: {<<: *a, x: 5, x: 6}\n";
        let root = parse(text).unwrap().unwrap();
        let Yaml::Map(entries) = root.value else { panic!() };
        let map = |at: usize| {
            let Yaml::Map(entries) = &entries[at].1.value else { panic!() };
            entries.iter().map(|(key, value)| (key.value.as_str(), written(value, text).unwrap())).collect::<Vec<_>>()
        };
        assert_eq!(map(2), [("z", "9"), ("x", "1"), ("y", "2")]);
        assert_eq!(map(3), [("x", "5"), ("x", "6"), ("y", "2")]);
        assert!(parse("a: {<<: 1}").unwrap_err().message.contains("<<"));
    }

    #[test]
    fn a_text_that_would_unfold_to_billions_of_nodes_is_refused() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..20 {
            let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
            bomb += &format!("a{level}: &a{level} [{aliases}]\n");
        }
        let anchored = format!("a: 1\nb: &b\n{}c: *b\n", "- x\n".repeat(100_001));
        let deep = "[".repeat(100_000);
        let deep_blocks: String = (0..2_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
        let itself = "a: 1\nb: &b [*b]".to_owned();
        for (text, line) in [(&bomb, 5), (&anchored, 100_002), (&deep, 1), (&deep_blocks, 25), (&itself, 2)] {
            let error = parse(text).unwrap_err();
            assert!(!error.message.is_empty() && error.message.len() < 300, "{error:?}");
            let words = ["budget", "{ ", "_events", "defined at", "replay", "recursion"];
            assert!(!words.iter().any(|word| error.message.contains(word)), "{error:?}");
            assert_eq!(error.line, line, "{error:?}");
        }
    }

    #[test]
    fn equal_keys_are_all_there() {
        let root = parse("a: 1\nb: 2\na: 3\n").unwrap().unwrap();
        assert!(matches!(root.value, Yaml::Map(entries) if entries.len() == 3));
    }

    #[test]
    fn errors_tell_the_line_and_not_the_text() {
        for text in [
            "a: 1\nb: \"hunter2\n",
            "a: 1\nb: *hunter2\n",
            "a: 1\nb: [hunter2\n",
            "a: 1\n- hunter2\n",
            "a: 1\nb: !hunter2 {\n",
            "a: 1\nb: %hunter2\n",
            "a: 1\nb: @hunter2\n",
            "a: 1\nb: !!int hunter2\n",
            "a: 1\nb: hunter2: x\n",
            "a: 1\nb: \"\\hunter2\"\n",
            "a: 1\nb: |hunter2\n",
        ] {
            let error = parse(text).unwrap_err();
            assert!(
                error.line >= 2 && !error.message.contains("hunter") && !error.message.contains('\n'),
                "{text}: {error:?}"
            );
        }
    }

    #[test]
    fn comments_alone_are_nothing() {
        for text in ["", "# x\n\n---\n", "   \n"] {
            assert!(parse(text).unwrap().is_none(), "{text:?}");
        }
    }
}
