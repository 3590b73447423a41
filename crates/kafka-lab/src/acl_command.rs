//! `kafka-acls.sh`: a command line as an operator types it in, run by Kafka's own class.

use std::{fs, time::Duration};

use crate::{Cluster, KafkaVersion, LabError, Result, error::IoContext, jars::Jars, launch, properties, tools};

/// A JVM on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The last release whose packages hold the command.
const VERSION: KafkaVersion = KafkaVersion::V3_9_1;

impl Cluster {
    /// Runs a `kafka-acls.sh` command as somebody who may do everything: instead of its bootstrap server, which must come
    /// first, and with the properties that may follow, the plain listener is asked. Words may be in single quotes.
    ///
    /// # Errors
    /// When it is no such command or fails; the log is in the lab's folder.
    pub fn kafka_acls(&self, command: &str) -> Result<()> {
        let words = command.strip_prefix("kafka-acls.sh --bootstrap-server ").and_then(|rest| rest.split_once(' '));
        let (_, words) =
            words.ok_or_else(|| LabError::Input(format!("{command:?} is no kafka-acls.sh with a server")))?;
        let words = words.strip_prefix("--command-config admin.properties ").unwrap_or(words);
        let server = self.bootstrap();
        let lab = self.lab();
        let folder = tempfile::Builder::new().prefix("acls-").tempdir_in(lab.folder());
        // It goes with the lab's.
        let folder = folder.context(|| "make a folder".into())?.keep();
        let logging = folder.join(launch::LOGGING);
        fs::write(&logging, properties::logging_properties(VERSION))
            .context(|| format!("write {}", logging.display()))?;
        let jars = Jars::new(lab)?.kafka(VERSION)?.join("*");
        let mut java = launch::java(&tools::java()?, VERSION, jars, &folder);
        java.args(["-Xmx96m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "kafka.admin.AclCommand"]);
        java.args(["--bootstrap-server", &server]).args(words.split(' ').map(|word| word.trim_matches('\'')));
        let log = folder.join("log");
        let status = lab.spawn_logged(&java, &log)?.wait(TIMEOUT)?;
        if status.success() {
            return Ok(());
        }
        Err(LabError::Input(format!("{command} ended with {status}: {}", fs::read_to_string(&log).unwrap_or_default())))
    }
}
