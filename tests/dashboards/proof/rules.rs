//! Recording and alerting rules on real data: evaluated without error, nothing asked for in vain, quiet while all is well, and firing
//! when something is wrong.

use std::collections::BTreeSet;

use super::quiet;
use super::world::{BROKER, world};
use crate::alerting::Rules;
use crate::promql;

#[test]
fn every_rule_is_evaluated_by_prometheus_without_error() {
    let data = world().prometheus().api("rules").unwrap();
    let mut seen = 0;
    for group in data["groups"].as_array().unwrap() {
        for rule in group["rules"].as_array().unwrap() {
            assert_eq!(rule["health"], "ok", "{}: {}", rule["name"], rule["lastError"]);
            seen += 1;
        }
    }
    assert_eq!(seen, Rules::read().all().count());
}

#[test]
fn every_selector_of_every_rule_finds_series() {
    let world = world();
    let mut faults = Vec::new();
    for rule in Rules::read().all() {
        let expr = promql::parse(&rule.expr).unwrap();
        for selector in promql::selectors(&expr) {
            let matchers: Vec<_> = selector.matchers.iter().map(ToString::to_string).collect();
            let named = matchers.iter().any(|matcher| matcher.starts_with("__name__"));
            let metric = if named { "" } else { &selector.metrics[0] };
            let text = format!("{metric}{{{}}}", matchers.join(","));
            let range = world.all_of_it();
            let found = world.prometheus().query_range(&text, range).unwrap();
            if found.is_empty() && !quiet::covers_metrics(&text) {
                faults.push(format!("{}{}: {text}", rule.record, rule.alert));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_recorded_series_has_data_in_both_layouts() {
    let world = world();
    let mut faults = Vec::new();
    let rules = Rules::read();
    for name in rules.recording().map(|rule| rule.record.as_str()).collect::<BTreeSet<_>>() {
        let of_all = name.starts_with("kafka:messages_in_limit:");
        for matcher in ["cluster=\"\"", "cluster=\"split\""].iter().filter(|matcher| !of_all || !matcher.contains("split")) {
            let found = world.prometheus().query_range(&format!("{name}{{{matcher}}}"), world.all_of_it()).unwrap();
            if found.is_empty() {
                faults.push(format!("{name}{{{matcher}}}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Alerts that were firing at some time: name, severity, cluster, and what else tells them apart.
fn fired(selector: &str, start: f64, end: f64) -> BTreeSet<(String, String, String)> {
    let world = world();
    let query = format!("ALERTS{{alertstate=\"firing\"{selector}}}");
    let series = world.prometheus().query_range(&query, world.between(start, end)).unwrap();
    let label = |labels: &std::collections::BTreeMap<String, String>, name| labels.get(name).cloned().unwrap_or_default();
    series.iter().map(|series| {
        let labels = &series.labels;
        let about = ["consumergroup", "broker"].map(|name| label(labels, name)).concat();
        (label(labels, "alertname"), label(labels, "cluster"), about)
    }).collect()
}

#[test]
fn no_critical_alert_fires_while_all_is_well() {
    let world = world();
    let found = fired(",severity=\"critical\"", world.first.time, world.well.time);
    assert_eq!(found, BTreeSet::new());
}

#[test]
fn alerts_fire_in_both_layouts_for_groups_that_are_late_or_abandoned_and_for_the_broker_that_is_down() {
    let world = world();
    let broker = BROKER.to_string();
    let of_groups = fired("", world.first.time, world.well.time);
    let of_outage = fired("", world.well.time, world.back.time);
    for cluster in ["", "split"] {
        let mut missing = Vec::new();
        let mut expect = |found: &BTreeSet<(String, String, String)>, alert: &str, about: &str| {
            if !found.contains(&(alert.to_owned(), cluster.to_owned(), about.to_owned())) {
                missing.push(format!("{alert} {about}"));
            }
        };
        expect(&of_groups, "KafkaConsumerGroupLate", "billing");
        expect(&of_groups, "KafkaConsumerGroupWithoutMembers", "warehouse");
        expect(&of_outage, "KafkaBrokerMissing", &broker);
        expect(&of_outage, "KafkaOfflinePartitions", "");
        expect(&of_outage, "KafkaUnderReplicatedPartitions", "");
        assert!(missing.is_empty(), "cluster {cluster:?}: {missing:?}, but of groups: {of_groups:#?}, of the outage: {of_outage:#?}");
    }
}
