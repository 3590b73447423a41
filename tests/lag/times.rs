//! Times of records that do not grow with the offsets, are not from the past, or are not the producer's.

use std::thread::sleep;
use std::time::Duration;

use kafka_lab::Record;

use crate::log::Moment;
use crate::scenario::{Scenario, ago, everywhere, now};
use crate::world::World;

/// From Kafka 4.0 on, records that are more than an hour ahead are refused without it.
const ANY_FUTURE: (&str, &str) = ("message.timestamp.after.max.ms", "9223372036854775807");

pub(crate) fn times_out_of_order_count_as_the_youngest_up_to_there(world: World) {
    let cluster = world.shared();
    let mut scenario = Scenario::with_topic(&cluster, "disorder", 1, &[]);
    scenario.write(0, &ago(&[5_000, 9_000, 4_000, 4_000, 700, 90_000, 800, 650, 3_000, 60, 60, 7_000, 20, 400]));
    scenario.is_right(&everywhere(&scenario));
}

pub(crate) fn records_from_the_future_are_no_lag_and_hide_the_time_of_those_behind_them(world: World) {
    let cluster = world.shared();
    let mut scenario = Scenario::with_topic(&cluster, "future", 1, &[ANY_FUTURE]);
    scenario.write(0, &ago(&[900, 300, -7_200, 200, 100]));
    scenario.is_right(&everywhere(&scenario));
}

pub(crate) fn records_without_a_time_have_none(world: World) {
    let cluster = world.shared();
    let mut scenario = Scenario::with_topic(&cluster, "timeless", 1, &[]);
    scenario.write(0, &[-1, -1, -1]);
    assert_eq!(scenario.kafka().read("timeless", 0).unwrap(), scenario.logs[0].records());
    scenario.is_right(&everywhere(&scenario));
}

pub(crate) fn where_the_broker_sets_the_time_that_counts(world: World) {
    let cluster = world.shared();
    let mut scenario = Scenario::with_topic(&cluster, "appended", 1, &[("message.timestamp.type", "LogAppendTime")]);
    // What the producer says is of no account.
    for said in [7_000, 9_000, 8_000] {
        let earliest = now();
        let record = Record::to_partition(0, "x").at(earliest - said);
        scenario.kafka().produce([("appended", record)]).unwrap();
        let moment = Moment { earliest, latest: now() };
        scenario.log(0).append(moment);
        sleep(Duration::from_secs(1));
    }
    scenario.is_right(&everywhere(&scenario));
}
