//! The rules files: the folder in, each file with what its head says out.
//!
//! A file begins with `# agents: 0.17.2 0.20.0` (those that know what it uses) and `# at least: 20` (series that must
//! stand still for the comparison to say anything).

use std::fs;
use std::path::Path;

use crate::world::Agent;

/// One rules file.
#[derive(Debug)]
pub(crate) struct RulesFile {
    /// Without folder and ending.
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) agents: Vec<Agent>,
    pub(crate) at_least: usize,
}

/// All files, by name.
pub(crate) fn all() -> Vec<RulesFile> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules_oracle/files");
    let paths = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<RulesFile> = paths
        .map(|path| read(&path.file_stem().unwrap().to_string_lossy(), fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
}

fn read(name: &str, text: String) -> RulesFile {
    let head = |key: &str| {
        let mut lines = text.lines().take_while(|line| line.starts_with('#'));
        lines.find_map(|line| line.strip_prefix(key)).unwrap_or_else(|| panic!("{name} has no {key:?}")).trim()
    };
    let agents = head("# agents:").split(' ').map(Agent::parse).collect();
    let at_least = head("# at least:").parse().unwrap();
    RulesFile { name: name.to_owned(), agents, at_least, text }
}
