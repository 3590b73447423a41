//! Three brokers with known topics, records and groups, for one test at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use kafka_lab::{Cluster, Commit, Jolokia, Kafka, Member, NewTopic, Record, http, wait_until};

use crate::support::Vitals;

/// Prometheus' scrape time-out in these tests.
pub(crate) const SCRAPE: Duration = Duration::from_secs(5);
/// How long Kafka may take on a busy machine.
pub(crate) const WAIT: Duration = Duration::from_secs(120);

pub(crate) const BROKERS: [i32; 3] = [1, 2, 3];
pub(crate) const GROUPS: usize = 30;
/// A group with a live member.
pub(crate) const LIVE: &str = "live";

/// The cluster of all tests here. Each has it for itself.
pub(crate) struct World {
    // Leaves before its brokers die.
    _member: Member,
    pub(crate) cluster: Cluster,
}

/// Who leads and coordinates what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Roles {
    /// By topic and partition; no leader while all replicas are away.
    pub(crate) leaders: BTreeMap<(String, i32), Option<i32>>,
    pub(crate) coordinators: BTreeMap<String, i32>,
}

/// One test's turn with the world.
pub(crate) struct Turn(MutexGuard<'static, World>);

impl Deref for Turn {
    type Target = World;

    fn deref(&self) -> &World {
        &self.0
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // A static is never dropped, so nobody else keeps the logs of a test that fails.
        if std::thread::panicking() {
            self.cluster.lab().keep();
        }
    }
}

/// The cluster, with all brokers up and each leading what it prefers to lead.
pub(crate) fn world() -> Turn {
    static WORLD: OnceLock<Mutex<World>> = OnceLock::new();
    let world = WORLD.get_or_init(|| Mutex::new(World::start())).lock().unwrap_or_else(PoisonError::into_inner);
    let turn = Turn(world);
    turn.heal();
    turn
}

/// Topic and its partitions' replicas: two that die with their broker, one of which each broker has a part, and one that
/// survives.
pub(crate) fn topics() -> Vec<(String, Vec<Vec<i32>>)> {
    let alone = BROKERS.map(|id| (format!("alone-{id}"), vec![vec![id], vec![id]]));
    let spread = (0..6).map(|partition| vec![partition % 3 + 1]).collect();
    let copied = (0..6).map(|p| vec![p % 3 + 1, (p + 1) % 3 + 1, (p + 2) % 3 + 1]).collect();
    alone.into_iter().chain([("spread".to_owned(), spread), ("copied".to_owned(), copied)]).collect()
}

/// Records in a partition.
pub(crate) fn end(partition: i32) -> i32 {
    10 + partition
}

/// What a group has committed, for each partition of each topic.
pub(crate) fn committed(group: usize) -> i32 {
    i32::try_from(group % 7).unwrap()
}

pub(crate) fn name(group: usize) -> String {
    format!("group-{group:02}")
}

impl World {
    fn start() -> Self {
        let cluster = Cluster::builder()
            .nodes(3)
            .jolokia(Jolokia::V2_5_0)
            .heap_mib(300)
            // Leaderships go back to where they were soon after a broker is back.
            .property("leader.imbalance.check.interval.seconds", "2")
            .property("leader.imbalance.per.broker.percentage", "0")
            .start()
            .unwrap();
        let kafka = cluster.kafka();
        let new = topics().into_iter().map(|(topic, replicas)| {
            let replicas: Vec<&[i32]> = replicas.iter().map(Vec::as_slice).collect();
            NewTopic::new(&topic, 1).assignment(&replicas)
        });
        kafka.create_topics(&new.collect::<Vec<_>>()).unwrap();
        let mut commits: Vec<Commit> = (0..GROUPS).map(|group| Commit::new(&name(group), &[])).collect();
        for (topic, replicas) in topics() {
            for partition in (0..).take(replicas.len()) {
                let records = (0..end(partition)).map(|_| (topic.as_str(), Record::to_partition(partition, "x")));
                kafka.produce(records).unwrap();
                for (group, commit) in commits.iter_mut().enumerate() {
                    commit.offsets.push((topic.clone(), partition, committed(group).into()));
                }
            }
        }
        kafka.commit(&commits).unwrap();
        let member = kafka.member(LIVE, &["copied"]).start().unwrap();
        kafka.await_stable(LIVE, 1, WAIT).unwrap();
        Self { _member: member, cluster }
    }

    /// Waits until all brokers know each other and their agents answer.
    ///
    /// An agent that thaws on a busy machine works off the request that was given up on before it answers anything else.
    pub(crate) fn await_up(&self) {
        self.cluster.await_ready(WAIT).unwrap();
        for node in self.cluster.nodes() {
            let version = format!("{}/version", node.jolokia_url().unwrap());
            wait_until(WAIT, "the agent to answer", || http::get_ok(&version, WAIT)).unwrap();
        }
    }

    /// Undoes what a test that failed has left.
    fn heal(&self) {
        for node in self.cluster.nodes() {
            if node.is_up() {
                node.thaw().unwrap();
            } else {
                node.restart().unwrap();
            }
        }
        self.await_up();
        self.settled();
    }

    /// Waits until all brokers lead and coordinate their share, twice the same.
    pub(crate) fn settled(&self) -> Roles {
        let mut before = None;
        wait_until(WAIT, "each broker to lead and coordinate its share", || {
            let roles = self.roles()?;
            let preferred = |((topic, partition), leader): (&(String, i32), &Option<i32>)| {
                let replicas = topics().into_iter().find(|(name, _)| name == topic).unwrap().1;
                *leader == Some(replicas[usize::try_from(*partition).unwrap()][0])
            };
            let coordinators: BTreeSet<i32> = roles.coordinators.values().copied().collect();
            let settled = roles.leaders.iter().all(preferred)
                && roles.coordinators.len() == GROUPS + 1
                && coordinators.len() == BROKERS.len();
            match before.replace(roles.clone()) {
                Some(last) if settled && last == roles => Ok(roles),
                _ => Err(format!("{roles:?}")),
            }
        })
        .unwrap()
    }

    fn roles(&self) -> Result<Roles, String> {
        let kafka: &Kafka = self.cluster.kafka();
        let metadata = kafka.metadata(None).map_err(|error| error.to_string())?;
        let groups = kafka.groups().map_err(|error| error.to_string())?;
        let of_topics = metadata.topics.into_iter().filter(|(topic, _)| !topic.starts_with("__"));
        let leaders = of_topics.flat_map(|(topic, partitions)| {
            partitions.into_iter().map(move |(id, partition)| ((topic.clone(), id), partition.leader))
        });
        let coordinators = groups.into_iter().map(|(group, listed)| (group, listed.coordinator));
        Ok(Roles { leaders: leaders.collect(), coordinators: coordinators.collect() })
    }

    /// kafka-vitals over each engine, beside each other: a fault happens to all of them. They never serve a result twice.
    pub(crate) fn vitals(&self) -> Vec<Vitals> {
        let server = format!("--kafka.server={}", self.cluster.bootstrap());
        let jolokia = format!("--jolokia.port={}", self.cluster.jolokia_port());
        Vitals::start_each(self.cluster.lab(), &[&server, &jolokia, "--scrape.reuse=0s"])
    }
}
