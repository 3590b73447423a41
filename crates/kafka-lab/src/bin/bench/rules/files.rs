//! The rules files that are measured.

use std::path::{Path, PathBuf};

use kafka_lab::{LabError, Result};

use crate::state::State;

/// What the agents begin with: no bean is exported.
pub(super) const NOTHING: &str = "rules: []\n";

/// The rule that matches everything, in the default format.
pub(super) const EVERYTHING_TITLE: &str = "`.*`";

/// The cold start.
pub(super) const COLD_TITLE: &str = "2,000 rules";

const COLD_RULES: usize = 2000;

/// Rules to measure.
pub(super) struct RulesFile {
    /// What the tables call it.
    pub(super) title: String,
    /// The YAML.
    pub(super) text: String,
}

/// The files to measure: those in this folder, the given ones, and last the dearest.
pub(super) fn all(given: &[PathBuf]) -> Result<Vec<RulesFile>> {
    let own = |title: &str, text: &str| RulesFile { title: title.to_owned(), text: text.to_owned() };
    let mut files = vec![
        own("Confluent-like", include_str!("confluent_like.yml")),
        own("Strimzi-like", include_str!("strimzi_like.yml")),
    ];
    for path in given {
        files.push(RulesFile { title: name(path), text: read(path)? });
    }
    files.push(own(EVERYTHING_TITLE, "lowercaseOutputName: true\nrules:\n- pattern: \".*\"\n"));
    Ok(files)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path)
        .map_err(|source| LabError::Io { what: format!("read the rules file {}", path.display()), source })
}

/// 2,000 rules, each for one gauge of one topic's partitions, as a program would write them; the last one takes the rest.
/// What no earlier rule takes is compared with all of them.
pub(super) fn two_thousand(state: State) -> String {
    const GAUGES: [(&str, &str, &str); 10] = [
        ("log", "Log", "Size"),
        ("log", "Log", "LogEndOffset"),
        ("cluster", "Partition", "UnderReplicated"),
        ("cluster", "Partition", "InSyncReplicasCount"),
        ("log", "Log", "LogStartOffset"),
        ("log", "Log", "NumLogSegments"),
        ("cluster", "Partition", "ReplicasCount"),
        ("cluster", "Partition", "UnderMinIsr"),
        ("cluster", "Partition", "AtMinIsr"),
        ("cluster", "Partition", "LastStableOffsetLag"),
    ];
    let topics: Vec<String> = (0..state.topics()).map(State::topic).collect();
    let pairs = GAUGES.iter().flat_map(|gauge| topics.iter().map(move |topic| (gauge, topic)));
    let mut text = "lowercaseOutputName: true\nrules:\n".to_owned();
    for (number, ((domain, kind, name), topic)) in pairs.take(COLD_RULES - 1).enumerate() {
        // The styles that people mix: exact, with a capture for every part, and without regard to case.
        let (pattern, partition) = match number % 10 {
            0..=5 => (format!(r"kafka\.{domain}<type={kind}, name={name}, topic={topic}, partition=(\d+)><>Value"), 1),
            6..=8 => (format!(r"kafka\.(\w+)<type=(.+), name={name}, topic={topic}, partition=(.+)><>(\w+)"), 3),
            _ => (format!(r"(?i)kafka\.{domain}<type={kind}, name={name}, topic={topic}, partition=(\d+)><>value"), 1),
        };
        text += &format!(
            "- pattern: '{pattern}'\n  name: bench_{domain}_{name}\n  type: GAUGE\n  \
             labels: {{topic: {topic}, partition: \"${partition}\"}}\n"
        );
    }
    text + "- pattern: \".*\"\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_two_thousand_different_rules_in_each_state() {
        for state in [State::A, State::B] {
            let text = two_thousand(state);
            let patterns: std::collections::BTreeSet<&str> =
                text.lines().filter(|line| line.starts_with("- pattern: ")).collect();
            assert_eq!(patterns.len(), COLD_RULES);
        }
    }
}
