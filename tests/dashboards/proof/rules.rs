//! Recording and alerting rules on real data: evaluated without error, nothing asked for in vain, quiet while all is well, and firing
//! when something is wrong.

use std::collections::BTreeSet;

use super::quiet;
use super::world::{BROKER, world};
use crate::alerting::Rules;

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
        for text in quiet::selectors(&rule.expr) {
            let found = world.prometheus().query_range(&text, world.all_of_it()).unwrap();
            if found.is_empty() && !quiet::covers_selector(&text) {
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
        for matcher in
            ["cluster=\"\"", "cluster=\"split\""].iter().filter(|matcher| !of_all || !matcher.contains("split"))
        {
            let found = world.prometheus().query_range(&format!("{name}{{{matcher}}}"), world.all_of_it()).unwrap();
            if found.is_empty() {
                faults.push(format!("{name}{{{matcher}}}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// An alert that was firing: its name, cluster, and the group or broker that it is about, if any.
type Fired = (String, String, String);

/// Alerts that were firing at some time, of those with more matchers.
fn fired(matchers: &str, start: f64, end: f64) -> BTreeSet<Fired> {
    let world = world();
    let query = format!("ALERTS{{alertstate=\"firing\"{matchers}}}");
    let series = world.prometheus().query_range(&query, world.between(start, end)).unwrap();
    let names = series.iter().map(|series| {
        let label = |name: &str| series.labels.get(name).cloned().unwrap_or_default();
        (label("alertname"), label("cluster"), ["consumergroup", "broker"].map(label).concat())
    });
    names.collect()
}

/// Groups that are not well from the beginning on, and what is the matter with them.
const UNWELL: [(&str, &str); 3] = [
    ("billing", "KafkaConsumerGroupLate"),
    ("fraud", "KafkaConsumerGroupStuck"),
    ("warehouse", "KafkaConsumerGroupWithoutMembers"),
];

#[test]
fn no_critical_alert_fires_while_all_is_well_but_for_groups_that_are_not() {
    let world = world();
    // Rates know little before there is a window full of samples.
    let start = world.first.time + 15.0;
    let mut found = fired(",severity=\"critical\"", start, world.well.time);
    // The disk is this machine's own.
    found
        .retain(|(alert, _, about)| !alert.starts_with("KafkaDisk") && !UNWELL.iter().any(|(group, _)| group == about));
    assert_eq!(found, BTreeSet::new());
}

#[test]
fn alerts_fire_in_both_layouts_for_groups_that_are_late_stuck_or_abandoned_and_for_the_broker_that_is_down() {
    let world = world();
    let broker = BROKER.to_string();
    let of_groups = fired("", world.first.time, world.back.time);
    let of_outage = fired("", world.well.time, world.back.time);
    for cluster in ["", "split"] {
        let mut missing = Vec::new();
        let mut expect = |found: &BTreeSet<Fired>, alert: &str, about: &str| {
            if !found.contains(&(alert.to_owned(), cluster.to_owned(), about.to_owned())) {
                missing.push(format!("{alert} {about}"));
            }
        };
        for (group, alert) in UNWELL {
            expect(&of_groups, alert, group);
        }
        expect(&of_outage, "KafkaBrokerMissing", &broker);
        expect(&of_outage, "KafkaOfflinePartitions", "");
        expect(&of_outage, "KafkaUnderReplicatedPartitions", "");
        assert!(missing.is_empty(), "cluster {cluster:?}: {missing:?}, but: {of_groups:#?}");
        let of_healthy = of_groups
            .iter()
            .filter(|(_, of, about)| of == cluster && ["shipping", "nightly"].contains(&about.as_str()));
        assert_eq!(of_healthy.count(), 0, "{of_groups:#?}");
    }
}
