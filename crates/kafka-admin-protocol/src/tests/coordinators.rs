//! Groups whose coordinators move between the list and the questions about them.

use kafka_admin::{AdminError, CommittedOffset, ErrorKind, GroupListing, GroupRef, GroupState, GroupType, KafkaAdmin};
use kafka_protocol::messages::ApiKey;

use super::world::{ALWAYS, Fault, OF_BROKER, World};
use super::{acquainted, code, soon, stranger};
use crate::ProtocolAdmin;

fn refs(groups: &[&str]) -> Vec<GroupRef> {
    groups.iter().map(|group| GroupRef { id: (*group).into(), kind: GroupType::Classic }).collect()
}

/// Each group's result as the broker that told its one commit, or the code.
fn told(committed: &[Result<Vec<CommittedOffset>, AdminError>]) -> Vec<Result<i64, i16>> {
    let told = |committed: &Result<Vec<CommittedOffset>, AdminError>| {
        let [commit] = committed.as_ref().map_err(code)?.as_slice() else { panic!("{committed:?}") };
        Ok(commit.offset.as_ref().unwrap().unwrap() / OF_BROKER)
    };
    committed.iter().map(told).collect()
}

async fn committed(admin: &ProtocolAdmin, groups: &[&str]) -> Vec<Result<i64, i16>> {
    told(&admin.committed(&refs(groups), soon()).await)
}

/// Each group's coordinator as told by its description, or the code.
async fn described(admin: &ProtocolAdmin, groups: &[&str]) -> Vec<Result<i32, i16>> {
    let described = admin.describe_groups(&refs(groups), soon()).await;
    let told = described.iter().zip(groups).map(|(described, group)| {
        let described = described.as_ref().map_err(code)?;
        assert_eq!((&*described.id, described.state), (*group, GroupState::Stable));
        Ok(described.coordinator.expect("a coordinator"))
    });
    told.collect()
}

#[tokio::test]
async fn answers_come_from_the_new_coordinators_within_the_call_by_one_find_coordinator_of_the_groups_concerned() {
    for describes in [false, true] {
        let name = if describes { "DescribeGroups" } else { "OffsetFetch" };
        let at = |broker: i32, groups: &str| format!("{name} at {broker}: {groups}");
        let world = World::with_groups(3, &[("g0", 1), ("g1", 1), ("g2", 1), ("g3", 2), ("g4", 1)]).await;
        let admin = acquainted(&world).await;
        world.change(|state| {
            state.coordinate("g0", 3);
            state.coordinate("g1", 2);
            state.coordinate("g4", 3);
        });
        for mut expected in [
            // Where they were, then where they are; the one that stayed is not asked for again.
            vec![
                "FindCoordinator: g0 g1 g4".to_owned(),
                at(1, "g0 g1 g2 g4"),
                at(2, "g1"),
                at(2, "g3"),
                at(3, "g0 g4"),
            ],
            // And from then on there at once.
            vec![at(1, "g2"), at(2, "g1 g3"), at(3, "g0 g4")],
        ] {
            let groups = ["g4", "g3", "g2", "g1", "g0", "g4"];
            if describes {
                assert_eq!(described(&admin, &groups).await, [Ok(3), Ok(2), Ok(1), Ok(2), Ok(3), Ok(3)]);
            } else {
                assert_eq!(committed(&admin, &groups).await, [Ok(3), Ok(2), Ok(1), Ok(2), Ok(3), Ok(3)]);
            }
            expected.sort();
            assert_eq!(world.asked(), expected);
        }
    }
}

#[tokio::test]
async fn each_error_that_passes_is_outlived_within_the_call_and_every_other_is_final() {
    for (passing, of) in [(true, &[14, 15, 16][..]), (false, &[-1, 24, 25, 30, 35])] {
        for expected in of {
            let world = World::with_groups(2, &[("g0", 1), ("g1", 1)]).await;
            let admin = acquainted(&world).await;
            world.change(|state| state.fail(ApiKey::OffsetFetch, &["g0"], *expected, 1));
            let told = committed(&admin, &["g0", "g1"]).await;
            if passing {
                assert_eq!(told, [Ok(1), Ok(1)], "{expected}");
                assert_eq!(world.asked(), ["FindCoordinator: g0", "OffsetFetch at 1: g0", "OffsetFetch at 1: g0 g1"]);
            } else {
                assert_eq!(told, [Err(*expected), Ok(1)]);
                assert_eq!(world.asked(), ["OffsetFetch at 1: g0 g1"], "{expected}");
            }
        }
    }
}

