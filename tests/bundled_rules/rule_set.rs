//! A plain reading of a bundled rule set, apart from kafka-vitals' own engine: the file and a node's beans in, which rule
//! each attribute hits and the family that it makes out. Only for what the bundled sets use of the language.

use std::collections::{BTreeMap, BTreeSet};

use kafka_vitals::mbean::ObjectName;
use regex::{Regex, RegexSet};
use serde::Deserialize;

/// Names and attributes of a node's beans, as Jolokia tells them.
pub(crate) type Beans = BTreeMap<String, serde_json::Map<String, serde_json::Value>>;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RuleSet {
    lowercase_output_name: bool,
    #[serde(default, rename = "lowercaseOutputLabelNames")]
    _lowercase_output_label_names: bool,
    #[serde(default)]
    include_object_names: Vec<String>,
    #[serde(default)]
    exclude_object_names: Vec<String>,
    pub(crate) rules: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    pub(crate) pattern: String,
    pub(crate) name: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) help: Option<String>,
    value: Option<f64>,
    #[serde(default, rename = "labels")]
    _labels: BTreeMap<String, String>,
}

/// What a set makes of some beans.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Family -> types of the rules that make it.
    pub(crate) families: BTreeMap<String, BTreeSet<String>>,
    /// Indices of rules that were the first to match.
    pub(crate) hit: BTreeSet<usize>,
}

impl RuleSet {
    pub(crate) fn parse(text: &str) -> Self {
        let set: Self = serde_saphyr::from_str(text).unwrap();
        assert!(set.lowercase_output_name);
        set
    }

    pub(crate) fn outcome(&self, beans: &Beans) -> Outcome {
        // As the agent compiles them; what these patterns use means the same in both dialects.
        let patterns: Vec<String> = self.rules.iter().map(|rule| format!("^.*(?:{}).*$", rule.pattern)).collect();
        let set = RegexSet::new(&patterns).unwrap();
        let patterns: Vec<Regex> = patterns.iter().map(|pattern| Regex::new(pattern).unwrap()).collect();
        let mut outcome = Outcome::default();
        for (text, attributes) in beans {
            let name = ObjectName::parse(text).unwrap();
            if !self.reads(&name) {
                continue;
            }
            let keys: Vec<String> = name.properties.iter().map(|(key, value)| format!("{key}={value}")).collect();
            for (attribute, value) in attributes {
                let number = value.is_number() || value.is_boolean() || value.is_null();
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let matched = format!("{}<{}><>{attribute}: {value}", name.domain, keys.join(", "));
                let first = set.matches(&matched).iter().next();
                let Some((at, groups)) = first.and_then(|at| Some((at, patterns[at].captures(&matched)?))) else {
                    continue;
                };
                outcome.hit.insert(at);
                let rule = &self.rules[at];
                if !number && rule.value.is_none() {
                    continue;
                }
                let Some(template) = rule.name.as_ref().filter(|name| !name.is_empty()) else { continue };
                let family = expand(template, &groups).to_lowercase();
                let kind = rule.kind.clone().unwrap_or_default();
                outcome.families.entry(family).or_default().insert(kind);
            }
        }
        outcome
    }

    fn reads(&self, name: &ObjectName<'_>) -> bool {
        let any = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, name));
        (self.include_object_names.is_empty() || any(&self.include_object_names)) && !any(&self.exclude_object_names)
    }
}

/// `$1` and the like, then the characters that a name may have.
fn expand(template: &str, groups: &regex::Captures<'_>) -> String {
    let mut text = String::new();
    // Each piece but the first begins with the number of a group.
    for (at, piece) in template.split('$').enumerate() {
        let (group, rest) = if at == 0 { ("", piece) } else { piece.split_at(1) };
        let index = group.parse().ok();
        text.push_str(index.and_then(|index: usize| groups.get(index)).map_or("", |group| group.as_str()));
        text.push_str(rest);
    }
    let mut name = String::new();
    for character in text.chars() {
        match character {
            'A'..='Z' | 'a'..='z' | '0'..='9' | ':' => name.push(character),
            _ if name.ends_with('_') => {}
            _ => name.push('_'),
        }
    }
    name
}

/// Whether an ObjectName pattern matches, see `javax.management.ObjectName`.
fn matches(pattern: &str, name: &ObjectName<'_>) -> bool {
    let (domain, properties) = pattern.split_once(':').unwrap();
    let wanted: Vec<(&str, &str)> = properties.split(',').filter_map(|property| property.split_once('=')).collect();
    let open = properties.split(',').any(|property| property == "*");
    glob(domain, name.domain)
        && (open || wanted.len() == name.properties.len())
        && wanted.iter().all(|(key, value)| name.get(key).is_some_and(|own| glob(value, own)))
}

/// With at most one `*`, which is all that the bundled sets use.
fn glob(pattern: &str, text: &str) -> bool {
    let Some((start, end)) = pattern.split_once('*') else { return pattern == text };
    assert!(!end.contains('*') && !pattern.contains('?'), "{pattern}");
    text.len() >= start.len() + end.len() && text.starts_with(start) && text.ends_with(end)
}

#[test]
fn object_name_patterns_match_as_in_java() {
    let name = ObjectName::parse("kafka.log:type=Log,name=Size,topic=t,partition=0").unwrap();
    for (pattern, expected) in [
        ("kafka.*:partition=*,*", true),
        ("kafka.log:*", true),
        ("kafka.log:type=Log", false),
        ("kafka.log:type=L*,name=*,topic=*,partition=*", true),
        ("kafka.server:*", false),
        ("kafka.log:client-id=*,*", false),
    ] {
        assert_eq!(matches(pattern, &name), expected, "{pattern}");
    }
}
