//! What goes on in the cluster: brokers in; topics that grow at known rates and groups in every condition out.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle, sleep},
    time::{Duration, Instant},
};

use crate::{Commit, GroupProtocol, Kafka, MemberBuilder, NewTopic, Phase, Record, Result, Traffic, wait_until};

/// A topic, and how fast it grows.
#[derive(Clone, Copy, Debug)]
pub struct Topic {
    /// Its name.
    pub name: &'static str,
    /// How many partitions.
    pub partitions: i32,
    /// How many replicas each has.
    pub replication: i16,
    /// Records a second that are written to it.
    pub records_per_second: u32,
}

/// The topics. `audit` has no second replica, so that its partition is offline while broker 3, which has it, is down; `archive` is idle,
/// `customers` is compacted and idle too.
pub const TOPICS: [Topic; 6] = [
    Topic { name: "orders", partitions: 6, replication: 3, records_per_second: 300 },
    Topic { name: "payments", partitions: 3, replication: 3, records_per_second: 100 },
    Topic { name: "clicks", partitions: 12, replication: 2, records_per_second: 600 },
    Topic { name: "audit", partitions: 1, replication: 1, records_per_second: 5 },
    Topic { name: "archive", partitions: 3, replication: 3, records_per_second: 0 },
    Topic { name: "customers", partitions: 3, replication: 3, records_per_second: 0 },
];

/// The groups, with the topic that each reads:
/// `shipping` keeps up; `billing` falls behind for a while and catches up, over and over; `fraud` is stuck: a member that reads nothing
/// more; of `warehouse` all consumers have gone, and lag was left; `analytics` (KIP-848) has a member that comes and goes, so that it
/// rebalances; `nightly` has no members, and no lag either.
pub const GROUPS: [(&str, &str); 6] = [
    ("shipping", "orders"),
    ("billing", "orders"),
    ("fraud", "payments"),
    ("warehouse", "orders"),
    ("analytics", "clicks"),
    ("nightly", "archive"),
];

/// Records in each partition of the idle topic.
const ARCHIVED: u32 = 500;
/// How long `warehouse` and `fraud` work before they do no more.
const AT_WORK: Duration = Duration::from_secs(5);
/// How long the second member of `analytics` stays, and stays away.
const VISIT: Duration = Duration::from_secs(40);
const PATIENCE: Duration = Duration::from_secs(60);

/// Producers and consumers at work; they stop when this is dropped.
#[derive(Debug)]
pub(super) struct Workload {
    traffic: Vec<(&'static str, Traffic)>,
    _analytics: [Visitor; 2],
}

impl Workload {
    /// Makes the topics, starts the producers and consumers, and waits until each group is there with what it has committed.
    pub(super) fn start(kafka: &Kafka) -> Result<Self> {
        create_topics(kafka)?;
        let mut traffic = Vec::new();
        for topic in TOPICS.iter().filter(|topic| topic.records_per_second > 0) {
            traffic.push((topic.name, Traffic::produce(kafka, topic.name, topic.records_per_second)?));
        }
        for (topic, traffic) in &mut traffic {
            for (group, _) in GROUPS.iter().filter(|(_, of)| of == topic) {
                if let Some(phases) = phases(group) {
                    traffic.consume(kafka, group, topic, &phases)?;
                }
            }
        }
        let committing = |group: &str, topic| kafka.member(group, &[topic]).setting("enable.auto.commit", "true");
        let analytics = committing("analytics", "clicks").protocol(GroupProtocol::Consumer);
        let stays = Visitor::start(analytics.clone().client("analytics-1"), None);
        let comes_and_goes = Visitor::start(analytics.client("analytics-2"), Some(VISIT));
        let warehouse = committing("warehouse", "orders").client("warehouse-1").start()?;
        wait_until(PATIENCE, "group warehouse to read", || match warehouse.records_read() {
            0 => Err("nothing read"),
            _ => Ok(()),
        })?;
        sleep(AT_WORK);
        warehouse.stop()?;
        kafka.commit(&[Commit::new(
            "nightly",
            &[0, 1, 2].map(|partition| ("archive", partition, i64::from(ARCHIVED))),
        )])?;
        wait_until(PATIENCE, "all groups to be there", || {
            let groups = kafka.groups().map_err(|error| error.to_string())?;
            match GROUPS.iter().find(|(name, _)| !groups.contains_key(*name)) {
                None => Ok(()),
                Some((name, _)) => Err(format!("no group {name}")),
            }
        })?;
        Ok(Self { traffic, _analytics: [stays, comes_and_goes] })
    }

    pub(super) fn records_acknowledged(&self, topic: &str) -> u64 {
        self.traffic.iter().find(|(name, _)| *name == topic).map_or(0, |(_, traffic)| traffic.records_acknowledged())
    }
}

fn create_topics(kafka: &Kafka) -> Result<()> {
    let topics = TOPICS.map(|topic| {
        let new = NewTopic::new(topic.name, topic.partitions);
        match topic.name {
            "audit" => new.assignment(&[&[3]]),
            "customers" => new.replication(topic.replication).config("cleanup.policy", "compact"),
            _ => new.replication(topic.replication),
        }
    });
    kafka.create_topics(&topics)?;
    kafka.fill("archive", 3, ARCHIVED)?;
    let customer = |number: u32| {
        let key = format!("customer-{}", number % 100);
        ("customers", Record { value: vec![b'x'; 100], ..Record::default() }.key(key))
    };
    kafka.produce((0..1000).map(customer))
}

/// What the consumer of a group does that reads by phases; the others are no single steady consumer.
fn phases(group: &str) -> Option<Vec<Phase>> {
    let phase = |seconds, records_per_second| Phase { duration: Duration::from_secs(seconds), records_per_second };
    match group {
        "shipping" => Some(vec![phase(60, None)]),
        // At a fifth of what comes in: more than the 5,000 records and 10 s that are fine.
        "billing" => Some(vec![phase(10, None), phase(45, Some(60)), phase(20, None)]),
        "fraud" => {
            let forever = Phase { duration: Duration::MAX, records_per_second: Some(0) };
            Some(vec![Phase { duration: AT_WORK * 2, records_per_second: None }, forever])
        }
        _ => None,
    }
}

/// A member that is there all the time, or comes and goes.
#[derive(Debug)]
struct Visitor {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Visitor {
    /// `visit`: how long it stays, and stays away.
    fn start(member: MemberBuilder, visit: Option<Duration>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopping = Arc::clone(&stop);
        let pass = move |duration: Option<Duration>| {
            let start = Instant::now();
            while !stopping.load(Ordering::Relaxed) && duration.is_none_or(|duration| start.elapsed() < duration) {
                sleep(Duration::from_millis(100));
            }
            !stopping.load(Ordering::Relaxed)
        };
        let thread = thread::spawn(move || {
            loop {
                let Ok(visitor) = member.clone().start() else { return };
                let go_on = pass(visit);
                // With its coordinator down it cannot say that it leaves; Kafka finds out by itself.
                let _ = visitor.stop();
                if !go_on || !pass(visit) {
                    return;
                }
            }
        });
        Self { stop, thread }
    }
}

impl Drop for Visitor {
    /// Waits a short while only, as with [`Traffic`].
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = wait_until(Duration::from_secs(3), "a member to leave", || {
            if self.thread.is_finished() { Ok(()) } else { Err("it is still there") }
        });
    }
}