#[tokio::test]
async fn a_group_whose_coordinator_stays_unavailable_gives_its_own_error_and_nothing_else_s() {
    // It is loading for ever.
    let world = World::with_groups(2, &[("g0", 1), ("g1", 1), ("g2", 2)]).await;
    let admin = acquainted(&world).await;
    world.change(|state| state.fail(ApiKey::OffsetFetch, &["g1"], 14, ALWAYS));
    assert_eq!(committed(&admin, &["g0", "g1", "g2"]).await, [Ok(1), Err(14), Ok(2)]);
    let (find, again) = ("FindCoordinator: g1", "OffsetFetch at 1: g1");
    assert_eq!(world.asked(), [find, find, "OffsetFetch at 1: g0 g1", again, again, "OffsetFetch at 2: g2"]);

    // Its partition of __consumer_offsets has no leader, and nobody knows where it was.
    world.change(|state| {
        state.faults.clear();
        state.coordinators.insert("g3".to_owned(), None);
    });
    assert_eq!(committed(&admin, &["g0", "g1", "g2", "g3"]).await, [Ok(1), Ok(1), Ok(2), Err(15)]);
    let find = "FindCoordinator: g3";
    assert_eq!(world.asked(), [find, find, find, "OffsetFetch at 1: g0 g1", "OffsetFetch at 2: g2"]);

    // It comes back between two rounds.
    world.change(|state| {
        state.coordinate("g3", 2);
        state.fail(ApiKey::FindCoordinator, &["g3"], 15, 2);
    });
    assert_eq!(committed(&admin, &["g3"]).await, [Ok(2)]);
    assert_eq!(world.asked(), [find, find, find, "OffsetFetch at 2: g3"]);
}

#[tokio::test]
async fn a_coordinator_that_no_metadata_had_is_reached() {
    let world = World::with_groups(3, &[("g0", 1), ("g1", 2)]).await;
    world.change(|state| state.hidden.push(3));
    let admin = acquainted(&world).await;
    world.change(|state| state.coordinate("g0", 3));
    assert_eq!(committed(&admin, &["g0", "g1"]).await, [Ok(3), Ok(2)]);

    // It goes again, as the newest metadata tells.
    admin.cluster(soon()).await.expect("metadata");
    world.change(|state| state.coordinate("g0", 2));
    world.asked();
    assert_eq!(committed(&admin, &["g0", "g1"]).await, [Ok(2), Ok(2)]);
    assert_eq!(world.asked(), ["FindCoordinator: g0", "OffsetFetch at 2: g0", "OffsetFetch at 2: g1"]);
}

#[tokio::test]
async fn groups_of_a_coordinator_that_hangs_up_come_from_the_next_and_if_there_is_none_its_silence_is_their_error() {
    let world = World::with_groups(2, &[("g0", 1), ("g1", 1), ("g2", 2)]).await;
    let admin = acquainted(&world).await;
    world.change(|state| {
        state.coordinate("g0", 2);
        let api = ApiKey::OffsetFetch;
        state.faults.push(Fault { broker: Some(1), api, item: "g0", code: None, times: ALWAYS });
    });
    let committed = admin.committed(&refs(&["g0", "g1", "g2"]), soon()).await;
    assert_eq!((told(&committed[..1]), told(&committed[2..])), (vec![Ok(2)], vec![Ok(2)]));
    let silence = committed[1].as_ref().unwrap_err();
    assert_eq!(silence.kind(), ErrorKind::Transport, "{silence}");
    // Once more on a new connection, and then not again: as far as the others know it still coordinates.
    let both = "OffsetFetch at 1: g0 g1";
    assert_eq!(world.asked(), ["FindCoordinator: g0 g1", both, both, "OffsetFetch at 2: g0", "OffsetFetch at 2: g2"]);
}

