//! Lag in seconds: how old the first record is that a group has not read. In: a group's lag in records on a topic, and the
//! times of records; out: brackets of ages, in seconds. Pure.
//!
//! Of several partitions the oldest counts. What is not known makes the whole unknown, never younger.

use super::log_time::{LogTime, Precision, Unknown, ages};
use super::unread::first_unread;
use super::{Commit, PartitionLag, TopicLag};
use crate::kafka::{LogTimes, PartitionOffsets, Rest};

/// An age as it is shown: the middle of what is proven, and how far the truth may be from it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Age {
    /// Middle of the bracket, in seconds.
    pub seconds: f64,
    /// Half of its width, in seconds.
    pub error: f64,
}

/// Ages in milliseconds: at least, and at most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Bracket {
    youngest: i64,
    oldest: i64,
    /// Whether nothing can narrow it.
    is_final: bool,
}

/// The lag in seconds of a group on a topic, or on all topics together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LagSeconds {
    bracket: Bracket,
    /// Partitions whose age is not known, by reason.
    unknown: [u32; Unknown::ALL.len()],
    /// Partitions whose bracket is too wide to be shown: those that may be narrowed yet, and those that cannot.
    wide: [u32; 2],
    /// Partitions whose first unread record has a timestamp in the future, and counts as being written now.
    pub clamped: u32,
    /// How much time lies between what retention removes next and the first unread record: the least of all partitions.
    margin: Option<Bracket>,
    /// Partitions whose margin is not known.
    unknown_margins: u32,
}

/// What the times of a partition's records are looked up in.
#[derive(Debug, Clone, Copy)]
pub struct Times<'a> {
    /// One after the last offset, by partition.
    pub ends: &'a PartitionOffsets,
    /// The first offset, by partition.
    pub starts: &'a PartitionOffsets,
    /// Times of the first unread records.
    pub log: &'a LogTimes,
}

impl LagSeconds {
    /// Of a topic, over all its partitions that the group has committed to.
    pub fn of_topic(lag: &TopicLag, times: Times<'_>) -> Self {
        let mut whole = Self::default();
        whole.count(Unknown::Lag, lag.unknown_partitions);
        whole.unknown_margins = lag.unknown_partitions;
        for partition in &lag.partitions {
            match age(lag.topic, partition, times) {
                // Counted already, or nothing that could be behind.
                None | Some(Err(Unknown::Lag)) => {}
                Some(Err(reason)) => {
                    whole.count(reason, 1);
                    whole.unknown_margins += 1;
                }
                Some(Ok(bracket)) => whole.add(bracket, margin(lag.topic, partition, times, bracket)),
            }
        }
        whole
    }

    /// The same, for a topic from which retention removes nothing.
    pub fn without_margin(self) -> Self {
        Self { margin: None, unknown_margins: 0, ..self }
    }

    /// Takes in the lag on another topic.
    pub fn merge(&mut self, other: &Self) {
        self.bracket = self.bracket.oldest_of(other.bracket);
        self.unknown.iter_mut().zip(other.unknown).for_each(|(count, more)| *count += more);
        self.wide.iter_mut().zip(other.wide).for_each(|(count, more)| *count += more);
        self.clamped += other.clamped;
        self.margin = match (self.margin, other.margin) {
            (Some(margin), Some(other)) => Some(margin.least_of(other)),
            (margin, other) => margin.or(other),
        };
        self.unknown_margins += other.unknown_margins;
    }

    fn count(&mut self, reason: Unknown, partitions: u32) {
        if let Some(at) = Unknown::ALL.iter().position(|known| *known == reason) {
            self.unknown[at] += partitions;
        }
    }

    fn add(&mut self, bracket: Bracket, margin: Option<Bracket>) {
        self.clamped += u32::from(bracket.oldest < 0);
        let bracket = bracket.not_negative();
        self.bracket = self.bracket.oldest_of(bracket);
        self.wide[usize::from(bracket.is_final)] += u32::from(!bracket.is_shown());
        if bracket.oldest == 0 {
            // Nothing is unread, or it is from the future: no retention is near.
            return;
        }
        match margin {
            Some(margin) => self.margin = Some(self.margin.map_or(margin, |least| least.least_of(margin))),
            None => self.unknown_margins += 1,
        }
    }

