//! The configuration as `/config` shows it: every flag that was given, wherever it came from, as YAML that could be a
//! configuration file, with secrets as `<secret>`. What the file itself says is in it, so its name is not.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use clap::{ArgMatches, Command};

/// Flags whose value is a secret.
const SECRETS: [&str; 4] = ["sasl.password", "sasl.oauth.client-secret", "tls.key-password", "jolokia.password"];

pub(super) fn yaml(command: &Command, given: &ArgMatches) -> String {
    let mut sections: BTreeMap<&str, Vec<(&str, String)>> = BTreeMap::new();
    let arguments = command.get_arguments().filter(|arg| arg.get_action().takes_values());
    for arg in arguments.filter(|arg| arg.get_long() != Some("config.file")) {
        let (Some(name), Ok(Some(values))) = (arg.get_long(), given.try_get_raw(arg.get_id().as_str())) else {
            continue;
        };
        let values = values.filter(|value| !value.is_empty());
        let values: Vec<String> = values.map(|value| quoted(&shown(name, &value.to_string_lossy()))).collect();
        if values.is_empty() {
            continue;
        }
        let is_list = matches!(arg.get_action(), clap::ArgAction::Append);
        let value = if is_list { format!("[{}]", values.join(", ")) } else { values.join(", ") };
        let (section, key) = name.split_once('.').unwrap_or((name, ""));
        sections.entry(section).or_default().push((key, value));
    }
    let mut text = String::new();
    for (section, entries) in sections {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{section}:");
        for (key, value) in entries {
            let _ = writeln!(text, "  {key}: {value}");
        }
    }
    text
}

fn shown(name: &str, value: &str) -> String {
    if SECRETS.contains(&name) {
        return "<secret>".to_owned();
    }
    if name == "kafka.property" {
        // Any librdkafka property may hold a secret (passwords, keys, OAuth configuration), so no value is shown.
        return format!("{}=<secret>", value.split('=').next().unwrap_or_default());
    }
    if name == "sasl.oauth.extensions" {
        let names = value.split(',').map(|pair| pair.split('=').next().unwrap_or_default());
        return names.map(|name| format!("{name}=<secret>")).collect::<Vec<_>>().join(",");
    }
    if ["sasl.oauth.token-url", "sasl.oauthbearer-token-url"].contains(&name)
        && let Some((url, _)) = value.split_once('?')
    {
        return format!("{url}?<secret>");
    }
    value.to_owned()
}

/// A YAML double-quoted scalar; JSON's escapes are a subset of YAML's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::super::Flags;
    use super::*;

    #[test]
    fn secrets_do_not_show_and_the_rest_does() {
        let command = Flags::command();
        let given = command.clone().get_matches_from([
            "kafka-vitals",
            "--kafka.server=a:1,b:2",
            "--kafka.property=sasl.password=hunter2",
            "--sasl.password=hunter3",
            "--tls.key-password=hunter5",
            "--sasl.oauth.client-secret=hunter6",
            "--sasl.oauth.extensions=pool=hunter7,b=hunter8",
            "--sasl.oauthbearer-scopes=a b",
            "--sasl.oauth.token-url=https://idp/t?key=hunter9",
            "--jolokia.password=hunter4",
            "--jmx.rules=/etc/rules.yaml",
            "--offset.show-all=false",
        ]);
        let text = yaml(&command, &given);
        assert!(!text.contains("hunter"), "{text}");
        assert!(text.contains("  server: [\"a:1\", \"b:2\"]\n"), "{text}");
        assert!(text.contains("  rules: \"/etc/rules.yaml\"\n"), "{text}");
        assert!(text.contains("offset:\n  show-all: \"false\"\n"), "{text}");
        assert!(text.contains("  oauth.extensions: \"pool=<secret>,b=<secret>\"\n"), "{text}");
        assert!(text.contains("  oauthbearer-scopes: \"a b\"\n"), "{text}");
        assert!(text.contains("  oauth.token-url: \"https://idp/t?<secret>\"\n"), "{text}");
        assert!(text.contains("  property: [\"sasl.password=<secret>\"]\n"), "{text}");
    }
}
