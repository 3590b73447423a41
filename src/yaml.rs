//! YAML text in, a tree with positions out: the configuration file and the rules file are read from it.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
// serde-saphyr: the one kept YAML parser that knows YAML 1.1's booleans, which jmx_exporter files use, and positions.
pub use serde_saphyr::Spanned;
use serde_saphyr::options::DuplicateKeyPolicy;

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

/// Reads one document; `None` if the text holds nothing but comments. Equal keys of one mapping are all in the tree.
pub fn parse(text: &str) -> Result<Option<Spanned<Yaml>>, YamlError> {
    if text.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with('#') || line == "---") {
        return Ok(None);
    }
    let options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map(Some).map_err(|error| YamlError {
        line: error.location().map_or(0, |location| location.line()),
        message: error.without_snippet().to_string().lines().next().unwrap_or_default().to_owned(),
    })
}

/// A scalar as the file spells it, for those who take text: `1.10` and `0123` are no numbers to them.
pub fn written<'t>(node: &'t Spanned<Yaml>, text: &'t str) -> Option<&'t str> {
    match &node.value {
        Yaml::Text(value) => Some(value),
        Yaml::Bool(_) | Yaml::Number => {
            // Of an alias, where it was defined.
            let span = node.defined.span();
            let start = usize::try_from(span.byte_offset()?).ok()?;
            let end = start.checked_add(usize::try_from(span.byte_len()?).ok()?)?;
            Some(text.get(start..end)?.trim())
        }
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
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Yaml::Map(map))
    }
}

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
