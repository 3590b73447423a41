//! The keys of a rules file: which there are, what is said of those that speak of an agent in a JVM, and which key an
//! unknown one may have been meant to be.

use super::{Loader, Scalar};
use crate::yaml::{Spanned, Yaml};

/// The generation to follow: a key of ours, which jmx_exporter ignores.
pub(super) const COMPAT: &str = "compat";

/// All keys of a file.
const FILE: [&str; 23] = [
    COMPAT,
    "startDelaySeconds",
    "hostPort",
    "jmxUrl",
    "username",
    "password",
    "ssl",
    "lowercaseOutputName",
    "lowercaseOutputLabelNames",
    "includeObjectNames",
    "whitelistObjectNames",
    "excludeObjectNames",
    "blacklistObjectNames",
    "includeObjectNameAttributes",
    "excludeObjectNameAttributes",
    "autoExcludeObjectNameAttributes",
    "excludeJvmMetrics",
    "inferCounterTypeFromName",
    "metricCustomizers",
    "rules",
    "scrapeTimeoutSeconds",
    "httpServer",
    "openTelemetry",
];

/// All keys of a rule.
const RULE: [&str; 9] =
    ["pattern", "name", "value", "valueFactor", "labels", "help", "type", "attrNameSnakeCase", "cache"];

/// The key that has taken the place of an old one.
pub(super) fn newer_name(key: &str) -> Option<&'static str> {
    match key {
        "whitelistObjectNames" => Some("includeObjectNames"),
        "blacklistObjectNames" => Some("excludeObjectNames"),
        _ => None,
    }
}

impl Loader<'_> {
    /// Says why a key has no effect here.
    pub(super) fn foreign_or_unknown_key(&mut self, key: &str, line: u64, value: &Spanned<Yaml>) {
        match advice(key) {
            // It says what is so anyway.
            Some(_) if self.is_off(value) => {}
            Some(advice) => self.warn(line, format!("{key} has no effect: {advice}")),
            None => self.unknown_key(key, line, &FILE),
        }
        if key == "httpServer" && has_plugin(value) {
            self.warn(line, "httpServer.authentication.plugin names a Java class, which cannot be run here: the page is NOT protected by it");
        }
    }

    pub(super) fn unknown_rule_key(&mut self, key: &str, line: u64) {
        self.unknown_key(key, line, &RULE);
    }

    fn unknown_key(&mut self, key: &str, line: u64, known: &[&str]) {
        let shown: String = key.chars().take(60).collect();
        let hint = match nearest(key, known) {
            _ if self.rule.is_none() && RULE.contains(&key) => "; it is a key of a rule, not of the file".to_owned(),
            Some(nearest) => format!("; {nearest} may be meant"),
            None => String::new(),
        };
        self.warn(line, format!("unknown key {shown:?} is ignored, as in jmx_exporter{hint}"));
    }

    fn is_off(&self, value: &Spanned<Yaml>) -> bool {
        match Scalar::of(value, self.text) {
            Some(Scalar::Null | Scalar::Bool(false)) => true,
            Some(Scalar::Integer(digits)) => digits == "0",
            Some(Scalar::Text(text)) => text.is_empty(),
            Some(_) => false,
            None => matches!(&value.value, Yaml::Map(entries) if entries.is_empty()),
        }
    }
}

/// What to use in place of a key that speaks of how an agent reads its JVM or serves its page.
fn advice(key: &str) -> Option<&'static str> {
    Some(match key {
        "jmxUrl" | "hostPort" => "beans are read through Jolokia; set --jolokia.port or --jolokia.url",
        "username" | "password" => "they are for JMX; for Jolokia set --jolokia.username and --jolokia.password-file",
        "ssl" => {
            "it is for JMX; for Jolokia use an https URL in --jolokia.url, or --jolokia.protocol, and --jolokia.ca-file"
        }
        "startDelaySeconds" => "the brokers' JVMs do not wait for this process",
        "scrapeTimeoutSeconds" => "the scrape itself tells how long it waits; its default is --scrape.timeout",
        "autoExcludeObjectNameAttributes" => {
            "attributes that nothing can come of are never asked for again, whatever it says"
        }
        "httpServer" => {
            "the page is served as the flags --web.* say; the addresses, certificates and passwords here do NOT count"
        }
        "openTelemetry" => "nothing is pushed; let Prometheus or an OpenTelemetry collector scrape the page",
        _ => return None,
    })
}

fn has_plugin(value: &Spanned<Yaml>) -> bool {
    let child = |node: &Spanned<Yaml>, name: &str| match &node.value {
        Yaml::Map(entries) => entries.iter().position(|(key, _)| key.value == name),
        _ => None,
    };
    let Some(authentication) = child(value, "authentication") else { return false };
    let Yaml::Map(entries) = &value.value else { return false };
    entries.get(authentication).is_some_and(|(_, authentication)| child(authentication, "plugin").is_some())
}

/// The known key that is at most a third of its letters away, case aside.
pub(super) fn nearest<'k>(key: &str, known: &[&'k str]) -> Option<&'k str> {
    if key.len() > 60 {
        return None;
    }
    let folded = key.to_lowercase();
    let ranked = known.iter().map(|known| (distance(&folded, &known.to_lowercase()), *known));
    ranked.min().filter(|(distance, known)| *distance <= known.len() / 3).map(|(_, known)| known)
}

/// How many letters must be put in, taken out or changed to get from one text to the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (at, character) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], at + 1);
        for (column, other) in to.iter().enumerate() {
            let changed = diagonal + usize::from(character != *other);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_key_is_named_if_any_is_near() {
        for (key, expected) in [
            ("lowercaseoutputname", Some("lowercaseOutputName")),
            ("lowerCaseOutputLabelName", Some("lowercaseOutputLabelNames")),
            ("rule", Some("rules")),
            ("whitelistObjectName", Some("whitelistObjectNames")),
            ("blackListObjectNames", Some("blacklistObjectNames")),
            ("something", None),
            ("x", None),
        ] {
            assert_eq!(nearest(key, &FILE), expected, "{key}");
        }
        assert_eq!(nearest("label", &RULE), Some("labels"));
        assert_eq!(nearest("attrNameSnakecase", &RULE), Some("attrNameSnakeCase"));
    }
}