    /// The age of the oldest unread record; 0 if there is none. Absent while it is not known precisely enough.
    pub fn age(&self) -> Option<Age> {
        let is_known = self.unknown.iter().all(|count| *count == 0);
        (is_known && self.bracket.is_shown()).then(|| self.bracket.shown())
    }

    /// How many partitions keep the age from being known, by reason; empty if it is known.
    pub fn unknown(&self) -> impl Iterator<Item = (Unknown, u32)> {
        let [searching, compacted] = if self.bracket.is_shown() { [0; 2] } else { self.wide };
        let of_reason = move |(reason, count): (Unknown, u32)| {
            let wide = match reason {
                Unknown::Searching => searching,
                Unknown::Compaction => compacted,
                _ => 0,
            };
            (count + wide > 0).then_some((reason, count + wide))
        };
        Unknown::ALL.into_iter().zip(self.unknown).filter_map(of_reason)
    }

    /// The time between what retention removes next and the group's position, in seconds, where it is least; absent if
    /// nothing is unread, or while it is not known precisely enough.
    pub fn margin(&self) -> Option<f64> {
        let margin = self.margin.filter(|margin| self.unknown_margins == 0 && margin.is_shown())?;
        Some(margin.shown().seconds)
    }
}

/// Of one partition; absent where nothing is committed or it is not known precisely enough.
pub fn partition_age(topic: usize, partition: &PartitionLag, times: Times<'_>) -> Option<Age> {
    let bracket = age(topic, partition, times)?.ok()?.not_negative();
    bracket.is_shown().then(|| bracket.shown())
}

/// The age of the first unread record; `None` where nothing is committed. Below 0 for one from the future.
fn age(topic: usize, partition: &PartitionLag, times: Times<'_>) -> Option<Result<Bracket, Unknown>> {
    let committed = match (partition.commit, partition.lag) {
        (Commit::Nothing, _) => return None,
        (Commit::Unknown, _) | (_, None) => return Some(Err(Unknown::Lag)),
        (Commit::At(_), Some(0)) => return Some(Ok(Bracket::default())),
        (Commit::At(committed), Some(_)) => committed,
    };
    match partition.rest {
        Rest::Records => {}
        Rest::Markers => return Some(Ok(Bracket::default())),
        Rest::Unknown => return Some(Err(Unknown::Lookup)),
    }
    let offset = first_unread(committed, times.starts.get(topic, partition.partition).known());
    if times.ends.get(topic, partition.partition).known().is_some_and(|end| offset >= end) {
        return Some(Ok(Bracket::default()));
    }
    let time = times.log.get(topic, partition.partition, offset);
    let is_final = matches!(time, LogTime::Gap(..));
    Some(ages(time, times.log.now).map(|(youngest, oldest)| Bracket { youngest, oldest, is_final }))
}

/// The time between what retention removes next and the first unread record.
fn margin(topic: usize, partition: &PartitionLag, times: Times<'_>, age: Bracket) -> Option<Bracket> {
    let (Commit::At(committed), start) = (partition.commit, times.starts.get(topic, partition.partition).known()?)
    else {
        return None;
    };
    if committed < start {
        return Some(Bracket::default());
    }
    let oldest = times.log.now.saturating_sub(times.log.floor(topic, partition.partition)?);
    Some(Bracket { youngest: oldest - age.oldest, oldest: oldest - age.youngest, ..age }.not_negative())
}

impl Bracket {
    fn not_negative(self) -> Self {
        Self { youngest: self.youngest.max(0), oldest: self.oldest.max(0), ..self }
    }

    fn oldest_of(self, other: Self) -> Self {
        Self { youngest: self.youngest.max(other.youngest), oldest: self.oldest.max(other.oldest), ..self }
    }

    fn least_of(self, other: Self) -> Self {
        Self { youngest: self.youngest.min(other.youngest), oldest: self.oldest.min(other.oldest), ..self }
    }

