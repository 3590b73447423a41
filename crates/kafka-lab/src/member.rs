//! A live group member: a group and topics in, a consumer thread that polls until it is stopped out.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use rdkafka::{
    ClientContext,
    config::ClientConfig,
    consumer::{BaseConsumer, Consumer, ConsumerContext},
    error::KafkaError,
};

use crate::{Kafka, LabError, Result, state::records::client_config, wait_until};

/// How members find each other (`group.protocol`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupProtocol {
    /// JoinGroup and SyncGroup, the members assign.
    Classic,
    /// KIP-848: heartbeats only, the broker assigns.
    Consumer,
}

/// Keeps quiet about brokers that are down on purpose.
pub(crate) struct Quiet;

impl ClientContext for Quiet {
    fn error(&self, _: KafkaError, _: &str) {}
}

impl ConsumerContext for Quiet {}

/// The configuration of a consumer that reads from the start and commits nothing.
pub(crate) fn consumer_config(bootstrap: &str, group: &str, protocol: GroupProtocol) -> ClientConfig {
    let mut config = client_config(bootstrap);
    config.set("group.id", group).set("auto.offset.reset", "earliest").set("enable.auto.commit", "false");
    config.set(
        "group.protocol",
        match protocol {
            GroupProtocol::Classic => "classic",
            GroupProtocol::Consumer => "consumer",
        },
    );
    config
}

/// A consumer that subscribes, and its first error, if the topics or settings are wrong.
pub(crate) fn subscribe(config: &ClientConfig, topics: &[&str]) -> Result<BaseConsumer<Quiet>> {
    let consumer: BaseConsumer<Quiet> = config
        .create_with_context(Quiet)
        .map_err(|source| LabError::Client { what: "make a consumer".into(), source })?;
    let subscribed = consumer.subscribe(topics);
    subscribed.map_err(|source| LabError::Client { what: format!("subscribe to {topics:?}"), source })?;
    Ok(consumer)
}

/// Describes a member; [`start`](Self::start) makes it.
#[derive(Clone, Debug)]
pub struct MemberBuilder {
    bootstrap: String,
    group: String,
    topics: Vec<String>,
    protocol: GroupProtocol,
    settings: Vec<(String, String)>,
}

impl MemberBuilder {
    /// The group protocol, classic by default.
    pub fn protocol(mut self, protocol: GroupProtocol) -> Self {
        self.protocol = protocol;
        self
    }

    /// Static membership (`group.instance.id`): the group keeps its place when it stops, until its session times out.
    pub fn instance(self, id: &str) -> Self {
        self.setting("group.instance.id", id)
    }

    /// The `client.id`.
    pub fn client(self, id: &str) -> Self {
        self.setting("client.id", id)
    }

    /// Any other librdkafka setting, such as `enable.auto.commit`.
    pub fn setting(mut self, key: &str, value: &str) -> Self {
        self.settings.push((key.into(), value.into()));
        self
    }

    /// Starts polling. The member has joined some moments later: [`Kafka::await_stable`] waits for it.
    ///
    /// # Errors
    /// [`LabError::Client`] when a setting is wrong.
    pub fn start(self) -> Result<Member> {
        let mut config = consumer_config(&self.bootstrap, &self.group, self.protocol);
        for (key, value) in &self.settings {
            config.set(key, value);
        }
        let topics: Vec<&str> = self.topics.iter().map(String::as_str).collect();
        let consumer = subscribe(&config, &topics)?;
        let (stop, read) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (stopping, reading) = (Arc::clone(&stop), Arc::clone(&read));
        let thread = thread::spawn(move || {
            while !stopping.load(Ordering::Relaxed) {
                if let Some(Ok(_)) = consumer.poll(Duration::from_millis(100)) {
                    reading.fetch_add(1, Ordering::Relaxed);
                }
            }
            // Dropping the consumer closes it, which leaves the group.
        });
        Ok(Member { group: self.group, stop, read, thread: Some(thread) })
    }
}

/// A live member; it leaves its group when stopped or dropped.
#[derive(Debug)]
pub struct Member {
    group: String,
    stop: Arc<AtomicBool>,
    read: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Member {
    /// The group.
    pub fn group(&self) -> &str {
        &self.group
    }

    /// Records read so far.
    pub fn records_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Leaves the group and waits until that is done.
    ///
    /// # Errors
    /// [`LabError::Timeout`] after 30 s, as when the coordinator is frozen.
    pub fn stop(mut self) -> Result<()> {
        self.finish(Duration::from_secs(30))
    }

    fn finish(&mut self, timeout: Duration) -> Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        let Some(thread) = self.thread.take() else { return Ok(()) };
        wait_until(timeout, &format!("a member to leave group {}", self.group), || {
            if thread.is_finished() { Ok(()) } else { Err("it is still closing") }
        })
    }
}

impl Drop for Member {
    /// Waits a short while only: with the brokers gone the consumer cannot leave, and closes by itself later.
    fn drop(&mut self) {
        let _ = self.finish(Duration::from_secs(3));
    }
}

impl Kafka {
    /// A live member of `group` that reads `topics` from the start and commits nothing, unless a setting says otherwise.
    pub fn member(&self, group: &str, topics: &[&str]) -> MemberBuilder {
        MemberBuilder {
            bootstrap: self.bootstrap(),
            group: group.into(),
            topics: topics.iter().map(|topic| (*topic).into()).collect(),
            protocol: GroupProtocol::Classic,
            settings: Vec::new(),
        }
    }
}
