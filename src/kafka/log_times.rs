//! The times of the records that groups have not read, by ListOffsets: asks what `lag::plan` wants, round by round, and
//! remembers the answers, which stay true as long as their records.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use kafka_admin::{AdminError, Cluster, ErrorCode, Isolation, KafkaAdmin, OffsetQuery, OffsetSpec, TopicName};

use super::{Failures, Part, PartitionOffsets, Retention, TopicConfigs};
use crate::lag::anchors::Anchors;
use crate::lag::log_time::{LogTime, Precision, Unknown, ages};
use crate::lag::plan::{self, Known, Question};
use crate::lag::unread::{Unread, Unseen};
use crate::locked::locked;

/// Rounds in one collection. Most searches end after two to six, and steady ones after one.
const ROUNDS: usize = 10;
/// Lookups in one collection of the partitions that one broker leads. A lookup costs it a binary search in an index and
/// the reading of one batch.
const PER_LEADER: usize = 20_000;
/// Answers that are kept of one partition at the most, and of all of them; 32 bytes each.
const ANCHORS: usize = 24;
const ALL_ANCHORS: usize = 1_000_000;
/// For how long the answers about a partition are kept that no group wants to know about: most groups that have caught
/// up fall behind again.
const KEPT: Duration = Duration::from_secs(600);
/// The partition's message format is older than timestamps.
const UNSUPPORTED_FOR_MESSAGE_FORMAT: ErrorCode = ErrorCode(43);

/// The times of unread records at one moment.
#[derive(Debug, Clone, Default)]
pub struct LogTimes {
    /// That moment, in milliseconds since the epoch.
    pub now: i64,
    unread: Unread,
    times: Vec<LogTime>,
    /// Of the partitions with unread positions: what is older than this retention removes next, where that is known.
    floors: HashMap<(u32, u32), i64>,
    /// What it took.
    pub effort: Effort,
}

/// What a search took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Effort {
    /// Rounds in which something was asked.
    pub rounds: usize,
    /// Lookups by timestamp.
    pub lookups: usize,
    /// Lookups that are still wanted and had to wait for the next collection.
    pub postponed: usize,
}

impl LogTimes {
    /// The time of the first record at or after `offset`; [`Unknown::Searching`] for what was not searched for (yet).
    pub fn get(&self, topic: usize, partition: usize, offset: i64) -> LogTime {
        let searching = LogTime::Unknown(Unknown::Searching);
        let (Ok(topic), Ok(partition)) = (u32::try_from(topic), u32::try_from(partition)) else { return searching };
        let found = self.unread.positions.binary_search(&Unseen { topic, partition, offset });
        found.ok().and_then(|at| self.times.get(at)).copied().unwrap_or(searching)
    }

    /// Whether the records at a position seem to have no timestamps.
    pub(super) fn lack_timestamps(&self) -> bool {
        self.times.contains(&LogTime::Unknown(Unknown::NoTimestamp))
    }

    /// Which time of the partition's log retention removes next: that of its first record or, where retention is by time
    /// alone, the one that is old enough. Absent where it is not known, or nothing is removed.
    pub fn floor(&self, topic: usize, partition: usize) -> Option<i64> {
        self.floors.get(&(u32::try_from(topic).ok()?, u32::try_from(partition).ok()?)).copied()
    }
}

/// Searches, and remembers what it found.
#[derive(Debug)]
pub(super) struct LogTimeReader {
    admin: Arc<dyn KafkaAdmin>,
    /// For how long a log is taken for the same one where no topic ids tell.
    max_age: Duration,
    collections: AtomicUsize,
    remembered: Mutex<HashMap<(TopicName, i32), Remembered>>,
}

#[derive(Debug)]
struct Remembered {
    topic_id: Option<u128>,
    leader: Option<i32>,
    anchors: Anchors,
    /// One after the last offset, when it was used last.
    end: i64,
    used: Instant,
    /// When it was seen last that it is the same log.
    verified: Instant,
}

/// One partition with unread positions.
#[derive(Debug)]
struct Searched {
    topic: u32,
    partition: u32,
    leader: Option<i32>,
    start: i64,
    end: i64,
    anchors: Anchors,
    has_holes: bool,
    retention: Retention,
    /// Why no more is asked in this collection.
    given_up: Option<Unknown>,
    /// A record with its timestamp that must still be there, or it is another log.
    to_verify: Option<(i64, i64)>,
    verified: Instant,
}

/// What a search is about, all of one collection.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) ends: &'a PartitionOffsets,
    pub(super) starts: &'a PartitionOffsets,
    pub(super) configs: &'a TopicConfigs,
}

