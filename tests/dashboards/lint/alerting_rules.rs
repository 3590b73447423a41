//! What the recording and alerting rules have to obey: what they ask for exists, and so does what their texts speak of.

use std::sync::LazyLock;

use regex::Regex;

use crate::alerting::{Rule, Rules};
use crate::board;
use crate::labels;
use crate::metrics::Metrics;
use crate::promql;

/// `$labels.topic` in a text of an alert.
static LABEL: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\$labels\.(?<label>\w+)").unwrap());

fn faults(rule: &Rule, metrics: &Metrics, uids: &[String]) -> Vec<String> {
    let expr = match promql::parse(&rule.expr) {
        Ok(expr) => expr,
        Err(error) => return vec![format!("{error}: {}", rule.expr)],
    };
    let mut faults = Vec::new();
    let labels = labels::labels(&expr, metrics, &mut faults);
    for selector in promql::selectors(&expr) {
        let unknown = selector.metrics.iter().filter(|metric| metrics.get(metric).is_none());
        faults.extend(unknown.map(|metric| format!("there is no metric {metric}")));
        faults.extend(selector.on("job").map(|matcher| format!("a job is written down: {matcher}")));
    }
    for text in rule.annotations.values() {
        for found in LABEL.captures_iter(text) {
            let label = &found["label"];
            if !labels.has(label) && !rule.labels.contains_key(label) {
                faults.push(format!("`{label}` is not left of {}", rule.expr));
            }
        }
        for after in text.split("/d/").skip(1) {
            let uid = after.split(['?', '/']).next().unwrap_or_default();
            if !uids.iter().any(|known| known == uid) {
                faults.push(format!("{uid} is no dashboard"));
            }
        }
    }
    faults
}

#[test]
fn rules_ask_for_metrics_and_labels_that_exist_and_alerts_speak_of_labels_that_are_left() {
    let rules = Rules::read();
    let metrics = Metrics::load(&rules);
    let uids: Vec<_> = board::read_all().into_iter().map(|board| board.dashboard.uid).collect();
    let mut found = Vec::new();
    for rule in rules.all() {
        let faults = faults(rule, &metrics, &uids);
        found.extend(faults.iter().map(|fault| format!("{}{}: {fault}", rule.record, rule.alert)));
    }
    assert!(found.is_empty(), "{} faults:\n{}", found.len(), found.join("\n"));
    assert!(rules.alerts().count() > 40 && rules.recording().count() > 10, "the rules were read");
}

#[test]
fn a_rule_that_asks_for_what_does_not_exist_is_found() {
    let text = r#"
groups:
- name: g
  rules:
  - alert: A
    expr: sum by (topic) (kafka_consumergroup_lag) > 0
    annotations: {summary: "{{ $labels.topic }} {{ $labels.instance }}", dashboard: /d/nowhere?x}
  - alert: B
    expr: sum by (state) (kafka_consumergroup_lag{job="kafka"}) > 0
  - alert: C
    expr: kafka_no_such_thing > 0
  - alert: D
    expr: sum(
"#;
    let rules = Rules::parse(text).unwrap();
    let metrics = Metrics::load(&rules);
    let faults: Vec<_> = rules.all().map(|rule| faults(rule, &metrics, &["somewhere".to_owned()])).collect();
    assert_eq!(faults[0].len(), 2, "{:?}", faults[0]);
    assert!(faults[0][0].contains("`instance`") || faults[0][1].contains("`instance`"), "{:?}", faults[0]);
    assert!(faults[0].iter().any(|fault| fault == "nowhere is no dashboard"), "{:?}", faults[0]);
    assert!(faults[1].iter().any(|fault| fault.contains("`state`")), "{:?}", faults[1]);
    assert!(faults[1].iter().any(|fault| fault.contains("a job is written down")), "{:?}", faults[1]);
    assert!(faults[2].iter().any(|fault| fault.contains("kafka_no_such_thing")), "{:?}", faults[2]);
    assert_eq!(faults[3].len(), 1, "{:?}", faults[3]);
}
