//! Logs that are more than the records that were written to them: transactions, compaction, retention.

use kafka_lab::{NewTopic, Record, Transaction, wait_until};

use crate::log::{Moment, Retention};
use crate::scenario::{Group, REFRESH, Scenario, WAIT, ago, everywhere, now, watching};
use crate::shown::{Scrape, as_value, is_not_younger};
use crate::support::at_once;
use crate::world::World;

/// Each record begins a segment of its own, if it is a minute or more younger than the one before.
const SEGMENT_PER_RECORD: (&str, &str) = ("segment.ms", "59000");

/// The lag against the last stable offset, over each engine.
fn stable_lag_is(scenario: &Scenario<'_>, groups: &[Group], expected: &[i64]) {
    scenario.until("lag against the last stable offset", |scrape| {
        for (group, expected) in groups.iter().zip(expected) {
            let lag = scrape.of_topic("stable_lag_sum", group, scenario.name);
            assert_eq!(lag.ok_or("none")?, as_value(*expected), "{group:?}");
        }
        Ok(())
    });
}

/// Writes a record for each of these times as part of a transaction.
pub(crate) fn write(scenario: &mut Scenario<'_>, transaction: &Transaction, times: &[i64]) {
    let records = times.iter().map(|time| (scenario.name, Record::to_partition(0, "x").at(*time)));
    transaction.produce(records).unwrap();
    times.iter().for_each(|time| scenario.log(0).append(Moment::at(*time)));
}

/// Ends a transaction, which writes a marker with the time of the broker's clock, and that some moments later.
pub(crate) fn end(scenario: &mut Scenario<'_>, ends: impl FnOnce() -> kafka_lab::Result<()>) {
    let earliest = now();
    ends().unwrap();
    let (kafka, written) = (scenario.kafka(), scenario.logs[0].end() + 1);
    wait_until(WAIT, "the marker", || match kafka.bounds(scenario.name, 0).map_err(|error| error.to_string())? {
        (_, end) if end == written => Ok(()),
        bounds => Err(format!("{bounds:?}")),
    })
    .unwrap();
    scenario.log(0).append(Moment { earliest, latest: now() });
}

pub(crate) fn records_in_an_open_transaction_are_lag_but_not_to_readers_of_what_is_committed(world: World) {
    let cluster = world.shared();
    let mut scenario = Scenario::with_topic(&cluster, "transaction", 1, &[]);
    scenario.write(0, &ago(&[900, 800, 700]));
    let transaction = scenario.kafka().begin_transaction("transaction-a").unwrap();
    write(&mut scenario, &transaction, &ago(&[600, 500]));
    scenario.write(0, &ago(&[400]));
    // At the first record in doubt, behind all that is in doubt, and before that.
    let groups = scenario.commit_at(&[("stable", 3), ("end", 6), ("before", 1)]);
    scenario.is_right(&groups);
    stable_lag_is(&scenario, &groups, &[0, 0, 2]);

    end(&mut scenario, || transaction.commit());
    scenario.is_right(&groups);
    stable_lag_is(&scenario, &groups, &[4, 1, 6]);

    let transaction = scenario.kafka().begin_transaction("transaction-a").unwrap();
    write(&mut scenario, &transaction, &ago(&[300, 200]));
    end(&mut scenario, || transaction.abort());
    scenario.is_right(&groups);
    stable_lag_is(&scenario, &groups, &[7, 4, 9]);
}