impl LogTimeReader {
    /// Where the engine does not learn topic ids, a log is looked at again after `max_age`: its topic may have been created
    /// again.
    pub(super) fn new(admin: Arc<dyn KafkaAdmin>, max_age: Duration) -> Self {
        Self { admin, max_age, collections: AtomicUsize::new(0), remembered: Mutex::default() }
    }

    /// The times of all `unread` positions at the time `now`, as precisely as they are wanted and can be had by
    /// `deadline`. `now` must not be earlier than the ends were read.
    pub(super) async fn read(
        &self,
        scope: Scope<'_>,
        unread: Unread,
        now: i64,
        deadline: Instant,
    ) -> (LogTimes, Failures) {
        let mut searched = self.remembered(scope, &unread);
        let mut failures = Failures::default();
        let mut effort = Effort::default();
        let mut spent: HashMap<i32, usize> = HashMap::new();
        let collection = self.collections.fetch_add(1, Ordering::Relaxed) % 1_000;
        let times = loop {
            let times = plan::times(&unread, |position| known(&searched, position, now), now);
            let mut questions =
                plan::questions(&unread, &times, |position| known(&searched, position, now), now, effort.rounds);
            questions.extend(first_records(&searched));
            questions.extend(verifications(&searched));
            questions.sort_unstable();
            questions.dedup();
            questions.retain(|question| {
                find(&searched, question.topic, question.partition)
                    .is_some_and(|at| searched[at].given_up.is_none() && searched[at].leader.is_some())
            });
            let wanted = questions.len();
            // Where one collection cannot ask for all, each begins elsewhere, or those in front would always come first.
            questions.rotate_left((collection * PER_LEADER) % wanted.max(1));
            if effort.rounds < ROUNDS && Instant::now() < deadline {
                questions.retain(|question| {
                    let leader = find(&searched, question.topic, question.partition).and_then(|at| searched[at].leader);
                    let spent = spent.entry(leader.unwrap_or(-1)).or_default();
                    *spent += 1;
                    *spent <= PER_LEADER
                });
            } else {
                questions.clear();
            }
            if questions.is_empty() {
                effort.postponed = wanted;
                break times;
            }
            effort.rounds += 1;
            effort.lookups += questions.len();
            self.ask(scope.cluster, &questions, &mut searched, &mut failures, deadline).await;
        };
        let floors = searched.iter().filter_map(|of| Some(((of.topic, of.partition), of.floor(now)?))).collect();
        let times = unread.positions.iter().zip(times).map(|(position, time)| {
            let given_up = find(&searched, position.topic, position.partition).and_then(|at| searched[at].given_up);
            let is_precise = ages(time, now).is_ok_and(|(young, old)| Precision::SHOWN.suffices(young, old));
            match (time, given_up) {
                (LogTime::Unknown(Unknown::Searching) | LogTime::Between(..), Some(reason)) if !is_precise => {
                    LogTime::Unknown(reason)
                }
                _ => time,
            }
        });
        let times = times.collect();
        self.remember(scope.cluster, &unread, searched);
        (LogTimes { now, unread, times, floors, effort }, failures)
    }

    /// One round.
    async fn ask(
        &self,
        cluster: &Cluster,
        questions: &[Question],
        searched: &mut [Searched],
        failures: &mut Failures,
        deadline: Instant,
    ) {
        let queries: Vec<OffsetQuery> = questions
            .iter()
            .filter_map(|question| {
                let topic = cluster.topics.get(question.topic as usize)?;
                let partition = topic.partitions.get(question.partition as usize)?;
                let spec = OffsetSpec::Timestamp(question.timestamp);
                Some(OffsetQuery { topic: topic.name.clone(), partition: partition.id, spec, leader: partition.leader })
            })
            .collect();
        let answers = self.admin.offsets(&queries, Isolation::ReadUncommitted, deadline).await;
        for (question, answer) in questions.iter().zip(answers) {
            let Some(at) = find(searched, question.topic, question.partition) else { continue };
            let Some(searched) = searched.get_mut(at) else { continue };
            match answer {
                Ok(found) => {
                    // Beyond the end that is known: as good as the end, which the lookup came after.
                    let found = found.offset.zip(found.timestamp).filter(|(offset, _)| *offset < searched.end);
                    if let Some(record) = searched.to_verify.take_if(|record| record.1 == question.timestamp) {
                        if found != Some(record) {
                            searched.anchors = Anchors::NONE;
                        }
                        searched.verified = Instant::now();
                    }
                    searched.anchors.learn(question.timestamp, found, searched.end);
                }
                Err(AdminError::Broker { code: UNSUPPORTED_FOR_MESSAGE_FORMAT, .. }) => {
                    searched.given_up = Some(Unknown::NoTimestamp);
                }
                Err(error) => {
                    if searched.given_up.is_none() {
                        failures.add(Part::Offsets, &error);
                    }
                    searched.given_up = Some(Unknown::Lookup);
                }
            }
        }
    }

