//! The rule language beside real jmx_exporter agents: many rules files, one after another, in the same JVMs. For each
//! file the series, labels and types of our node page equal the agent's, and the values where beans stand still; only
//! what `allowed` lists may differ, and what it lists does.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod allowed;
mod files;
mod loading;
#[path = "../oracle_support/mod.rs"]
mod oracle_support;
#[path = "../support/mod.rs"]
mod support;
mod world;

use std::collections::BTreeSet;
use std::fmt::Write;

use allowed::Allowed;
use files::RulesFile;
use kafka_lab::{Jolokia, KafkaVersion};
use oracle_support::{Difference, Round, lasting};
use world::{Agent, Side, World};

/// At most this many rounds when something differs.
const ROUNDS: usize = 5;

/// This many equal pages are enough: the first may be made from a plan that still asks for everything.
const CLEAN_ROUNDS: usize = 2;

#[test]
fn each_rules_file_gives_what_the_agents_give_on_kafka_4_3_0() {
    let world = World::start(KafkaVersion::V4_3_0, Jolokia::V2_5_0, &Agent::ALL);
    each_file_gives_what_the_agents_give(&world);
    loading::files_load_where_the_agents_load_them(&world);
}

#[test]
fn each_rules_file_gives_what_the_agents_give_on_kafka_3_9_1() {
    // The fourth agent is for keys that the others do not know; one Kafka is enough for them.
    let world = World::start(KafkaVersion::V3_9_1, Jolokia::V1_7_2, &Agent::ALL[..3]);
    each_file_gives_what_the_agents_give(&world);
}

fn each_file_gives_what_the_agents_give(world: &World) {
    let (mut report, mut occurred) = (String::new(), BTreeSet::new());
    for file in files::all() {
        world.load(&file.text);
        for side in world.sides().filter(|side| file.agents.contains(&side.agent)) {
            let outcome = compare(&file, &side);
            let place = |difference: &Difference| allowed::find(&file.name, side.agent, difference);
            for difference in &outcome {
                match place(difference) {
                    Some(at) => drop(occurred.insert((at, side.agent))),
                    None => {
                        let Difference { what, series, detail } = difference;
                        let _ = writeln!(report, "{} {:?}: {what:?} {series}: {detail}", file.name, side.agent);
                    }
                }
            }
        }
    }
    for (at, Allowed { file, agents, what, series, .. }) in allowed::LIST.iter().enumerate() {
        for agent in agents.iter().filter(|agent| world.sides().any(|side| side.agent == **agent)) {
            if !occurred.contains(&(at, *agent)) {
                let _ = writeln!(report, "{file} {agent:?}: {what:?} {series} is listed but does not occur");
            }
        }
    }
    assert!(report.is_empty(), "{report}");
}

/// What lasts of the differences between a node's page and its agent's.
fn compare(file: &RulesFile, side: &Side<'_>) -> Vec<Difference> {
    // Kafka registers some beans at their first use, and reading is a use; our plan is learned at the first.
    let ours = side.our_page();
    let (error, expected) = (side.agent_error(), allowed::failing(&file.name, side.agent));
    let as_expected = error.as_deref().unwrap_or_default().contains(expected.map_or("", |failing| failing.error));
    assert!(error.is_some() == expected.is_some() && as_expected, "{} {:?}: {error:?}", file.name, side.agent);
    if expected.is_some() {
        let series = oracle_support::series(&ours).keys().filter(|name| oracle_support::is_of_rules(name)).count();
        assert!(series >= file.at_least, "{} {:?}: ours has {series} series only", file.name, side.agent);
        return Vec::new();
    }
    let (mut rounds, mut before): (Vec<Round>, _) = (Vec::new(), side.agent_page());
    while rounds.len() < ROUNDS && rounds.iter().filter(|round| round.is_clean()).count() < CLEAN_ROUNDS {
        let ours = side.our_page();
        let after = side.agent_page();
        rounds.push(Round::new(&before, &ours, &after));
        before = after;
    }
    let still = rounds.iter().map(|round| round.still).max().unwrap_or_default();
    assert!(still >= file.at_least, "{} {:?}: only {still} series stood still", file.name, side.agent);
    lasting(&rounds)
}
