//! One node: what it was planned to be in, a running JVM with addresses, faults and figures out.

use std::{
    net::TcpStream,
    path::PathBuf,
    process::Command,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{Guarded, Lab, LabError, Result, kafka::Kafka, launch::Plan};

/// A broker, a controller, or both.
#[derive(Debug)]
pub struct Node {
    plan: Plan,
    command: Command,
    lab: Arc<Lab>,
    timeout: Duration,
    process: Mutex<Option<Guarded>>,
}

impl Node {
    pub(crate) fn new(plan: Plan, command: Command, lab: &Arc<Lab>, timeout: Duration) -> Self {
        Self { plan, command, lab: Arc::clone(lab), timeout, process: Mutex::new(None) }
    }

    /// Kafka's node.id, which is the last octet of the node's address as well.
    pub fn id(&self) -> i32 {
        self.plan.id
    }

    /// The node's own address, 127.0.0.`id`.
    pub fn host(&self) -> String {
        self.plan.host.to_string()
    }

    /// Whether clients can talk to it: controllers apart are in no Metadata.
    pub fn is_broker(&self) -> bool {
        self.plan.broker
    }

    /// host:port of the Kafka listener, or of the controller listener on a controller apart.
    pub fn kafka_address(&self) -> String {
        let port = if self.plan.broker { self.plan.ports.kafka } else { self.plan.ports.controller };
        format!("{}:{port}", self.plan.host)
    }

    /// `http://host:port/jolokia`, if it has the agent. The port is the same on all nodes.
    pub fn jolokia_url(&self) -> Option<String> {
        self.plan.spec.jolokia.map(|_| format!("http://{}:{}/jolokia", self.plan.host, self.plan.ports.jolokia))
    }

    /// `http://host:port/metrics` of the jmx_exporter agent, if it has one. The port is the same on all nodes.
    pub fn agent_url(&self) -> Option<String> {
        let agent = self.plan.spec.jmx_exporter.as_ref();
        agent.map(|_| format!("http://{}:{}/metrics", self.plan.host, self.plan.ports.exporter))
    }

    /// The YAML that its jmx_exporter agent reads, if it has one; the agent reads it again when it is newer.
    pub fn agent_rules_file(&self) -> Option<PathBuf> {
        self.plan.spec.jmx_exporter.as_ref().map(|_| self.plan.rules_file())
    }

    /// host:port of JMX over RMI, if asked for.
    pub fn jmx_address(&self) -> Option<String> {
        self.plan.spec.jmx.then(|| format!("{}:{}", self.plan.host, self.plan.ports.jmx))
    }

    /// The file with the node's warnings, errors and whatever else the JVM writes.
    pub fn log(&self) -> PathBuf {
        self.plan.folder.join("log")
    }

    /// The node's log.dirs.
    pub fn data(&self) -> PathBuf {
        self.plan.folder.join("data")
    }

    /// The JVM's process id, while there is a process.
    pub fn pid(&self) -> Option<u32> {
        self.process().as_ref().map(Guarded::pid)
    }

    /// Whether there is a process that was not stopped or killed; a frozen one counts.
    pub fn is_up(&self) -> bool {
        self.process().is_some()
    }

    /// CPU time of the JVM since it started, in seconds.
    ///
    /// # Errors
    /// When the node is down.
    pub fn cpu_seconds(&self) -> Result<f64> {
        self.running(|process| process.cpu_seconds())
    }

    /// The JVM's resident memory in bytes.
    ///
    /// # Errors
    /// When the node is down.
    pub fn rss_bytes(&self) -> Result<u64> {
        self.running(|process| process.rss_bytes())
    }

    /// Shuts the node down (SIGTERM: a broker hands its leaderships over first) and waits until it is gone.
    ///
    /// # Errors
    /// When it is down already, or [`LabError::Timeout`] after 60 s, which a broker that finds no controller reaches.
    pub fn stop(&self) -> Result<()> {
        self.running(|process| process.stop(Duration::from_secs(60)))?;
        *self.process() = None;
        Ok(())
    }

    /// Kills the node (SIGKILL) and waits until it is gone.
    ///
    /// # Errors
    /// When it is down already.
    pub fn kill(&self) -> Result<()> {
        self.running(|process| process.kill())?;
        *self.process() = None;
        Ok(())
    }

    /// Stops it in its tracks (SIGSTOP): connections stay open, new ones are accepted by the kernel, nothing answers. It leaves
    /// Metadata after broker.session.timeout.ms (9 s).
    ///
    /// # Errors
    /// When it is down.
    pub fn freeze(&self) -> Result<()> {
        self.running(|process| process.freeze())
    }

    /// Lets a frozen node run on.
    ///
    /// # Errors
    /// When it is down.
    pub fn thaw(&self) -> Result<()> {
        self.running(|process| process.thaw())
    }

    /// Starts the node again on the same ports and data, stopping it first if it runs, and waits until it answers: a broker with Metadata
    /// that names itself and a controller. See [`Cluster::await_ready`](crate::Cluster::await_ready) for when the others know it too.
    ///
    /// # Errors
    /// [`LabError::Start`] with the end of the log.
    pub fn restart(&self) -> Result<()> {
        if self.is_up() {
            self.stop()?;
        }
        self.spawn()?;
        self.await_answer()
    }

    /// Starts the JVM without waiting for it.
    pub(crate) fn spawn(&self) -> Result<()> {
        let process = self.lab.spawn_logged(&self.command, &self.log())?;
        *self.process() = Some(process);
        Ok(())
    }

    /// Waits until the node answers for itself.
    pub(crate) fn await_answer(&self) -> Result<()> {
        let kafka = Kafka::new([self.kafka_address()]);
        self.await_ready(self.timeout, || {
            if !self.plan.broker {
                return self.controller_answers();
            }
            let metadata = kafka.metadata(Some(&[])).map_err(|error| error.to_string())?;
            if metadata.controller.is_some() && metadata.brokers.contains_key(&self.id()) {
                Ok(())
            } else {
                Err(format!("{metadata:?}"))
            }
        })
    }

    /// Waits for a condition, but gives up when the JVM ends.
    pub(crate) fn await_ready(&self, timeout: Duration, ready: impl FnMut() -> Result<(), String>) -> Result<()> {
        let who = format!("Kafka node {}", self.id());
        self.running(|process| process.await_ready(&who, &self.log(), timeout, ready))
    }

    /// A controller apart speaks no Metadata: its agent answers, or at least its port is open.
    fn controller_answers(&self) -> Result<(), String> {
        match self.jolokia_url() {
            Some(url) => crate::http::answers(&url).map_err(|error| error.to_string()),
            None => TcpStream::connect(self.kafka_address()).map(drop).map_err(|error| error.to_string()),
        }
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    fn process(&self) -> MutexGuard<'_, Option<Guarded>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn running<T>(&self, what: impl FnOnce(&mut Guarded) -> Result<T>) -> Result<T> {
        match self.process().as_mut() {
            Some(process) => what(process),
            None => Err(LabError::Input(format!("node {} is down: start it by restart()", self.id()))),
        }
    }
}
