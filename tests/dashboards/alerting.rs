//! The recording and alerting rules for Prometheus: the YAML files in, rules and the limits of alerts out.

#![allow(dead_code, reason = "each test binary uses its part")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;

/// The files of rules.
pub(crate) fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("prometheus/rules");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yml"))
        .collect();
    files.sort();
    files
}

/// All rules of all files.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Rules {
    groups: Vec<Group>,
}

#[derive(Debug, Clone, Deserialize)]
struct Group {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Rule {
    /// Empty for an alert.
    #[serde(default)]
    pub(crate) record: String,
    /// Empty for a recorded series.
    #[serde(default)]
    pub(crate) alert: String,
    pub(crate) expr: String,
    pub(crate) r#for: Option<String>,
    #[serde(default)]
    pub(crate) labels: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) annotations: BTreeMap<String, String>,
}

/// `... > 0.3` at the end of an alert's expression.
static LIMIT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?<comparison>[<>])=?\s*(?<number>-?[\d.]+(?:e[+-]?\d+)?)\s*$").unwrap());

impl Rules {
    /// Of the repository.
    pub(crate) fn read() -> Self {
        let groups = files().into_iter().flat_map(|file| {
            let text = fs::read_to_string(&file).unwrap();
            Self::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display())).groups
        });
        Self { groups: groups.collect() }
    }

    pub(crate) fn parse(text: &str) -> Result<Self, serde_saphyr::Error> {
        serde_saphyr::from_str(text)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Rule> {
        self.groups.iter().flat_map(|group| &group.rules)
    }

    pub(crate) fn recording(&self) -> impl Iterator<Item = &Rule> {
        self.all().filter(|rule| !rule.record.is_empty())
    }

    pub(crate) fn alerts(&self) -> impl Iterator<Item = &Rule> {
        self.all().filter(|rule| !rule.alert.is_empty())
    }

    /// The limits of all alerts that have one, by name: of each severity.
    pub(crate) fn limits(&self) -> BTreeMap<&str, Vec<Limit<'_>>> {
        let mut limits: BTreeMap<&str, Vec<Limit<'_>>> = BTreeMap::new();
        for rule in self.alerts() {
            if let Some(limit) = rule.limit() {
                limits.entry(&rule.alert).or_default().push(limit);
            }
        }
        limits
    }
}

impl Rule {
    /// Empty if it has none.
    pub(crate) fn severity(&self) -> &str {
        self.labels.get("severity").map_or("", String::as_str)
    }

    /// The limit of an alert, if its expression ends in one.
    pub(crate) fn limit(&self) -> Option<Limit<'_>> {
        let found = LIMIT.captures(&self.expr)?;
        let (above, number) = (&found["comparison"] == ">", found["number"].parse().unwrap());
        Some(Limit { above, number, severity: self.severity() })
    }
}

/// From where on an alert is due.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Limit<'r> {
    /// Whether above the number, else below it.
    pub(crate) above: bool,
    pub(crate) number: f64,
    pub(crate) severity: &'r str,
}