#[tokio::test]
async fn old_brokers_are_asked_for_one_group_at_a_time_and_new_ones_beside_them_for_all() {
    let world = World::with_groups(2, &[("g0", 1), ("g1", 1), ("g2", 2), ("g3", 2)]).await;
    world.change(|state| {
        state.old.push((1, ApiKey::FindCoordinator, 3));
        state.old.push((2, ApiKey::FindCoordinator, 0));
        state.old.push((1, ApiKey::OffsetFetch, 7));
    });
    let groups = ["g0", "g1", "g2", "g3"];
    let admin = stranger(&world);
    assert_eq!(committed(&admin, &groups).await, [Ok(1), Ok(1), Ok(2), Ok(2)]);
    let find = groups.map(|group| format!("FindCoordinator: {group}"));
    let fetch = ["Metadata: all", "OffsetFetch at 1: g0", "OffsetFetch at 1: g1", "OffsetFetch at 2: g2 g3"];
    assert_eq!(world.asked(), [&find[..], &fetch.map(str::to_owned)].concat());

    // From the new one to the old one.
    world.change(|state| {
        state.coordinate("g2", 1);
        state.coordinate("g3", 1);
    });
    assert_eq!(committed(&admin, &groups).await, [Ok(1); 4]);
    let mut expected = find[2..].to_vec();
    expected.extend(groups.map(|group| format!("OffsetFetch at 1: {group}")));
    expected.push("OffsetFetch at 2: g2 g3".to_owned());
    assert_eq!(world.asked(), expected);
}

#[tokio::test]
async fn what_one_broker_said_of_a_group_stands_when_it_hangs_up_over_another() {
    let world = World::with_groups(2, &[("g0", 2), ("g1", 2)]).await;
    world.change(|state| {
        state.old.push((1, ApiKey::FindCoordinator, 3));
        let api = ApiKey::FindCoordinator;
        state.faults.push(Fault { broker: None, api, item: "g0", code: Some(30), times: ALWAYS });
        state.faults.push(Fault { broker: Some(1), api, item: "g1", code: None, times: ALWAYS });
    });
    assert_eq!(committed(&stranger(&world), &["g0", "g1"]).await, [Err(30), Ok(2)]);
}

#[tokio::test]
async fn a_group_that_two_brokers_list_is_listed_once_and_asked_where_its_state_is_known() {
    for (also, state) in [(1, "Dead"), (3, "Dead"), (1, ""), (3, "")] {
        let world = World::with_groups(3, &[("g0", 2), ("g1", 2)]).await;
        world.change(|world| world.also_listed.push((also, "g0", state)));
        let admin = acquainted(&world).await;
        let listed = admin.list_groups(soon()).await.expect("groups");
        let listing = |id: &str| GroupListing { id: id.into(), state: GroupState::Stable, kind: GroupType::Classic };
        assert_eq!((listed.groups, listed.errors), (vec![listing("g0"), listing("g1")], vec![]), "{also} {state}");
        world.asked();
        assert_eq!(committed(&admin, &["g0", "g1"]).await, [Ok(2), Ok(2)]);
        assert_eq!(world.asked(), ["OffsetFetch at 2: g0 g1"], "{also} {state}");
    }
    // Both know it, as far as they know: whichever is asked, the right one answers.
    for also in [1, 3] {
        let world = World::with_groups(3, &[("g0", 2)]).await;
        world.change(|world| world.also_listed.push((also, "g0", "Stable")));
        let admin = acquainted(&world).await;
        assert_eq!(committed(&admin, &["g0"]).await, [Ok(2)]);
        assert_eq!(described(&admin, &["g0"]).await, [Ok(2)]);
        let finds = world.asked().iter().filter(|asked| asked.starts_with("FindCoordinator")).count();
        assert!(finds <= 1, "{finds}");
    }
}

#[tokio::test]
async fn groups_of_a_broker_that_cannot_list_them_are_still_known_to_be_there() {
    let world = World::with_groups(2, &[("g0", 1), ("g1", 2)]).await;
    let admin = acquainted(&world).await;
    world.change(|state| {
        state.faults.push(Fault { broker: Some(2), api: ApiKey::ListGroups, item: "", code: Some(14), times: 1 })
    });
    let listed = admin.list_groups(soon()).await.expect("groups");
    assert_eq!(listed.groups.iter().map(|group| &*group.id).collect::<Vec<_>>(), ["g0"]);
    assert_eq!(listed.errors.iter().map(code).collect::<Vec<_>>(), [14]);
    world.asked();
    assert_eq!(committed(&admin, &["g0", "g1"]).await, [Ok(1), Ok(2)]);
    assert_eq!(world.asked(), ["OffsetFetch at 1: g0", "OffsetFetch at 2: g1"]);
}
