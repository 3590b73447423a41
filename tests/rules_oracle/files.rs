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

/// The sets that come with kafka-vitals, but for `all`, the rules of which `tests/oracle.rs` compares.
const BUNDLED: [&str; 3] = ["kafka", "strimzi", "confluent"];

/// All files, by name, the bundled sets last.
pub(crate) fn all() -> Vec<RulesFile> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let paths = fs::read_dir(home.join("tests/rules_oracle/files")).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<RulesFile> = paths
        .map(|path| read(&path.file_stem().unwrap().to_string_lossy(), fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files.extend(BUNDLED.map(|name| {
        RulesFile {
            name: format!("bundled:{name}"),
            // 0.17.2 knows the keys by which they choose beans under their old names alone; all others know these too.
            text: fs::read_to_string(home.join(format!("rules/{name}.yaml")))
                .unwrap()
                .replace("\nincludeObjectNames:", "\nwhitelistObjectNames:")
                .replace("\nexcludeObjectNames:", "\nblacklistObjectNames:"),
            agents: Agent::ALL.to_vec(),
            at_least: 300,
        }
    }));
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
