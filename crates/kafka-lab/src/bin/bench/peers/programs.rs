//! The programs under measurement: executables in, running processes with a page each out.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use kafka_lab::{Cluster, Guarded, Node, Result, free_port, http};

use crate::vitals::{self, Vitals};

/// A program in one of its modes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// kafka-vitals that remembers topology, starts and descriptions.
    Steady,
    /// kafka-vitals that asks for everything each time.
    FullRefresh,
    /// kafka-vitals as in `Steady`, through librdkafka.
    Librdkafka,
    /// kminion without log directories, which kafka-vitals does not ask for either.
    KminionWithoutLogDirs,
    /// kminion as it comes.
    Kminion,
    /// kafka_exporter.
    KafkaExporter,
}

impl Who {
    /// What it is called in tables.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Steady => "kafka-vitals, steady",
            Self::FullRefresh => "kafka-vitals, full refresh",
            Self::Librdkafka => "kafka-vitals, steady, librdkafka",
            Self::KminionWithoutLogDirs => "kminion without log dirs",
            Self::Kminion => "kminion",
            Self::KafkaExporter => "kafka_exporter",
        }
    }

    /// Whether its families have kminion's names; all others have kafka_exporter's.
    pub(super) fn speaks_kminion(self) -> bool {
        matches!(self, Self::Kminion | Self::KminionWithoutLogDirs)
    }

    /// Whether it is kafka-vitals.
    pub(super) fn is_ours(self) -> bool {
        matches!(self, Self::Steady | Self::FullRefresh | Self::Librdkafka)
    }
}

/// Where the executables are. A peer that was not given is not measured.
#[derive(Debug)]
pub(super) struct Executables {
    pub(super) vitals: PathBuf,
    pub(super) kminion: Option<PathBuf>,
    pub(super) kafka_exporter: Option<PathBuf>,
}

/// A running program.
pub(super) struct Program {
    pub(super) who: Who,
    pub(super) process: Guarded,
    /// Its page on the cluster.
    pub(super) url: String,
}

/// Starts everything that was given, ours first.
pub(super) fn start(cluster: &Cluster, executables: &Executables) -> Result<Vec<Program>> {
    let mut programs = vec![
        // Longer than any run, so that a scrape is either steady or a full refresh, never now this and now that.
        vitals(cluster, &executables.vitals, Who::Steady, &["--kafka.client=protocol", "--refresh.metadata=1d"])?,
        vitals(cluster, &executables.vitals, Who::FullRefresh, &["--kafka.client=protocol", "--refresh.metadata=0s"])?,
        vitals(cluster, &executables.vitals, Who::Librdkafka, &["--kafka.client=librdkafka", "--refresh.metadata=1d"])?,
    ];
    if let Some(executable) = &executables.kminion {
        programs.push(kminion(cluster, executable, Who::KminionWithoutLogDirs)?);
        programs.push(kminion(cluster, executable, Who::Kminion)?);
    }
    if let Some(executable) = &executables.kafka_exporter {
        programs.push(kafka_exporter(cluster, executable)?);
    }
    Ok(programs)
}

fn vitals(cluster: &Cluster, executable: &Path, who: Who, flags: &[&str]) -> Result<Program> {
    let mut arguments = vec![format!("--kafka.server={}", cluster.bootstrap())];
    arguments.extend(flags.iter().map(|flag| (*flag).to_owned()));
    let Vitals { process, url } = Vitals::start(cluster.lab(), executable, &arguments)?;
    Ok(Program { who, process, url: format!("{url}/metrics") })
}

fn kminion(cluster: &Cluster, executable: &Path, who: Who) -> Result<Program> {
    let port = free_port()?;
    let brokers: Vec<String> =
        cluster.nodes().iter().map(|node| format!("\"{}\"", Node::kafka_address(node))).collect();
    let file = cluster.lab().folder().join(format!("kminion-{port}.yaml"));
    let settings = format!(
        "logger: {{level: warn}}\n\
         kafka: {{brokers: [{}]}}\n\
         minion:\n\
         \x20 consumerGroups: {{scrapeMode: adminApi, granularity: partition, allowedGroups: [\"/.*/\"]}}\n\
         \x20 topics: {{granularity: partition, allowedTopics: [\"/.*/\"]}}\n\
         \x20 logDirs: {{enabled: {}}}\n\
         exporter: {{host: 127.0.0.1, port: {port}}}\n",
        brokers.join(", "),
        who == Who::Kminion
    );
    vitals::write(&file, &settings)?;
    let mut command = Command::new(executable);
    // Variables win over its file.
    for (name, _) in std::env::vars_os() {
        let is_setting = ["KAFKA_", "MINION_", "EXPORTER_", "LOGGER_"]
            .iter()
            .any(|section| name.to_string_lossy().to_uppercase().starts_with(section));
        if is_setting {
            command.env_remove(name);
        }
    }
    command.env("CONFIG_FILEPATH", file);
    listening(cluster, &command, who, port, "ready")
}

fn kafka_exporter(cluster: &Cluster, executable: &Path) -> Result<Program> {
    let port = free_port()?;
    let mut command = Command::new(executable);
    command.args(cluster.nodes().iter().map(|node| format!("--kafka.server={}", node.kafka_address())));
    command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
    listening(cluster, &command, Who::KafkaExporter, port, "healthz")
}

/// Starts a peer and waits until `path` answers.
fn listening(cluster: &Cluster, command: &Command, who: Who, port: u16, path: &str) -> Result<Program> {
    let log = cluster.lab().folder().join(format!("peer-{port}.log"));
    let mut process = cluster.lab().spawn_logged(command, &log)?;
    process.await_ready(who.name(), &log, Duration::from_secs(60), || {
        http::get_ok(&format!("http://127.0.0.1:{port}/{path}"), Duration::from_secs(5)).map(drop)
    })?;
    Ok(Program { who, process, url: format!("http://127.0.0.1:{port}/metrics") })
}
