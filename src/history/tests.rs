//! Table tests: collections in, what is known after them out.

use kafka_admin::{AdminError, GroupDescription, GroupType, Member, Partition, Topic, TopicPartition};

use super::*;
use crate::kafka::Lookup;
use crate::kafka::PartitionOffsets;

/// A group of one collection; the topic `orders` has three partitions that end at 100.
#[derive(Clone)]
struct Sight {
    state: GroupState,
    kind: GroupType,
    epoch: Option<i32>,
    /// Member id and partitions of `orders`.
    members: Vec<(&'static str, Vec<i32>)>,
    /// By partition of `orders`.
    commits: Vec<(i32, i64)>,
    topic_id: u128,
    end: Lookup,
}

const END: i64 = 100;

fn group(state: GroupState) -> Sight {
    let end = Lookup::Known(END);
    Sight { state, kind: GroupType::Classic, epoch: None, members: vec![], commits: vec![], topic_id: 1, end }
}

fn stable(members: &[(&'static str, &[i32])]) -> Sight {
    let members = members.iter().map(|(id, partitions)| (*id, partitions.to_vec())).collect();
    Sight { members, ..group(GroupState::Stable) }
}

fn epoch(epoch: i32) -> Sight {
    Sight { kind: GroupType::Consumer, epoch: Some(epoch), ..stable(&[("a", &[0])]) }
}

fn committed(commits: &[(i32, i64)]) -> Sight {
    Sight { commits: commits.to_vec(), ..group(GroupState::Empty) }
}

fn snapshot(sight: &Sight) -> Snapshot {
    let partition = |id| Partition { id, leader: Some(1), replicas: vec![1], isr: vec![1], error: None };
    let topic = Topic {
        name: "orders".into(),
        id: Some(sight.topic_id),
        error: None,
        partitions: (0..3).map(partition).collect(),
    };
    let on = |partition: i32| TopicPartition { topic: "orders".into(), partition };
    let member = |(id, partitions): &(&str, Vec<i32>)| Member {
        id: (*id).to_owned(),
        client_id: String::new(),
        instance_id: None,
        host: String::new(),
        assignment: partitions.iter().map(|id| on(*id)).collect(),
        target: None,
    };
    let description = GroupDescription {
        id: "g".into(),
        state: sight.state,
        kind: sight.kind,
        protocol_type: None,
        assignor: String::new(),
        epoch: sight.epoch,
        coordinator: None,
        members: sight.members.iter().map(member).collect(),
    };
    let commit = |(partition, offset): &(i32, i64)| CommittedOffset {
        topic: "orders".into(),
        partition: *partition,
        offset: Ok(Some(*offset)),
        told_lag: None,
    };
    let group = Group {
        id: "g".into(),
        state: sight.state,
        kind: sight.kind,
        description: (!sight.members.is_empty()).then(|| Arc::new(description)),
        committed: Ok(sight.commits.iter().map(commit).collect()),
    };
    Snapshot {
        cluster: Some(Arc::new(Cluster { topics: vec![topic], ..Cluster::default() })),
        ends: Arc::new(PartitionOffsets::of(vec![vec![sight.end; 3]])),
        groups: Some(Arc::new(vec![group])),
        ..Snapshot::default()
    }
}

/// A history that is told the time in seconds.
struct Watched {
    history: History,
    began: Instant,
}

impl Watched {
    fn new() -> Self {
        let began = Instant::now();
        Self { history: History::new(began), began }
    }

    fn advance(&mut self, seconds: u64, snapshot: &Snapshot) -> GroupHistory {
        let now = self.began + Duration::from_secs(seconds);
        let mut seen = self.history.advance(snapshot, |_| true, (now, now));
        assert_eq!(seen.len(), 1);
        seen.remove(0)
    }
}

fn seconds(seconds: u64) -> Option<Duration> {
    Some(Duration::from_secs(seconds))
}

#[test]
fn the_time_in_a_state_counts_from_when_it_was_first_seen_and_is_absent_until_then() {
    let mut watched = Watched::new();
    for (at, state, expected) in [
        (0, GroupState::Stable, None),
        (30, GroupState::Stable, seconds(30)),
        (60, GroupState::Unknown, None),
        (90, GroupState::Stable, seconds(90)),
        (120, GroupState::PreparingRebalance, seconds(0)),
        (150, GroupState::PreparingRebalance, seconds(30)),
        (180, GroupState::Stable, seconds(0)),
    ] {
        assert_eq!(watched.advance(at, &snapshot(&group(state))).in_state, expected, "at {at}");
    }
}

#[test]
fn each_rebalance_is_counted_once_by_the_first_thing_that_showed_it() {
    use GroupState::{CompletingRebalance, Empty, PreparingRebalance, Stable, Unknown};
    let [one, other] = [stable(&[("a", &[0, 1, 2])]), stable(&[("a", &[0]), ("b", &[1, 2])])];
    let moved = stable(&[("a", &[0, 1]), ("b", &[2])]);
    let state = |state| Sight { state, ..one.clone() };
    let counts = |state, members, assignment| {
        vec![(Seen::State, state), (Seen::Members, members), (Seen::Assignment, assignment)]
    };
    for (what, sights, expected) in [
        ("nothing happens", vec![one.clone(), one.clone()], counts(0, 0, 0)),
        (
            "seen by its state, and then settled",
            vec![one.clone(), state(PreparingRebalance), state(CompletingRebalance), other.clone(), other.clone()],
            counts(1, 0, 0),
        ),
        ("too short to be seen but by what came of it", vec![one.clone(), other.clone()], counts(0, 1, 0)),
        ("too short, with the same members", vec![other.clone(), moved.clone()], counts(0, 0, 1)),
        (
            "begun again before it was over",
            vec![
                one.clone(),
                state(PreparingRebalance),
                state(CompletingRebalance),
                state(PreparingRebalance),
                one.clone(),
            ],
            counts(2, 0, 0),
        ),
        (
            "one after the other",
            vec![one.clone(), state(PreparingRebalance), one.clone(), state(CompletingRebalance), one.clone()],
            counts(2, 0, 0),
        ),
        ("in progress when it is first seen", vec![state(PreparingRebalance), one.clone()], counts(1, 0, 0)),
        (
            "all members leave and come back",
            vec![one.clone(), group(Empty), group(Empty), one.clone()],
            counts(0, 2, 0),
        ),
        ("seen while they come back", vec![group(Empty), state(PreparingRebalance), one.clone()], counts(1, 0, 0)),
        ("a coordinator that is away", vec![one.clone(), group(Unknown), one.clone()], counts(0, 0, 0)),
        (
            "without a description after it",
            vec![one.clone(), state(PreparingRebalance), group(Stable), other.clone()],
            counts(1, 0, 0),
        ),
    ] {
        let mut watched = Watched::new();
        let last = (0..).zip(&sights).map(|(at, sight)| watched.advance(at, &snapshot(sight))).last().unwrap();
        assert_eq!(last.rebalances.counts().collect::<Vec<_>>(), expected, "{what}");
    }
}

#[test]
fn a_static_member_that_comes_back_makes_no_rebalance() {
    let with_id = |id: &str| {
        let mut snapshot = snapshot(&stable(&[("a", &[0, 1])]));
        let group = &snapshot.groups.as_ref().unwrap()[0];
        let mut description = GroupDescription::clone(group.description.as_ref().unwrap());
        description.members[0].id = id.to_owned();
        description.members[0].instance_id = Some("pod-0".to_owned());
        let group = Group { description: Some(Arc::new(description)), ..group.clone() };
        snapshot.groups = Some(Arc::new(vec![group]));
        snapshot
    };
    let mut watched = Watched::new();
    watched.advance(0, &with_id("pod-0-1"));
    let seen = watched.advance(1, &with_id("pod-0-2"));
    assert!(seen.rebalances.counts().all(|(_, count)| count == 0), "{seen:?}");
}

#[test]
fn what_lasts_is_never_said_to_have_lasted_longer_than_it_has() {
    let mut watched = Watched::new();
    let began = watched.began;
    let at = |seconds| began + Duration::from_secs(seconds);
    let stuck = snapshot(&committed(&[(0, 5)]));
    let (first, second) = ((at(10), at(20)), (at(50), at(90)));
    watched.history.advance(&stuck, |_| true, first);
    let seen = watched.history.advance(&stuck, |_| true, second).remove(0);
    let thirty = Duration::from_secs(30);
    assert_eq!((seen.in_state, seen.unmoved, seen.abandoned), (Some(thirty), vec![(0, thirty)], Some(thirty)));
}

#[test]
fn a_description_from_before_a_rebalance_is_no_sign_of_how_it_ended() {
    let before = snapshot(&stable(&[("a", &[0, 1])]));
    let after = snapshot(&stable(&[("a", &[0]), ("b", &[1])]));
    let during = snapshot(&group(GroupState::PreparingRebalance));
    let mut watched = Watched::new();
    let [.., last] = [&before, &during, &before, &after].map(|snapshot| watched.advance(1, snapshot));
    let counts = [(Seen::State, 1), (Seen::Members, 0), (Seen::Assignment, 0)];
    assert_eq!(last.rebalances.counts().collect::<Vec<_>>(), counts);
}

#[test]
fn epochs_count_every_rebalance_and_nothing_else_does() {
    let away = Sight { kind: GroupType::Consumer, ..group(GroupState::Empty) };
    let others = Sight { members: vec![("b", vec![1])], ..epoch(9) };
    for (what, sights, expected) in [
        ("the first tells nothing", vec![epoch(5)], 0),
        ("three between two collections", vec![epoch(5), epoch(8)], 3),
        ("while it was empty", vec![epoch(5), away.clone(), epoch(7)], 2),
        ("with other members", vec![epoch(8), others], 1),
        ("a new group of the same name", vec![epoch(5), epoch(2), epoch(3)], 1),
    ] {
        let mut watched = Watched::new();
        let last = (0..).zip(&sights).map(|(at, sight)| watched.advance(at, &snapshot(sight))).last().unwrap();
        assert_eq!(last.rebalances.counts().collect::<Vec<_>>(), [(Seen::Epoch, expected)], "{what}");
    }
    // Before the first description nobody knows what will show them.
    assert_eq!(Watched::new().advance(0, &snapshot(&away)).rebalances.counts().count(), 0);
}

#[test]
fn commits_that_do_not_move_count_from_when_they_were_seen_behind() {
    let reset = committed(&[(0, 10), (1, 50)]);
    let recreated = Sight { topic_id: 2, ..reset.clone() };
    let silent = Sight { end: Lookup::Failed(kafka_admin::ErrorKind::Timeout), ..recreated.clone() };
    let mut watched = Watched::new();
    for (at, sight, expected) in [
        // Nothing is known at first.
        (0, committed(&[(0, 90), (1, 50)]), None),
        (10, committed(&[(0, 90), (1, 50)]), seconds(10)),
        // One partition moves; the other has stood still all the time.
        (20, committed(&[(0, 95), (1, 50)]), seconds(20)),
        (30, committed(&[(0, 100), (1, 100)]), seconds(0)),
        // What has no lag does not move and is not stuck.
        (1000, committed(&[(0, 100), (1, 100)]), seconds(0)),
        (1010, committed(&[(0, 90), (1, 50)]), seconds(0)),
        (1030, committed(&[(0, 90), (1, 50)]), seconds(20)),
        // A reset backwards is a movement.
        (1040, reset.clone(), seconds(30)),
        (1050, committed(&[(0, 10), (1, 40)]), seconds(10)),
        // So is another topic of the same name, even at the same offsets.
        (1060, reset.clone(), seconds(20)),
        (1070, recreated.clone(), seconds(0)),
        (1080, recreated.clone(), seconds(10)),
        // A broker that does not tell the end hides what is stuck, and does not undo it.
        (1090, silent, None),
        (1100, recreated, seconds(30)),
    ] {
        let unmoved = watched.advance(at, &snapshot(&sight)).unmoved;
        assert_eq!(unmoved, Vec::from_iter(expected.map(|time| (0, time))), "at {at}");
    }
}

#[test]
fn a_commit_that_cannot_be_read_is_remembered_as_it_was() {
    let mut watched = Watched::new();
    let good = snapshot(&committed(&[(0, 50)]));
    let mut failed = good.clone();
    let error = AdminError::Timeout { call: "OffsetFetch" };
    let groups = vec![Group { committed: Err(error.clone()), ..good.groups.as_ref().unwrap()[0].clone() }];
    failed.groups = Some(Arc::new(groups));
    let mut unreadable = good.clone();
    let commit = CommittedOffset { topic: "orders".into(), partition: 0, offset: Err(error), told_lag: None };
    unreadable.groups =
        Some(Arc::new(vec![Group { committed: Ok(vec![commit]), ..good.groups.as_ref().unwrap()[0].clone() }]));
    let mut without_metadata = good.clone();
    without_metadata.cluster = None;
    for (at, snapshot, expected) in [
        (0, &good, None),
        (10, &failed, None),
        (20, &unreadable, None),
        (30, &without_metadata, None),
        (40, &good, seconds(40)),
    ] {
        let unmoved = watched.advance(at, snapshot).unmoved;
        assert_eq!(unmoved, Vec::from_iter(expected.map(|time| (0, time))), "at {at}");
    }
}

#[test]
fn a_group_is_abandoned_since_it_lost_its_members_or_last_moved_a_commit() {
    let mut watched = Watched::new();
    let with_members = Sight { commits: vec![(0, 5)], ..stable(&[("a", &[0])]) };
    for (at, sight, expected) in [
        (0, with_members, None),
        (10, committed(&[(0, 5)]), seconds(10)),
        (20, committed(&[(0, 5)]), seconds(20)),
        (30, committed(&[(0, 6)]), seconds(0)),
        (40, group(GroupState::Unknown), None),
        (50, committed(&[(0, 6)]), seconds(0)),
        (60, committed(&[(0, 6)]), seconds(10)),
        (70, committed(&[(0, 6), (1, 0)]), seconds(0)),
    ] {
        assert_eq!(watched.advance(at, &snapshot(&sight)).abandoned, expected, "at {at}");
    }
}

#[test]
fn what_kafka_has_deleted_is_forgotten_and_what_nobody_listed_is_not() {
    let mut watched = Watched::new();
    let there = snapshot(&stable(&[("a", &[0])]));
    watched.advance(0, &there);
    let unlisted = Snapshot::default();
    assert_eq!(watched.history.advance(&unlisted, |_| true, (watched.began, watched.began)), []);
    assert_eq!(watched.advance(10, &there).in_state, seconds(10));
    let deleted = Snapshot { groups: Some(Arc::default()), ..Snapshot::default() };
    assert_eq!(watched.history.advance(&deleted, |_| true, (watched.began, watched.began)), []);
    assert_eq!(watched.advance(20, &there).in_state, None);
}
