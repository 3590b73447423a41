//! Which lookups by timestamp are still needed. In: unread positions, and what is known of their partitions; out: what to
//! ask next, each timestamp of a partition once, for all groups together.

use super::anchors::Anchors;
use super::log_time::{LogTime, Position, Precision, Wanted, ages, log_time, lookups};
use super::unread::{Unread, Unseen};

/// Timestamps of one partition in one round: brokers refuse a partition that is twice in a request, so each needs a
/// request of its own.
const PER_PARTITION: usize = 16;

/// One lookup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    /// Position of the topic in the cluster.
    pub topic: u32,
    /// Position of the partition in its topic.
    pub partition: u32,
    /// Timestamp to look up, in milliseconds since the epoch.
    pub timestamp: i64,
}

/// What is known of one partition.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Answers so far.
    pub anchors: &'a Anchors,
    /// What is older than this, in milliseconds since the epoch, retention removes next; absent where it removes nothing, or
    /// that is not known.
    pub floor: Option<i64>,
    /// One after the last offset.
    pub end: i64,
    /// Whether compaction removes records.
    pub has_holes: bool,
}

/// The times of all positions, in their order, as far as they are known at the time `now`.
pub fn times<'a>(unread: &Unread, known: impl Fn(&Unseen) -> Known<'a>, now: i64) -> Vec<LogTime> {
    let time = |position: &Unseen| {
        let known = known(position);
        log_time(known.anchors, in_log(position, known), now)
    };
    unread.positions.iter().map(time).collect()
}

/// The next lookups, in the order of the positions; none if all is known as precisely as it is worth asking for.
///
/// Every position is wanted as precisely as it is shown. The oldest of a group on a topic decides about what is shown
/// for both and is wanted more precisely, and so is each that may turn out to be the oldest. Likewise the one that may be
/// the closest to what retention removes next, by the time between them.
pub fn questions<'a>(
    unread: &Unread,
    times: &[LogTime],
    known: impl Fn(&Unseen) -> Known<'a>,
    now: i64,
    round: usize,
) -> Vec<Question> {
    let wanted = wanted(unread, times, &known, now);
    let mut questions: Vec<Question> = Vec::new();
    let open = unread.positions.iter().zip(wanted).filter_map(|(position, wanted)| Some((position, wanted?)));
    let mut last: Option<(&Unseen, super::anchors::Gap)> = None;
    let mut of_partition = 0;
    for (position, wanted) in open {
        let known = known(position);
        let gap = known.anchors.around(position.offset);
        let is_same_partition = last.is_some_and(|(last, _)| is_same_partition(last, position));
        if !is_same_partition {
            of_partition = questions.len();
        } else if last.is_some_and(|(_, last)| last == gap) {
            // The answers for the one before tell more of this one too.
            continue;
        }
        last = Some((position, gap));
        for timestamp in lookups(known.anchors, in_log(position, known), now, wanted, round) {
            let asked = &questions[of_partition..];
            if asked.len() < PER_PARTITION && asked.iter().all(|question| question.timestamp != timestamp) {
                questions.push(Question { topic: position.topic, partition: position.partition, timestamp });
            }
        }
    }
    questions
}

fn in_log(position: &Unseen, known: Known<'_>) -> Position {
    Position { offset: position.offset, end: known.end, has_holes: known.has_holes }
}

fn is_same_partition(a: &Unseen, b: &Unseen) -> bool {
    (a.topic, a.partition) == (b.topic, b.partition)
}

