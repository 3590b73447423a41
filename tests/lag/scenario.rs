//! A scenario on a cluster: a topic that is known record by record, groups at known offsets, and kafka-vitals over each
//! engine, which sees nothing else.

use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kafka_lab::{Cluster, Commit, Kafka, NewTopic, Record, wait_until};

use crate::log::{Log, Moment, Retention};
use crate::shown::{Scrape, shown};
use crate::support::{Vitals, at_once};

/// How long a busy machine may take for anything.
pub(crate) const WAIT: Duration = Duration::from_secs(30);

/// How old what kafka-vitals knows of topics and logs' starts may be.
pub(crate) const REFRESH: Duration = Duration::from_secs(1);

/// Milliseconds since 1970.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

/// So many seconds before now, for each.
pub(crate) fn ago(seconds: &[i64]) -> Vec<i64> {
    let now = now();
    seconds.iter().map(|seconds| now - seconds * 1_000).collect()
}

/// What a group has committed: the offset by partition, if any.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) committed: Vec<Option<i64>>,
}

/// A topic, the groups that read it, and who watches.
pub(crate) struct Scenario<'a> {
    /// The topic's name, and how those of the groups begin.
    pub(crate) name: &'static str,
    pub(crate) cluster: &'a Cluster,
    /// What stands in the topic, by partition.
    pub(crate) logs: Vec<Log>,
    /// What removes records, now or some day, if `cleanup.policy` has `delete`.
    pub(crate) retention: Retention,
    pub(crate) all: Vec<Vitals>,
}

impl<'a> Scenario<'a> {
    /// Without a topic.
    pub(crate) fn new(cluster: &'a Cluster, name: &'static str) -> Self {
        Self::remembering(cluster, name, REFRESH)
    }

    /// The same where kafka-vitals may remember topics and logs' starts for so long.
    pub(crate) fn remembering(cluster: &'a Cluster, name: &'static str, age: Duration) -> Self {
        let all = watching(cluster, name, age, &[]);
        Self { name, cluster, logs: Vec::new(), retention: Retention::BySize, all }
    }

    /// The same with a topic of so many partitions.
    pub(crate) fn with_topic(
        cluster: &'a Cluster,
        name: &'static str,
        partitions: i32,
        config: &[(&str, &str)],
    ) -> Self {
        let mut scenario = Self::new(cluster, name);
        let topic = NewTopic::new(name, partitions);
        scenario.create(config.iter().fold(topic, |topic, (key, value)| topic.config(key, value)), partitions);
        scenario
    }

    /// Makes the topic, with so many partitions.
    pub(crate) fn create(&mut self, topic: NewTopic, partitions: i32) {
        // The old times that records are given here would make Kafka remove them.
        let (time, size) = match self.retention {
            Retention::Never => (-1, -1),
            Retention::OlderThan(milliseconds) => (milliseconds, -1),
            Retention::BySize => (-1, i64::MAX),
        };
        let topic = topic.config("retention.ms", &time.to_string()).config("retention.bytes", &size.to_string());
        self.kafka().create_topics(&[topic]).unwrap();
        self.logs = (0..partitions).map(|_| Log::default()).collect();
    }

    /// Adds partitions to it up to so many in all.
    pub(crate) fn add_partitions(&mut self, partitions: i32) {
        self.kafka().add_partitions(self.name, partitions).unwrap();
        self.logs.resize_with(usize::try_from(partitions).unwrap(), Log::default);
    }

