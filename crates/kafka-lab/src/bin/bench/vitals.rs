//! A kafka-vitals under measurement: an executable and its flags in, a process with a URL out.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use kafka_lab::{Cluster, Guarded, Lab, LabError, Result, http};

/// The flags that name the agents of these nodes.
pub(crate) fn agents(cluster: &Cluster, nodes: &[i32]) -> Vec<String> {
    let nodes = cluster.nodes().iter().filter(|node| nodes.contains(&node.id()));
    nodes.filter_map(|node| Some(format!("--jolokia.url={}={}", node.id(), node.jolokia_url()?))).collect()
}

/// The flag that gives a rules file with this text.
pub(crate) fn rules_flag(lab: &Lab, rules: &str) -> Result<String> {
    let path = lab.folder().join("vitals-rules.yaml");
    write(&path, rules)?;
    Ok(format!("--jmx.rules={}", path.display()))
}

/// Writes a file.
pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).map_err(|source| LabError::Io { what: format!("write {}", path.display()), source })
}

/// A kafka-vitals that reads anew at each scrape.
pub(crate) struct Vitals {
    pub(crate) process: Guarded,
    pub(crate) url: String,
}

impl Vitals {
    /// Starts it and waits until it listens.
    pub(crate) fn start(lab: &Arc<Lab>, program: &Path, arguments: &[String]) -> Result<Self> {
        let anew = ["--scrape.reuse=0s", "--scrape.timeout=60s"].map(str::to_owned);
        let started = kafka_lab::Vitals::start(lab, program, &[arguments, &anew].concat())?;
        Ok(Self { url: started.url(), process: started.into_process() })
    }

    /// Why it would not start with these flags, in one line; `None` if it would.
    pub(crate) fn refusal(program: &Path, arguments: &[String]) -> Result<Option<String>> {
        let output = Command::new(program).args(arguments).arg("--config.check").output();
        let output = output.map_err(|source| LabError::Io { what: format!("run {}", program.display()), source })?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
        Ok((!output.status.success()).then(|| last.to_owned()))
    }

    /// `kafka_vitals_agent_<name>` of a node, from the page that asks no node.
    pub(crate) fn agent_metric(&self, name: &str, node: i32) -> Result<f64> {
        let page = http::get_ok(&format!("{}/metrics/cluster", self.url), Duration::from_secs(60))?;
        let series = format!("kafka_vitals_agent_{name}{{broker=\"{node}\"}}");
        value(&page, &series)
            .ok_or_else(|| LabError::Input(format!("kafka-vitals' page /metrics/cluster has no series {series}")))
    }
}

/// The value of a series, written as on the page.
pub(crate) fn value(page: &str, series: &str) -> Option<f64> {
    page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.trim().parse().ok())
}
