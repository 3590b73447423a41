//! From what is known around an offset to the time of the first record there or after it: a bracket, and the timestamps
//! to look up next to narrow it. Pure. Times are milliseconds since the epoch.

use super::anchors::{Above, Anchors, Gap};

/// When the first record at or after an offset was written, by its own timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogTime {
    /// Between these two, both included.
    Between(i64, i64),
    /// Likewise, and no lookup can tell more: it is not known whether the record at the offset is still there, which is as
    /// old as the first, or compaction has removed it, so that the next one counts, which is as old as the second.
    Gap(i64, i64),
    /// It is not known.
    Unknown(Unknown),
}

/// Why a time is not known; label values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unknown {
    /// The search goes on in the next collections.
    Searching,
    /// The partition's end, or what the group has committed.
    Lag,
    /// The leader did not answer a lookup by timestamp.
    Lookup,
    /// The records have no timestamps, as before Kafka 0.10.
    NoTimestamp,
    /// A record before it has a timestamp in the future, which hides those of the records after it.
    FutureTimestamp,
    /// Compaction may have removed the record, and the next one is much younger.
    Compaction,
}

impl Unknown {
    /// All reasons.
    pub const ALL: [Self; 6] =
        [Self::Searching, Self::Lag, Self::Lookup, Self::NoTimestamp, Self::FutureTimestamp, Self::Compaction];

    /// The label value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Searching => "searching",
            Self::Lag => "lag",
            Self::Lookup => "lookup",
            Self::NoTimestamp => "no_timestamp",
            Self::FutureTimestamp => "future_timestamp",
            Self::Compaction => "compaction",
        }
    }
}

/// By how much a producer's clock may be ahead of ours before its timestamps count as being in the future.
const SKEW: i64 = 10_000;
/// The half-width of a bracket that needs no narrowing, however young the record is.
const SECOND: i64 = 1_000;

/// How narrow a bracket is wanted: its half-width, as a part of the record's age, and never less than a second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Precision(f64);

impl Precision {
    /// 25 %: what is shown.
    pub const SHOWN: Self = Self(0.25);
    /// 1 %: what is searched for where it decides about what is shown.
    pub const WANTED: Self = Self(0.01);

    /// Half-width in milliseconds at this age.
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a part of an age")]
    fn half_width(self, age: i64) -> i64 {
        ((age.max(0) as f64 * self.0) as i64).max(SECOND)
    }

    /// Whether ages between these two are known precisely enough by their middle.
    pub fn suffices(self, youngest: i64, oldest: i64) -> bool {
        let width = oldest.saturating_sub(youngest);
        width <= self.half_width(youngest.saturating_add(width / 2)).saturating_mul(2)
    }
}

/// How precisely a time is wanted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wanted {
    /// By the age.
    pub precision: Precision,
    /// And as precisely as it is shown by what lies between this time and it.
    pub since: Option<i64>,
}

impl Wanted {
    /// Half-width in milliseconds around `time`.
    fn half_width(self, time: i64, now: i64) -> i64 {
        let by_age = self.precision.half_width(now.saturating_sub(time));
        let by_distance = self.since.map(|since| Precision::SHOWN.half_width(time.saturating_sub(since)));
        by_distance.map_or(by_age, |by_distance| by_age.min(by_distance))
    }
}

/// Where the time is searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The offset: within the log, before `end`.
    pub offset: i64,
    /// One after the log's last offset.
    pub end: i64,
    /// Whether records may be missing within the log, as compaction removes them: the record at an offset is then perhaps
    /// the next one.
    pub has_holes: bool,
}

/// The time at `position`, as far as `anchors` tell it at the time `now`.
pub fn log_time(anchors: &Anchors, position: Position, now: i64) -> LogTime {
    if let Some(timestamp) = anchors.at(position.offset) {
        return LogTime::Between(timestamp, timestamp);
    }
    let gap = anchors.around(position.offset);
    let Some((_, oldest)) = gap.below else {
        return match gap.above {
            // It is the very first.
            Some(Above { before: ..=0, timestamp: Some(timestamp), .. }) if position.has_holes => {
                LogTime::Between(timestamp, timestamp)
            }
            Some(Above { before: ..=0, .. }) => LogTime::Unknown(Unknown::NoTimestamp),
            _ => LogTime::Unknown(Unknown::Searching),
        };
    };
    if oldest > now.saturating_add(SKEW) {
        return LogTime::Unknown(Unknown::FutureTimestamp);
    }
    match gap.above {
        Some(Above { timestamp: Some(timestamp), before, .. }) if position.has_holes => {
            if before <= oldest + 1 {
                LogTime::Gap(oldest, timestamp)
            } else {
                LogTime::Between(oldest, timestamp)
            }
        }
        Some(above) => LogTime::Between(oldest, oldest.max(above.before - 1)),
        None => LogTime::Between(oldest, oldest.max(now)),
    }
}