    /// What is known of the partitions with unread positions, in their order, taken out of memory.
    fn remembered(&self, scope: Scope<'_>, unread: &Unread) -> Vec<Searched> {
        let mut remembered = locked(&self.remembered);
        remembered.retain(|_, of_partition| of_partition.used.elapsed() < KEPT);
        let partitions = unread.positions.chunk_by(|a, b| (a.topic, a.partition) == (b.topic, b.partition));
        let partitions = partitions.filter_map(|positions| positions.first());
        let mut of_topic: Option<(u32, bool, Retention)> = None;
        partitions
            .filter_map(|position| {
                let (topic_at, partition_at) = (position.topic as usize, position.partition as usize);
                let topic = scope.cluster.topics.get(topic_at)?;
                let partition = topic.partitions.get(partition_at)?;
                let end = scope.ends.get(topic_at, partition_at).known()?;
                let start = scope.starts.get(topic_at, partition_at).known().unwrap_or(0);
                let (_, has_holes, retention) = match of_topic {
                    Some(of_topic) if of_topic.0 == position.topic => of_topic,
                    _ => {
                        let has_holes = scope.configs.cleanup_policy(&topic.name).compact;
                        *of_topic.insert((position.topic, has_holes, scope.configs.retention(&topic.name)))
                    }
                };
                let before = remembered.remove(&(topic.name.clone(), partition.id));
                // A topic that was created again, or a log that was truncated, is another log.
                let is_same = |before: &Remembered| before.topic_id == topic.id && before.end <= end;
                // Compaction may have removed any record since.
                let before = before.filter(|before| is_same(before) && !has_holes);
                let is_led_by_another = before.as_ref().is_some_and(|before| before.leader != partition.leader);
                let verified = before.as_ref().map_or_else(Instant::now, |before| before.verified);
                let mut anchors = before.map(|before| before.anchors).unwrap_or_default();
                anchors.trim(start, end);
                // Without an id the topic may have been created again; a new leader may have truncated the log.
                let may_be_another = is_led_by_another || (topic.id.is_none() && verified.elapsed() >= self.max_age);
                let to_verify = anchors.around(position.offset).below.filter(|_| may_be_another);
                let (topic, partition, leader) = (position.topic, position.partition, partition.leader);
                Some(Searched {
                    topic,
                    partition,
                    leader,
                    start,
                    end,
                    anchors,
                    has_holes,
                    retention,
                    given_up: None,
                    to_verify,
                    verified,
                })
            })
            .collect()
    }

    fn remember(&self, cluster: &Cluster, unread: &Unread, searched: Vec<Searched>) {
        let most = (ALL_ANCHORS / searched.len().max(1)).min(ANCHORS);
        let used = Instant::now();
        let mut remembered = locked(&self.remembered);
        for mut searched in searched {
            let Some(topic) = cluster.topics.get(searched.topic as usize) else { continue };
            let Some(partition) = topic.partitions.get(searched.partition as usize) else { continue };
            if searched.anchors.len() > most {
                let of_partition =
                    |position: &&Unseen| (position.topic, position.partition) == (searched.topic, searched.partition);
                let first = unread.positions.partition_point(|position| {
                    (position.topic, position.partition) < (searched.topic, searched.partition)
                });
                let offsets = unread.positions[first..].iter().take_while(of_partition);
                let offsets: Vec<i64> = offsets.map(|position| position.offset).collect();
                searched.anchors.thin(&offsets, most);
            }
            let Searched { leader, anchors, end, verified, .. } = searched;
            let of_partition = Remembered { topic_id: topic.id, leader, anchors, end, used, verified };
            remembered.insert((topic.name.clone(), partition.id), of_partition);
        }
    }
}

impl Searched {
    /// What is older than this retention removes next.
    fn floor(&self, now: i64) -> Option<i64> {
        match self.retention {
            Retention::Never => None,
            Retention::OlderThan(milliseconds) => Some(now.saturating_sub(milliseconds)),
            Retention::Otherwise => self.anchors.first(self.start, self.has_holes),
        }
    }
}

/// Where the partition is in `searched`, which is in ascending order.
fn find(searched: &[Searched], topic: u32, partition: u32) -> Option<usize> {
    searched.binary_search_by_key(&(topic, partition), |searched| (searched.topic, searched.partition)).ok()
}