pub(crate) fn in_a_compacted_log_the_next_record_that_is_left_counts(world: World) {
    let cluster = world.shared();
    let not_yet = [
        ("cleanup.policy", "compact"),
        ("min.cleanable.dirty.ratio", "0.01"),
        ("min.compaction.lag.ms", "9223372036854775807"),
        SEGMENT_PER_RECORD,
    ];
    let mut scenario = Scenario::with_topic(&cluster, "compacted", 1, &not_yet);
    scenario.retention = Retention::Never;
    let keys = ["a", "b", "a", "c", "b", "a", "d", "b", "a", "e"];
    let times = [9_000, 8_700, 8_400, 8_100, 7_800, 7_500, 7_200, 6_900, 6_600, 6_300];
    write_with_keys(&mut scenario, &keys, &times);
    let groups = everywhere(&scenario);
    scenario.is_right(&groups);
    // Who must not ask for configurations remembers what will be removed.
    let unaware = watching(&cluster, "compacted", REFRESH, &["--topic.configs=false"]);
    let show_nothing_younger = |scenario: &Scenario<'_>| {
        for scrape in at_once(&unaware, |vitals| Scrape::of(vitals, "unaware")) {
            groups.iter().for_each(|group| assert!(is_not_younger(&scrape, scenario, group), "{group:?}"));
        }
    };
    show_nothing_younger(&scenario);

    scenario.kafka().configure_topic("compacted", "min.compaction.lag.ms", "0").unwrap();
    // The last record of a key stays, and so does what is in the segment that is written to.
    scenario.log(0).retain(|offset| [3, 6, 7, 8, 9].contains(&offset));
    until_left(&scenario);
    scenario.is_right(&groups);
    show_nothing_younger(&scenario);
}

pub(crate) fn a_hole_in_a_log_that_is_too_wide_to_tell_the_age_is_told_as_the_reason(world: World) {
    let cluster = world.shared();
    // Retention is in force too: the margin ends where the hole begins.
    let policy = [("cleanup.policy", "compact,delete"), ("min.cleanable.dirty.ratio", "0.01"), SEGMENT_PER_RECORD];
    let mut scenario = Scenario::with_topic(&cluster, "hole", 1, &policy);
    let keys = ["a", "a", "a", "b", "a", "c", "a", "d"];
    write_with_keys(&mut scenario, &keys, &[90_000, 80_000, 70_000, 60_000, 20_000, 12_000, 11_000, 1_000]);
    // At 4 the one before is five times as old as the next one.
    scenario.log(0).retain(|offset| [3, 5, 6, 7].contains(&offset));
    until_left(&scenario);
    scenario.is_right(&everywhere(&scenario));
}

/// Writes a record with each of these keys, so many seconds ago.
fn write_with_keys(scenario: &mut Scenario<'_>, keys: &[&'static str], seconds: &[i64]) {
    for (time, key) in ago(seconds).into_iter().zip(keys) {
        scenario.kafka().produce([(scenario.name, Record::to_partition(0, "x").key(*key).at(time))]).unwrap();
        scenario.log(0).append(Moment::at(time));
    }
}

/// Waits until nothing stands in the log but what is left of it.
fn until_left(scenario: &Scenario<'_>) {
    wait_until(WAIT, "Kafka to remove records", || {
        let left = scenario.kafka().read(scenario.name, 0).map_err(|error| error.to_string())?;
        if left == scenario.logs[0].records() { Ok(()) } else { Err(format!("{left:?}")) }
    })
    .unwrap();
}

pub(crate) fn retention_that_passes_a_group_is_told_and_the_seconds_are_those_of_the_first_record_left(world: World) {
    let cluster = world.shared();
    let mut scenario = Scenario::with_topic(&cluster, "retention", 1, &[SEGMENT_PER_RECORD]);
    for time in ago(&[9_000, 8_000, 7_000, 6_000, 5_000, 900, 800, 700]) {
        scenario.write(0, &[time]);
    }
    let groups = scenario.commit_at(&[("passed", 2), ("at", 5), ("ahead", 7), ("end", 8), ("first", 0)]);
    scenario.is_right(&groups);

    scenario.kafka().configure_topic("retention", "retention.ms", "3600000").unwrap();
    scenario.log(0).retain_from(5);
    until_left(&scenario);
    scenario.refreshed();
    scenario.is_right(&groups);
}

pub(crate) fn where_retention_is_by_time_alone_its_margin_is_what_is_left_of_that_time(world: World) {
    let cluster = world.shared();
    let mut scenario = Scenario::new(&cluster, "timed");
    scenario.retention = Retention::OlderThan(86_400_000);
    scenario.create(NewTopic::new("timed", 1), 1);
    scenario.write(0, &ago(&[40_000, 30_000, 700, 600]));
    scenario.is_right(&scenario.commit_at(&[("first", 0), ("second", 1), ("last", 3), ("end", 4)]));
}
