use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use kafka_admin::{
    CommittedOffset, ErrorCode, FoundOffset, GroupDescription, GroupRef, GroupsListed, Isolation, OffsetQuery,
    Partition, Topic,
};

use super::*;
use crate::kafka::Lookup;

/// One after the last offset of every partition.
const END: i64 = 100;

/// A leader with markers at the last two offsets of each partition, which fails as a real one does only by chance.
#[derive(Debug, Default)]
struct Leader {
    /// (partition, first offset) of each range of each call.
    calls: Mutex<Vec<Vec<(i32, i64)>>>,
    failure: Mutex<Option<AdminError>>,
    cannot: AtomicBool,
}

#[async_trait]
impl KafkaAdmin for Leader {
    fn engine(&self) -> &'static str {
        "fake"
    }

    fn unsupported(&self) -> &'static [&'static str] {
        if self.cannot.load(Ordering::SeqCst) { &[FETCH] } else { &[] }
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

    async fn offsets(&self, _: &[OffsetQuery], _: Isolation, _: Instant) -> Vec<Result<FoundOffset, AdminError>> {
        unreachable!()
    }

    async fn only_control_records(&self, ranges: &[OffsetRange], _: Instant) -> Vec<Result<bool, AdminError>> {
        self.calls.lock().unwrap().push(ranges.iter().map(|range| (range.partition, range.from)).collect());
        let failure = self.failure.lock().unwrap().clone();
        ranges.iter().map(|range| failure.clone().map_or(Ok(range.from >= END - 2), Err)).collect()
    }
}

struct World {
    leader: Arc<Leader>,
    reader: MarkerReader,
    topic_id: Option<u128>,
    end: i64,
}

impl World {
    fn new() -> Self {
        let leader = Arc::new(Leader::default());
        let reader = MarkerReader::new(Arc::clone(&leader) as Arc<dyn KafkaAdmin>);
        Self { leader, reader, topic_id: Some(1), end: END }
    }

    /// Of one group at each of these (partition, offset): what stands there, what is still unread, and what failed.
    async fn read(&self, positions: &[(u32, i64)]) -> (Vec<Rest>, Unread, Failures) {
        let partition = |id| Partition { id, leader: Some(1), replicas: vec![1], isr: vec![1], error: None };
        let topic =
            Topic { name: "t".into(), id: self.topic_id, error: None, partitions: (0..3).map(partition).collect() };
        let cluster = Cluster { topics: vec![topic], ..Cluster::default() };
        let ends = PartitionOffsets::of(vec![vec![Lookup::Known(self.end); 3]]);
        let unseen =
            positions.iter().map(|(partition, offset)| Unseen { topic: 0, partition: *partition, offset: *offset });
        let owners = (0..).zip(0..).take(positions.len()).collect();
        let mut unread = Unread { positions: unseen.collect(), owners, pairs: positions.len() };
        let deadline = Instant::now() + Duration::from_secs(9);
        let (markers, failures) = self.reader.read(&cluster, &ends, &mut unread, deadline).await;
        let rest = positions.iter().map(|(partition, offset)| markers.rest(0, *partition as usize, *offset));
        (rest.collect(), unread, failures)
    }

    fn take_calls(&self) -> Vec<Vec<(i32, i64)>> {
        std::mem::take(&mut *self.leader.calls.lock().unwrap())
    }

    fn fail(&self, code: Option<i16>) {
        let error = |code| AdminError::Broker { call: FETCH, code: ErrorCode(code), message: String::new() };
        *self.leader.failure.lock().unwrap() = code.map(error);
    }
}

fn denied(failures: &Failures) -> Vec<(&str, u64)> {
    failures.access().denied().collect()
}

#[tokio::test]
async fn positions_with_only_markers_before_the_end_are_unread_no_more() {
    let world = World::new();
    let (rest, unread, failures) = world.read(&[(0, 40), (0, 97), (0, 98), (1, 99), (2, 92)]).await;
    assert_eq!(rest, [Rest::Records, Rest::Records, Rest::Markers, Rest::Markers, Rest::Records]);
    let left: Vec<i64> = unread.positions.iter().map(|position| position.offset).collect();
    assert_eq!((left, unread.owners), (vec![40, 97, 92], vec![(0, 0), (1, 1), (2, 4)]), "pairs keep their positions");
    assert_eq!(unread.pairs, 5);
    // The first is far from the end.
    assert_eq!(world.take_calls(), [[(0, 97), (0, 98), (1, 99), (2, 92)]]);
    assert!(failures.is_empty());
    assert_eq!(denied(&failures), [(FETCH, 0)]);
}

#[tokio::test]
async fn what_is_known_is_asked_again_only_when_position_end_or_topic_is_another() {
    let mut world = World::new();
    let positions = [(0, 97), (0, 98)];
    let known = world.read(&positions).await.0;
    world.take_calls();
    assert_eq!(world.read(&positions).await.0, known);
    assert!(world.take_calls().is_empty());
    world.read(&[(0, 98), (0, 99)]).await;
    assert_eq!(world.take_calls(), [[(0, 99)]]);
    // Forgotten, as no group stood there.
    world.read(&positions).await;
    assert_eq!(world.take_calls(), [[(0, 97)]]);
    world.end = END + 1;
    world.read(&positions).await;
    assert_eq!(world.take_calls(), [positions.map(|(_, offset)| (0, offset))]);
    world.topic_id = Some(2);
    world.read(&positions).await;
    assert_eq!(world.take_calls().len(), 1);
    // Nothing tells one log from another.
    world.topic_id = None;
    for _ in 0..2 {
        world.read(&positions).await;
        assert_eq!(world.take_calls().len(), 1);
    }
}

#[tokio::test]
async fn a_leader_that_fails_makes_it_unknown_and_is_asked_again() {
    let world = World::new();
    world.fail(Some(6));
    let (rest, unread, failures) = world.read(&[(0, 99)]).await;
    assert_eq!((&rest[..], unread.positions.len()), (&[Rest::Unknown][..], 1));
    assert!(!failures.none_in(Part::Offsets));
    world.fail(None);
    assert_eq!(world.read(&[(0, 99)]).await.0, [Rest::Markers]);
}

#[tokio::test]
async fn a_topic_that_may_not_be_read_is_asked_once_and_shows_as_denied_meanwhile() {
    let world = World::new();
    world.fail(Some(29));
    for calls in [1, 0, 0] {
        let (rest, unread, failures) = world.read(&[(0, 98), (1, 99)]).await;
        assert_eq!((rest, unread.positions.len()), (vec![Rest::Records; 2], 2), "as without the flag");
        assert_eq!(world.take_calls().len(), calls);
        assert_eq!((denied(&failures), failures.none_in(Part::Offsets)), (vec![(FETCH, 2)], false));
    }
    world.fail(None);
    let long_ago = Instant::now().checked_sub(DENIED).unwrap();
    world.reader.remembered.lock().unwrap().denied.values_mut().for_each(|denied| denied.0 = long_ago);
    assert_eq!(world.read(&[(0, 98)]).await.0, [Rest::Markers]);
}

#[tokio::test]
async fn an_engine_that_cannot_fetch_is_not_asked() {
    let world = World::new();
    world.leader.cannot.store(true, Ordering::SeqCst);
    let (rest, unread, failures) = world.read(&[(0, 99)]).await;
    assert_eq!((&rest[..], unread.positions.len()), (&[Rest::Records][..], 1));
    assert!(failures.is_empty() && denied(&failures).is_empty() && world.take_calls().is_empty());
}