/// Every unread position's partition is in `searched`.
fn known<'a>(searched: &'a [Searched], position: &Unseen, now: i64) -> Known<'a> {
    static NOTHING: Anchors = Anchors::NONE;
    match find(searched, position.topic, position.partition).and_then(|at| searched.get(at)) {
        Some(of) => Known { anchors: &of.anchors, floor: of.floor(now), end: of.end, has_holes: of.has_holes },
        None => Known { anchors: &NOTHING, floor: None, end: position.offset + 1, has_holes: false },
    }
}

/// The lookups of records that must still be there.
fn verifications(searched: &[Searched]) -> impl Iterator<Item = Question> {
    searched.iter().filter_map(|searched| {
        let (_, timestamp) = searched.to_verify?;
        Some(Question { topic: searched.topic, partition: searched.partition, timestamp })
    })
}

/// The lookups of the first records, whose time tells how far a group is from losing records to retention.
fn first_records(searched: &[Searched]) -> impl Iterator<Item = Question> {
    let is_wanted = |searched: &&Searched| {
        if searched.retention != Retention::Otherwise {
            return false;
        }
        let gap = searched.anchors.around(searched.start);
        // All else that is known of the partition came after this very question, at an earlier start.
        gap.below.is_none() && gap.above.is_some_and(|above| above.before > 0)
    };
    let question =
        |searched: &Searched| Question { topic: searched.topic, partition: searched.partition, timestamp: 0 };
    searched.iter().filter(is_wanted).map(question)
}

#[cfg(test)]
impl LogTimes {
    /// These times by topic, partition and offset, and what retention removes next.
    pub(crate) fn of(
        now: i64,
        times: impl IntoIterator<Item = (u32, u32, i64, LogTime)>,
        floors: impl IntoIterator<Item = ((u32, u32), i64)>,
    ) -> Self {
        let split = |(topic, partition, offset, time)| (Unseen { topic, partition, offset }, time);
        let (positions, times) = times.into_iter().map(split).unzip();
        let unread = Unread { positions, ..Unread::default() };
        Self { now, unread, times, floors: floors.into_iter().collect(), effort: Effort::default() }
    }
}

#[cfg(test)]
mod tests {
    use kafka_admin::{CommittedOffset, FoundOffset, GroupDescription, GroupRef, GroupsListed, Partition, Topic};

    use super::*;
    use crate::kafka::Lookup;

    const NOW: i64 = 10_000_000;

    /// Partitions with a record each second up to `NOW`, whose leader fails in ways that a real one does only by chance.
    #[derive(Debug, Default)]
    struct FakeLog {
        /// (partition, timestamp) of each query of each call.
        calls: Mutex<Vec<Vec<(i32, i64)>>>,
        failure: Mutex<Option<AdminError>>,
    }

    const END: i64 = NOW / 1_000;

    #[async_trait::async_trait]
    impl KafkaAdmin for FakeLog {
        fn engine(&self) -> &'static str {
            "fake"
        }

        async fn cluster(&self, _: Instant) -> Result<Cluster, AdminError> {
            unreachable!()
        }

        async fn list_groups(&self, _: Instant) -> Result<GroupsListed, AdminError> {
            unreachable!()
        }

        async fn describe_groups(&self, _: &[GroupRef], _: Instant) -> Vec<Result<GroupDescription, AdminError>> {
            unreachable!()
        }

        async fn committed(&self, _: &[GroupRef], _: Instant) -> Vec<Result<Vec<CommittedOffset>, AdminError>> {
            unreachable!()
        }

