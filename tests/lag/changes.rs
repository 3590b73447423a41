//! Topics and groups that change while they are watched.

use std::time::Duration;

use kafka_lab::NewTopic;

use crate::scenario::{Scenario, ago};
use crate::shown::records_are_right;
use crate::world::World;

pub(crate) fn a_topic_that_is_deleted_and_made_anew_has_nothing_of_the_old_one(world: World) {
    let cluster = world.shared();
    let mut scenario = Scenario::with_topic(&cluster, "anew", 1, &[]);
    scenario.write(0, &ago(&[90_000, 80_000, 70_000, 60_000, 50_000, 40_000]));
    let at = [("3", 3), ("5", 5)];
    scenario.is_right(&scenario.commit_at(&at));

    // Nobody looks while it is gone, and the new log is longer than the old one.
    scenario.kafka().delete_topic("anew").unwrap();
    make(&mut scenario);
    scenario.write(0, &ago(&[800, 700, 600, 500, 400, 300, 200]));
    let groups = scenario.commit_at(&at);
    scenario.refreshed();
    scenario.is_right(&groups);

    // This time they see that it is gone, and one group goes on from where it was: beyond the end.
    scenario.kafka().delete_topic("anew").unwrap();
    scenario.until("the topic to be gone", |scrape| {
        let of_topic = |series: &&String| series.contains(r#"topic="anew""#);
        let left = scrape.page.series.keys().find(of_topic);
        left.map_or(Ok(()), |series| Err(series.clone()))
    });
    make(&mut scenario);
    scenario.write(0, &ago(&[8_000, 7_000]));
    scenario.is_right(&scenario.commit_at(&[("3", 1), ("5", 5)]));
}

fn make(scenario: &mut Scenario<'_>) {
    scenario.create(NewTopic::new(scenario.name, 1), 1);
}

pub(crate) fn partitions_that_are_added_are_missing_in_no_sum_and_count_once_they_are_committed_to(world: World) {
    let cluster = world.shared();
    // They are committed to before kafka-vitals would look for them.
    let mut scenario = Scenario::remembering(&cluster, "added", Duration::from_secs(10));
    scenario.create(NewTopic::new("added", 1), 1);
    scenario.write(0, &ago(&[500, 400, 300]));
    scenario.is_right(&scenario.commit_at(&[("behind", 1), ("done", 3)]));

    scenario.add_partitions(3);
    scenario.write(2, &ago(&[9_000, 8_000]));
    scenario.is_right(&scenario.commit(&[("behind", &[Some(1), None, Some(0)]), ("done", &[Some(3), None, Some(2)])]));

    scenario.write(1, &ago(&[90_000, 80_000]));
    scenario.is_right(&scenario.commit(&[("behind", &[Some(1), None, Some(0)]), ("done", &[Some(3), None, Some(2)])]));
    scenario.is_right(&scenario.commit(&[("done", &[Some(3), Some(1), Some(2)])]));
}

pub(crate) fn a_group_that_is_reset_backwards_is_as_far_behind_as_it_then_is(world: World) {
    let cluster = world.shared();
    let mut scenario = Scenario::with_topic(&cluster, "reset", 1, &[]);
    scenario.write(0, &ago(&[90_000, 80_000, 7_000, 6_000, 500, 400, 300]));
    for at in [7, 2, 5, 0, 6] {
        scenario.is_right(&scenario.commit_at(&[("group", at)]));
    }
}

pub(crate) fn a_rebalance_in_progress_changes_no_lag(world: World) {
    let cluster = world.shared();
    let mut scenario = Scenario::with_topic(&cluster, "rebalance", 2, &[]);
    scenario.write(0, &ago(&[500, 400, 300]));
    scenario.write(1, &ago(&[900, 20]));
    let groups = scenario.commit(&[("stuck", &[Some(1), Some(1)])]);
    scenario.kafka().join_silently("rebalance-stuck", &["rebalance"]).unwrap();
    let state = |scenario: &Scenario<'_>| scenario.kafka().groups().unwrap()["rebalance-stuck"].state.clone();
    assert_eq!(state(&scenario), "CompletingRebalance");
    scenario.is_right(&groups);
    scenario.write(1, &ago(&[10]));
    scenario.until("the new record", |scrape| records_are_right(scrape, &scenario, &groups[0]));
    scenario.is_right(&groups);
    assert_eq!(state(&scenario), "CompletingRebalance");
}
