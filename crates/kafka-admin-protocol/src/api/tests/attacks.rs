//! Bodies made to hurt: what they claim is refused before it is reserved, what they are dense with costs little.

use super::fuzz::attack;
use super::{Target, targets};

fn target(name: &str) -> Target {
    targets().into_iter().find(|target| target.name == name).unwrap()
}

fn varint(out: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

/// A body of about a megabyte: `start`, an array of as many `item`s as fit, `end`. Compact lengths.
fn dense(start: &[u8], item: impl Fn(u32) -> Vec<u8>, end: &[u8]) -> Vec<u8> {
    let (mut items, mut count) = (Vec::new(), 0u32);
    while items.len() < 1 << 20 {
        items.extend(item(count));
        count += 1;
    }
    let mut body = start.to_vec();
    varint(&mut body, count + 1);
    body.extend(items);
    body.extend(end);
    body
}

#[test]
fn lengths_beyond_the_answer_are_refused_before_anything_is_reserved() {
    for (name, version, body) in [
        // 2^31 - 1 groups, the attack on kafka-protocol 0.18.
        ("ListGroups", 0, &[0, 0, 0x7f, 0xff, 0xff, 0xff][..]),
        ("ListGroups", 0, &[0, 0, 0x80, 0, 0, 0]),
        // 2^32 - 2 groups, and a length of too many bits.
        ("ListGroups", 5, &[0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f]),
        ("ListGroups", 5, &[0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]),
        // An id of 4 GB.
        ("ListGroups", 5, &[0, 0, 0, 0, 0, 0, 2, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 1, 1]),
        ("Metadata", 1, &[0x7f, 0xff, 0xff, 0xff, 0, 0]),
        ("Metadata", 9, &[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f]),
        ("OffsetFetch", 2, &[0x7f, 0xff, 0xff, 0xff]),
        ("OffsetFetch", 8, &[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0, 0]),
        // A tagged field of 4 GB, and 2^32 - 1 of them.
        ("OffsetFetch", 8, &[0, 0, 0, 0, 1, 1, 0, 0xff, 0xff, 0xff, 0xff, 0x0f]),
        ("OffsetFetch", 8, &[0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0x0f]),
        ("DescribeQuorum", 0, &[0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f]),
        ("Fetch", 4, &[0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff]),
        ("Fetch", 12, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f]),
    ] {
        let target = target(name);
        let refused = (target.decode)(version, body).expect_err("no answer");
        assert!(refused.at <= body.len(), "{refused}");
        let held = attack(&target, version, body);
        assert!(held < 4096, "{name} version {version}: {held} bytes were held for {body:?}");
    }
}

#[test]
fn arrays_in_arrays_that_all_claim_the_rest_hold_no_more_than_a_multiple() {
    // Each level claims as many items as the rest may hold: brokers none, then topics, partitions and replicas.
    let target = target("Metadata");
    let rest = 1 << 20;
    let claim = |smallest: usize| u32::try_from(rest / smallest - 100).unwrap().to_be_bytes();
    let mut body = vec![0, 0, 0, 0, 0, 0, 0, 0];
    body.extend(claim(9));
    body.extend([0, 0, 0, 0, 0]);
    body.extend(claim(18));
    body.extend([0; 10]);
    body.extend(claim(4));
    body.resize(rest, 0xff);
    let held = attack(&target, 1, &body);
    assert!(held > rest, "the test reaches the innermost level: {held} bytes held");
}

