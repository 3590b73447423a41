//! promtool's tests, as far as they tell which alerts fire.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;

use crate::files;

pub(crate) type Labels = BTreeMap<String, String>;

#[derive(Debug, Deserialize)]
struct File {
    tests: Vec<Case>,
}

/// One test: some series, and what comes of them.
#[derive(Debug, Deserialize)]
pub(crate) struct Case {
    pub(crate) name: String,
    #[serde(default)]
    alert_rule_test: Vec<AlertCheck>,
    #[serde(default)]
    promql_expr_test: Vec<QueryCheck>,
}

#[derive(Debug, Deserialize)]
struct AlertCheck {
    alertname: String,
    exp_alerts: Vec<Expected>,
}

#[derive(Debug, Deserialize)]
struct Expected {
    exp_labels: Labels,
    exp_annotations: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct QueryCheck {
    expr: String,
    exp_samples: Vec<Sample>,
}

#[derive(Debug, Deserialize)]
struct Sample {
    labels: String,
}

impl Case {
    /// Names and labels of alerts that must fire.
    pub(crate) fn expected_alerts(&self) -> impl Iterator<Item = (&str, &Labels)> {
        self.alert_rule_test
            .iter()
            .flat_map(|check| check.exp_alerts.iter().map(|alert| (check.alertname.as_str(), &alert.exp_labels)))
    }

    /// Names of alerts that must not fire at some time.
    pub(crate) fn quiet_alerts(&self) -> impl Iterator<Item = &str> {
        self.alert_rule_test.iter().filter(|check| check.exp_alerts.is_empty()).map(|check| check.alertname.as_str())
    }

    pub(crate) fn expected_texts(&self) -> impl Iterator<Item = &str> {
        let alerts = self.alert_rule_test.iter().flat_map(|check| &check.exp_alerts);
        alerts.flat_map(|alert| alert.exp_annotations.values()).map(String::as_str)
    }

    /// Labels of all alerts that fire at the end, by the last query for them.
    pub(crate) fn last_firing(&self) -> Vec<Labels> {
        static LABEL: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"(\w+)="([^"]*)""#).unwrap());
        let query = r#"ALERTS{alertstate="firing"}"#;
        let check = self.promql_expr_test.iter().rfind(|check| check.expr == query);
        let samples = check.into_iter().flat_map(|check| &check.exp_samples);
        let labels = |sample: &Sample| -> Labels {
            let pairs = LABEL.captures_iter(&sample.labels).map(|found| found.extract::<2>().1);
            let pairs = pairs.filter(|[name, _]| *name != "alertstate");
            pairs.map(|[name, value]| (name.to_owned(), value.to_owned())).collect()
        };
        samples.map(labels).collect()
    }
}

pub(crate) fn all() -> Vec<Case> {
    let read = |path: std::path::PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let file: File = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        file.tests
    };
    files::tests().into_iter().flat_map(read).collect()
}
