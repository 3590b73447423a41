//! A jmx_exporter rules file in, [`Rules`] out; what is not supported is refused with file, line and key.

use super::Rules;
use crate::yaml::{self, Spanned, Yaml};

/// A rules file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("rules file {file}, line {line}: {reason}")]
pub struct RulesError {
    /// The file's name as it was given.
    pub file: String,
    /// Line, counted from 1; 0 = unknown.
    pub line: u64,
    /// What is wrong, and with which key.
    pub reason: String,
}

/// What kafka-vitals makes of a key of jmx_exporter's.
enum Key {
    LowercaseOutputName,
    LowercaseOutputLabelNames,
    Rules,
    /// Speaks of how an agent reads its JVM or serves its page.
    Meaningless,
    /// Fine as long as it is off: false, or an empty list or map.
    OnlyOff,
}

impl Key {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "lowercaseOutputName" => Self::LowercaseOutputName,
            "lowercaseOutputLabelNames" => Self::LowercaseOutputLabelNames,
            "rules" => Self::Rules,
            "startDelaySeconds"
            | "hostPort"
            | "jmxUrl"
            | "username"
            | "password"
            | "ssl"
            | "httpServer"
            | "openTelemetry"
            | "scrapeTimeoutSeconds"
            | "autoExcludeObjectNameAttributes" => Self::Meaningless,
            "excludeObjectNames"
            | "blacklistObjectNames"
            | "includeObjectNameAttributes"
            | "excludeObjectNameAttributes"
            | "excludeJvmMetrics"
            | "inferCounterTypeFromName"
            | "metricCustomizers" => Self::OnlyOff,
            _ => return None,
        })
    }
}

impl Rules {
    /// Reads a rules file of jmx_exporter. `file` is its name, for errors and the log. An empty text means an empty map:
    /// every attribute in the default format, names as they are. Keys that mean nothing here are logged.
    ///
    /// # Errors
    /// Not YAML, not a map, an unknown key, or one with a meaning that is not supported.
    pub fn load(text: &str, file: &str) -> Result<Self, RulesError> {
        let fail = |line, reason| RulesError { file: file.to_owned(), line, reason };
        let mut rules = Self::empty();
        let document = yaml::parse(text).map_err(|error| fail(error.line, format!("not YAML: {}", error.message)))?;
        let Some(document) = document else { return Ok(rules) };
        let entries = match document.value {
            Yaml::Map(entries) => entries,
            Yaml::Null => return Ok(rules),
            _ => return Err(fail(document.referenced.line(), "not a map of jmx_exporter's keys".to_owned())),
        };
        // As with SnakeYAML the last of equal keys counts.
        for (key, value) in entries {
            let (name, line) = (key.value.as_str(), key.referenced.line());
            match Key::of(name) {
                Some(Key::LowercaseOutputName) => {
                    rules.lowercase_output_name = boolean(&value, name).map_err(|e| fail(line, e))?
                }
                Some(Key::LowercaseOutputLabelNames) => {
                    rules.lowercase_output_label_names = boolean(&value, name).map_err(|e| fail(line, e))?;
                }
                Some(Key::Rules) => {
                    check_rules(&value).map_err(|(at, reason)| fail(if at == 0 { line } else { at }, reason))?;
                }
                Some(Key::Meaningless) => {
                    tracing::warn!(file, line, key = name, "key has no meaning for kafka-vitals and is ignored");
                }
                Some(Key::OnlyOff) if is_off(&value.value) => {}
                Some(Key::OnlyOff) => {
                    return Err(fail(line, format!("{name} is not supported; remove it")));
                }
                None if matches!(name, "includeObjectNames" | "whitelistObjectNames") => {
                    return Err(fail(line, format!("{name} is not supported; remove it")));
                }
                None => return Err(fail(line, format!("unknown key {name:?}"))),
            }
        }
        Ok(rules)
    }
}

fn boolean(value: &Spanned<Yaml>, key: &str) -> Result<bool, String> {
    match value.value {
        Yaml::Bool(truth) => Ok(truth),
        _ => Err(format!("{key} must be true or false")),
    }
}

