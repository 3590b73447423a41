//! The golden scenario: kafka_exporter's series for a state whose every number is known, against ours.
//!
//! `golden/*.txt` hold the names, types, labels and values that kafka_exporter (2026-01, after v1.9.0) answered for it.
//! In them, ADDRESS stands for the broker's address and `*` for the ends of `__consumer_offsets`, which differ from run
//! to run.

use std::collections::BTreeMap;
use std::time::Duration;

use kafka_vitals::metrics::catalogue::{self, topic_configs};

use crate::clusters::{current, vitals_of_each};
use crate::support::{Page, Vitals, canonical, each};

const SHOW_ALL: &str = include_str!("golden/show-all.txt");
const NO_SHOW_ALL: &str = include_str!("golden/no-show-all.txt");

const NEGATIVE: &str = "lag is never below zero";
const MINUS_ONE: &str = "the -1 of a partition without a commit is no offset and in no sum";
const LOST_SUM: &str = "a partition without a commit does not take the others' lag away";
const NEXT_GENERATION: &str = "members of groups with the consumer protocol (KIP-848) count";

/// Where kafka_exporter is wrong: series, its value (absent: it has no such series), ours, why.
type Correction = (&'static str, Option<f64>, f64, &'static str);

/// In both modes.
#[rustfmt::skip]
const CORRECTIONS: [Correction; 4] = [
    (r#"kafka_consumergroup_lag{consumergroup="ahead",partition="0",topic="payments"}"#, Some(-960.0), 0.0, NEGATIVE),
    (r#"kafka_consumergroup_lag_sum{consumergroup="ahead",topic="payments"}"#, Some(-960.0), 0.0, NEGATIVE),
    (r#"kafka_consumergroup_current_offset_sum{consumergroup="billing",topic="orders"}"#, Some(139.0), 140.0, MINUS_ONE),
    (r#"kafka_consumergroup_members{consumergroup="next-gen"}"#, Some(0.0), 1.0, NEXT_GENERATION),
];

/// With --offset.show-all alone.
#[rustfmt::skip]
const SHOW_ALL_CORRECTIONS: [Correction; 3] = [
    (r#"kafka_consumergroup_current_offset_sum{consumergroup="late-starter",topic="orders"}"#, Some(8.0), 10.0, MINUS_ONE),
    (r#"kafka_consumergroup_current_offset_sum{consumergroup="two-topics",topic="orders"}"#, Some(119.0), 120.0, MINUS_ONE),
    (r#"kafka_consumergroup_lag_sum{consumergroup="late-starter",topic="orders"}"#, None, 90.0, LOST_SUM),
];

/// Of what we add under kafka_exporter's prefixes: names, and the only series that is not zero. Other tests look at the rest.
const ADDED: [(&str, Option<(&str, f64)>); 4] = [
    ("kafka_consumergroup_beyond_end_partitions", Some((r#"{consumergroup="ahead",topic="payments"}"#, 1.0))),
    ("kafka_consumergroup_lost_records", Some((r#"{consumergroup="behind-retention",topic="payments"}"#, 10.0))),
    ("kafka_consumergroup_lag_unknown_partitions", None),
    ("kafka_consumergroup_commits_unknown", None),
];

/// What kafka_exporter said: values by series (absent: any), types by name.
struct Golden {
    series: BTreeMap<String, Option<f64>>,
    types: BTreeMap<String, String>,
}

fn read(text: &str, address: &str) -> Golden {
    let mut golden = Golden { series: BTreeMap::new(), types: BTreeMap::new() };
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            golden.types.insert(name.to_owned(), kind.to_owned());
        } else {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let value = (value != "*").then(|| value.parse().unwrap());
            golden.series.insert(canonical(&series.replace("ADDRESS", address)), value);
        }
    }
    golden
}

fn correct(golden: &mut Golden, corrections: &[Correction]) {
    for (series, theirs, ours, reason) in corrections {
        let before = golden.series.insert(canonical(series), Some(*ours));
        assert_eq!(before.flatten(), *theirs, "{series}: corrected because {reason}");
    }
}

fn name(series: &str) -> &str {
    series.split('{').next().unwrap()
}

/// Of kafka_exporter's prefixes, and neither of a topic or group of another test nor a topic's configuration.
fn belongs_here(series: &str) -> bool {
    let prefixes = ["kafka_brokers", "kafka_broker_info", "kafka_topic", "kafka_consumergroup"];
    prefixes.iter().any(|prefix| series.starts_with(prefix))
        && topic_configs::ALL.iter().all(|metric| metric.name != name(series))
        && !series.contains(r#"topic="t-"#)
        && !series.contains(r#"consumergroup="t-"#)
}

fn is_ours_alone(name: &str, golden: &Golden) -> bool {
    !golden.types.contains_key(name) && catalogue::all().any(|metric| metric.name == name)
}

fn check(page: &Page, golden: &Golden) {
    let (added, ours): (BTreeMap<&str, f64>, BTreeMap<&str, f64>) = page
        .series
        .iter()
        .map(|(series, value)| (series.as_str(), *value))
        .filter(|(series, _)| belongs_here(series))
        .partition(|(series, _)| is_ours_alone(name(series), golden));

    let missing: Vec<_> = golden.series.keys().filter(|series| !ours.contains_key(series.as_str())).collect();
    let extra: Vec<_> = ours.keys().filter(|series| !golden.series.contains_key(**series)).collect();
    assert!(missing.is_empty() && extra.is_empty(), "missing {missing:#?}, not kafka_exporter's {extra:#?}");
    let different: Vec<_> = golden
        .series
        .iter()
        .filter_map(|(series, expected)| Some((series, (*expected)?, ours[series.as_str()])))
        .filter(|(_, expected, is)| expected != is)
        .collect();
    assert!(different.is_empty(), "series, expected, is: {different:#?}");
    for (name, kind) in &golden.types {
        assert_eq!(page.types.get(name), Some(kind), "{name}");
    }

    for (family, expected) in ADDED {
        let of_family = || added.iter().filter(|(series, _)| name(series) == family);
        assert!(of_family().count() > 4, "{family} is there for all groups");
        let not_zero: Vec<_> = of_family().filter(|(_, value)| **value != 0.0).collect();
        let not_zero: Vec<_> = not_zero.iter().map(|(series, value)| (&series[family.len()..], **value)).collect();
        assert_eq!(not_zero, Vec::from_iter(expected), "{family}");
    }
}

/// Both pages that have the cluster on them.
fn check_pages(all: &[Vitals], golden: &Golden) {
    for vitals in each(all) {
        for path in ["/metrics/cluster", "/metrics"] {
            check(&vitals.page(path, Duration::from_secs(20)), golden);
        }
    }
}

/// They show what kafka_exporter shows by default, its mistakes put right, of the broker with this address.
pub(crate) fn check_show_all(all: &[Vitals], address: &str) {
    let mut golden = read(SHOW_ALL, address);
    correct(&mut golden, &CORRECTIONS);
    correct(&mut golden, &SHOW_ALL_CORRECTIONS);
    check_pages(all, &golden);
}

#[test]
fn the_golden_scenario_has_kafka_exporters_series_with_its_mistakes_put_right() {
    let cluster = current();
    for flags in [&[][..], &["--offset.show-all"]] {
        check_show_all(&vitals_of_each(cluster, flags), &cluster.bootstrap());
    }
}

#[test]
fn without_show_all_the_golden_scenario_has_kafka_exporters_series_too() {
    let cluster = current();
    let mut golden = read(NO_SHOW_ALL, &cluster.bootstrap());
    correct(&mut golden, &CORRECTIONS);
    for flags in [["--no-offset.show-all"], ["--offset.show-all=false"]] {
        check_pages(&vitals_of_each(cluster, &flags), &golden);
    }
}
