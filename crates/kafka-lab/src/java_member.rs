//! A live member of a share group (KIP-932) or a streams group (KIP-1071), which librdkafka cannot be: a group and topics in, a JVM with
//! one of Kafka's own clients out.

use std::{fs, path::PathBuf, time::Duration};

use crate::{
    Cluster, Guarded, Result,
    error::IoContext,
    jars::{Jars, joined},
    launch, properties, tools,
};

/// A JVM on a busy machine, and a group whose coordinator is still to be made.
const READY: Duration = Duration::from_secs(90);
/// What it says then.
const READ_ALL: &str = "read all";

/// What a member of a share group does with the records of its topics.
#[derive(Clone, Copy, Debug)]
pub struct ShareOf {
    /// How many it reads before it stops reading.
    pub records: u32,
    /// Of each partition, the records below this offset are given back, the others accepted.
    pub given_back_below: u32,
}

/// A live member in a JVM of its own; killed when dropped, without leaving its group.
#[derive(Debug)]
pub struct JavaMember {
    process: Guarded,
    log: PathBuf,
}

impl JavaMember {
    /// Waits until it has read and committed what it was to read. It stays in its group and reads no more then (a streams member: whatever
    /// comes).
    ///
    /// # Errors
    /// [`LabError::Start`](crate::LabError::Start) with what it said instead.
    pub fn await_read(&mut self) -> Result<()> {
        let log = self.log.clone();
        self.process.await_ready("a group member", &log, READY, || {
            let said = fs::read_to_string(&log).map_err(|error| error.to_string())?;
            if said.lines().any(|line| line == READ_ALL) { Ok(()) } else { Err("it has not read all yet".to_owned()) }
        })
    }

    /// Leaves the group and waits until that is done. To be called after [`await_read`](Self::await_read): before, it would not leave.
    ///
    /// # Errors
    /// [`LabError::Timeout`](crate::LabError::Timeout), as when the coordinator is frozen.
    pub fn stop(mut self) -> Result<()> {
        self.process.stop(Duration::from_secs(30)).map(drop)
    }
}

impl Cluster {
    /// Starts a member of a share group that reads from the start, without waiting for it. The brokers must be of 4.2 or newer.
    ///
    /// # Errors
    /// When a jar cannot be had or the process not be started.
    pub fn share_member(&self, group: &str, client: &str, topics: &[&str], share: ShareOf) -> Result<JavaMember> {
        let (records, below) = (share.records.to_string(), share.given_back_below.to_string());
        self.java_member(["share", group, client, &topics.join(","), &records, &below])
    }

    /// Starts an application with one thread that reads from the start and keeps nothing, without waiting for it: it is to read so many
    /// `records`. The group is its `application.id`; its `client.id` is that of its one consumer,
    /// `<client>-StreamThread-1-consumer`. The brokers must be of 4.2 or newer.
    ///
    /// # Errors
    /// When a jar cannot be had or the process not be started.
    pub fn streams_member(&self, group: &str, client: &str, topics: &[&str], records: u32) -> Result<JavaMember> {
        self.java_member(["streams", group, client, &topics.join(","), &records.to_string(), "0"])
    }

    fn java_member(&self, [kind, group, client, topics, records, below]: [&str; 6]) -> Result<JavaMember> {
        let lab = self.lab();
        let (class_path, version) = Jars::new(lab)?.group_member()?;
        let folder = tempfile::Builder::new().prefix("member-").tempdir_in(lab.folder());
        // It goes with the lab's.
        let folder = folder.context(|| "make a folder".into())?.keep();
        let logging = folder.join(launch::LOGGING);
        fs::write(&logging, properties::logging_properties(version))
            .context(|| format!("write {}", logging.display()))?;
        let mut command = launch::java(&tools::java()?, version, joined(&class_path)?, &folder);
        command.args(["-Xmx96m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "lab.GroupMember"]);
        command.args([kind, &self.bootstrap(), group, client, topics, records, below]);
        let log = folder.join("log");
        Ok(JavaMember { process: lab.spawn_logged(&command, &log)?, log })
    }
}
