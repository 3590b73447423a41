//! Groups at all kinds of positions in logs that stand still.

use std::thread::sleep;
use std::time::Duration;

use kafka_lab::GroupProtocol;

use crate::scenario::{Group, Scenario, WAIT, ago, now};
use crate::support::each;
use crate::world::World;

/// Times of records over five days: steady, then a burst, then an outage of a day, then a trickle.
fn week() -> Vec<i64> {
    const HOUR: i64 = 3_600;
    let steady = (24..120).rev().flat_map(|hour| (0..20).map(move |n| hour * HOUR - n * 170));
    let burst = (0..2_000).map(|n| 23 * HOUR + 1_800 - n / 10);
    let trickle = (1..40).rev().map(|n| n * 7);
    ago(&steady.chain(burst).chain(trickle).collect::<Vec<_>>())
}

pub(crate) fn every_position_in_a_log_has_its_own_lag(world: World) {
    let cluster = world.shared();
    let mut scenario = Scenario::with_topic(&cluster, "positions", 1, &[]);
    scenario.write(0, &week());
    let end = scenario.logs[0].end();
    let near_the_end = (0..12).map(|n| end - n);
    let names: Vec<(String, i64)> =
        (0..=40).map(|n| n * end / 40).chain(near_the_end).enumerate().map(|(n, at)| (n.to_string(), at)).collect();
    let groups: Vec<(&str, i64)> = names.iter().map(|(name, at)| (name.as_str(), *at)).collect();
    let groups = scenario.commit_at(&groups);
    scenario.is_right(&groups);
}

pub(crate) fn a_group_that_has_read_to_the_end_stays_at_zero_and_one_behind_grows_older_when_the_producer_stops(
    world: World,
) {
    let cluster = world.shared();
    let mut scenario = Scenario::with_topic(&cluster, "stopped", 1, &[]);
    scenario.write(0, &ago(&[60, 50, 0]));
    let groups = scenario.commit_at(&[("done", 3), ("behind", 2)]);
    let before = now();
    scenario.is_right(&groups);
    // An age that did not move with the clock would be too small then, whatever its error is.
    let old = Duration::from_secs(5);
    sleep(old.saturating_sub(Duration::from_millis(u64::try_from(now() - before).unwrap())));
    scenario.is_right(&groups);
    for vitals in each(&scenario.all) {
        let page = vitals.page("/metrics/cluster", WAIT);
        for name in ["lag_seconds", "lag_seconds_error", "lag_sum"] {
            let labels = r#"{consumergroup="stopped-done",topic="stopped"}"#;
            assert_eq!(page.value(&format!("kafka_consumergroup_{name}{labels}")), 0.0);
        }
    }
}

pub(crate) fn partitions_without_a_commit_have_no_lag_and_are_in_no_sum(world: World) {
    let cluster = world.shared();
    let mut scenario = Scenario::with_topic(&cluster, "uncommitted", 3, &[]);
    for (partition, times) in [(0, &[9_000, 8_000][..]), (1, &[700, 600, 500]), (2, &[30])] {
        scenario.write(partition, &ago(times));
    }
    let groups = scenario.commit(&[("part", &[None, Some(1), None]), ("done", &[None, Some(3), Some(1)])]);
    let kinds: &[_] = match world {
        World::Current => &[GroupProtocol::Classic, GroupProtocol::Consumer],
        World::Old => &[GroupProtocol::Classic],
    };
    let member = |protocol: &GroupProtocol| {
        let name = format!("uncommitted-{protocol:?}");
        let member = scenario.kafka().member(&name, &[scenario.name]).protocol(*protocol).start().unwrap();
        scenario.kafka().await_stable(&name, 1, WAIT).unwrap();
        (Group { name, committed: Vec::new() }, member)
    };
    let members: Vec<_> = kinds.iter().map(member).collect();
    scenario.is_right(&groups);
    scenario.until("members without a commit", |scrape| {
        for (group, _) in &members {
            assert_eq!(scrape.of_group("members", group), Some(1.0), "{group:?}");
            let of_group = format!(r#"consumergroup="{}""#, group.name);
            let lag = scrape.page.series.keys().find(|series| series.contains(&of_group) && series.contains("lag"));
            assert_eq!(lag, None);
        }
        Ok(())
    });
}

pub(crate) fn the_partition_that_is_furthest_behind_tells_the_seconds(world: World) {
    let cluster = world.shared();
    let mut scenario = Scenario::with_topic(&cluster, "furthest", 4, &[]);
    // The oldest records are not where most are, nor in the partition that comes first or last.
    let times: [&[i64]; 4] = [&[100, 90, 80, 70, 60], &[40_000, 30_000, 20_000, 20], &[50], &[600, 500, 400, 300, 5]];
    for (partition, times) in (0..).zip(times) {
        scenario.write(partition, &ago(times));
    }
    let groups = scenario.commit(&[
        ("old", &[Some(0), Some(2), Some(1), Some(3)]),
        ("older", &[Some(5), Some(0), Some(0), Some(0)]),
        ("young", &[Some(3), Some(3), Some(0), Some(4)]),
        ("done", &[Some(5), Some(4), Some(1), Some(5)]),
    ]);
    scenario.is_right(&groups);
}
