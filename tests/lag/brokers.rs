//! Brokers that hand their partitions over, or that stop answering.

use kafka_lab::NewTopic;

use crate::scenario::{Group, Scenario, WAIT, ago};
use crate::shown::{Scrape, shown};
use crate::support::at_once;
use crate::world::World;

pub(crate) fn leaders_that_move_change_no_lag(world: World) {
    let cluster = world.shared();
    let mut scenario = Scenario::new(&cluster, "moved");
    scenario.create(NewTopic::new("moved", 1).assignment(&[&[1, 2, 3], &[2, 3, 1]]), 2);
    scenario.write(0, &ago(&[9_000, 8_000, 700, 600]));
    scenario.write(1, &ago(&[500, 400]));
    let groups = scenario.commit(&[("behind", &[Some(1), Some(0)]), ("done", &[Some(4), Some(2)])]);
    scenario.is_right(&groups);
    for leader in [2, 3, 1] {
        scenario.kafka().move_leader("moved", 0, leader).unwrap();
        // The leader that is remembered answers that it is none: absent is right then, anything else is not.
        scenario.is_right(&groups);
        scenario.write(0, &ago(&[50]));
        scenario.is_right(&groups);
    }
}

/// What the leader would have to tell of a topic is absent, and told to be.
fn is_unknown(scrape: &Scrape<'_>, topic: &str, group: &Group) -> Result<(), String> {
    for name in ["lag_sum", "lag_seconds", "lag_seconds_error"] {
        assert_eq!(scrape.of_topic(name, group, topic), None, "{name} of {group:?}");
    }
    for name in ["lag_max", "lag_seconds_max", "lag_seconds_max_error"] {
        assert_eq!(scrape.of_group(name, group), None, "{name} of {group:?}");
    }
    for name in ["lag", "partition_lag_seconds", "partition_lag_seconds_error"] {
        assert_eq!(scrape.of_partition(name, group, topic, 1), None, "{name} of {group:?}");
    }
    assert_eq!(scrape.of_partition("lag", group, topic, 0), Some(2.0), "{group:?}");
    assert_eq!(scrape.of_topic("lag_unknown_partitions", group, topic), Some(1.0), "{group:?}");
    assert_eq!(scrape.unknown_records(group, topic, "timeout"), 1.0, "{group:?}");
    assert_eq!(scrape.unknown_seconds(group, topic, "lag"), 1.0, "{group:?}");
    Ok(())
}

pub(crate) fn a_frozen_leader_makes_lag_unknown_and_not_smaller(world: World) {
    let cluster = world.alone();
    let nodes = cluster.nodes();
    let mut scenario = Scenario::new(&cluster, "frozen");
    // Broker 1 leads what stays, the last one what does not; with one node both are the same.
    let frozen = nodes.last().unwrap();
    scenario.create(NewTopic::new("frozen", 2).assignment(&[&[1], &[frozen.id()]]), 2);
    scenario.write(0, &ago(&[9_000, 8_000, 700]));
    scenario.write(1, &ago(&[90_000, 80_000]));
    let names: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    let committed = |n: usize| if n.is_multiple_of(2) { [Some(1), Some(1)] } else { [Some(1), None] };
    let offsets: Vec<_> = names.iter().enumerate().map(|(n, name)| (name.clone(), committed(n))).collect();
    let groups = scenario.commit(&offsets.iter().map(|(name, at)| (name, at.as_slice())).collect::<Vec<_>>());
    scenario.is_right(&groups);
    let listed = scenario.kafka().groups().unwrap();
    let (gone, left): (Vec<&Group>, Vec<&Group>) =
        groups.iter().partition(|group| listed[&group.name].coordinator == frozen.id());

    frozen.freeze().unwrap();
    let pages = at_once(&scenario.all, |vitals| Scrape::of(vitals, "frozen"));
    frozen.thaw().unwrap();
    for scrape in pages {
        for group in &left {
            match group.committed[1] {
                Some(_) => is_unknown(&scrape, "frozen", group).unwrap(),
                // It is nothing to a group that has not committed there.
                None => shown(&scrape, &scenario, group).unwrap(),
            }
        }
        for group in &gone {
            for name in ["lag_sum", "lag_seconds", "lag_seconds_error"] {
                assert_eq!(scrape.of_topic(name, group, "frozen"), None, "{name} of {group:?}");
            }
        }
    }
    cluster.await_ready(WAIT).unwrap();
    scenario.is_right(&groups);
}
