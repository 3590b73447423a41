//! What rules cost: one node's page under several rules files beside the real agents in the same JVM with the same file,
//! and the cold start with 2,000 rules.

mod agent;
mod cold;
mod compare;
mod files;
mod report;

use std::path::PathBuf;

use kafka_lab::{LabError, Result};

use crate::state::State;
use crate::{NEW_AGENT, OLD_AGENT, print, start};
use agent::AgentUnderTest;
use files::RulesFile;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The kafka-vitals executable
    #[arg(long, value_name = "PATH")]
    kafka_vitals: PathBuf,
    /// State A (200 topics x 10 partitions) instead of B (1,000 x 10)
    #[arg(long)]
    small: bool,
    /// Without what takes minutes: the old agent with `.*` in state B, and the agents with 2,000 rules
    #[arg(long)]
    quick: bool,
    /// One more rules file to measure; may be repeated
    #[arg(long, value_name = "FILE")]
    rules: Vec<PathBuf>,
    /// Only rules whose title contains this (the cold start is called `2,000 rules`); may be repeated
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,
    /// Measured batches of scrapes of each, two seconds and at least one scrape a batch
    #[arg(long, value_name = "N", default_value_t = 5)]
    rounds: usize,
    /// Heap of each broker
    #[arg(long, value_name = "MIB", default_value_t = 1500)]
    heap: u32,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let state = if arguments.small { State::A } else { State::B };
    let program = kafka_lab::Vitals::find(&arguments.kafka_vitals)?;
    let mut files = files::all(&arguments.rules)?;
    let wanted =
        |title: &str| arguments.only.is_empty() || arguments.only.iter().any(|part| title.contains(part.as_str()));
    files.retain(|file| wanted(&file.title));

    let cluster = start(state, arguments.heap, files::NOTHING)?;
    let mut agents = [AgentUnderTest::new(&cluster, OLD_AGENT)?, AgentUnderTest::new(&cluster, NEW_AGENT)?];
    let mut outcomes = Vec::new();
    for file in &files {
        for agent in &mut agents {
            if arguments.quick && skipped_when_quick(state, file, agent) {
                eprintln!("{} beside agent {}: left out (--quick)", file.title, agent.version());
                continue;
            }
            eprintln!("{} beside agent {} ...", file.title, agent.version());
            let outcome = compare::run(&cluster, &program, file, agent, arguments.rounds)?;
            eprintln!("{}", report::progress(&outcome));
            outcomes.push(outcome);
        }
    }
    // Before what may fail after minutes of measuring.
    if !outcomes.is_empty() {
        print(&report::comparisons(state, &outcomes));
    }
    if wanted(files::COLD_TITLE) {
        eprintln!("{} ...", files::COLD_TITLE);
        let agent = agents.last_mut().filter(|_| !arguments.quick);
        print(&cold::run(&cluster, &program, state, agent)?);
    }
    let refused = outcomes.iter().filter(|outcome| outcome.ours.is_err()).count();
    if refused > 0 {
        return Err(LabError::Input(format!(
            "kafka-vitals refused the rules in {refused} of the comparisons, see above"
        )));
    }
    Ok(())
}

/// The old agent's time grows with the square of a family's size: minutes for `.*` in state B.
fn skipped_when_quick(state: State, file: &RulesFile, agent: &AgentUnderTest) -> bool {
    state == State::B && file.title == files::EVERYTHING_TITLE && agent.version() == OLD_AGENT.version
}
