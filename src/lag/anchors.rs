//! What is known of a partition's log time. In: answers to lookups by timestamp; out: between which two timestamps the
//! first record at or after an offset lies.
//!
//! A lookup of the timestamp T answers the first record whose timestamp is T or later (ListOffsets, API key 2). So every
//! record before it is older than T, whatever the order of timestamps, and its own timestamp is known. Read the other way
//! round, the *log time* at an offset is the largest timestamp among the records up to there, and each answer bounds it
//! on both sides. Times are milliseconds since the epoch.

/// Answers that are still true, by offset. A few per partition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Anchors(Vec<Anchor>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Anchor {
    offset: i64,
    /// All records before `offset` are older than this.
    before: i64,
    /// Timestamp of the record at `offset`; absent where the log ended without one that was wanted.
    timestamp: Option<i64>,
}

/// The surroundings of an offset: what a search starts from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gap {
    /// The nearest known record at or before the offset, and its timestamp.
    pub below: Option<(i64, i64)>,
    /// The nearest known offset after it, of a record or of the end.
    pub above: Option<Above>,
}

/// What is known of an offset beyond the one that is searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Above {
    /// The offset.
    pub offset: i64,
    /// All records before it are older than this.
    pub before: i64,
    /// The timestamp of the record there; absent where it is the end.
    pub timestamp: Option<i64>,
}

impl Anchors {
    /// Nothing is known.
    pub const NONE: Self = Self(Vec::new());

    /// Files the answer to a lookup of `asked`: the record found with its timestamp, or that there is none among the
    /// records before `end`, which must be known from before the lookup. Earlier answers that contradict it go: their
    /// records have been removed.
    pub fn learn(&mut self, asked: i64, found: Option<(i64, i64)>, end: i64) {
        let (offset, timestamp) = match found {
            Some((offset, timestamp)) => (offset, Some(timestamp)),
            None => (end, None),
        };
        let mut new = Anchor { offset, before: asked, timestamp };
        self.0.retain(|old| {
            if old.offset < offset {
                match old.timestamp {
                    Some(timestamp) => timestamp < asked,
                    // An end that the log has outgrown tells something only if it tells more.
                    None => old.before < asked,
                }
            } else if old.offset > offset {
                timestamp.is_none_or(|timestamp| timestamp < old.before)
            } else {
                if old.timestamp == timestamp {
                    new.before = new.before.min(old.before);
                }
                timestamp.is_none() && old.timestamp.is_some()
            }
        });
        let at = self.0.partition_point(|old| old.offset < offset);
        // An end is where no record is: one that is known there now is what counts.
        if self.0.get(at).is_none_or(|old| old.offset != offset) {
            self.0.insert(at, new);
        }
    }

    /// Forgets what lies outside the log: removed by retention, or truncated. `start` is its first offset, `end` the one
    /// after its last.
    pub fn trim(&mut self, start: i64, end: i64) {
        self.0.retain(|anchor| start <= anchor.offset && anchor.offset <= end);
    }

    /// Keeps the surroundings of `offsets` (ascending), the first anchor, and of the rest so few, evenly spread, that at
    /// most about `most` remain.
    pub fn thin(&mut self, offsets: &[i64], most: usize) {
        if self.0.len() <= most {
            return;
        }
        let mut keep = vec![false; self.0.len()];
        keep[0] = true;
        for offset in offsets {
            let after = self.0.partition_point(|anchor| anchor.offset <= *offset);
            for at in [after.checked_sub(1), Some(after)].into_iter().flatten() {
                if let Some(keep) = keep.get_mut(at) {
                    *keep = true;
                }
            }
        }
        let others = keep.iter().filter(|keep| !**keep).count();
        let room = most.saturating_sub(keep.len() - others);
        let step = if room == 0 { usize::MAX } else { others.div_ceil(room) };
        let mut number = 0;
        let mut keep = keep.into_iter();
        self.0.retain(|_| {
            let is_kept = keep.next().unwrap_or(true);
            number += usize::from(!is_kept);
            is_kept || number % step == 0
        });
    }

    /// What surrounds `offset`.
    pub fn around(&self, offset: i64) -> Gap {
        let after = self.0.partition_point(|anchor| anchor.offset <= offset);
        let below = self.0[..after].iter().rev().find_map(|anchor| Some((anchor.offset, anchor.timestamp?)));
        let above = self.0.get(after).map(|anchor| Above {
            offset: anchor.offset,
            before: anchor.before,
            timestamp: anchor.timestamp,
        });
        Gap { below, above }
    }

    /// The timestamp of the record at exactly this offset.
    pub fn at(&self, offset: i64) -> Option<i64> {
        let at = self.0.binary_search_by_key(&offset, |anchor| anchor.offset).ok()?;
        self.0[at].timestamp
    }

