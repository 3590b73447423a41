//! What can go wrong in the lab, each with what was tried, where, and what to do.

use std::{path::PathBuf, time::Duration};

use kafka_protocol::ResponseError;

/// An error of the lab; its text is meant for the person who runs a test or the demo.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// A program that the lab runs is not installed.
    #[error("`{program}` was not found in PATH: install it (Debian: apt-get install {package})")]
    Missing {
        /// The program's name.
        program: String,
        /// The Debian package that has it.
        package: &'static str,
    },
    /// The Java that was found is too old for Kafka 4 and the agents.
    #[error(
        "{java} is Java {found}, but Kafka needs 17 or newer: install a newer JDK (Debian: apt-get install \
         openjdk-17-jdk-headless) or point JAVA_HOME at one"
    )]
    OldJava {
        /// The executable.
        java: PathBuf,
        /// Its feature version, or the text in which none was found.
        found: String,
    },
    /// Maven could not bring the jars.
    #[error("Maven could not fetch {what}: {output}")]
    Maven {
        /// The coordinates.
        what: String,
        /// The end of Maven's output.
        output: String,
    },
    /// A file, a process or a socket of this machine.
    #[error("{what}: {source}")]
    Io {
        /// What was tried, on what.
        what: String,
        /// The system's answer.
        source: std::io::Error,
    },
    /// A child process (a node, Prometheus, kafka-vitals) did not come up.
    #[error("{who} did not start: {why}; its log is {}, which ends with:\n{tail}", log.display())]
    Start {
        /// The process.
        who: String,
        /// What was seen instead of readiness.
        why: String,
        /// Its log file; the folder is kept.
        log: PathBuf,
        /// The log's last lines.
        tail: String,
    },
    /// Something that was waited for did not happen.
    #[error("waited {after:?} for {what}; last seen: {last}")]
    Timeout {
        /// What was waited for.
        what: String,
        /// For how long.
        after: Duration,
        /// What was there instead.
        last: String,
    },
    /// A Kafka frame could not be made or read.
    #[error("{what} with {host}: {why}")]
    Wire {
        /// The request.
        what: String,
        /// The broker, host:port.
        host: String,
        /// What is wrong.
        why: String,
    },
    /// Kafka answered with an error code.
    #[error("Kafka refused to {what}: {code} ({})", code.code())]
    Kafka {
        /// What was asked.
        what: String,
        /// The protocol's error.
        code: ResponseError,
    },
    /// librdkafka reported an error.
    #[error("{what}: {source}")]
    Client {
        /// What was tried.
        what: String,
        /// librdkafka's error.
        source: rdkafka::error::KafkaError,
    },
    /// An HTTP answer that is not what it should be.
    #[error("GET {url}: {why}")]
    Http {
        /// The address.
        url: String,
        /// What came instead.
        why: String,
    },
    /// What the caller asked for makes no sense.
    #[error("{0}")]
    Input(String),
}

/// The lab's result.
pub type Result<T, E = LabError> = std::result::Result<T, E>;

/// Adds what was tried to an I/O error.
pub(crate) trait IoContext<T> {
    /// The text is only built when there is an error.
    fn context(self, what: impl FnOnce() -> String) -> Result<T>;
}

impl<T> IoContext<T> for std::io::Result<T> {
    fn context(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| LabError::Io { what: what(), source })
    }
}