/// For each position how precisely it is wanted, if that is more than is known.
fn wanted<'a>(
    unread: &Unread,
    times: &[LogTime],
    known: &impl Fn(&Unseen) -> Known<'a>,
    now: i64,
) -> Vec<Option<Wanted>> {
    // Not below 0: a group that is ahead of the clock has caught up.
    let ages: Vec<Bounds> = times
        .iter()
        .map(|time| ages(*time, now).map_or((0, i64::MAX), |(young, old)| (young.max(0), old.max(0))))
        .collect();
    // What lies between what retention removes next and the position.
    let margins: Vec<Option<(i64, Bounds)>> = unread
        .positions
        .iter()
        .zip(&ages)
        .map(|(position, age)| {
            let floor = known(position).floor?;
            let whole = now.saturating_sub(floor);
            Some((floor, (whole.saturating_sub(age.1).max(0), whole.saturating_sub(age.0).max(0))))
        })
        .collect();
    let mut of_pairs = vec![((0, 0), (i64::MAX, i64::MAX)); unread.pairs];
    let owners = || unread.owners.iter().map(|(position, pair)| (*position as usize, *pair as usize));
    for (position, pair) in owners() {
        let (Some(age), Some((oldest, least))) = (ages.get(position), of_pairs.get_mut(pair)) else { continue };
        *oldest = (oldest.0.max(age.0), oldest.1.max(age.1));
        if let Some(Some((_, margin))) = margins.get(position) {
            *least = (least.0.min(margin.0), least.1.min(margin.1));
        }
    }
    let suffices = |precision: Precision, bounds: Bounds| precision.suffices(bounds.0, bounds.1);
    let as_shown = |age: &Bounds| {
        (!suffices(Precision::SHOWN, *age)).then_some(Wanted { precision: Precision::SHOWN, since: None })
    };
    let mut wanted: Vec<Option<Wanted>> = ages.iter().map(as_shown).collect();
    for (position, pair) in owners() {
        let (Some(age), Some((oldest, least))) = (ages.get(position), of_pairs.get(pair)) else { continue };
        let Some(wanted) = wanted.get_mut(position) else { continue };
        let is_open = |precision, own: Bounds, whole: Bounds| !suffices(precision, whole) && !suffices(precision, own);
        if age.1 > oldest.0 && is_open(Precision::WANTED, *age, *oldest) {
            let since = wanted.and_then(|wanted| wanted.since);
            *wanted = Some(Wanted { precision: Precision::WANTED, since });
        }
        if let Some(Some((floor, margin))) = margins.get(position)
            && margin.0 < least.1
            && is_open(Precision::SHOWN, *margin, *least)
        {
            let precision = wanted.map_or(Precision::SHOWN, |wanted| wanted.precision);
            *wanted = Some(Wanted { precision, since: Some(*floor) });
        }
    }
    wanted
}

