//! A partition as a test wrote it: offsets and times of its records in, how far behind a reader is out.
//!
//! The rule is Kafka's own, of ListOffsets by time, which answers with the first record that is as young as asked: the
//! log's time at an offset is the largest timestamp among the records up to there. A record that is older than one
//! before it counts with that one's time; compaction and retention take their records' times with them.

use std::collections::BTreeMap;

/// A moment in milliseconds since 1970, as exactly as the test knows it: between two readings of the clock if the broker
/// has chosen it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) earliest: i64,
    pub(crate) latest: i64,
}

impl Moment {
    /// Known to the millisecond.
    pub(crate) fn at(time: i64) -> Self {
        Self { earliest: time, latest: time }
    }

    fn max(self, other: Self) -> Self {
        Self { earliest: self.earliest.max(other.earliest), latest: self.latest.max(other.latest) }
    }
}

/// What can be known of the age of the first record that a reader has not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Age {
    /// There is no such record, or it is from the future.
    Zero,
    /// It is this old at the moment `now` less the log's time there.
    Since(Moment),
    /// Likewise since `next`, but there is none at this very offset: if there were, it could be as old as `before`, and
    /// whether there is one can be told by reading alone.
    Hole { before: Moment, next: Moment },
    /// Neither it nor any before it has a timestamp.
    NoTimestamp,
    /// A record before it is from the future, and hides its time.
    Future,
}

/// When retention removes records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retention {
    Never,
    /// When they are older than this, in milliseconds.
    OlderThan(i64),
    /// When there are too many bytes.
    BySize,
}

/// A partition's log.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log {
    /// Offset of the first record that is left, inclusive.
    start: i64,
    /// Offset that the next record will have.
    end: i64,
    records: BTreeMap<i64, Moment>,
}

impl Log {
    /// A record, or the marker of a transaction's end, is written.
    pub(crate) fn append(&mut self, time: Moment) {
        self.records.insert(self.end, time);
        self.end += 1;
    }

    /// Retention removes all before `start`.
    pub(crate) fn retain_from(&mut self, start: i64) {
        self.start = start;
        self.retain(|offset| offset >= start);
    }

    /// Compaction leaves these offsets of the records; the log's start and end are as before.
    pub(crate) fn retain(&mut self, is_left: impl Fn(i64) -> bool) {
        self.records.retain(|offset, _| is_left(*offset));
    }

    pub(crate) fn end(&self) -> i64 {
        self.end
    }

    /// Lag of a reader in records, which by offsets counts removed ones too.
    pub(crate) fn lag(&self, committed: i64) -> i64 {
        (self.end - committed).max(0)
    }

    /// Records that were removed before the reader got to them.
    pub(crate) fn lost(&self, committed: i64) -> i64 {
        (self.start - committed).max(0)
    }

    /// Records that retention may still remove before the reader loses one.
    pub(crate) fn margin(&self, committed: i64) -> i64 {
        (committed - self.start).max(0)
    }

    /// How much younger the first unread record is than what retention removes next, in milliseconds, at the least and at the
    /// most that can be told, where its time is known to the millisecond; absent for a reader that is not behind at the time
    /// `now`, and without retention.
    pub(crate) fn margin_in_time(&self, committed: i64, now: i64, retention: Retention) -> Option<(i64, i64)> {
        let (oldest, youngest) = match self.age(committed, now) {
            Age::Since(unread) => (unread, unread),
            Age::Hole { before, next } => (before, next),
            Age::Zero | Age::NoTimestamp | Age::Future => return None,
        };
        let (_, first) = self.records.first_key_value()?;
        let next = match retention {
            Retention::Never => return None,
            Retention::OlderThan(milliseconds) => now - milliseconds,
            Retention::BySize => first.earliest,
        };
        let since = |unread: Moment| (unread.earliest - next).max(0);
        Some(if committed < self.start { (0, 0) } else { (since(oldest), since(youngest)) })
    }

    /// Offsets and times, as far as they are known to the millisecond, as a reader would get them.
    pub(crate) fn records(&self) -> Vec<(i64, i64)> {
        self.records.iter().map(|(offset, time)| (*offset, time.earliest)).collect()
    }

