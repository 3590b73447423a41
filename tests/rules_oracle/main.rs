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

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use allowed::Allowed;
use files::RulesFile;
use kafka_lab::{Jolokia, KafkaVersion};
use oracle_support::rounds::{Difference, Round, is_of_rules, lasting};
use world::{Agent, Reloads, Side, World};

/// At most this many rounds when something differs that must not.
const ROUNDS: usize = 5;

/// This many pages that are as they must be are enough: the first may be made from a plan that still asks for everything.
const CLEAN_ROUNDS: usize = 2;

#[test]
fn each_rules_file_gives_what_the_agents_give_on_kafka_4_3_0() {
    let world = World::start(KafkaVersion::V4_3_0, Jolokia::V2_5_0);
    each_file_gives_what_the_agents_give(&world);
    loading::files_load_where_the_agents_load_them(&world);
}

#[test]
fn each_rules_file_gives_what_the_agents_give_on_kafka_3_9_1() {
    let world = World::start(KafkaVersion::V3_9_1, Jolokia::V1_7_2);
    each_file_gives_what_the_agents_give(&world);
}

fn each_file_gives_what_the_agents_give(world: &World) {
    let (mut report, mut occurred, mut reloads) = (String::new(), BTreeSet::new(), BTreeMap::new());
    for file in files::all() {
        world.load(&file.name, &file.text, &file.agents);
        for side in world.sides().filter(|side| file.agents.contains(&side.agent)) {
            let place = format!("{}, {:?}", file.name, side.agent);
            let differences = compare(&file, &side, &mut reloads).unwrap_or_else(|error| {
                let _ = writeln!(report, "{place}: {error}");
                Vec::new()
            });
            for difference in differences {
                match allowed::find(&file.name, side.agent, &difference) {
                    Some(at) => drop(occurred.insert((at, side.agent))),
                    None => {
                        let Difference { what, series, detail } = difference;
                        let _ = writeln!(report, "{place}: {what:?} {series}: {detail}");
                    }
                }
            }
        }
    }
    for (at, Allowed { file, agents, what, series, .. }) in allowed::LIST.iter().enumerate() {
        for agent in *agents {
            if !occurred.contains(&(at, *agent)) {
                let _ = writeln!(report, "{file} {agent:?}: {what:?} {series} is listed but does not occur");
            }
        }
    }
    assert!(report.is_empty(), "{report}");
}

/// What lasts of the differences between a node's page and its agent's; `reloads` is what the agents counted so far. An
/// error when there is nothing to compare.
fn compare(
    file: &RulesFile,
    side: &Side<'_>,
    reloads: &mut BTreeMap<Agent, Reloads>,
) -> Result<Vec<Difference>, String> {
    // The agent reads its file. Kafka registers some beans at their first use, and reading is a use; our plan is learned
    // at the first page.
    let first = side.agent_page();
    let ours = side.our_page()?;
    let mut before = match (side.agent_page(), allowed::failing(&file.name, side.agent)) {
        (Ok(page), None) => page,
        (Err(error), Some(failing)) if first.is_err() && error.contains(failing.error) => {
            let series = oracle_support::series(&ours).into_keys().filter(|name| is_of_rules(name));
            return enough(series.count(), file).map(|()| Vec::new());
        }
        (Err(error), _) => return Err(format!("the agent has no page: {error}")),
        (Ok(_), Some(failing)) => return Err(format!("the agent has a page instead of {:?}", failing.error)),
    };
    let (now, last) = (Reloads::of(&before), reloads.entry(side.agent).or_default());
    if now.good <= last.good || now.bad != last.bad {
        return Err(format!("the agent did not take it: {last:?}, {now:?}"));
    }
    *last = now;

    let is_clean = |round: &&Round| {
        round.differences().all(|difference| allowed::find(&file.name, side.agent, &difference).is_some())
    };
    let mut rounds: Vec<Round> = Vec::new();
    while rounds.len() < ROUNDS && rounds.iter().filter(is_clean).count() < CLEAN_ROUNDS {
        let ours = side.our_page()?;
        let after = side.agent_page()?;
        rounds.push(Round::new(&before, &ours, &after));
        before = after;
    }
    enough(rounds.iter().map(|round| round.still).max().unwrap_or_default(), file).map_err(|error| {
        let compared: Vec<usize> = rounds.iter().map(|round| round.compared).collect();
        let lasting: Vec<String> = lasting(&rounds).iter().take(3).map(|one| format!("{one:?}")).collect();
        format!("{error}; compared in each round: {compared:?}; lasting differences: {lasting:?}")
    })?;
    Ok(lasting(&rounds))
}

/// A comparison of less than the file promises says nothing.
fn enough(series: usize, file: &RulesFile) -> Result<(), String> {
    if series < file.at_least { Err(format!("only {series} of {} series stood still", file.at_least)) } else { Ok(()) }
}
