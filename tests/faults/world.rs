//! Three brokers with known topics and groups; what a page must show of them while one broker is silent.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use kafka_lab::{Cluster, Commit, Jolokia, Kafka, NewTopic, Record, http, wait_until};

use crate::support::{Page, Vitals};

/// Prometheus' scrape time-out in these tests.
pub(crate) const SCRAPE: Duration = Duration::from_secs(5);
/// How long Kafka may take on a busy machine.
pub(crate) const WAIT: Duration = Duration::from_secs(120);

const BROKERS: [i32; 3] = [1, 2, 3];
const GROUPS: usize = 30;

/// The cluster of all tests here. Each has it for itself.
pub(crate) struct World {
    pub(crate) cluster: Cluster,
}

/// Who leads and coordinates what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Roles {
    /// By topic and partition; no leader while all replicas are away.
    leaders: BTreeMap<(String, i32), Option<i32>>,
    coordinators: BTreeMap<String, i32>,
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
fn topics() -> Vec<(String, Vec<Vec<i32>>)> {
    let alone = BROKERS.map(|id| (format!("alone-{id}"), vec![vec![id], vec![id]]));
    let spread = (0..6).map(|partition| vec![partition % 3 + 1]).collect();
    let copied = (0..6).map(|p| vec![p % 3 + 1, (p + 1) % 3 + 1, (p + 2) % 3 + 1]).collect();
    alone.into_iter().chain([("spread".to_owned(), spread), ("copied".to_owned(), copied)]).collect()
}

/// Records in a partition.
fn end(partition: i32) -> i32 {
    10 + partition
}

/// What a group has committed, for each partition of each topic.
fn committed(group: usize) -> i32 {
    i32::try_from(group % 7).unwrap()
}

fn name(group: usize) -> String {
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
        Self { cluster }
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
                && roles.coordinators.len() == GROUPS
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

    /// kafka-vitals of this cluster that never serves a result twice.
    pub(crate) fn vitals(&self) -> Vitals {
        let server = format!("--kafka.server={}", self.cluster.bootstrap());
        let jolokia = format!("--jolokia.port={}", self.cluster.jolokia_port());
        Vitals::start(self.cluster.lab(), &[&server, &jolokia, "--scrape.reuse=0s"])
    }
}

/// What is wrong with a page, when broker `silent` had `roles` and does not answer (any more).
///
/// What the others have must be there. What the silent one had is absent, or right, once another broker has taken over.
pub(crate) fn faults(page: &Page, roles: &Roles, silent: Option<i32>) -> Vec<String> {
    faults_of(page, roles, silent, true)
}

/// The same; without `remembers` the exporter has never seen the silent coordinator's groups and cannot name them.
pub(crate) fn faults_of(page: &Page, roles: &Roles, silent: Option<i32>, remembers: bool) -> Vec<String> {
    let mut faults = Vec::new();
    of_brokers(page, silent, &mut faults);
    of_collectors(page, roles, silent, &mut faults);
    for ((topic, partition), leader) in &roles.leaders {
        let series = format!("kafka_topic_partition_current_offset{{partition=\"{partition}\",topic=\"{topic}\"}}");
        let value = page.get(&series);
        let right = value == Some(f64::from(end(*partition)));
        if !(right || value.is_none() && *leader == silent) {
            faults.push(format!("{series} led by {leader:?} is {value:?}"));
        }
    }
    for group in 0..GROUPS {
        let coordinator = roles.coordinators.get(&name(group)).copied();
        let unknown = page.get(&format!("kafka_consumergroup_commits_unknown{{consumergroup=\"{}\"}}", name(group)));
        let lost = silent.is_some() && coordinator == silent;
        if !(unknown == Some(0.0) || lost && (unknown == Some(1.0) || unknown.is_none() && !remembers)) {
            faults.push(format!("commits_unknown of {} at {coordinator:?} is {unknown:?}", name(group)));
        }
        for (topic, replicas) in topics() {
            let partitions: Vec<i32> = (0..).take(replicas.len()).collect();
            of_group(page, roles, silent, (group, &topic, &partitions), unknown != Some(0.0), &mut faults);
        }
    }
    faults
}

