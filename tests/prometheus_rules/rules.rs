//! The rules, as Prometheus reads them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::files;

#[derive(Debug, Deserialize)]
struct File {
    groups: Vec<Group>,
}

#[derive(Debug, Deserialize)]
struct Group {
    rules: Vec<Rule>,
}

/// An alerting or a recording rule.
#[derive(Debug, Deserialize)]
pub(crate) struct Rule {
    pub(crate) alert: Option<String>,
    pub(crate) record: Option<String>,
    pub(crate) expr: String,
    pub(crate) r#for: Option<String>,
    #[serde(default)]
    pub(crate) labels: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) annotations: BTreeMap<String, String>,
}

impl Rule {
    /// Empty if it has none.
    pub(crate) fn severity(&self) -> &str {
        self.labels.get("severity").map_or("", String::as_str)
    }
}

static ALERTS: LazyLock<Vec<Rule>> = LazyLock::new(|| read(files::ALERTS));
static RECORDINGS: LazyLock<Vec<Rule>> = LazyLock::new(|| read(files::RECORDING));

pub(crate) fn alerts() -> &'static [Rule] {
    &ALERTS
}

pub(crate) fn recordings() -> &'static [Rule] {
    &RECORDINGS
}

fn read(file: &str) -> Vec<Rule> {
    let text = files::text(file);
    let file: File = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
    file.groups.into_iter().flat_map(|group| group.rules).collect()
}
