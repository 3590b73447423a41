//! The configuration file: YAML that says the same as the flags. Each dotted flag is a path (`kafka.server` is
//! `kafka: {server: ...}`), so the file becomes flags with the line that each came from, and nothing has to be defined
//! twice.

use crate::yaml::{self, Spanned, Yaml, written};

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

/// Reads the file's text. Lists repeat their flag; maps below `kafka.property`, `kafka.labels`, `series.granularity` and
/// `series.limit` become `key=value`.
pub(super) fn parse(text: &str) -> Result<Vec<FileFlag>, String> {
    let root = yaml::parse(text).map_err(|error| error.message)?;
    let Some(root) = root else { return Ok(Vec::new()) };
    let Yaml::Map(entries) = root.value else {
        return Err("line 1: the file must be a mapping, e.g. `kafka: {server: [broker1:9092]}`".to_owned());
    };
    let mut flags = Vec::new();
    flatten("", &entries, text, &mut flags)?;
    Ok(flags)
}

/// `text` is the file's.
fn flatten(
    prefix: &str,
    entries: &[(Spanned<String>, Spanned<Yaml>)],
    text: &str,
    out: &mut Vec<FileFlag>,
) -> Result<(), String> {
    for (at, (key, value)) in entries.iter().enumerate() {
        let line = key.referenced.line();
        if entries[..at].iter().any(|(earlier, _)| earlier.value == key.value) {
            return Err(format!("line {line}: the key {} is there a second time", key.value));
        }
        let name = if prefix.is_empty() { key.value.clone() } else { format!("{prefix}.{}", key.value) };
        match &value.value {
            Yaml::Null => {}
            Yaml::List(items) => {
                for item in items {
                    let value = written(item, text)
                        .ok_or_else(|| format!("line {line}: {name}: a list of plain values is expected"))?;
                    out.push(FileFlag { name: name.clone(), value: value.to_owned(), line: item.referenced.line() });
                }
            }
            Yaml::Map(entries) if ["kafka.property", "series.granularity", "series.limit"].contains(&name.as_str()) => {
                for (key, value) in pairs(&name, entries, text)? {
                    out.push(FileFlag { name: name.clone(), value: format!("{key}={value}"), line });
                }
            }
            Yaml::Map(entries) if name == "kafka.labels" => {
                let pairs = pairs(&name, entries, text)?;
                let value: Vec<_> = pairs.iter().map(|(key, value)| format!("{key}={value}")).collect();
                out.push(FileFlag { name, value: value.join(","), line });
            }
            Yaml::Map(entries) => flatten(&name, entries, text, out)?,
            Yaml::Bool(_) | Yaml::Number | Yaml::Text(_) => {
                let value =
                    written(value, text).ok_or_else(|| format!("line {line}: {name}: put the value in quotes"))?;
                out.push(FileFlag { name, value: value.to_owned(), line });
            }
        }
    }
    Ok(())
}

fn pairs<'a>(
    name: &str,
    entries: &'a [(Spanned<String>, Spanned<Yaml>)],
    text: &'a str,
) -> Result<Vec<(&'a str, &'a str)>, String> {
    entries
        .iter()
        .map(|(key, value)| match written(value, text) {
            Some(value) => Ok((key.value.as_str(), value)),
            None => Err(format!("line {}: {name}.{}: a plain value is expected", key.referenced.line(), key.value)),
        })
        .collect()
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
                    web:\n  listen-address: \":9308\"\noffset: {show-all: false}\nrefresh: {metadata: 30s}\n\
                    series:\n  granularity: {lag: topic}\n  limit: [100, kafka_brokers=1]\n";
        assert_eq!(
            parse(text).unwrap(),
            [
                flag("kafka.server", "a:9092", 3),
                flag("kafka.server", "b:9092", 3),
                flag("kafka.property", "socket.timeout.ms=500", 4),
                flag("web.listen-address", ":9308", 7),
                flag("offset.show-all", "false", 8),
                flag("refresh.metadata", "30s", 9),
                flag("series.granularity", "lag=topic", 11),
                flag("series.limit", "100", 12),
                flag("series.limit", "kafka_brokers=1", 12),
            ]
        );
    }

    #[test]
    fn values_are_taken_as_they_are_written() {
        let text = "sasl: {password: 0123}\nkafka: {labels: {version: 1.10, country: no}}\njolokia: {password: 1e5}\n";
        assert_eq!(
            parse(text).unwrap(),
            [
                flag("sasl.password", "0123", 1),
                flag("kafka.labels", "version=1.10,country=no", 2),
                flag("jolokia.password", "1e5", 3),
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

    #[test]
    fn a_section_must_not_be_there_twice() {
        let error = parse("kafka: {server: 'a:1'}\nweb: {}\nkafka: {labels: a=b}\n").unwrap_err();
        assert_eq!(error, "line 3: the key kafka is there a second time");
    }
}