/// The age of a record of this time, youngest and oldest, in milliseconds; below 0 where its timestamp is in the future.
pub fn ages(time: LogTime, now: i64) -> Result<(i64, i64), Unknown> {
    match time {
        LogTime::Between(oldest, youngest) | LogTime::Gap(oldest, youngest) => {
            Ok((now.saturating_sub(youngest), now.saturating_sub(oldest)))
        }
        LogTime::Unknown(reason) => Err(reason),
    }
}

/// The timestamps to look up next, none of them twice: at most three, or ten in a log with holes, and none if no lookup can
/// tell more.
///
/// Two enclose the time that it would have if the records around came evenly, so that a right guess is the last one. The
/// third halves what is left in terms of the wanted precision, so that a search ends after some ten rounds at the worst,
/// however uneven the log is; in the first round it is worth its cost only where much is left. A hole is the harder to prove,
/// as only the very record before it and the one after it do, and what is known of a log with holes does not outlast a
/// collection: from the third round on they are asked for, in eight parts at once.
pub fn lookups(anchors: &Anchors, position: Position, now: i64, wanted: Wanted, round: usize) -> Vec<i64> {
    if anchors.at(position.offset).is_some() {
        return Vec::new();
    }
    let Gap { below, above } = anchors.around(position.offset);
    let Some((offset, oldest)) = below else {
        return match above {
            None => vec![0, now.saturating_sub(SECOND)],
            Some(above) if above.before > 0 => vec![0],
            Some(_) => Vec::new(),
        };
    };
    // The last timestamp that may tell more, and where the log goes from here.
    let (last, to) = match above {
        Some(above) => (above.before - 1, (above.offset, above.timestamp.unwrap_or(above.before))),
        None => (now, (position.end, now)),
    };
    if last <= oldest {
        return Vec::new();
    }
    let guess = between((offset, oldest), to, position.offset).clamp(oldest, last);
    let half = wanted.half_width(guess, now);
    let mut timestamps = vec![guess.saturating_sub(half).max(oldest) + 1];
    // One that is as late as now would be followed by what is being written.
    if above.is_some() || guess.saturating_add(half) < now {
        timestamps.push(guess.saturating_add(half).min(last));
    }
    let much = if round == 0 { 64 } else { 4 };
    let part = |part| part_of(part, (oldest, last), now, wanted.precision).clamp(oldest + 1, last);
    if (last - oldest) / half > much {
        timestamps.push(part(0.5));
    }
    if position.has_holes && round > 1 {
        timestamps.push(oldest + 1);
        timestamps.extend((1..8).map(|eighths| part(f64::from(eighths) / 8.0)));
    }
    timestamps.sort_unstable();
    timestamps.dedup();
    timestamps
}

/// The time at `offset` on the line through two points (offset, time).
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a guess")]
fn between(from: (i64, i64), to: (i64, i64), offset: i64) -> i64 {
    let part = (offset - from.0) as f64 / (to.0 - from.0).max(1) as f64;
    from.1 + ((to.1 - from.1) as f64 * part) as i64
}