    fn is_shown(self) -> bool {
        Precision::SHOWN.suffices(self.youngest, self.oldest)
    }

    #[expect(clippy::cast_precision_loss, reason = "milliseconds; exact up to 2^53")]
    fn shown(self) -> Age {
        let (youngest, oldest) = (self.youngest as f64, self.oldest as f64);
        Age { seconds: (youngest + oldest) / 2_000.0, error: (oldest - youngest) / 2_000.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::Lookup;
    use crate::lag::log_time::LogTime;

    const NOW: i64 = 10_000_000;

    /// Ends of 100 and starts of 10 in every partition, and the times of these positions (partition, offset).
    struct World {
        ends: PartitionOffsets,
        starts: PartitionOffsets,
        log: LogTimes,
    }

    fn world(times: &[(u32, i64, LogTime)]) -> World {
        let known = |offset| PartitionOffsets::of(vec![vec![Lookup::Known(offset); 4]]);
        // The log begins 1,000 s ago.
        let starts = (0..4).map(|partition| ((0, partition), NOW - 1_000_000));
        let times = times.iter().map(|(partition, offset, time)| (0, *partition, *offset, *time));
        World { ends: known(100), starts: known(10), log: LogTimes::of(NOW, times, starts) }
    }

    /// Of a group with these committed offsets.
    fn lag(commits: &[Commit]) -> TopicLag {
        let partition = |(partition, commit): (usize, &Commit)| {
            let lag = if let Commit::At(offset) = commit { Some((100 - offset).max(0)) } else { None };
            PartitionLag { partition, commit: *commit, lag, rest: Rest::Records }
        };
        TopicLag {
            topic: 0,
            partitions: commits.iter().enumerate().map(partition).collect(),
            committed_sum: None,
            lag_sum: None,
            unknown_partitions: commits.iter().map(|commit| u32::from(*commit == Commit::Unknown)).sum(),
            unknown_reasons: [].into(),
            beyond_end_partitions: 0,
            lost_records: None,
            lag_max: None,
            stable_lag_sum: None,
            margin_records: None,
        }
    }

    fn seconds(world: &World, commits: &[Commit]) -> LagSeconds {
        LagSeconds::of_topic(&lag(commits), Times { ends: &world.ends, starts: &world.starts, log: &world.log })
    }

    /// Between so many seconds ago and so many.
    fn ago(oldest: i64, youngest: i64) -> LogTime {
        LogTime::Between(NOW - oldest * 1_000, NOW - youngest * 1_000)
    }

    #[test]
    fn the_oldest_partition_counts_and_uncommitted_ones_do_not() {
        let world = world(&[(0, 50, ago(102, 98)), (1, 60, ago(31, 29))]);
        let lag = seconds(&world, &[Commit::At(50), Commit::At(60), Commit::At(100), Commit::Nothing]);
        assert_eq!(lag.age(), Some(Age { seconds: 100.0, error: 2.0 }));
        assert_eq!(lag.unknown().count(), 0);
        assert_eq!(lag.margin(), Some(900.0));
        assert_eq!(seconds(&world, &[Commit::At(100), Commit::At(250)]).age(), Some(Age { seconds: 0.0, error: 0.0 }));
        assert_eq!(seconds(&world, &[Commit::At(100)]).margin(), None);
    }

    #[test]
    fn who_has_only_markers_left_is_at_zero_and_where_nobody_tells_it_is_unknown() {
        let world = world(&[(0, 98, ago(102, 98)), (1, 99, ago(31, 29))]);
        let times = Times { ends: &world.ends, starts: &world.starts, log: &world.log };
        let mut lag = lag(&[Commit::At(98), Commit::At(99)]);
        let zero = Some(Age { seconds: 0.0, error: 0.0 });
        lag.partitions[0].rest = Rest::Markers;
        assert_eq!(LagSeconds::of_topic(&lag, times).age(), Some(Age { seconds: 30.0, error: 1.0 }));
        assert_eq!(partition_age(0, &lag.partitions[0], times), zero);
        lag.partitions[1].rest = Rest::Markers;
        let seconds = LagSeconds::of_topic(&lag, times);
        assert_eq!((seconds.age(), seconds.margin()), (zero, None));
        lag.partitions[1].rest = Rest::Unknown;
        let seconds = LagSeconds::of_topic(&lag, times);
        assert_eq!((seconds.age(), seconds.unknown().collect::<Vec<_>>()), (None, vec![(Unknown::Lookup, 1)]));
    }

    #[test]
    fn an_unknown_partition_makes_it_unknown_with_the_reason() {
        let searching = LogTime::Unknown(Unknown::Searching);
        let world = world(&[(0, 50, ago(102, 98)), (1, 60, searching), (2, 70, LogTime::Unknown(Unknown::Lookup))]);
        for (commits, expected) in [
            (&[Commit::At(50), Commit::Unknown][..], &[(Unknown::Lag, 1)][..]),
            (&[Commit::At(50), Commit::At(60)], &[(Unknown::Searching, 1)]),
            (&[Commit::At(50), Commit::At(60), Commit::At(70)], &[(Unknown::Searching, 1), (Unknown::Lookup, 1)]),
        ] {
            let lag = seconds(&world, commits);
            assert_eq!((lag.age(), lag.margin()), (None, None));
            assert_eq!(lag.unknown().collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn a_wide_bracket_matters_only_where_it_may_be_the_oldest() {
        let world = world(&[(0, 50, ago(102, 98)), (1, 60, ago(90, 10)), (2, 70, ago(600, 10))]);
        assert_eq!(seconds(&world, &[Commit::At(50), Commit::At(60)]).age(), Some(Age { seconds: 100.0, error: 2.0 }));
        let lag = seconds(&world, &[Commit::At(50), Commit::At(60), Commit::At(70)]);
        assert_eq!((lag.age(), lag.unknown().next()), (None, Some((Unknown::Searching, 2))));
    }

    #[test]
    fn a_gap_that_compaction_left_is_told_as_such_only_where_it_is_too_wide() {
        let gap = |oldest: i64, youngest: i64| LogTime::Gap(NOW - oldest * 1_000, NOW - youngest * 1_000);
        let world = world(&[(0, 50, gap(110, 90)), (1, 60, gap(600, 90))]);
        assert_eq!(seconds(&world, &[Commit::At(50)]).age(), Some(Age { seconds: 100.0, error: 10.0 }));
        let lag = seconds(&world, &[Commit::Nothing, Commit::At(60)]);
        assert_eq!((lag.age(), lag.unknown().collect::<Vec<_>>()), (None, vec![(Unknown::Compaction, 1)]));
    }

    #[test]
    fn a_record_from_the_future_is_of_now_and_counted() {
        let world = world(&[(0, 50, ago(-60, -60))]);
        let lag = seconds(&world, &[Commit::At(50)]);
        assert_eq!((lag.age(), lag.clamped), (Some(Age { seconds: 0.0, error: 0.0 }), 1));
    }

    #[test]
    fn after_retention_the_first_record_left_counts_and_no_margin_is_left() {
        let world = world(&[(0, 10, ago(1_000, 1_000))]);
        let lag = seconds(&world, &[Commit::At(3)]);
        assert_eq!((lag.age(), lag.margin()), (Some(Age { seconds: 1_000.0, error: 0.0 }), Some(0.0)));
    }

    #[test]
    fn a_group_is_as_far_behind_as_on_its_worst_topic() {
        let world = world(&[(0, 50, ago(102, 98)), (1, 60, ago(31, 29)), (2, 70, LogTime::Unknown(Unknown::Lookup))]);
        let [worst, better, unknown] = [
            &[Commit::At(50)][..],
            &[Commit::Nothing, Commit::At(60)],
            &[Commit::Nothing, Commit::Nothing, Commit::At(70)],
        ]
        .map(|commits| seconds(&world, commits));
        let mut whole = better.clone();
        whole.merge(&worst);
        assert_eq!(whole.age(), worst.age());
        whole.merge(&unknown);
        assert_eq!(whole.age(), None);
    }
}
