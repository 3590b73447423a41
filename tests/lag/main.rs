//! Lag in records and in seconds of a real Kafka, over both engines, with everything that happens to topics and groups.
//! What is true is known, since the tests write every record with its time.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod brokers;
mod changes;
mod log;
mod logs;
mod markers;
mod positions;
mod scenario;
mod shown;
#[path = "../support/mod.rs"]
mod support;
mod times;
mod world;

use world::World;

/// Each of these on Kafka 4.3.0 and 3.9.1, at the same time: mostly they wait.
macro_rules! on_each_kafka {
    ($($module:ident::$test:ident,)*) => {
        $(#[test] fn $test() { on_each_kafka($module::$test) })*
    };
}

fn on_each_kafka(test: fn(World)) {
    support::at_once(&[World::Current, World::Old], |world| test(*world));
}

on_each_kafka! {
    positions::every_position_in_a_log_has_its_own_lag,
    positions::a_group_that_has_read_to_the_end_stays_at_zero_and_one_behind_grows_older_when_the_producer_stops,
    positions::partitions_without_a_commit_have_no_lag_and_are_in_no_sum,
    positions::the_partition_that_is_furthest_behind_tells_the_seconds,
    times::times_out_of_order_count_as_the_youngest_up_to_there,
    times::records_from_the_future_are_no_lag_and_hide_the_time_of_those_behind_them,
    times::records_without_a_time_have_none,
    times::where_the_broker_sets_the_time_that_counts,
    logs::records_in_an_open_transaction_are_lag_but_not_to_readers_of_what_is_committed,
    markers::who_has_only_markers_left_has_caught_up_if_that_is_wanted,
    logs::in_a_compacted_log_the_next_record_that_is_left_counts,
    logs::a_hole_in_a_log_that_is_too_wide_to_tell_the_age_is_told_as_the_reason,
    logs::retention_that_passes_a_group_is_told_and_the_seconds_are_those_of_the_first_record_left,
    logs::where_retention_is_by_time_alone_its_margin_is_what_is_left_of_that_time,
    changes::a_topic_that_is_deleted_and_made_anew_has_nothing_of_the_old_one,
    changes::partitions_that_are_added_are_missing_in_no_sum_and_count_once_they_are_committed_to,
    changes::a_group_that_is_reset_backwards_is_as_far_behind_as_it_then_is,
    changes::a_rebalance_in_progress_changes_no_lag,
    brokers::a_frozen_leader_makes_lag_unknown_and_not_smaller,
}

/// One node has nowhere to move a leader to.
#[test]
fn leaders_that_move_change_no_lag() {
    brokers::leaders_that_move_change_no_lag(World::Current);
}