/// What is wrong with the cluster side of a page while leaders and coordinators move: anything may be absent for a
/// moment but the groups themselves, and nothing that is there may differ from what it is.
pub(crate) fn untruths(page: &Page, roles: &Roles) -> Vec<String> {
    let mut untruths = Vec::new();
    for (topic, partition) in roles.leaders.keys() {
        let series = format!("kafka_topic_partition_current_offset{{partition=\"{partition}\",topic=\"{topic}\"}}");
        if page.get(&series).is_some_and(|value| value != f64::from(end(*partition))) {
            untruths.push(format!("{series} is {:?}", page.get(&series)));
        }
    }
    for group in 0..GROUPS {
        let series = format!("kafka_consumergroup_commits_unknown{{consumergroup=\"{}\"}}", name(group));
        let Some(unknown) = page.get(&series) else {
            untruths.push(format!("{} is gone", name(group)));
            continue;
        };
        for (topic, replicas) in topics() {
            let labels = format!("consumergroup=\"{}\",topic=\"{topic}\"", name(group));
            let sum = page.get(&format!("kafka_consumergroup_lag_sum{{{labels}}}"));
            let whole: i32 = (0..).take(replicas.len()).map(|partition| end(partition) - committed(group)).sum();
            let why = page.get(&format!("kafka_consumergroup_lag_unknown_partitions{{{labels}}}"));
            // A sum that is absent says why.
            let excused = unknown == 1.0 || why.is_some_and(|partitions| partitions > 0.0);
            if sum != Some(f64::from(whole)) && !(sum.is_none() && excused) {
                untruths.push(format!("lag_sum of {labels} is {sum:?} of {whole}, unknown partitions {why:?}"));
            }
        }
    }
    untruths
}

fn of_brokers(page: &Page, silent: Option<i32>, faults: &mut Vec<String>) {
    for id in BROKERS {
        let success = page.get(&format!("kafka_vitals_collector_success{{broker=\"{id}\",collector=\"jmx\"}}"));
        let threads = page.get(&format!("jvm_threads_current{{broker=\"{id}\"}}"));
        let bean = format!("kafka_server_replicamanager_value{{broker=\"{id}\",name=\"PartitionCount\"}}");
        let bean = page.get(&bean);
        let seen = (success, threads.is_some(), bean.is_some());
        let answers = silent != Some(id);
        if seen != (Some(f64::from(u8::from(answers))), answers, answers) {
            faults.push(format!("MBeans of {id}: success {success:?}, threads {threads:?}, PartitionCount {bean:?}"));
        }
    }
    if silent.is_none() {
        for (series, value) in page.named("kafka_vitals_collector_success") {
            if value < 1.0 {
                faults.push(format!("{series} {value}"));
            }
        }
        if page.get("kafka_brokers") != Some(3.0) {
            faults.push(format!("kafka_brokers {:?}", page.get("kafka_brokers")));
        }
    }
}

/// Whatever a silent broker takes with it, a collector says so.
fn of_collectors(page: &Page, roles: &Roles, silent: Option<i32>, faults: &mut Vec<String>) {
    let success = |part: &str| page.get(&format!("kafka_vitals_collector_success{{collector=\"{part}\"}}"));
    let ends = page.named("kafka_topic_partition_current_offset");
    let leaders = page.named("kafka_topic_partition_leader");
    // A partition that has no leader is Kafka's failure, not the collector's.
    let lost_ends = leaders.keys().filter(|series| {
        let end = series.replace("kafka_topic_partition_leader", "kafka_topic_partition_current_offset");
        !ends.contains_key(end.as_str())
    });
    let commits = page.named("kafka_consumergroup_commits_unknown");
    let lost_groups = roles.coordinators.len() - commits.values().filter(|value| **value == 0.0).count();
    for (part, is_lost) in [("offsets", lost_ends.count() > 0), ("groups", lost_groups > 0)] {
        if is_lost && success(part) != Some(0.0) || silent.is_none() && success(part) != Some(1.0) {
            faults.push(format!("success of {part} is {:?}", success(part)));
        }
    }
}