/// The default format is all there is: one rule whose pattern matches everything and that changes nothing.
fn check_rules(value: &Spanned<Yaml>) -> Result<(), (u64, String)> {
    const SUPPORTED: &str = r#"supported is `- pattern: ".*"` alone"#;
    let Yaml::List(rules) = &value.value else {
        return Err((value.referenced.line(), format!("rules must be a list; {SUPPORTED}")));
    };
    let [rule] = rules.as_slice() else {
        let line = rules.get(1).map_or(0, |rule| rule.referenced.line());
        return Err((line, format!("rules holds {} rules; {SUPPORTED}", rules.len())));
    };
    let Yaml::Map(keys) = &rule.value else {
        return Err((rule.referenced.line(), format!("a rule must be a map; {SUPPORTED}")));
    };
    if let Some((key, _)) = keys.iter().find(|(key, _)| key.value != "pattern") {
        return Err((key.referenced.line(), format!("key {:?} of a rule is not supported; {SUPPORTED}", key.value)));
    }
    match keys.last() {
        Some((_, Spanned { value: Yaml::Text(pattern), .. })) if pattern == ".*" => Ok(()),
        Some((key, _)) => Err((key.referenced.line(), format!("this pattern is not supported; {SUPPORTED}"))),
        None => Err((rule.referenced.line(), format!("a rule without pattern; {SUPPORTED}"))),
    }
}

/// Whether the value says no: nothing, false, or an empty list or map.
fn is_off(value: &Yaml) -> bool {
    match value {
        Yaml::Null | Yaml::Bool(false) => true,
        Yaml::List(items) => items.is_empty(),
        Yaml::Map(entries) => entries.is_empty(),
        Yaml::Bool(true) | Yaml::Number | Yaml::Text(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn naming_options_and_the_rule_that_matches_everything_are_understood() {
        for (text, name, label_names) in [
            ("", false, false),
            ("# nothing\n---\n", false, false),
            ("lowercaseOutputName: true", true, false),
            ("lowercaseOutputName: yes\nlowercaseOutputLabelNames: on\nrules: [{pattern: .*}]", true, true),
            ("rules:\n- pattern: \".*\"\n", false, false),
            ("lowercaseOutputName: false\nlowercaseOutputName: true\n", true, false),
            ("x: &a true\n", false, false),
            (
                "startDelaySeconds: 5\nssl: true\nhttpServer: {a: 1}\npassword: p\nexcludeJvmMetrics: no\nblacklistObjectNames: []",
                false,
                false,
            ),
        ] {
            let loaded = Rules::load(text, "r.yml");
            if text.starts_with('x') {
                assert!(loaded.is_err());
                continue;
            }
            let loaded = loaded.unwrap();
            let options = (loaded.lowercase_output_name, loaded.lowercase_output_label_names);
            assert_eq!(options, (name, label_names), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused_with_file_line_and_key() {
        for (text, line, part) in [
            ("a: [", 1, "not YAML"),
            ("- a", 1, "not a map"),
            ("\nlowercaseoutputname: true", 2, "\"lowercaseoutputname\""),
            ("lowercaseOutputName: maybe", 1, "lowercaseOutputName must be true or false"),
            (
                "lowercaseOutputName: true\nwhitelistObjectNames: ['kafka.*:*']",
                2,
                "whitelistObjectNames is not supported",
            ),
            ("includeObjectNames: []", 1, "includeObjectNames is not supported"),
            ("excludeObjectNames: ['a:*']", 1, "excludeObjectNames is not supported"),
            ("excludeJvmMetrics: true", 1, "excludeJvmMetrics is not supported"),
            ("metricCustomizers: [{}]", 1, "metricCustomizers"),
            ("rules:", 1, "rules must be a list"),
            ("rules: []", 1, "rules holds 0 rules"),
            ("rules:\n- pattern: .*\n- pattern: a", 3, "rules holds 2 rules"),
            ("rules:\n- pattern: kafka.*", 2, "pattern is not supported"),
            ("rules:\n- pattern: .*\n  type: GAUGE", 3, "\"type\""),
            ("rules:\n- name: x", 2, "\"name\""),
            ("rules:\n- {}", 2, "without pattern"),
            ("rules:\n- .*", 2, "must be a map"),
        ] {
            let error = Rules::load(text, "r.yml").unwrap_err();
            assert_eq!((error.file.as_str(), error.line), ("r.yml", line), "{text}: {error}");
            assert!(error.reason.contains(part) && !error.reason.contains('\n'), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn loading_never_panics(text in "[a-z:\\[\\]{}&* \n\"'.|>#-]{0,60}|\\PC*") {
            let _ = Rules::load(&text, "r.yml");
        }
    }
}
