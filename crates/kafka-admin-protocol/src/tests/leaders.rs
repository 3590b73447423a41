//! Partitions whose leaders move between the metadata and the question for offsets.

use kafka_admin::{AdminError, ErrorKind, FoundOffset, Isolation, KafkaAdmin, OffsetQuery, OffsetSpec};
use kafka_protocol::messages::ApiKey;

use super::world::{ALWAYS, Fault, OF_BROKER, World};
use super::{acquainted, code, soon, stranger};
use crate::ProtocolAdmin;

/// Latest offsets, by topic, partition and leader as last known.
fn latest(of: &[(&str, i32, Option<i32>)]) -> Vec<OffsetQuery> {
    let spec = OffsetSpec::Latest;
    let query = |(topic, partition, leader): &(&str, i32, Option<i32>)| OffsetQuery {
        topic: (*topic).into(),
        partition: *partition,
        spec,
        leader: *leader,
    };
    of.iter().map(query).collect()
}

async fn ask(admin: &ProtocolAdmin, queries: &[OffsetQuery]) -> Vec<Result<FoundOffset, AdminError>> {
    admin.offsets(queries, Isolation::ReadUncommitted, soon()).await
}

/// Each result as the broker that told the latest offset of its partition, or the code.
fn told(queries: &[OffsetQuery], found: &[Result<FoundOffset, AdminError>]) -> Vec<Result<i64, i16>> {
    assert_eq!(queries.len(), found.len());
    let told = |(query, found): (&OffsetQuery, &Result<FoundOffset, AdminError>)| {
        let offset = found.as_ref().map_err(code)?.offset.expect("an offset");
        assert_eq!(offset % OF_BROKER, i64::from(query.partition) + 1000, "{query:?}");
        Ok(offset / OF_BROKER)
    };
    queries.iter().zip(found).map(told).collect()
}

#[tokio::test]
async fn offsets_come_from_the_new_leaders_within_the_call_by_one_metadata_of_the_topics_concerned() {
    let world = World::with_leaders(3, &[("a", 0, 1), ("a", 1, 1), ("b", 0, 1), ("c", 0, 1), ("d", 0, 3)]).await;
    let admin = acquainted(&world).await;
    let mut queries =
        latest(&[("b", 0, Some(1)), ("a", 1, Some(1)), ("d", 0, Some(3)), ("c", 0, Some(1)), ("a", 0, Some(1))]);
    assert_eq!(told(&queries, &ask(&admin, &queries).await), [Ok(1), Ok(1), Ok(3), Ok(1), Ok(1)]);
    assert_eq!(world.asked(), ["ListOffsets at 1: a-0 a-1 b-0 c-0", "ListOffsets at 3: d-0"]);

    world.change(|state| {
        state.lead("a", 1, 2);
        state.lead("b", 0, 3);
    });
    assert_eq!(told(&queries, &ask(&admin, &queries).await), [Ok(3), Ok(2), Ok(3), Ok(1), Ok(1)]);
    assert_eq!(
        world.asked(),
        [
            "ListOffsets at 1: a-0 a-1 b-0 c-0",
            "ListOffsets at 2: a-1",
            "ListOffsets at 3: b-0",
            "ListOffsets at 3: d-0",
            "Metadata: a b"
        ]
    );

    // The same partition may be asked for twice, which takes two requests: the earliest goes in the second.
    let earliest = OffsetQuery { spec: OffsetSpec::Earliest, ..queries[1].clone() };
    queries.push(earliest);
    let found = ask(&admin, &queries).await;
    assert_eq!(told(&queries[..5], &found[..5]), [Ok(3), Ok(2), Ok(3), Ok(1), Ok(1)]);
    assert_eq!(found[5].as_ref().unwrap().offset, Some(2 * OF_BROKER + 1));
    let asked = world.asked();
    assert_eq!(asked.iter().filter(|asked| *asked == "ListOffsets at 2: a-1").count(), 2, "{asked:?}");
    assert_eq!(asked.last().unwrap(), "Metadata: a b");
}

#[tokio::test]
async fn each_error_that_passes_is_outlived_within_the_call_and_every_other_is_final() {
    for (passing, of) in [(true, &[3, 5, 6, 9, 56, 74, 75, 78][..]), (false, &[-1, 2, 29, 35, 42, 43])] {
        for expected in of {
            let world = World::with_leaders(2, &[("a", 0, 1), ("b", 0, 1)]).await;
            let admin = acquainted(&world).await;
            world.change(|state| state.fail(ApiKey::ListOffsets, &["a-0"], *expected, 1));
            let queries = latest(&[("a", 0, Some(1)), ("b", 0, Some(1))]);
            let told = told(&queries, &ask(&admin, &queries).await);
            if passing {
                assert_eq!(told, [Ok(1), Ok(1)], "{expected}");
                assert_eq!(world.asked(), ["ListOffsets at 1: a-0", "ListOffsets at 1: a-0 b-0", "Metadata: a"]);
            } else {
                assert_eq!(told, [Err(*expected), Ok(1)]);
                assert_eq!(world.asked(), ["ListOffsets at 1: a-0 b-0"], "{expected}");
            }
        }
    }
}

