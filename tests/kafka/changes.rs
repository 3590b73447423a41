//! What changes in the cluster changes on the page.

use std::time::Duration;

use kafka_lab::{Commit, GroupProtocol, NewTopic, Record, wait_until};

use crate::clusters::{current, vitals_of_each};
use crate::support::{PATIENCE, Page, Vitals, each};

/// Topics and members may be remembered for 2 s instead of 30.
const FLAGS: [&str; 2] = ["--refresh.metadata=2s", "--scrape.reuse=0s"];

/// The page of each, once it has been `seen` there.
fn until(all: &[Vitals], what: &str, seen: impl Fn(&Page) -> bool) -> Vec<Page> {
    let look = |vitals: &Vitals| {
        let page = cluster_page(vitals);
        if seen(&page) { Ok(page) } else { Err(format!("{:#?}", page.named("kafka_consumergroup_current_offset_sum"))) }
    };
    each(all).map(|vitals| wait_until(PATIENCE, what, || look(vitals)).unwrap()).collect()
}

fn cluster_page(vitals: &Vitals) -> Page {
    vitals.page("/metrics/cluster", Duration::from_secs(10))
}

#[test]
fn new_topics_and_groups_appear_and_deleted_groups_disappear() {
    let kafka = current().kafka();
    let all = vitals_of_each(current(), &FLAGS);
    let (partitions, members) =
        (r#"kafka_topic_partitions{topic="t-new"}"#, r#"kafka_consumergroup_members{consumergroup="t-new"}"#);
    let lag = r#"kafka_consumergroup_lag_sum{consumergroup="t-new",topic="t-new"}"#;
    for vitals in each(&all) {
        let before = vitals.metrics();
        assert_eq!((before.get(partitions), before.get(members)), (None, None));
    }

    kafka.create_topics(&[NewTopic::new("t-new", 3)]).unwrap();
    until(&all, "the new topic", |page| page.get(partitions) == Some(3.0));
    kafka.fill("t-new", 3, 10).unwrap();
    kafka.commit(&[Commit::new("t-new", &[("t-new", 0, 4), ("t-new", 2, 10)])]).unwrap();
    // Topics may be remembered, groups and offsets may not.
    for page in each(&all).map(cluster_page) {
        assert_eq!(page.value(members), 0.0);
        assert_eq!(page.value(lag), 6.0);
        assert_eq!(page.value(r#"kafka_topic_partition_current_offset{partition="1",topic="t-new"}"#), 10.0);
    }

    kafka.delete_group("t-new").unwrap();
    for page in each(&all).map(cluster_page) {
        let left: Vec<_> = page.series.keys().filter(|series| series.contains(r#"consumergroup="t-new""#)).collect();
        assert!(left.is_empty(), "{left:?}");
        assert_eq!(page.value(partitions), 3.0);
    }
}

#[test]
fn a_next_generation_groups_lag_moves_with_its_commits() {
    let kafka = current().kafka();
    let all = vitals_of_each(current(), &FLAGS);
    let topic = "t-next";
    kafka.create_topics(&[NewTopic::new(topic, 2)]).unwrap();
    kafka.fill(topic, 2, 15).unwrap();
    let member = kafka.member(topic, &[topic]).protocol(GroupProtocol::Consumer);
    let member =
        member.setting("enable.auto.commit", "true").setting("auto.commit.interval.ms", "200").start().unwrap();
    kafka.await_stable(topic, 1, Duration::from_secs(60)).unwrap();
    let (members, lag) = (
        r#"kafka_consumergroup_members{consumergroup="t-next"}"#,
        r#"kafka_consumergroup_lag_sum{consumergroup="t-next",topic="t-next"}"#,
    );
    let committed = r#"kafka_consumergroup_current_offset_sum{consumergroup="t-next",topic="t-next"}"#;
    for page in until(&all, "the group to have read everything", |page| page.get(committed) == Some(30.0)) {
        assert_eq!((page.value(members), page.value(lag)), (1.0, 0.0));
    }

    member.stop().unwrap();
    kafka.await_state(topic, "Empty", PATIENCE).unwrap();
    kafka.produce((0..12).map(|number| (topic, Record::to_partition(1, number.to_string())))).unwrap();
    let of_partition =
        |id: i32| format!(r#"kafka_consumergroup_lag{{consumergroup="t-next",partition="{id}",topic="t-next"}}"#);
    for page in each(&all).map(cluster_page) {
        assert_eq!((page.value(members), page.value(lag)), (0.0, 12.0));
        assert_eq!((page.value(&of_partition(0)), page.value(&of_partition(1))), (0.0, 12.0));
    }
}
