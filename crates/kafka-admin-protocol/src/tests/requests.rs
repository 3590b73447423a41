//! Groups in several requests: by what they are known to have committed, and by their number.

use kafka_admin::{AdminError, CommittedOffset, GroupRef, GroupType, KafkaAdmin};

use super::world::{OF_BROKER, World};
use super::{acquainted, soon, stranger};

/// Groups with their committed offsets: of those in one request the answer has at most some 50,000.
const COMMITS: [(&str, i32); 6] = [("a", 30_000), ("b", 30_000), ("c", 60_000), ("d", 10), ("e", 20), ("f", 49_980)];

/// The broker that told a group's commits, and how many; their offsets count up.
fn told(committed: &Result<Vec<CommittedOffset>, AdminError>) -> (i64, usize) {
    let committed = committed.as_ref().expect("commits");
    let offsets: Vec<i64> = committed.iter().map(|commit| commit.offset.as_ref().unwrap().unwrap()).collect();
    assert!(offsets.windows(2).all(|pair| pair[0] + 1 == pair[1]), "a group's own offsets, all of them");
    (offsets[0] / OF_BROKER, offsets.len())
}

#[tokio::test]
async fn groups_are_asked_for_by_what_they_had_committed_and_each_gets_its_own_offsets() {
    let world = World::with_groups(2, &COMMITS.map(|(group, _)| (group, 1))).await;
    world.change(|state| state.commits.extend(COMMITS.map(|(group, commits)| (group.to_owned(), commits))));
    let admin = acquainted(&world).await;
    // In another order, one of them twice.
    let order = [5, 0, 3, 2, 4, 1, 0];
    let asked = order.map(|at| GroupRef { id: COMMITS[at].0.into(), kind: GroupType::Consumer });
    let at = |broker: i32| ["a", "b", "c", "d e", "f"].map(|groups| format!("OffsetFetch at {broker}: {groups}"));
    let rounds = [
        // Nothing is known yet.
        (1, vec!["OffsetFetch at 1: a b c d e f".to_owned()]),
        (1, at(1).to_vec()),
        // Somewhere else, and still as large.
        (2, [&["FindCoordinator: a b c d e f".to_owned()][..], &at(1), &at(2)].concat()),
    ];
    for (broker, expected) in rounds {
        world.change(|state| COMMITS.iter().for_each(|(group, _)| state.coordinate(group, broker)));
        let committed = admin.committed(&asked, soon()).await;
        let expected_commits = order.map(|at| (i64::from(broker), usize::try_from(COMMITS[at].1).unwrap()));
        assert_eq!(committed.iter().map(told).collect::<Vec<_>>(), expected_commits);
        assert_eq!(world.asked(), expected);
    }
}

#[tokio::test]
async fn no_request_has_more_groups_than_its_answer_should_hold() {
    let groups: Vec<String> = (0..1500).map(|number| format!("g{number:04}")).collect();
    let world = World::with_groups(1, &groups.iter().map(|group| (group.as_str(), 1)).collect::<Vec<_>>()).await;
    let asked: Vec<GroupRef> =
        groups.iter().map(|group| GroupRef { id: group.as_str().into(), kind: GroupType::Classic }).collect();
    let admin = stranger(&world);
    assert!(admin.committed(&asked, soon()).await.iter().all(|committed| told(committed) == (1, 1)));
    let described = admin.describe_groups(&asked, soon()).await;
    let ids: Vec<&str> = described.iter().map(|group| &*group.as_ref().expect("described").id).collect();
    assert_eq!(ids, groups);

    let mut sizes: Vec<(String, usize)> = Vec::new();
    for request in world.asked() {
        let (call, items) = request.split_once(':').unwrap();
        sizes.push((call.to_owned(), items.split_whitespace().count()));
    }
    sizes.sort();
    // Strangers are supposed to have 250 commits each.
    let in_two_hundreds = |call| (0..8).map(move |request| (call, if request == 0 { 100 } else { 200 }));
    let mut expected: Vec<(&str, usize)> = in_two_hundreds("DescribeGroups at 1").collect();
    expected.extend([("FindCoordinator", 500), ("FindCoordinator", 1000), ("Metadata", 1)]);
    expected.extend(in_two_hundreds("OffsetFetch at 1"));
    let expected: Vec<_> = expected.into_iter().map(|(call, size)| (call.to_owned(), size)).collect();
    assert_eq!(sizes, expected);
}