    /// The timestamp of the first record of a log that begins at `start` or, if it `has_holes`, after it.
    pub fn first(&self, start: i64, has_holes: bool) -> Option<i64> {
        let after_a_hole = || self.around(start).above.filter(|above| has_holes && above.before <= 0)?.timestamp;
        self.at(start).or_else(after_a_hole)
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of anchors.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// ListOffsets on records with these timestamps, the first of which has the offset `start`.
    fn lookup(start: usize, timestamps: &[i64], asked: i64) -> Option<(i64, i64)> {
        let found = timestamps[start..].iter().position(|timestamp| *timestamp >= asked)? + start;
        Some((i64::try_from(found).unwrap(), timestamps[found]))
    }

    #[test]
    fn an_answer_bounds_what_is_before_it_and_what_is_after() {
        let mut anchors = Anchors::default();
        anchors.learn(150, Some((10, 200)), 50);
        assert_eq!(anchors.around(9), Gap { below: None, above: Some(above(10, 150, Some(200))) });
        assert_eq!(anchors.around(10), Gap { below: Some((10, 200)), above: None });
        anchors.learn(900, None, 50);
        assert_eq!(anchors.around(30), Gap { below: Some((10, 200)), above: Some(above(50, 900, None)) });
        assert_eq!((anchors.at(10), anchors.at(11), anchors.at(50)), (Some(200), None, None));
    }

    #[test]
    fn the_first_record_is_at_the_start_or_after_what_compaction_removed() {
        let first = |asked| {
            let mut anchors = Anchors::default();
            anchors.learn(asked, Some((10, 200)), 50);
            [(10, false), (10, true), (5, false), (5, true)].map(|(start, has_holes)| anchors.first(start, has_holes))
        };
        assert_eq!(first(0), [Some(200), Some(200), None, Some(200)]);
        assert_eq!(first(150), [Some(200), Some(200), None, None]);
    }

    #[test]
    fn the_same_record_by_an_earlier_timestamp_tells_more() {
        let mut anchors = Anchors::default();
        for asked in [180, 150, 170] {
            anchors.learn(asked, Some((10, 200)), 50);
        }
        assert_eq!(anchors.around(0).above, Some(above(10, 150, Some(200))));
    }

    #[test]
    fn a_later_answer_removes_what_it_contradicts() {
        let mut anchors = Anchors::default();
        anchors.learn(100, Some((10, 500)), 50);
        anchors.learn(600, Some((40, 600)), 50);
        // The record at 10, of the time 500, is gone: else it would be the answer.
        anchors.learn(400, Some((20, 450)), 50);
        assert_eq!(anchors.around(15), Gap { below: None, above: Some(above(20, 400, Some(450))) });
        assert_eq!(anchors.around(45).below, Some((40, 600)));
        // And the log has been rewritten before 40.
        anchors.learn(700, Some((30, 700)), 50);
        assert_eq!(anchors.around(45).below, Some((30, 700)));
    }

    #[test]
    fn an_end_gives_way_to_the_record_that_came_there() {
        let mut anchors = Anchors::default();
        anchors.learn(900, None, 50);
        anchors.learn(950, Some((50, 1_000)), 60);
        assert_eq!(anchors.around(50).below, Some((50, 1_000)));
        assert_eq!(anchors.around(49).above.map(|above| above.before), Some(950));
    }

    #[test]
    fn what_is_outside_the_log_is_forgotten_and_the_rest_thinned_around_what_is_wanted() {
        let mut anchors = Anchors::default();
        (0..100).for_each(|at| anchors.learn(at * 10, Some((at, at * 10)), 100));
        anchors.trim(10, 89);
        assert_eq!((anchors.len(), anchors.around(9).below, anchors.around(99).below), (80, None, Some((89, 890))));
        anchors.thin(&[50], 8);
        assert!((4..=10).contains(&anchors.len()), "{anchors:?}");
        assert_eq!((anchors.at(10), anchors.at(50), anchors.at(51)), (Some(100), Some(500), Some(510)));
    }

    fn above(offset: i64, before: i64, timestamp: Option<i64>) -> Above {
        Above { offset, before, timestamp }
    }

    proptest! {
        /// Of any log, in any order of timestamps, while it grows and loses records at its start.
        #[test]
        fn the_log_time_is_always_within_the_gap(
            timestamps in prop::collection::vec(0..1_000i64, 1..60),
            lookups in prop::collection::vec((0..1_100i64, 1..60usize, 0..20usize), 1..40),
        ) {
            let mut anchors = Anchors::default();
            let (mut start, mut end) = (0, 1);
            for (asked, to, from) in lookups {
                end = end.max(to.min(timestamps.len()));
                start = start.max(from.min(end - 1));
                anchors.trim(start as i64, end as i64);
                anchors.learn(asked, lookup(start, &timestamps[..end], asked), end as i64);
                for at in start..end {
                    let log_time = *timestamps[start..=at].iter().max().unwrap();
                    let gap = anchors.around(at as i64);
                    if let Some((offset, timestamp)) = gap.below {
                        prop_assert!(timestamp <= log_time, "{at}: {gap:?} {anchors:?}");
                        prop_assert!(offset < at as i64 || timestamp == log_time, "{at}: {gap:?}");
                    }
                    if let Some(above) = gap.above {
                        prop_assert!(log_time < above.before, "{at}: {gap:?} {anchors:?}");
                    }
                }
            }
        }
    }
}