fn of_group(
    page: &Page,
    roles: &Roles,
    silent: Option<i32>,
    (group, topic, partitions): (usize, &str, &[i32]),
    commits_unknown: bool,
    faults: &mut Vec<String>,
) {
    let lag = |partition: i32| f64::from(end(partition) - committed(group));
    let labels = format!("consumergroup=\"{}\",topic=\"{topic}\"", name(group));
    let sum = page.get(&format!("kafka_consumergroup_lag_sum{{{labels}}}"));
    let unknown = page.get(&format!("kafka_consumergroup_lag_unknown_partitions{{{labels}}}"));
    let whole: f64 = partitions.iter().map(|partition| lag(*partition)).sum();
    if commits_unknown {
        if sum.is_some() {
            faults.push(format!("lag_sum of {labels} is {sum:?} without commits"));
        }
        return;
    }
    let silent_partitions =
        partitions.iter().filter(|p| silent.is_some() && roles.leaders[&(topic.to_owned(), **p)] == silent).count();
    let expected_unknown = f64::from(u32::try_from(silent_partitions).unwrap());
    let right = match unknown {
        Some(0.0) => sum == Some(whole),
        Some(unknown) => sum.is_none() && unknown <= expected_unknown,
        None => false,
    };
    if !right {
        faults.push(format!(
            "of {labels}: lag_sum {sum:?} of {whole}, unknown {unknown:?} of {expected_unknown} at {silent:?}"
        ));
    }
    for partition in partitions {
        let value = page.get(&format!("kafka_consumergroup_lag{{{labels},partition=\"{partition}\"}}"));
        let of_silent = silent.is_some() && roles.leaders[&(topic.to_owned(), *partition)] == silent;
        if !(value == Some(lag(*partition)) || value.is_none() && of_silent) {
            faults.push(format!("lag of {labels} partition {partition} is {value:?}"));
        }
    }
}

/// Series and partitions that a page lacks, for the log: partitions without end, groups without commits, sums.
pub(crate) fn missing(page: &Page, roles: &Roles) -> String {
    let of_topics = page.named("kafka_topic_partition_current_offset");
    let known = of_topics.keys().filter(|series| !series.contains("topic=\"__")).count();
    let commits = page.named("kafka_consumergroup_commits_unknown");
    let lost = GROUPS - commits.values().filter(|value| **value == 0.0).count();
    let sums = page.named("kafka_consumergroup_lag_sum").len();
    let durations = page.named("kafka_vitals_collector_duration_seconds");
    let cluster = durations.iter().find(|(series, _)| series.contains("collector=\"offsets\"")).map(|(_, took)| *took);
    format!(
        "cluster side {cluster:.2?} s, missing: {} of {} ends, commits of {lost} of {GROUPS} groups ({} not shown at all), {} of {} lag sums",
        roles.leaders.len() - known,
        roles.leaders.len(),
        GROUPS - commits.len(),
        GROUPS * topics().len() - sums,
        GROUPS * topics().len(),
    )
}

/// `/metrics` as Prometheus with a time-out of 5 s asks for it; it must be there in time.
pub(crate) fn scrape(vitals: &Vitals) -> (Page, Duration) {
    let start = Instant::now();
    let page = vitals.page("/metrics", SCRAPE);
    let took = start.elapsed();
    assert!(took < SCRAPE, "/metrics took {took:?}");
    (page, took)
}
