//! What a page shows of a group's lag, against what is known of the topic: absent is not known yet, present must be right.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::log::{Age, Log, Retention};
use crate::scenario::{Group, Scenario, now};
use crate::support::{Page, Vitals};

/// What a scrape may take.
const SCRAPE: Duration = Duration::from_secs(10);
/// Clocks are read to the millisecond.
const CLOCK: f64 = 0.005;

/// A page, and when it was made.
#[derive(Debug)]
pub(crate) struct Scrape<'a> {
    pub(crate) page: Page,
    /// The clock before and after, milliseconds since 1970.
    pub(crate) from: i64,
    pub(crate) to: i64,
    /// For messages.
    what: &'a str,
}

/// The lag of a group in seconds.
#[derive(Debug, PartialEq)]
enum Seconds {
    /// Between these.
    Between(f64, f64),
    /// Partitions by the reason why it cannot be known.
    Unknown(BTreeMap<&'static str, u32>),
}

impl<'a> Scrape<'a> {
    pub(crate) fn of(vitals: &Vitals, what: &'a str) -> Self {
        let from = now();
        let page = vitals.page("/metrics/cluster", SCRAPE);
        Self { page, from, to: now(), what }
    }

    /// `kafka_consumergroup_<name>` of a group on a topic.
    pub(crate) fn of_topic(&self, name: &str, group: &Group, topic: &str) -> Option<f64> {
        let group = &group.name;
        self.page.get(&format!(r#"kafka_consumergroup_{name}{{consumergroup="{group}",topic="{topic}"}}"#))
    }

    /// `kafka_consumergroup_<name>` of a group.
    pub(crate) fn of_group(&self, name: &str, group: &Group) -> Option<f64> {
        self.page.get(&format!(r#"kafka_consumergroup_{name}{{consumergroup="{}"}}"#, group.name))
    }

    /// `kafka_consumergroup_<name>` of a group on a partition.
    pub(crate) fn of_partition(&self, name: &str, group: &Group, topic: &str, partition: usize) -> Option<f64> {
        let group = &group.name;
        let labels = format!(r#"{{consumergroup="{group}",partition="{partition}",topic="{topic}"}}"#);
        self.page.get(&format!("kafka_consumergroup_{name}{labels}"))
    }

    /// Partitions whose lag in seconds is unknown, by reason.
    pub(crate) fn unknown_seconds(&self, group: &Group, topic: &str, reason: &str) -> f64 {
        self.unknown("kafka_consumergroup_lag_seconds_unknown_partitions", group, topic, reason)
    }

    /// Partitions whose lag in records is unknown, by reason.
    pub(crate) fn unknown_records(&self, group: &Group, topic: &str, reason: &str) -> f64 {
        self.unknown("kafka_consumergroup_lag_unknown_reason_partitions", group, topic, reason)
    }

    fn unknown(&self, name: &str, group: &Group, topic: &str, reason: &str) -> f64 {
        let group = &group.name;
        let labels = format!(r#"{{consumergroup="{group}",topic="{topic}",reason="{reason}"}}"#);
        self.page.get(&format!("{name}{labels}")).unwrap_or(0.0)
    }
}

/// Whether all of a group's lag is on the page; the error says what is not yet.
///
/// # Panics
/// When something is there and wrong.
#[track_caller]
pub(crate) fn shown(scrape: &Scrape<'_>, scenario: &Scenario<'_>, group: &Group) -> Result<(), String> {
    // What is absent in one must not hide what is wrong in another.
    let all = [records_are_right, seconds_are_right, margin_is_right].map(|is_right| is_right(scrape, scenario, group));
    all.into_iter().collect()
}

/// The group's lag in records.
#[track_caller]
pub(crate) fn records_are_right(scrape: &Scrape<'_>, scenario: &Scenario<'_>, group: &Group) -> Result<(), String> {
    let (what, topic, name) = (scrape.what, scenario.name, &group.name);
    let committed = || scenario.committed(group);
    let behind = || committed().filter(|(log, at)| log.lag(*at) > 0);
    let of_partition = scenario.logs.iter().zip(&group.committed).enumerate().map(|(partition, (log, at))| {
        let shown = scrape.of_partition("lag", group, topic, partition);
        (format!("lag on {partition}"), shown, Some(at.map_or(-1, |at| log.lag(at))))
    });
    let margin = behind().map(|(log, at)| log.margin(at)).min().filter(|_| scenario.retention != Retention::Never);
    let of_topic = [
        ("current_offset_sum", Some(committed().map(|(_, at)| at).sum::<i64>())),
        ("lag_sum", Some(committed().map(|(log, at)| log.lag(at)).sum())),
        ("lost_records", Some(committed().map(|(log, at)| log.lost(at)).sum())),
        ("beyond_end_partitions", Some(committed().map(|(log, at)| i64::from(at > log.end())).sum())),
        ("retention_margin_records", margin),
    ];
    let of_topic =
        of_topic.map(|(series, expected)| (series.to_owned(), scrape.of_topic(series, group, topic), expected));
    let most = committed().map(|(log, at)| log.lag(at)).max().unwrap_or_default();
    let of_group = ("lag_max".to_owned(), scrape.of_group("lag_max", group), Some(most));

    let mut missing = Ok(());
    for (series, shown, expected) in of_partition.chain(of_topic).chain([of_group]) {
        match (shown, expected) {
            (None, Some(_)) => missing = Err(format!("no {series} of {name}")),
            _ => assert_eq!(shown, expected.map(as_value), "{what}: {series} of {name}"),
        }
    }
    if missing.is_ok() {
        assert_eq!(scrape.of_topic("lag_unknown_partitions", group, topic), Some(0.0), "{what}: {name}");
    }
    missing
}

/// The group's lag in seconds, and the reasons where it cannot be known.
#[track_caller]
fn seconds_are_right(scrape: &Scrape<'_>, scenario: &Scenario<'_>, group: &Group) -> Result<(), String> {
    let (what, topic, name) = (scrape.what, scenario.name, &group.name);
    let value = scrape.of_topic("lag_seconds", group, topic);
    let error = scrape.of_topic("lag_seconds_error", group, topic);
    let of_group = (scrape.of_group("lag_seconds_max", group), scrape.of_group("lag_seconds_max_error", group));
    assert_eq!(of_group, (value, error), "{what}: the greatest of {name} is that of its only topic");
    let searching = scrape.unknown_seconds(group, topic, "searching");
    for (partition, (log, committed)) in scenario.logs.iter().zip(&group.committed).enumerate() {
        let value = scrape.of_partition("partition_lag_seconds", group, topic, partition);
        let error = scrape.of_partition("partition_lag_seconds_error", group, topic, partition);
        let whose = format!("{what}: {name} on {partition}");
        match (committed.map(|at| seconds(scrape, &[(log, at)])), value.zip(error)) {
            (Some(Seconds::Between(least, most)), Some(shown)) => assert_is_between(shown, least, most, &whose),
            (Some(Seconds::Between(..)), None) if value.is_none() && error.is_none() => {}
            (Some(Seconds::Unknown(_)) | None, None) if value.is_none() && error.is_none() => {}
            (expected, _) => panic!("{whose}: {value:?} with {error:?}, and it is {expected:?}"),
        }
    }
    let committed: Vec<_> = scenario.committed(group).collect();
    match (seconds(scrape, &committed), value, error) {
        (Seconds::Between(least, most), Some(value), Some(error)) => {
            assert_is_between((value, error), least, most, &format!("{what}: {name}"));
            assert_eq!(searching, 0.0, "{what}: {name}");
            Ok(())
        }
        (Seconds::Unknown(reasons), None, None) => {
            for (reason, partitions) in reasons {
                let shown = scrape.unknown_seconds(group, topic, reason);
                if searching > 0.0 {
                    return Err(format!("{name} is {reason}, and {searching} partitions are still searched"));
                }
                assert_eq!(shown, f64::from(partitions), "{what}: {name} is {reason}");
            }
            Ok(())
        }
        (Seconds::Between(..), None, None) => Err(format!("no seconds of {name}, {searching} partitions are searched")),
        (expected, value, error) => panic!("{what}: {value:?} with {error:?} of {name}, and it is {expected:?}"),
    }
}

/// What is shown holds the truth, and not much more.
#[track_caller]
fn assert_is_between((value, error): (f64, f64), least: f64, most: f64, whose: &str) {
    let shown = format!("{whose}: {value} s with an error of {error} s, truly {least} to {most} s");
    assert!(value - error - CLOCK <= most && value + error + CLOCK >= least, "{shown}");
    assert!(value >= 0.0 && error >= 0.0 && error <= f64::max(1.0, value / 4.0), "{shown}");
}

/// If the group's lag in seconds is on the page, then none that is younger than it is: what is shown without knowing that the
/// topic is compacted, as if what is removed were there. Whether it is.
#[track_caller]
pub(crate) fn is_not_younger(scrape: &Scrape<'_>, scenario: &Scenario<'_>, group: &Group) -> bool {
    let [value, error] = ["lag_seconds", "lag_seconds_error"].map(|name| scrape.of_topic(name, group, scenario.name));
    let Some((value, error)) = value.zip(error) else { return false };
    for (log, committed) in scenario.committed(group) {
        let (Age::Since(next) | Age::Hole { next, .. }) = log.age(committed, scrape.from) else { continue };
        let least = as_seconds(scrape.from - next.latest);
        let shown = format!("{}: {value} s with an error of {error} s of {group:?}", scrape.what);
        assert!(value + error + CLOCK >= least, "{shown}, truly {least} s");
    }
    true
}

/// The greatest of these partitions, each with what the group has committed, by what was written to them.
fn seconds(scrape: &Scrape<'_>, committed: &[(&Log, i64)]) -> Seconds {
    let (mut least, mut most) = (0.0_f64, 0.0_f64);
    let mut unknown = BTreeMap::new();
    for (log, committed) in committed {
        match log.age(*committed, scrape.from) {
            Age::Zero => {}
            // Where it may be one of two times that are far apart, none is shown.
            Age::Hole { before, next } if !is_shown(scrape.from - next.latest, scrape.from - before.earliest) => {
                *unknown.entry("compaction").or_default() += 1;
            }
            Age::Since(next) | Age::Hole { next, .. } => {
                least = least.max(as_seconds(scrape.from - next.latest));
                most = most.max(as_seconds(scrape.to - next.earliest));
            }
            Age::NoTimestamp => *unknown.entry("no_timestamp").or_default() += 1,
            Age::Future => *unknown.entry("future_timestamp").or_default() += 1,
        }
    }
    if unknown.is_empty() { Seconds::Between(least, most) } else { Seconds::Unknown(unknown) }
}

/// The time that retention has until it comes to what the group has not read: the least of the partitions.
#[track_caller]
fn margin_is_right(scrape: &Scrape<'_>, scenario: &Scenario<'_>, group: &Group) -> Result<(), String> {
    let (what, name) = (scrape.what, &group.name);
    let shown = scrape.of_topic("retention_margin_seconds", group, scenario.name);
    let margin_of = |(log, at): (&Log, i64)| log.margin_in_time(at, scrape.from, scenario.retention);
    let margin = scenario.committed(group).filter_map(margin_of).min_by_key(|(_, margin)| *margin);
    match (margin.filter(|(least, margin)| is_shown(*least, *margin)), shown) {
        (None, None) => Ok(()),
        (Some((_, margin)), Some(shown)) => {
            let margin = as_seconds(margin);
            let error = f64::max(1.0, shown / 4.0) + as_seconds(scrape.to - scrape.from) + CLOCK;
            assert!((shown - margin).abs() <= error, "{what}: {shown} {margin} {name}");
            Ok(())
        }
        (Some(_), None) => Err(format!("no retention_margin_seconds of {name}")),
        (None, Some(shown)) => panic!("{what}: {name} has no margin of {shown} s"),
    }
}

/// Whether what is only known to lie between these is precise enough: to a second or 25 %.
fn is_shown(least: i64, most: i64) -> bool {
    let (half, middle) = ((most - least) / 2, (most + least) / 2);
    half <= i64::max(1_000, middle / 4)
}

fn as_seconds(milliseconds: i64) -> f64 {
    as_value(milliseconds) / 1e3
}

/// Far below 2^53.
pub(crate) fn as_value(number: i64) -> f64 {
    f64::from(i32::try_from(number).unwrap())
}
