//! Steady traffic: a rate and the consumer's phases in, a topic that grows and a group that falls behind and recovers out.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle, sleep},
    time::{Duration, Instant},
};

use rdkafka::{
    config::ClientConfig,
    consumer::{BaseConsumer, Consumer},
    producer::Producer,
};

use crate::{
    GroupProtocol, Kafka, LabError, Record, Result,
    member::{Quiet, consumer_config, subscribe},
    state::records::{Deliveries, producer, send},
};

/// Both sides work in steps of this, which is also how evenly they do.
const STEP: Duration = Duration::from_millis(100);

/// What a group's consumer does for a while.
#[derive(Clone, Copy, Debug)]
pub struct Phase {
    /// For how long.
    pub duration: Duration,
    /// Records a second at most: 0 reads nothing but stays in the group; `None` reads all there is.
    pub records_per_second: Option<u32>,
}

/// What runs: a producer and consumers. Stops when dropped.
#[derive(Debug)]
pub struct Traffic {
    stop: Arc<AtomicBool>,
    acknowledged: Arc<AtomicU64>,
    failed: Arc<AtomicU64>,
    threads: Vec<JoinHandle<()>>,
}

impl Traffic {
    /// Writes records of 100 bytes to an existing topic, spread over its partitions.
    ///
    /// # Errors
    /// [`LabError::Client`] when the producer cannot be made.
    pub fn produce(kafka: &Kafka, topic: &str, records_per_second: u32) -> Result<Self> {
        let deliveries = Deliveries::default();
        let producer = producer(&kafka.bootstrap(), deliveries.clone())?;
        let stop = Arc::new(AtomicBool::new(false));
        let (stopping, topic) = (Arc::clone(&stop), topic.to_owned());
        let thread = thread::spawn(move || {
            let (start, mut sent) = (Instant::now(), 0);
            while !stopping.load(Ordering::Relaxed) {
                for _ in sent..due(start, records_per_second) {
                    // A record that cannot be queued is not counted as acknowledged, which is what a caller looks at.
                    let _ = send(&producer, &topic, &Record { value: vec![b'x'; 100], ..Record::default() });
                }
                sent = due(start, records_per_second).max(sent);
                producer.poll(STEP);
            }
            let _ = producer.flush(Duration::from_secs(5));
        });
        Ok(Self { stop, acknowledged: deliveries.done, failed: deliveries.failed, threads: vec![thread] })
    }

    /// Adds a group of one member that goes through `phases` over and over and commits every second.
    ///
    /// # Errors
    /// [`LabError::Client`] when the consumer cannot be made, [`LabError::Input`] without a phase that lasts.
    pub fn consume(&mut self, kafka: &Kafka, group: &str, topic: &str, phases: &[Phase]) -> Result<()> {
        if phases.iter().all(|phase| phase.duration.is_zero()) {
            return Err(LabError::Input(format!("group {group} needs a phase longer than 0 s")));
        }
        let mut config: ClientConfig = consumer_config(&kafka.bootstrap(), group, GroupProtocol::Classic);
        config.set("enable.auto.commit", "true").set("auto.commit.interval.ms", "1000");
        let consumer = subscribe(&config, &[topic])?;
        let (stopping, phases) = (Arc::clone(&self.stop), phases.to_vec());
        self.threads.push(thread::spawn(move || {
            let go = || !stopping.load(Ordering::Relaxed);
            while go() {
                phases.iter().for_each(|phase| run(&consumer, *phase, go));
            }
        }));
        Ok(())
    }

    /// Records that Kafka acknowledged so far.
    pub fn records_acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::Relaxed)
    }

    /// Records that could not be written.
    pub fn records_failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }
}

impl Drop for Traffic {
    /// Waits a short while only: with the brokers gone a consumer cannot leave its group, and closes by itself later.
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let deadline = Instant::now() + Duration::from_secs(3);
        while Instant::now() < deadline && !self.threads.iter().all(JoinHandle::is_finished) {
            sleep(STEP);
        }
    }
}

/// Records due since `start` at that rate.
fn due(start: Instant, records_per_second: u32) -> u128 {
    start.elapsed().as_millis() * u128::from(records_per_second) / 1000
}

fn run(consumer: &BaseConsumer<Quiet>, phase: Phase, go: impl Fn() -> bool) {
    let (start, mut read) = (Instant::now(), 0);
    while go() && start.elapsed() < phase.duration {
        let step = Instant::now();
        // A consumer that must not read still has to poll to stay in its group; paused partitions give it nothing. Asked each time,
        // since a rebalance hands out partitions that are not paused.
        set_paused(consumer, phase.records_per_second == Some(0));
        while step.elapsed() < STEP && phase.records_per_second.is_none_or(|rate| rate == 0 || read < due(start, rate))
        {
            if let Some(Ok(_)) = consumer.poll(STEP.saturating_sub(step.elapsed())) {
                read += 1;
            }
        }
        sleep(STEP.saturating_sub(step.elapsed()));
    }
}

fn set_paused(consumer: &BaseConsumer<Quiet>, paused: bool) {
    let Ok(assignment) = consumer.assignment() else { return };
    if assignment.count() > 0 {
        // Fails only without an assignment, and is repeated with the next step.
        let _ = if paused { consumer.pause(&assignment) } else { consumer.resume(&assignment) };
    }
}