#[test]
fn answers_dense_with_the_smallest_items_hold_no_more_than_a_multiple() {
    let throttle = [0, 0, 0, 0];
    let member = |_| vec![1, 0, 1, 1, 1, 1, 0];
    let text = |number: u32| {
        let text = format!("{number:x}");
        let mut string = vec![u8::try_from(text.len() + 1).unwrap()];
        string.extend(text.as_bytes());
        string
    };
    let cases = [
        // Topics without anything, each with a name of its own.
        (
            "Metadata",
            9,
            dense(
                &[&throttle[..], &[1, 0], &[0; 4]].concat(),
                |number| [&[0, 0][..], &text(number), &[0, 1, 0, 0, 0, 0, 0]].concat(),
                &[0, 0, 0, 0, 0],
            ),
        ),
        // Members without anything.
        (
            "DescribeGroups",
            5,
            dense(
                &[&throttle[..], &[2, 0, 0], b"\x03g0", &[1], b"\x09consumer", &[1]].concat(),
                member,
                &[0, 0, 0, 0, 0, 0],
            ),
        ),
        // Groups that nobody asked for.
        (
            "DescribeGroups",
            5,
            dense(&throttle, |number| [&[0, 0][..], &text(number), &[1, 1, 1, 1, 0, 0, 0, 0, 0]].concat(), &[0]),
        ),
        // Topics that nobody knows, each with a name of its own and no partition.
        (
            "OffsetFetch",
            8,
            dense(
                &[&throttle[..], &[2], b"\x03g0"].concat(),
                |number| [&text(number)[..], &[1, 0]].concat(),
                &[0, 0, 0, 0],
            ),
        ),
        ("OffsetFetch", 8, dense(&throttle, |number| [&text(number)[..], &[1, 0, 0, 0]].concat(), &[0])),
        // Brokers without anything, each found by a group that nobody asked for.
        (
            "FindCoordinator",
            4,
            dense(&throttle, |number| [&[1][..], &number.to_be_bytes(), &[1, 0, 0, 0, 0, 0, 0, 0, 0]].concat(), &[0]),
        ),
        ("ListGroups", 3, dense(&[&throttle[..], &[0, 0]].concat(), |_| vec![1, 1, 0], &[0])),
        ("DescribeLogDirs", 2, dense(&throttle, |_| vec![0, 0, 1, 1, 0], &[0])),
        ("DescribeQuorum", 2, dense(&[0, 0, 0, 1], |_| vec![0, 0, 0, 0, 1, 0], &[0])),
        (
            "DescribeConfigs",
            4,
            dense(&[&throttle[..], &[2, 0, 0, 0, 2], b"\x02a"].concat(), |_| vec![1, 0, 0, 0, 0, 1, 0, 0, 0], &[0, 0]),
        ),
        // Topics that nobody asked for.
        ("Fetch", 12, dense(&[0; 10], |number| [&text(number)[..], &[1, 0]].concat(), &[0])),
        (
            "DescribeCluster",
            2,
            dense(
                &[&throttle[..], &[0, 0, 0, 1, 1, 0, 0, 0, 0]].concat(),
                |number| [&number.to_be_bytes()[..], &[1, 0, 0, 0, 0, 0, 0, 0]].concat(),
                &[0; 5],
            ),
        ),
    ];
    for (name, version, body) in cases {
        let target = target(name);
        match ((target.decode)(version, &body), name) {
            (Ok(()), _) => {}
            (Err(error), "DescribeQuorum") => assert!(error.what.contains("lacks"), "{error}"),
            (Err(error), _) => panic!("{name} is honest, if strange: {error}"),
        }
        attack(&target, version, &body);
    }
}

#[test]
fn tasks_that_multiply_are_refused_where_they_outgrow_the_answer() {
    // One subtopology with 100,000 topics and a member with 100,000 tasks: ten thousand million topic partitions.
    let mut start = vec![0, 0, 0, 0, 2, 0, 0, 0];
    start.extend(b"\x0cstreams-app\x01");
    start.extend([0; 8]); // epochs
    start.extend([1, 0, 0, 0, 0, 2, 1]); // a topology with one subtopology
    let mut body = dense(&start, |_| b"\x06topic".to_vec(), &[1, 1, 1, 0, 0]);
    body.push(2);
    body.extend([1, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0xff, 1, 1, 1]); // one member
    body.extend([2, 1]);
    body = dense(&body, |number| number.to_be_bytes().to_vec(), &[0, 1, 1, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let target = target("StreamsGroupDescribe");
    let refused = (target.decode)(0, &body).expect_err("too many");
    assert!(refused.what.contains("tasks stand for more"), "{refused}");
    let held = attack(&target, 0, &body);
    assert!(held > body.len() * 100, "the test reaches the limit: {held} bytes held");
}
