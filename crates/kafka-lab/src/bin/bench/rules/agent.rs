//! A jmx_exporter agent in a broker: a rules file in, pages made by it out.

use std::path::PathBuf;

use kafka_lab::{Cluster, LabError, Result};

use crate::Agent;
use crate::vitals::{value, write};

/// An agent whose rules are changed while its JVM runs.
pub(super) struct AgentUnderTest {
    pub(super) agent: Agent,
    pub(super) url: String,
    file: PathBuf,
    /// How often its rules were changed.
    changes: u32,
}

impl AgentUnderTest {
    pub(super) fn new(cluster: &Cluster, agent: Agent) -> Result<Self> {
        let file = cluster.node(agent.node)?.agent_rules_file();
        let file = file.ok_or_else(|| LabError::Input(format!("node {} has no jmx_exporter agent", agent.node)))?;
        Ok(Self { agent, url: agent.url(cluster)?, file, changes: 0 })
    }

    pub(super) fn version(&self) -> &'static str {
        self.agent.version
    }

    /// The rules that the next scrape is made with: the agent compares the file's time then.
    pub(super) fn set_rules(&mut self, text: &str) -> Result<()> {
        self.changes += 1;
        write(&self.file, text)
    }

    /// Whether a page (not the first after the change: 1.x shows itself as it was before) was made by the last rules and
    /// without an error.
    pub(super) fn check(&self, page: &str) -> Result<()> {
        let loaded = value(page, "jmx_config_reload_success_total");
        let failed = value(page, "jmx_scrape_error");
        if loaded == Some(f64::from(self.changes)) && failed == Some(0.0) {
            return Ok(());
        }
        Err(LabError::Input(format!(
            "agent {} at {} does not follow {}: {loaded:?} of {} changes loaded, jmx_scrape_error {failed:?}",
            self.agent.version,
            self.url,
            self.file.display(),
            self.changes,
        )))
    }
}
