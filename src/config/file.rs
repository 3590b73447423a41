//! The configuration file: YAML that says the same as the flags. Each dotted flag is a path (`kafka.server` is
//! `kafka: {server: ...}`), so the file becomes flags with the line that each came from, and nothing has to be defined
//! twice.

use std::fmt;

use serde::Deserialize;
use serde::de::{MapAccess, SeqAccess, Visitor};
// serde-saphyr: a maintained YAML parser in pure Rust that tells line and column of errors.
use serde_saphyr::Spanned;

/// One value of the file, as the flag that it stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FileFlag {
    /// The flag's long name, without dashes.
    pub(super) name: String,
    /// Its value in the spelling of the command line.
    pub(super) value: String,
    /// 1-based line in the file.
    pub(super) line: u64,
}

/// Reads the file's text. Lists repeat their flag; maps below `kafka.property` and `kafka.labels` become `key=value`.
pub(super) fn parse(text: &str) -> Result<Vec<FileFlag>, String> {
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(Vec::new());
    }
    let root: Spanned<Yaml> = serde_saphyr::from_str(text)
        .map_err(|error| first_line(&error.to_string()).trim_start_matches("error: ").to_owned())?;
    let Yaml::Map(entries) = root.value else {
        return Err("line 1: the file must be a mapping, e.g. `kafka: {server: [broker1:9092]}`".to_owned());
    };
    let mut flags = Vec::new();
    flatten("", &entries, &mut flags)?;
    Ok(flags)
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

fn flatten(prefix: &str, entries: &[(Spanned<String>, Spanned<Yaml>)], out: &mut Vec<FileFlag>) -> Result<(), String> {
    for (key, value) in entries {
        let line = key.referenced.line();
        let name = if prefix.is_empty() { key.value.clone() } else { format!("{prefix}.{}", key.value) };
        match &value.value {
            Yaml::Null => {}
            Yaml::Scalar(value) => out.push(FileFlag { name, value: value.clone(), line }),
            Yaml::List(items) => {
                for item in items {
                    let Yaml::Scalar(value) = &item.value else {
                        return Err(format!("line {line}: {name}: a list of plain values is expected"));
                    };
                    out.push(FileFlag { name: name.clone(), value: value.clone(), line: item.referenced.line() });
                }
            }
            Yaml::Map(entries) if name == "kafka.property" => {
                for (key, value) in pairs(&name, line, entries)? {
                    out.push(FileFlag { name: name.clone(), value: format!("{key}={value}"), line });
                }
            }
            Yaml::Map(entries) if name == "kafka.labels" => {
                let pairs = pairs(&name, line, entries)?;
                let value: Vec<_> = pairs.iter().map(|(key, value)| format!("{key}={value}")).collect();
                out.push(FileFlag { name, value: value.join(","), line });
            }
            Yaml::Map(entries) => flatten(&name, entries, out)?,
        }
    }
    Ok(())
}

fn pairs<'a>(
    name: &str,
    line: u64,
    entries: &'a [(Spanned<String>, Spanned<Yaml>)],
) -> Result<Vec<(&'a str, &'a str)>, String> {
    entries
        .iter()
        .map(|(key, value)| match &value.value {
            Yaml::Scalar(value) => Ok((key.value.as_str(), value.as_str())),
            _ => Err(format!("line {line}: {name}.{}: a plain value is expected", key.value)),
        })
        .collect()
}

/// YAML without types: scalars keep the text that a flag would have.
#[derive(Debug)]
enum Yaml {
    Null,
    Scalar(String),
    List(Vec<Spanned<Yaml>>),
    Map(Vec<(Spanned<String>, Spanned<Yaml>)>),
}

impl<'de> Deserialize<'de> for Yaml {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(YamlVisitor)
    }
}

struct YamlVisitor;

impl<'de> Visitor<'de> for YamlVisitor {
    type Value = Yaml;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Yaml, E> {
        Ok(Yaml::Scalar(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Yaml, E> {
        Ok(Yaml::Scalar(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Yaml, E> {
        Ok(Yaml::Scalar(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Yaml, E> {
        Ok(Yaml::Scalar(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Yaml, E> {
        Ok(Yaml::Scalar(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Yaml, E> {
        Ok(Yaml::Null)
    }

    fn visit_none<E>(self) -> Result<Yaml, E> {
        Ok(Yaml::Null)
    }

    fn visit_some<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Yaml, D::Error> {
        Yaml::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Yaml, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Yaml::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Yaml, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Yaml::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flag(name: &str, value: &str, line: u64) -> FileFlag {
        FileFlag { name: name.to_owned(), value: value.to_owned(), line }
    }

    #[test]
    fn paths_become_flags_with_their_line() {
        let text = "# comment\nkafka:\n  server: [a:9092, b:9092]\n  property:\n    socket.timeout.ms: 500\n\
                    web:\n  listen-address: \":9308\"\noffset: {show-all: false}\nrefresh: {metadata: 30s}\n";
        assert_eq!(
            parse(text).unwrap(),
            [
                flag("kafka.server", "a:9092", 3),
                flag("kafka.server", "b:9092", 3),
                flag("kafka.property", "socket.timeout.ms=500", 4),
                flag("web.listen-address", ":9308", 7),
                flag("offset.show-all", "false", 8),
                flag("refresh.metadata", "30s", 9),
            ]
        );
    }

    #[test]
    fn empty_files_say_nothing() {
        assert_eq!(parse("# only a comment\n\n").unwrap(), []);
    }

    #[test]
    fn broken_yaml_names_its_line() {
        let error = parse("kafka:\n  server: [a:9092\nweb: {\n").unwrap_err();
        assert!(error.contains("line"), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }

    #[test]
    fn a_list_is_no_configuration() {
        assert!(parse("- a\n- b\n").unwrap_err().contains("mapping"));
    }
}