    pub(crate) fn kafka(&self) -> &'a Kafka {
        self.cluster.kafka()
    }

    /// Writes a record for each of these times.
    pub(crate) fn write(&mut self, partition: i32, times: &[i64]) {
        let records = times.iter().map(|time| (self.name, Record::to_partition(partition, "x").at(*time)));
        self.kafka().produce(records).unwrap();
        let log = self.log(partition);
        times.iter().for_each(|time| log.append(Moment::at(*time)));
    }

    /// Waits until kafka-vitals knows nothing any more of how topics and logs' starts were.
    pub(crate) fn refreshed(&self) {
        sleep(REFRESH);
    }

    /// What stands in the partition.
    pub(crate) fn log(&mut self, partition: i32) -> &mut Log {
        &mut self.logs[usize::try_from(partition).unwrap()]
    }

    /// What the group has committed to, and where it is there.
    pub(crate) fn committed(&self, group: &Group) -> impl Iterator<Item = (&Log, i64)> {
        self.logs.iter().zip(&group.committed).filter_map(|(log, committed)| Some((log, (*committed)?)))
    }

    /// Commits for each group, which has no members: its name's end, and an offset for each partition.
    pub(crate) fn commit<N: AsRef<str>>(&self, groups: &[(N, &[Option<i64>])]) -> Vec<Group> {
        let groups = groups.iter().map(|(name, offsets)| Group {
            name: format!("{}-{}", self.name, name.as_ref()),
            committed: offsets.to_vec(),
        });
        let groups: Vec<Group> = groups.collect();
        let commits = groups.iter().map(|group| {
            let committed = (0..).zip(&group.committed);
            let offsets = committed.filter_map(|(partition, offset)| Some((self.name, partition, (*offset)?)));
            Commit::new(&group.name, &offsets.collect::<Vec<_>>())
        });
        self.kafka().commit(&commits.collect::<Vec<_>>()).unwrap();
        groups
    }

    /// The same for a topic of one partition.
    pub(crate) fn commit_at(&self, groups: &[(&str, i64)]) -> Vec<Group> {
        let offsets: Vec<(&str, [Option<i64>; 1])> = groups.iter().map(|(name, at)| (*name, [Some(*at)])).collect();
        self.commit(&offsets.iter().map(|(name, at)| (*name, at.as_slice())).collect::<Vec<_>>())
    }

    /// Scrapes over each engine until all is there that is to be shown of these groups. What is shown must be right
    /// from the first scrape on.
    #[track_caller]
    pub(crate) fn is_right(&self, groups: &[Group]) {
        self.until("all to be shown", |scrape| {
            let all: Vec<_> = groups.iter().map(|group| shown(scrape, self, group)).collect();
            all.into_iter().collect()
        });
    }

    /// Scrapes over each engine until `is_so`.
    #[track_caller]
    pub(crate) fn until(&self, what: &str, is_so: impl Fn(&Scrape<'_>) -> Result<(), String> + Sync) {
        at_once(&self.all, |vitals| {
            // Kafka 4.3.0 has three nodes, 3.9.1 one.
            let what = format!("{} on {}, {:?}: {what}", self.name, self.cluster.bootstrap(), vitals.engine);
            wait_until(WAIT, &what, || is_so(&Scrape::of(vitals, &what))).unwrap();
        });
    }
}

/// kafka-vitals over each engine, which sees the topic and its groups alone, with more flags.
pub(crate) fn watching(cluster: &Cluster, name: &str, age: Duration, more: &[&str]) -> Vec<Vitals> {
    let flags = [
        format!("--kafka.server={}", cluster.bootstrap()),
        format!("--topic.filter=^{name}$"),
        format!("--group.filter=^{name}-"),
        format!("--refresh.metadata={}s", age.as_secs()),
        "--scrape.reuse=0s".to_owned(),
        "--series.granularity=lag_seconds=partition".to_owned(),
    ];
    let flags: Vec<&str> = flags.iter().map(String::as_str).chain(more.iter().copied()).collect();
    Vitals::start_each(cluster.lab(), &flags)
}

impl Drop for Scenario<'_> {
    fn drop(&mut self) {
        // A static cluster is never dropped, so nobody else keeps the logs of a test that fails.
        if std::thread::panicking() {
            self.cluster.lab().keep();
        }
    }
}

/// A group at every offset of partition 0, the end included.
pub(crate) fn everywhere(scenario: &Scenario<'_>) -> Vec<Group> {
    let names: Vec<(String, i64)> = (0..=scenario.logs[0].end()).map(|at| (at.to_string(), at)).collect();
    scenario.commit_at(&names.iter().map(|(name, at)| (name.as_str(), *at)).collect::<Vec<_>>())
}
