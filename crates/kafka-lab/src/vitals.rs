//! kafka-vitals beside a cluster: its executable and arguments in, its address and log out.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use crate::{Guarded, Lab, LabError, Result, free_port, http};

const START: Duration = Duration::from_secs(30);

/// A running kafka-vitals; it ends when this is dropped.
#[derive(Debug)]
pub struct Vitals {
    address: String,
    log: PathBuf,
    process: Guarded,
}

impl Vitals {
    /// The executable's whole path, so that it is missed before Kafka is started for nothing.
    ///
    /// # Errors
    /// When there is no such file.
    pub fn find(program: impl AsRef<Path>) -> Result<PathBuf> {
        let program = program.as_ref();
        program.canonicalize().map_err(|source| LabError::Io {
            what: format!("find kafka-vitals at {} (cargo build makes it)", program.display()),
            source,
        })
    }

    /// Starts it with these arguments on a free port of 127.0.0.1 and waits until it listens.
    ///
    /// # Errors
    /// [`LabError::Start`] with the end of its log.
    pub fn start(lab: &Arc<Lab>, program: &Path, arguments: &[String]) -> Result<Self> {
        let port = free_port()?;
        let address = format!("127.0.0.1:{port}");
        let log = lab.folder().join(format!("kafka-vitals-{port}.log"));
        let mut command = Command::new(program);
        command.args(arguments).arg(format!("--web.listen-address={address}"));
        let mut process = lab.spawn_logged(&command, &log)?;
        let ready = format!("http://{address}/-/ready");
        process.await_ready("kafka-vitals", &log, START, || http::get_ok(&ready, Duration::from_secs(2)).map(drop))?;
        Ok(Self { address, log, process })
    }

    /// Where it listens, `127.0.0.1:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// `http://127.0.0.1:port`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its process, for those who measure it.
    pub fn into_process(self) -> Guarded {
        self.process
    }

    /// What it logged so far.
    pub fn log_text(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Whether it still runs.
    ///
    /// # Errors
    /// With its log when it has ended.
    pub fn check(&mut self) -> Result<()> {
        match self.process.try_exit()? {
            None => Ok(()),
            Some(status) => Err(LabError::Input(format!("kafka-vitals ended with {status}:\n{}", self.log_text()))),
        }
    }
}
