//! The golden scenario: kafka_exporter's series for a state whose every number is known, against ours.
//!
//! `golden/*.txt` hold the names, types, labels and values that kafka_exporter (2026-01, after v1.9.0) answered for it.
//! In them, ADDRESS stands for the broker's address and `*` for the ends of `__consumer_offsets`, which differ from run
//! to run.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kafka_lab::wait_until;
use kafka_vitals::metrics::catalogue::{self, topic_configs};

use crate::clusters::{current, vitals_of_each};
use crate::support::{PATIENCE, Page, Vitals, canonical, each};

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

/// Of what we add under kafka_exporter's prefixes: names, and all series that are not zero.
#[rustfmt::skip]
const ADDED: [(&str, &[(&str, f64)]); 8] = [
    ("kafka_consumergroup_assigned_partitions", &[
        (r#"{consumergroup="billing",topic="orders"}"#, 3.0),
        (r#"{consumergroup="next-gen",topic="orders"}"#, 3.0),
    ]),
    ("kafka_consumergroup_beyond_end_partitions", &[(r#"{consumergroup="ahead",topic="payments"}"#, 1.0)]),
    ("kafka_consumergroup_commits_unknown", &[]),
    ("kafka_consumergroup_lag_max", &[
        (r#"{consumergroup="behind-retention"}"#, 35.0),
        (r#"{consumergroup="billing"}"#, 10.0),
        (r#"{consumergroup="late-starter"}"#, 90.0),
        (r#"{consumergroup="two-topics"}"#, 30.0),
    ]),
    ("kafka_consumergroup_lag_unknown_partitions", &[]),
    ("kafka_consumergroup_lost_records", &[(r#"{consumergroup="behind-retention",topic="payments"}"#, 10.0)]),
    ("kafka_consumergroup_retention_margin_records", &[
        (r#"{consumergroup="billing",topic="orders"}"#, 90.0),
        (r#"{consumergroup="late-starter",topic="orders"}"#, 10.0),
        (r#"{consumergroup="two-topics",topic="orders"}"#, 20.0),
        (r#"{consumergroup="two-topics",topic="payments"}"#, 15.0),
    ]),
    ("kafka_consumergroup_stable_lag_sum", &[
        (r#"{consumergroup="behind-retention",topic="payments"}"#, 35.0),
        (r#"{consumergroup="billing",topic="orders"}"#, 10.0),
        (r#"{consumergroup="late-starter",topic="orders"}"#, 90.0),
        (r#"{consumergroup="two-topics",topic="orders"}"#, 30.0),
        (r#"{consumergroup="two-topics",topic="payments"}"#, 10.0),
    ]),
];

/// What else we add: the last test here looks at what is in seconds, those in `groups` at the rest.
const ELSEWHERE: [&str; 12] = [
    "kafka_consumergroup_commit_unmoved_seconds",
    "kafka_consumergroup_coordinator",
    "kafka_consumergroup_info",
    "kafka_consumergroup_lag_seconds",
    "kafka_consumergroup_lag_seconds_error",
    "kafka_consumergroup_lag_seconds_max",
    "kafka_consumergroup_lag_seconds_max_error",
    "kafka_consumergroup_partition_owner",
    "kafka_consumergroup_rebalances_observed_total",
    "kafka_consumergroup_retention_margin_seconds",
    "kafka_consumergroup_state",
    "kafka_consumergroup_state_seconds",
];

/// The first record that each group has not read on a topic, where it is furthest behind in time: group, topic, partition,
/// offset, which is that of the end where it has read all.
const UNREAD: [(&str, &str, i32, i64); 6] = [
    ("ahead", "payments", 0, 40),
    ("behind-retention", "payments", 0, 15),
    ("billing", "orders", 0, 90),
    ("late-starter", "orders", 0, 10),
    ("two-topics", "orders", 1, 20),
    ("two-topics", "payments", 0, 30),
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
        assert_eq!(not_zero, expected, "{family}");
    }
    let is_known = |name: &str| ADDED.iter().any(|(added, _)| *added == name) || ELSEWHERE.contains(&name);
    let unknown: Vec<_> = added.keys().filter(|series| !is_known(name(series))).collect();
    assert!(unknown.is_empty(), "nobody looks at {unknown:#?}");
}

/// Both pages that have the cluster on them, once what takes more than one look is there.
fn check_pages(all: &[Vitals], golden: &Golden) {
    for vitals in each(all) {
        searched(vitals);
        for path in ["/metrics/cluster", "/metrics"] {
            check(&vitals.page(path, Duration::from_secs(20)), golden);
        }
    }
}

/// The page, once the lag in seconds and the topics' policies are known.
fn searched(vitals: &Vitals) -> Page {
    let look = || {
        let page = vitals.page("/metrics/cluster", Duration::from_secs(20));
        let is_there = |(group, topic, _, offset): &(&str, &str, i32, i64)| {
            let labels = format!(r#"{{consumergroup="{group}",topic="{topic}"}}"#);
            // Who is not behind has no margin.
            let name = if *offset == 40 { "lag_seconds" } else { "retention_margin_seconds" };
            page.get(&format!("kafka_consumergroup_{name}{labels}")).is_some()
        };
        let missing = UNREAD.iter().find(|unread| !is_there(unread));
        missing.map_or(Ok(()), |missing| Err(format!("{missing:?}"))).map(|()| page)
    };
    wait_until(PATIENCE, "all lag in seconds", look).unwrap()
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

#[test]
fn the_golden_groups_are_as_far_behind_in_seconds_as_their_first_unread_records_are_old() {
    let times = ["orders/0", "orders/1", "payments/0"].map(|partition| {
        let (topic, id) = partition.split_once('/').unwrap();
        let records = current().kafka().read(topic, id.parse().unwrap()).unwrap();
        (partition, BTreeMap::from_iter(records))
    });
    let times = BTreeMap::from(times);
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    for vitals in each(&vitals_of_each(current(), &["--scrape.reuse=0s"])) {
        searched(vitals);
        let before = now();
        let page = searched(vitals);
        let after = now();
        for (group, topic, partition, offset) in UNREAD {
            let of_partition = &times[format!("{topic}/{partition}").as_str()];
            // Milliseconds, far below 2^53.
            let seconds = |time: i64| f64::from(u32::try_from(time / 1_000).unwrap());
            let age = |now: f64| of_partition.get(&offset).map_or(0.0, |written| now - seconds(*written));
            let [value, error] = ["lag_seconds", "lag_seconds_error"].map(|name| {
                page.value(&format!(r#"kafka_consumergroup_{name}{{consumergroup="{group}",topic="{topic}"}}"#))
            });
            // They are cut to whole seconds here.
            let (least, most) = ((age(before) - 1.0).max(0.0), age(after));
            let shown = format!("{group} {topic}: {value} s, error {error} s, truly {least} to {most} s");
            assert!(value - error <= most && least <= value + error && error <= f64::max(1.0, value / 4.0), "{shown}");
            let margin = r#"kafka_consumergroup_retention_margin_seconds{consumergroup="#;
            let margin = page.get(&format!(r#"{margin}"{group}",topic="{topic}"}}"#));
            // A week, by Kafka's defaults; nothing where records have been lost, or there is nothing to lose.
            match (group, margin) {
                ("ahead", None) | ("behind-retention", Some(0.0)) => {}
                (_, Some(margin)) if group != "ahead" => {
                    let left = 7.0 * 86_400.0 - value;
                    assert!((margin - left).abs() <= error + 1.0, "{shown}: {margin}");
                }
                (_, margin) => panic!("{shown}: {margin:?}"),
            }
        }
        // A group is as far behind as on its worst topic.
        for group in ["ahead", "behind-retention", "billing", "late-starter", "two-topics"] {
            let labels = format!(r#"consumergroup="{group}""#);
            let topics = page.named("kafka_consumergroup_lag_seconds");
            let topics = topics.iter().filter(|(series, _)| series.contains(&labels)).map(|(_, value)| *value);
            let (whole, most) =
                (page.value(&format!("kafka_consumergroup_lag_seconds_max{{{labels}}}")), topics.fold(0.0, f64::max));
            let error = page.value(&format!("kafka_consumergroup_lag_seconds_max_error{{{labels}}}"));
            assert!((whole - most).abs() <= error, "{group}: {whole} with an error of {error}, {most}");
        }
        let unknown = page.named("kafka_consumergroup_lag_seconds_unknown_partitions");
        let unknown: Vec<_> = unknown.keys().filter(|series| belongs_here(series)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