#[tokio::test]
async fn a_leader_that_stays_not_leader_gives_that_error_after_three_rounds_and_nothing_else_waits() {
    let world = World::with_leaders(2, &[("a", 0, 1), ("a", 1, 2), ("b", 0, 1)]).await;
    let admin = acquainted(&world).await;
    world.change(|state| state.fail(ApiKey::ListOffsets, &["a-0"], 6, ALWAYS));
    let queries = latest(&[("a", 0, Some(1)), ("a", 1, Some(2)), ("b", 0, Some(1))]);
    assert_eq!(told(&queries, &ask(&admin, &queries).await), [Err(6), Ok(2), Ok(1)]);
    assert_eq!(
        world.asked(),
        [
            "ListOffsets at 1: a-0",
            "ListOffsets at 1: a-0",
            "ListOffsets at 1: a-0 b-0",
            "ListOffsets at 2: a-1",
            "Metadata: a",
            "Metadata: a"
        ]
    );
}

#[tokio::test]
async fn a_partition_in_an_election_keeps_its_error_or_gets_the_metadata_s_where_nobody_was_asked() {
    let world = World::with_leaders(2, &[("a", 0, 1), ("b", 0, 1)]).await;
    let admin = acquainted(&world).await;
    world.change(|state| {
        state.leaders.insert(("a", 0), None);
    });
    for (leader, expected) in [(Some(1), 6), (None, 5), (Some(99), 5)] {
        let queries = latest(&[("a", 0, leader), ("b", 0, Some(1))]);
        assert_eq!(told(&queries, &ask(&admin, &queries).await), [Err(expected), Ok(1)], "{leader:?}");
        let asked = world.asked();
        assert_eq!(asked.iter().filter(|asked| asked.starts_with("Metadata")).count(), 1, "{asked:?}");
    }
    let queries = latest(&[("no-such", 0, None), ("b", 7, Some(99)), ("b", 0, None)]);
    assert_eq!(told(&queries, &ask(&admin, &queries).await), [Err(3), Err(3), Ok(1)]);
    assert_eq!(world.asked(), ["ListOffsets at 1: b-0", "Metadata: b no-such"]);
}

#[tokio::test]
async fn a_leader_that_no_metadata_had_is_found_and_reached() {
    let world = World::with_leaders(3, &[("a", 0, 1), ("b", 0, 1), ("c", 0, 2)]).await;
    world.change(|state| state.hidden.push(3));
    let admin = acquainted(&world).await;
    // A broker comes, and leads at once; another is known to nobody.
    world.change(|state| {
        state.hidden.clear();
        state.lead("a", 0, 3);
    });
    let queries = latest(&[("a", 0, Some(1)), ("b", 0, Some(99)), ("c", 0, Some(2))]);
    assert_eq!(told(&queries, &ask(&admin, &queries).await), [Ok(3), Ok(1), Ok(2)]);
    assert_eq!(
        world.asked(),
        [
            "ListOffsets at 1: a-0",
            "ListOffsets at 1: b-0",
            "ListOffsets at 2: c-0",
            "ListOffsets at 3: a-0",
            "Metadata: a b"
        ]
    );
}

#[tokio::test]
async fn partitions_of_a_leader_that_hangs_up_come_from_the_next_and_if_there_is_none_its_silence_is_their_error() {
    let world = World::with_leaders(2, &[("a", 0, 1), ("a", 1, 1), ("b", 0, 2)]).await;
    let admin = acquainted(&world).await;
    world.change(|state| {
        state.lead("a", 0, 2);
        let api = ApiKey::ListOffsets;
        state.faults.push(Fault { broker: Some(1), api, item: "a-0", code: None, times: ALWAYS });
    });
    let queries = latest(&[("a", 0, Some(1)), ("a", 1, Some(1)), ("b", 0, Some(2))]);
    let found = ask(&admin, &queries).await;
    assert_eq!(told(&queries[..1], &found[..1]), [Ok(2)]);
    assert_eq!(told(&queries[2..], &found[2..]), [Ok(2)]);
    let silence = found[1].as_ref().unwrap_err();
    assert_eq!(silence.kind(), ErrorKind::Transport, "{silence}");
    // Once more on a new connection, and then not again: as far as the others know it still leads.
    let both = "ListOffsets at 1: a-0 a-1";
    assert_eq!(world.asked(), [both, both, "ListOffsets at 2: a-0", "ListOffsets at 2: b-0", "Metadata: a"]);
}

#[tokio::test]
async fn leaders_that_are_not_told_are_found_by_one_metadata_after_that_of_the_cluster() {
    let world = World::with_leaders(2, &[("a", 0, 1), ("a", 1, 2)]).await;
    let queries = latest(&[("a", 0, None), ("a", 1, None)]);
    assert_eq!(told(&queries, &ask(&stranger(&world), &queries).await), [Ok(1), Ok(2)]);
    assert_eq!(world.asked(), ["ListOffsets at 1: a-0", "ListOffsets at 2: a-1", "Metadata: a", "Metadata: all"]);
}