    /// How old the first unread record is at `now`.
    pub(crate) fn age(&self, committed: i64, now: i64) -> Age {
        if committed >= self.end {
            return Age::Zero;
        }
        let Some((first, own)) = self.records.range(committed..).next() else { return Age::Zero };
        let before = self.records.range(..first).map(|(_, time)| *time).reduce(Moment::max);
        let time = before.map_or(*own, |before| before.max(*own));
        match before {
            _ if time.latest < 0 => Age::NoTimestamp,
            Some(before) if time.earliest <= now && *first > committed => Age::Hole { before, next: time },
            _ if time.earliest <= now => Age::Since(time),
            Some(before) if before.latest >= own.earliest => Age::Future,
            _ => Age::Zero,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(times: &[i64]) -> Log {
        let mut log = Log::default();
        times.iter().for_each(|time| log.append(Moment::at(*time)));
        log
    }

    fn ages(log: &Log, now: i64) -> Vec<Age> {
        (0..=log.end()).map(|committed| log.age(committed, now)).collect()
    }

    fn since(time: i64) -> Age {
        Age::Since(Moment::at(time))
    }

    #[test]
    fn a_record_counts_with_the_youngest_time_up_to_it() {
        for (times, now, expected) in [
            (&[10, 20, 30][..], 99, &[since(10), since(20), since(30), Age::Zero][..]),
            (&[20, 10, 30, 25], 99, &[since(20), since(20), since(30), since(30), Age::Zero]),
            // From the future.
            (&[10, 50, 20, 50], 40, &[since(10), Age::Zero, Age::Future, Age::Future, Age::Zero]),
            // The future has come.
            (&[10, 50, 20], 50, &[since(10), since(50), since(50), Age::Zero]),
            (&[-1, -1, 20, -1], 40, &[Age::NoTimestamp, Age::NoTimestamp, since(20), since(20), Age::Zero]),
            (&[], 40, &[Age::Zero]),
        ] {
            assert_eq!(ages(&log(times), now), expected, "{times:?} at {now}");
        }
    }

    #[test]
    fn what_is_removed_takes_its_time_with_it() {
        let mut compacted = log(&[10, 90, 20, 30, 40]);
        compacted.retain(|offset| [2, 4].contains(&offset));
        let hole = Age::Hole { before: Moment::at(20), next: Moment::at(40) };
        assert_eq!(ages(&compacted, 99), [since(20), since(20), since(20), hole, since(40), Age::Zero]);
        assert_eq!((compacted.lag(0), compacted.lost(0)), (5, 0));
        let margins = (0..5).map(|committed| compacted.margin_in_time(committed, 99, Retention::BySize));
        let margins = margins.collect::<Vec<_>>();
        assert_eq!(margins, [Some((0, 0)), Some((0, 0)), Some((0, 0)), Some((0, 20)), Some((20, 20))]);
        assert_eq!(compacted.margin_in_time(3, 99, Retention::OlderThan(90)), Some((11, 31)));
        assert_eq!(compacted.margin_in_time(3, 99, Retention::Never), None);

        let mut retained = log(&[10, 90, 20, 30]);
        retained.retain_from(2);
        assert_eq!(ages(&retained, 99), [since(20), since(20), since(20), since(30), Age::Zero]);
        assert_eq!((retained.lag(1), retained.lost(1), retained.margin(1)), (3, 1, 0));
        assert_eq!((retained.lag(3), retained.lost(3), retained.margin(3)), (1, 0, 1));
        assert_eq!((retained.lag(9), retained.lost(9)), (0, 0));
    }

    #[test]
    fn a_time_of_the_brokers_choice_is_as_wide_as_it_is_known() {
        let mut log = log(&[10]);
        log.append(Moment { earliest: 30, latest: 33 });
        log.append(Moment::at(32));
        log.append(Moment::at(20));
        let known = |earliest, latest| Age::Since(Moment { earliest, latest });
        assert_eq!(ages(&log, 99), [since(10), known(30, 33), known(32, 33), known(32, 33), Age::Zero]);
    }
}