/// Milliseconds: at least, and at most.
type Bounds = (i64, i64);

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 10_000_000;

    /// A record each second up to `NOW`, in each of so many partitions.
    struct World {
        anchors: Vec<Anchors>,
    }

    impl World {
        const END: i64 = NOW / 1_000;

        fn known(&self, position: &Unseen) -> Known<'_> {
            Known {
                anchors: &self.anchors[position.partition as usize],
                floor: Some(0),
                end: Self::END,
                has_holes: false,
            }
        }

        fn answer(&mut self, question: Question) {
            let found = (question.timestamp + 999) / 1_000;
            let found = (found < Self::END).then_some((found, found * 1_000));
            self.anchors[question.partition as usize].learn(question.timestamp, found, Self::END);
        }

        /// Asks until nothing is left to ask; the times, and how much was asked in each round.
        fn search(&mut self, unread: &Unread) -> (Vec<LogTime>, Vec<usize>) {
            let mut asked = Vec::new();
            loop {
                let times = times(unread, |position| self.known(position), NOW);
                let questions = questions(unread, &times, |position| self.known(position), NOW, asked.len());
                if questions.is_empty() {
                    return (times, asked);
                }
                asked.push(questions.len());
                questions.into_iter().for_each(|question| self.answer(question));
            }
        }
    }

    fn world(partitions: usize) -> World {
        World { anchors: vec![Anchors::default(); partitions] }
    }

    /// Positions (partition, offset), each with the pairs that own it.
    fn unread(positions: &[(u32, i64, &[u32])]) -> Unread {
        let unseen =
            positions.iter().map(|(partition, offset, _)| Unseen { topic: 0, partition: *partition, offset: *offset });
        let owners =
            positions.iter().zip(0..).flat_map(|((_, _, pairs), at)| pairs.iter().map(move |pair| (at, *pair)));
        let owners: Vec<(u32, u32)> = owners.collect();
        let pairs = owners.iter().map(|(_, pair)| *pair as usize + 1).max().unwrap_or(0);
        Unread { positions: unseen.collect(), owners, pairs }
    }

    #[test]
    fn groups_at_the_same_position_ask_once() {
        let (one, many) = (unread(&[(0, 5_000, &[0])]), unread(&[(0, 5_000, &[0, 1, 2, 3])]));
        let (alone, together) = (world(1).search(&one), world(1).search(&many));
        assert_eq!(alone, together);
        assert!(alone.1.len() <= 3, "{alone:?}");
    }

    #[test]
    fn no_timestamp_of_a_partition_is_asked_twice_in_a_round() {
        let many: Vec<(u32, i64, &[u32])> = (0..200).map(|at| (0, at * 40, &[0u32][..])).collect();
        let (unread, world) = (unread(&many), world(1));
        let times = times(&unread, |position| world.known(position), NOW);
        let questions = questions(&unread, &times, |position| world.known(position), NOW, 0);
        assert_eq!(questions.iter().map(|question| question.timestamp).collect::<Vec<_>>(), [0, NOW - 1_000]);
    }

    #[test]
    fn many_positions_of_a_partition_are_all_found_within_bounds_on_each_round() {
        let many: Vec<(u32, i64, &[u32])> = (0..200).map(|at| (0, at * 40, &[0u32][..])).collect();
        let (times, asked) = world(1).search(&unread(&many));
        assert!(asked.iter().all(|asked| *asked <= PER_PARTITION), "{asked:?}");
        for ((_, offset, _), time) in many.iter().zip(times) {
            let (youngest, oldest) = ages(time, NOW).unwrap();
            assert!(
                (youngest..=oldest).contains(&(NOW - offset * 1_000)) && Precision::SHOWN.suffices(youngest, oldest)
            );
        }
    }

    #[test]
    fn only_the_oldest_of_a_group_is_searched_for_precisely() {
        // The partition 0 is far behind, the others not so far.
        let behind: Vec<(u32, i64, &[u32])> =
            (0..10).map(|partition| (partition, if partition == 0 { 1_000 } else { 8_000 }, &[0u32][..])).collect();
        let (times, _) = world(10).search(&unread(&behind));
        let half: Vec<i64> =
            times.iter().map(|time| ages(*time, NOW).map(|(young, old)| (old - young) / 2).unwrap()).collect();
        assert!(half[0] <= 90_000 && half[1..].iter().all(|half| *half <= 500_000), "{half:?}");
        let (_, together) = world(10).search(&unread(&behind));
        let apart: Vec<(u32, i64, &[u32])> = behind
            .iter()
            .map(|(partition, offset, _)| {
                (*partition, *offset, if *partition == 0 { &[0u32][..] } else { &[1u32][..] })
            })
            .collect();
        let (_, apart) = world(10).search(&unread(&apart));
        assert!(together.iter().sum::<usize>() <= apart.iter().sum::<usize>(), "{together:?} {apart:?}");
    }

    #[test]
    fn positions_that_are_known_are_not_asked_for_again() {
        let near: Vec<(u32, i64, &[u32])> = (0..10).map(|partition| (partition, World::END - 1, &[0u32][..])).collect();
        let mut world = world(10);
        let (_, asked) = world.search(&unread(&near));
        assert!(asked.len() <= 3 && asked[0] == 20, "{asked:?}");
        let (_, again) = world.search(&unread(&near));
        assert!(again.is_empty(), "{again:?}");
    }
}