/// The time between `oldest` and `last` that leaves this part of the brackets of the wanted precision on the older side.
/// Their width grows with the age: the geometric mean of the ages, shifted by that from which on it grows.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a time to try")]
fn part_of(part: f64, (oldest, last): (i64, i64), now: i64, precision: Precision) -> i64 {
    let shift = SECOND as f64 / precision.0;
    let age = |time: i64| (now - time).max(0) as f64 + shift;
    now - (age(oldest).powf(1.0 - part) * age(last).powf(part) - shift) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_000_000_000;
    const WANTED: Wanted = Wanted { precision: Precision::WANTED, since: None };

    fn anchors(found: &[(i64, Option<(i64, i64)>)], end: i64) -> Anchors {
        let mut anchors = Anchors::default();
        found.iter().for_each(|(asked, found)| anchors.learn(*asked, *found, end));
        anchors
    }

    fn at(offset: i64) -> Position {
        Position { offset, end: 1_000, has_holes: false }
    }

    #[test]
    fn a_time_is_between_the_record_below_and_what_was_asked_for_above() {
        let known = anchors(&[(0, Some((0, 500))), (700, Some((10, 900)))], 1_000);
        assert_eq!(log_time(&known, at(5), NOW), LogTime::Between(500, 699));
        assert_eq!(log_time(&known, at(10), NOW), LogTime::Between(900, 900));
        assert_eq!(log_time(&known, at(11), NOW), LogTime::Between(900, NOW));
        let with_holes = Position { has_holes: true, ..at(5) };
        assert_eq!(log_time(&known, with_holes, NOW), LogTime::Between(500, 900), "the next may be the one at 10");
    }

    #[test]
    fn where_records_may_be_missing_the_next_one_counts() {
        let position = |offset| Position { has_holes: true, ..at(offset) };
        let known = anchors(&[(0, Some((3, 500))), (501, Some((10, 900)))], 1_000);
        assert_eq!(log_time(&known, position(1), NOW), LogTime::Between(500, 500), "the first that is left");
        assert_eq!(log_time(&known, position(5), NOW), LogTime::Gap(500, 900), "there is none between the two times");
        assert!(lookups(&known, position(5), NOW, WANTED, 0).is_empty());
        assert_eq!(log_time(&known, at(1), NOW), LogTime::Unknown(Unknown::NoTimestamp));
    }

    #[test]
    fn what_is_close_to_another_time_is_wanted_as_precisely_as_their_distance() {
        // Ten seconds after the start of a log that is a day old.
        let since = NOW - 86_400_000;
        let known = anchors(&[(0, Some((0, since))), (since + 100_000, Some((100, since + 100_000)))], 1_000);
        for (since, half) in [(None, 90_000), (Some(since), 2_500)] {
            let asked = lookups(&known, at(10), NOW, Wanted { precision: Precision::WANTED, since }, 0);
            let spread = asked[asked.len() - 1] - asked[0];
            assert!((half..=2 * half).contains(&spread), "{since:?}: {asked:?}");
        }
    }

    #[test]
    fn what_cannot_be_known_has_its_reason() {
        let unknown = |known: &Anchors, offset| log_time(known, at(offset), NOW);
        let none = Anchors::default();
        assert_eq!(unknown(&none, 5), LogTime::Unknown(Unknown::Searching));
        let without = anchors(&[(0, None)], 1_000);
        assert_eq!(unknown(&without, 5), LogTime::Unknown(Unknown::NoTimestamp));
        assert!(lookups(&without, at(5), NOW, WANTED, 0).is_empty());
        let ahead = anchors(&[(0, Some((0, 500))), (NOW, Some((10, NOW + 60_000)))], 1_000);
        assert_eq!(unknown(&ahead, 11), LogTime::Unknown(Unknown::FutureTimestamp));
        assert_eq!(unknown(&ahead, 10), LogTime::Between(NOW + 60_000, NOW + 60_000), "it is this very record");
        assert_eq!(unknown(&ahead, 9), LogTime::Between(500, NOW - 1));
    }

    #[test]
    fn a_bracket_that_no_lookup_can_narrow_is_left_alone() {
        // The records from 0 to 9 have the same timestamp.
        let known = anchors(&[(0, Some((0, 500))), (501, Some((10, 900_000)))], 1_000);
        for has_holes in [false, true] {
            let position = Position { has_holes, ..at(5) };
            assert!(lookups(&known, position, NOW, WANTED, 0).is_empty());
        }
        assert_eq!(log_time(&known, at(5), NOW), LogTime::Between(500, 500));
    }

    #[test]
    fn what_suffices_is_a_second_or_the_wanted_part_of_the_age() {
        for (youngest, oldest, shown, wanted) in [
            (0, 2_000, true, true),
            (0, 2_001, false, false),
            (90_000, 110_000, true, false),
            (99_000, 101_000, true, true),
            (60_000, 140_000, false, false),
            (-3_600_000, 0, false, false),
            (-5_000, -5_000, true, true),
        ] {
            assert_eq!(Precision::SHOWN.suffices(youngest, oldest), shown, "{youngest} {oldest}");
            assert_eq!(Precision::WANTED.suffices(youngest, oldest), wanted, "{youngest} {oldest}");
        }
    }

    #[test]
    fn a_search_near_the_end_of_a_steady_log_takes_one_lookup() {
        // A record per millisecond up to now; what was the end 15 s ago is known.
        let known = anchors(&[(NOW - 16_000, Some((984_000, NOW - 16_000)))], 985_000);
        let position = Position { offset: 999_500, end: 1_000_000, has_holes: false };
        let asked = lookups(&known, position, NOW, WANTED, 0);
        assert!(asked.len() == 1 && (NOW - 1_600..NOW - 1_400).contains(&asked[0]), "{asked:?}");
    }

    /// Timestamps of a week's records up to `NOW`, at a rate that the seconds before `NOW` decide.
    fn week(rate: impl Fn(i64) -> f64) -> Vec<i64> {
        let mut timestamps = Vec::new();
        let mut due = 0.0;
        for second in (0..7 * 86_400).rev() {
            due += rate(second);
            while due >= 1.0 {
                timestamps.push(NOW - second * 1_000 - 500);
                due -= 1.0;
            }
        }
        timestamps
    }

    /// Rounds until the time at `offset` is known precisely enough, and that it is right.
    fn rounds(anchors: &mut Anchors, timestamps: &[i64], offset: usize, now: i64) -> usize {
        let end = timestamps.partition_point(|timestamp| *timestamp <= now);
        let position = Position { offset: offset as i64, end: end as i64, has_holes: false };
        for round in 0.. {
            if let Ok((youngest, oldest)) = ages(log_time(anchors, position, now), now) {
                let age = now - timestamps[offset];
                assert!(youngest.max(0) <= age && age <= oldest, "{youngest} {age} {oldest}");
                if Precision::WANTED.suffices(youngest.max(0), oldest.max(0)) {
                    return round;
                }
            }
            let asked = lookups(anchors, position, now, WANTED, round);
            assert!(!asked.is_empty(), "{anchors:?}");
            for asked in asked {
                let found = timestamps[..end].partition_point(|timestamp| *timestamp < asked);
                anchors.learn(asked, (found < end).then(|| (found as i64, timestamps[found])), end as i64);
            }
        }
        unreachable!()
    }

    #[test]
    fn a_hole_of_any_width_is_proven_within_the_rounds_of_one_collection() {
        let all = week(|second| if second % 3_600 < 60 { 10.0 } else { 0.5 });
        let records = all.len();
        for (from, to) in [(1_000, records - 5), (records / 2, records / 2 + 9_000), (records - 9_000, records - 1)] {
            // (offset, timestamp)
            let left: Vec<(i64, i64)> = (0..).zip(all.iter().copied()).collect();
            let left = [&left[..from], &left[to..]].concat();
            let end = records as i64;
            let position = Position { offset: i64::midpoint(from as i64, to as i64), end, has_holes: true };
            let mut anchors = Anchors::default();
            for round in 0..10 {
                for asked in lookups(&anchors, position, NOW, WANTED, round) {
                    let found = left.iter().find(|(_, timestamp)| *timestamp >= asked);
                    anchors.learn(asked, found.copied(), end);
                }
            }
            assert_eq!(log_time(&anchors, position, NOW), LogTime::Gap(all[from - 1], all[to]), "{from} to {to}");
        }
    }

    /// Median and maximum.
    fn spread(mut rounds: Vec<usize>) -> (usize, usize) {
        rounds.sort_unstable();
        (rounds[rounds.len() / 2], rounds[rounds.len() - 1])
    }

    #[test]
    fn weeks_of_any_shape_are_searched_in_few_rounds_cold_and_one_warm() {
        let day = |second: i64| (second % 86_400) as f64 / 86_400.0 * std::f64::consts::TAU;
        type Rate = Box<dyn Fn(i64) -> f64>;
        let shapes: [(&str, Rate); 5] = [
            ("uniform", Box::new(|_| 1.0)),
            ("daily cycle", Box::new(move |second| 1.0 - 0.95 * day(second).cos())),
            ("outage", Box::new(|second| if (200_000..300_000).contains(&second) { 0.0 } else { 1.0 })),
            ("bursts", Box::new(|second| if second % 3_600 < 60 { 40.0 } else { 0.01 })),
            ("mostly recent", Box::new(|second| 50_000.0 / (second as f64 + 600.0))),
        ];
        for (shape, rate) in shapes {
            let timestamps = week(rate);
            let records = timestamps.len();
            // Offsets spread over the log, and over its end.
            let spread_out = (0..100).map(|at| at * (records - 1) / 100);
            let at_end = (0..14).map(|at| records - 1 - (1 << at).min(records - 1));
            let cold = spread_out.chain(at_end).map(|at| rounds(&mut Anchors::default(), &timestamps, at, NOW));
            let cold = spread(cold.collect());
            // A group that follows the log at some distance, seen every 15 s for an hour.
            let mut warm = Vec::new();
            for behind in [5_000, 60_000, 3_600_000, 86_400_000] {
                let mut anchors = Anchors::default();
                for time in (NOW - 3_600_000..NOW).step_by(15_000) {
                    let offset = timestamps.partition_point(|timestamp| *timestamp < time - behind);
                    let end = timestamps.partition_point(|timestamp| *timestamp <= time);
                    if offset < end {
                        warm.push(rounds(&mut anchors, &timestamps, offset, time));
                        anchors.thin(&[offset as i64], 24);
                    }
                }
            }
            let warm = spread(warm);
            eprintln!("{shape}: {records} records, rounds cold {cold:?}, warm {warm:?}");
            assert!(cold.0 <= 8 && cold.1 <= 16 && warm.0 <= 1, "{shape}: cold {cold:?}, warm {warm:?}");
        }
    }
}