        async fn offsets(
            &self,
            queries: &[OffsetQuery],
            _: Isolation,
            _: Instant,
        ) -> Vec<Result<FoundOffset, AdminError>> {
            let mut call = Vec::new();
            let failure = self.failure.lock().unwrap().clone();
            let answers = queries.iter().map(|query| {
                let OffsetSpec::Timestamp(timestamp) = query.spec else { unreachable!() };
                call.push((query.partition, timestamp));
                let offset = (timestamp + 999).div_euclid(1_000).max(0);
                let found = (offset < END).then_some(offset);
                match &failure {
                    Some(failure) => Err(failure.clone()),
                    None => Ok(FoundOffset { offset: found, timestamp: found.map(|offset| offset * 1_000) }),
                }
            });
            let answers = answers.collect();
            self.calls.lock().unwrap().push(call);
            answers
        }
    }

    /// A cluster of one topic, with its ends and starts.
    fn cluster(partitions: i32, id: u128) -> (Cluster, PartitionOffsets, PartitionOffsets) {
        let partition = |id| Partition { id, leader: Some(1), replicas: vec![1], isr: vec![1], error: None };
        let partitions: Vec<_> = (0..partitions).map(partition).collect();
        let of_all = |offset| PartitionOffsets::of(vec![vec![Lookup::Known(offset); partitions.len()]]);
        let (ends, starts) = (of_all(END), of_all(0));
        let topic = Topic { name: "t".into(), id: Some(id), error: None, partitions };
        (Cluster { topics: vec![topic], ..Cluster::default() }, ends, starts)
    }

    /// One group, at this offset of each partition.
    fn unread(partitions: u32, offset: i64) -> Unread {
        let positions = (0..partitions).map(|partition| Unseen { topic: 0, partition, offset }).collect();
        Unread { positions, owners: (0..partitions).map(|at| (at, 0)).collect(), pairs: 1 }
    }

    fn reader() -> (LogTimeReader, Arc<FakeLog>) {
        let log = Arc::new(FakeLog::default());
        (LogTimeReader::new(Arc::clone(&log) as Arc<dyn KafkaAdmin>, Duration::ZERO), log)
    }

    async fn read(reader: &LogTimeReader, topic_id: u128, unread: Unread) -> (LogTimes, Failures) {
        let partitions = unread.positions.last().map_or(0, |last| last.partition + 1);
        let (cluster, ends, starts) = cluster(i32::try_from(partitions).unwrap(), topic_id);
        let configs = TopicConfigs { refused: ["t".into()].into(), ..TopicConfigs::default() };
        let scope = Scope { cluster: &cluster, ends: &ends, starts: &starts, configs: &configs };
        reader.read(scope, unread, NOW, Instant::now() + Duration::from_secs(60)).await
    }

    #[tokio::test]
    async fn what_is_known_is_not_asked_again_while_it_is_the_same_log() {
        let (reader, log) = reader();
        let (times, failures) = read(&reader, 1, unread(3, 9_000)).await;
        assert!(failures.is_empty() && times.effort.rounds > 0 && times.effort.postponed == 0, "{times:?}");
        for partition in 0..3 {
            let (youngest, oldest) = ages(times.get(0, partition, 9_000), NOW).unwrap();
            assert!(youngest <= 1_000_000 && 1_000_000 <= oldest && oldest - youngest <= 20_000, "{youngest} {oldest}");
            assert_eq!(times.floor(0, partition), Some(0));
        }
        log.calls.lock().unwrap().clear();
        let (again, _) = read(&reader, 1, unread(3, 9_000)).await;
        assert_eq!((again.effort, log.calls.lock().unwrap().len()), (Effort::default(), 0));
        // A topic of that name that was created again is another log.
        let (other, _) = read(&reader, 2, unread(3, 9_000)).await;
        assert!(other.effort.rounds > 0);
    }

    #[tokio::test]
    async fn a_leader_that_fails_is_asked_once_and_leaves_the_reason() {
        let code = |code| AdminError::Broker { call: "ListOffsets", code, message: String::new() };
        for (failure, reason, is_failure) in [
            (AdminError::Timeout { call: "ListOffsets" }, Unknown::Lookup, true),
            (code(ErrorCode(6)), Unknown::Lookup, true),
            (code(UNSUPPORTED_FOR_MESSAGE_FORMAT), Unknown::NoTimestamp, false),
        ] {
            let (reader, log) = reader();
            *log.failure.lock().unwrap() = Some(failure);
            let (times, failures) = read(&reader, 1, unread(1, 9_000)).await;
            assert_eq!(times.get(0, 0, 9_000), LogTime::Unknown(reason));
            assert_eq!((times.effort.rounds, failures.is_empty()), (1, !is_failure));
            // The next collection tries again.
            *log.failure.lock().unwrap() = None;
            let (times, _) = read(&reader, 1, unread(1, 9_000)).await;
            assert!(matches!(times.get(0, 0, 9_000), LogTime::Between(..)));
        }
    }

    #[tokio::test]
    async fn more_than_one_leader_may_be_asked_goes_on_in_the_next_collection() {
        let (reader, log) = reader();
        let partitions = 12_000;
        let mut collections = 0;
        loop {
            let (times, _) = read(&reader, 1, unread(partitions, 9_000)).await;
            collections += 1;
            let asked: usize = log.calls.lock().unwrap().drain(..).map(|call| call.len()).sum();
            assert!(asked <= PER_LEADER, "{asked}");
            if times.effort.postponed == 0 {
                assert!((0..partitions).all(|at| matches!(times.get(0, at as usize, 9_000), LogTime::Between(..))));
                break;
            }
        }
        assert!((2..=10).contains(&collections), "{collections}");
    }
}
