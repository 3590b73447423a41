//! What is told of groups besides their lag: state, rebalances, owners, objectives; and how much of it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kafka_lab::{Commit, GroupProtocol, NewTopic, wait_until};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};

use crate::clusters::{current, old, vitals_of_each};
use crate::support::{Engine, PATIENCE, Page, Vitals, each};

/// Members may be remembered for 1 s instead of 30; the golden scenario alone.
const GOLDEN: [&str; 3] = ["--refresh.metadata=1s", "--scrape.reuse=0s", "--group.exclude=^t-"];
const FLAGS: [&str; 2] = ["--refresh.metadata=1s", "--scrape.reuse=0s"];

fn cluster_page(vitals: &Vitals) -> Page {
    vitals.page("/metrics/cluster", Duration::from_secs(10))
}

fn until(vitals: &Vitals, what: &str, seen: impl Fn(&Page) -> bool) -> Page {
    let look = || {
        let page = cluster_page(vitals);
        if seen(&page) { Ok(page) } else { Err(format!("{:#?}", page.named("kafka_consumergroup_state"))) }
    };
    wait_until(PATIENCE, what, look).unwrap()
}

fn state(group: &str, state: &str) -> String {
    format!(r#"kafka_consumergroup_state{{consumergroup="{group}",state="{state}"}}"#)
}

/// Rebalances of a group by what showed them, without those that nothing showed.
fn rebalances(page: &Page, group: &str) -> Vec<(String, f64)> {
    let group = format!(r#"consumergroup="{group}""#);
    let of_group = page.named("kafka_consumergroup_rebalances_observed_total").into_iter();
    let of_group = of_group.filter(|(series, value)| series.contains(&group) && *value > 0.0);
    of_group.map(|(series, value)| (series.rsplit('"').nth(1).unwrap().to_owned(), value)).collect()
}

#[test]
fn groups_show_what_they_are_who_coordinates_them_and_who_owns_what_lags() {
    for vitals in each(&vitals_of_each(current(), &GOLDEN)) {
        let page = cluster_page(vitals);
        for (group, is, others) in [
            ("billing", "Stable", &["Empty", "PreparingRebalance", "CompletingRebalance"][..]),
            ("next-gen", "Stable", &["Empty", "Assigning", "Reconciling"]),
            ("ahead", "Empty", &["Stable", "PreparingRebalance", "CompletingRebalance"]),
        ] {
            assert_eq!(page.value(&state(group, is)), 1.0, "{group}");
            others.iter().for_each(|other| assert_eq!(page.value(&state(group, other)), 0.0, "{group} {other}"));
            let of_group = format!(r#"consumergroup="{group}""#);
            let states = page.named("kafka_consumergroup_state");
            assert_eq!(states.keys().filter(|series| series.contains(&of_group)).count(), 1 + others.len());
        }
        // librdkafka does not tell what a classic group's members use it for.
        let protocol = if vitals.engine == Some(Engine::Protocol) { "consumer" } else { "" };
        for (group, kind, protocol, assignor) in [
            ("billing", "classic", protocol, "range"),
            ("next-gen", "consumer", "consumer", "uniform"),
            ("late-starter", "classic", "", ""),
        ] {
            let labels =
                format!(r#"consumergroup="{group}",type="{kind}",protocol="{protocol}",assignor="{assignor}""#);
            assert_eq!(page.value(&format!("kafka_consumergroup_info{{{labels}}}")), 1.0);
        }
        let coordinators = page.named("kafka_consumergroup_coordinator");
        assert_eq!(coordinators.len(), 2, "{coordinators:?}");
        assert_eq!(page.value(r#"kafka_consumergroup_coordinator{consumergroup="billing"}"#), 1.0);
        let assigned = |group, topic| {
            page.value(&format!(
                r#"kafka_consumergroup_assigned_partitions{{consumergroup="{group}",topic="{topic}"}}"#
            ))
        };
        assert_eq!([assigned("billing", "orders"), assigned("next-gen", "orders")], [3.0, 3.0]);
        assert_eq!([assigned("two-topics", "orders"), assigned("two-topics", "payments")], [0.0, 0.0]);

        // Of the lagging partitions this one alone has an owner.
        let labels = r#"consumergroup="billing",topic="orders",partition="0",client_id="rdkafka",host="127.0.0.1""#;
        assert_eq!(page.named("kafka_consumergroup_partition_owner").len(), 1);
        assert_eq!(page.value(&format!("kafka_consumergroup_partition_owner{{{labels}}}")), 10.0);
        assert_eq!(page.value("kafka_vitals_groups_forgotten"), 0.0);
        assert!(page.named("kafka_vitals_series_dropped").is_empty());

        // The first page knows nothing of before, the next one does.
        let seconds = r#"kafka_consumergroup_state_seconds{consumergroup="billing"}"#;
        assert_eq!(page.get(seconds), None);
        std::thread::sleep(Duration::from_millis(200));
        let later = cluster_page(vitals).value(seconds);
        assert!((0.2..60.0).contains(&later), "{later}");
        assert_eq!(rebalances(&page, "billing"), []);
    }
}

#[test]
fn an_older_broker_s_groups_show_the_same() {
    let cluster = &*old();
    let (kafka, name) = (cluster.kafka(), "t-older");
    kafka.create_topics(&[NewTopic::new(name, 2)]).unwrap();
    kafka.fill(name, 2, 10).unwrap();
    kafka.commit(&[Commit::new(name, &[(name, 0, 4), (name, 1, 10)])]).unwrap();
    let member = kafka.member(name, &[name]).client("app-1").start().unwrap();
    kafka.await_stable(name, 1, PATIENCE).unwrap();
    let all = vitals_of_each(cluster, &FLAGS);
    let owner = format!(r#"consumergroup="{name}",topic="{name}",partition="0",client_id="app-1",host="127.0.0.1""#);
    let assigned = format!(r#"kafka_consumergroup_assigned_partitions{{consumergroup="{name}",topic="{name}"}}"#);
    for vitals in each(&all) {
        let page = cluster_page(vitals);
        assert_eq!((page.value(&state(name, "Stable")), page.value(&state(name, "Empty"))), (1.0, 0.0));
        assert_eq!(page.value(&format!("kafka_consumergroup_partition_owner{{{owner}}}")), 6.0);
        assert_eq!(page.value(&assigned), 2.0);
    }
    member.stop().unwrap();
    kafka.await_state(name, "Empty", PATIENCE).unwrap();
    for vitals in each(&all) {
        let page = cluster_page(vitals);
        assert_eq!((page.value(&state(name, "Stable")), page.value(&state(name, "Empty"))), (0.0, 1.0));
        assert_eq!((page.value(&assigned), page.named("kafka_consumergroup_partition_owner").len()), (0.0, 0));
        assert_eq!(rebalances(&page, name), [("members".to_owned(), 1.0)]);
    }
}

/// A member that polls when it is told to: one that does not holds up every rebalance of its group.
fn slow_member(group: &str, topic: &str) -> BaseConsumer {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", current().bootstrap()).set("group.id", group).set("client.id", "slow");
    config.set("auto.offset.reset", "earliest").set("enable.auto.commit", "false");
    let consumer: BaseConsumer = config.create().unwrap();
    consumer.subscribe(&[topic]).unwrap();
    wait_until(PATIENCE, "the slow member to have partitions", || {
        let _message_or_nothing = consumer.poll(Duration::from_millis(100));
        if consumer.assignment().unwrap().count() > 0 { Ok(()) } else { Err("it has none".to_owned()) }
    })
    .unwrap();
    consumer
}

#[test]
fn a_classic_rebalance_in_progress_shows_as_a_state_and_is_counted_once() {
    let (kafka, name) = (current().kafka(), "t-rebalance");
    kafka.create_topics(&[NewTopic::new(name, 2)]).unwrap();
    kafka.fill(name, 2, 5).unwrap();
    let slow = slow_member(name, name);
    kafka.await_stable(name, 1, PATIENCE).unwrap();
    let all = vitals_of_each(current(), &FLAGS);
    for vitals in each(&all) {
        let page = cluster_page(vitals);
        assert_eq!((page.value(&state(name, "Stable")), rebalances(&page, name)), (1.0, vec![]));
    }

    let second = kafka.member(name, &[name]).start().unwrap();
    for vitals in each(&all) {
        let page = until(vitals, "a rebalance", |page| page.get(&state(name, "PreparingRebalance")) == Some(1.0));
        assert_eq!(page.value(&state(name, "Stable")), 0.0);
        assert_eq!(rebalances(&page, name), [("state".to_owned(), 1.0)]);
        let seconds = format!(r#"kafka_consumergroup_state_seconds{{consumergroup="{name}"}}"#);
        assert_eq!(page.value(&seconds), 0.0);
        assert!(cluster_page(vitals).value(&seconds) > 0.0);
    }

    let ended = Arc::new(AtomicBool::new(false));
    let is_over = Arc::clone(&ended);
    let polling = std::thread::spawn(move || {
        while !is_over.load(Ordering::Relaxed) {
            let _message_or_nothing = slow.poll(Duration::from_millis(50));
        }
    });
    kafka.await_stable(name, 2, PATIENCE).unwrap();
    let members = format!(r#"kafka_consumergroup_members{{consumergroup="{name}"}}"#);
    for vitals in each(&all) {
        let is_settled = |page: &Page| page.get(&members) == Some(2.0) && page.get(&state(name, "Stable")) == Some(1.0);
        let page = until(vitals, "two members", is_settled);
        assert_eq!(rebalances(&page, name), [("state".to_owned(), 1.0)]);
    }

    // One that is over before anybody looks shows by the members alone.
    second.stop().unwrap();
    kafka.await_stable(name, 1, PATIENCE).unwrap();
    for vitals in each(&all) {
        let page = until(vitals, "one member", |page| page.get(&members) == Some(1.0));
        assert_eq!(rebalances(&page, name), [("members".to_owned(), 1.0), ("state".to_owned(), 1.0)]);
    }
    ended.store(true, Ordering::Relaxed);
    polling.join().unwrap();
}

#[test]
fn a_next_generation_groups_rebalances_are_counted_by_its_epoch_where_the_client_learns_it() {
    let (kafka, name) = (current().kafka(), "t-epoch");
    kafka.create_topics(&[NewTopic::new(name, 2)]).unwrap();
    let start = || kafka.member(name, &[name]).protocol(GroupProtocol::Consumer).start().unwrap();
    let first = start();
    kafka.await_stable(name, 1, Duration::from_secs(60)).unwrap();
    let all = vitals_of_each(current(), &FLAGS);
    for vitals in each(&all) {
        assert_eq!(rebalances(&cluster_page(vitals), name), []);
    }
    let second = start();
    kafka.await_stable(name, 2, Duration::from_secs(60)).unwrap();
    let members = format!(r#"kafka_consumergroup_members{{consumergroup="{name}"}}"#);
    for vitals in each(&all) {
        let is_settled = |page: &Page| page.get(&members) == Some(2.0) && page.get(&state(name, "Stable")) == Some(1.0);
        let page = until(vitals, "two members", is_settled);
        let seen = if vitals.engine == Some(Engine::Protocol) { "epoch" } else { "members" };
        assert_eq!(rebalances(&page, name), [(seen.to_owned(), 1.0)]);
    }
    first.stop().unwrap();
    second.stop().unwrap();
}

#[test]
fn commits_that_do_not_move_while_there_is_lag_are_timed() {
    let (kafka, name) = (current().kafka(), "t-unmoved");
    kafka.create_topics(&[NewTopic::new(name, 2)]).unwrap();
    kafka.fill(name, 2, 10).unwrap();
    kafka.commit(&[Commit::new(name, &[(name, 0, 4), (name, 1, 10)])]).unwrap();
    let series = format!(r#"kafka_consumergroup_commit_unmoved_seconds{{consumergroup="{name}",topic="{name}"}}"#);
    for vitals in each(&vitals_of_each(current(), &FLAGS)) {
        let seconds = || cluster_page(vitals).get(&series);
        assert_eq!(seconds(), None);
        std::thread::sleep(Duration::from_millis(1200));
        let stuck = seconds().unwrap();
        assert!((1.0..60.0).contains(&stuck), "{stuck}");
        // The other partition moves, which says nothing of this one; then this one does, backwards, and then to the end.
        kafka.commit(&[Commit::new(name, &[(name, 1, 9)])]).unwrap();
        assert!(seconds().unwrap() >= stuck);
        kafka.commit(&[Commit::new(name, &[(name, 0, 3), (name, 1, 10)])]).unwrap();
        assert!(seconds().unwrap() < 0.2);
        kafka.commit(&[Commit::new(name, &[(name, 0, 10)])]).unwrap();
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(seconds(), Some(0.0));
        kafka.commit(&[Commit::new(name, &[(name, 0, 4)])]).unwrap();
    }
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
}

#[test]
fn objectives_come_from_a_file_and_a_bad_one_leaves_those_before() {
    let cluster = current();
    let file = cluster.lab().folder().join("objectives.yaml");
    write(&file, "- {group: ^bill, team: payments, seconds: 60, records: 1000, runbook: 'https://wiki/lag'}\n");
    let flags = [&format!("--kafka.server={}", cluster.bootstrap()), "--group.objectives", file.to_str().unwrap()];
    let vitals = Vitals::start_with_engine(cluster.lab(), Engine::Protocol, &flags);
    let of_billing = |page: &Page| {
        let labels = r#"consumergroup="billing",team="payments""#;
        ["seconds", "records"].map(|what| page.get(&format!("kafka_consumergroup_objective_{what}{{{labels}}}")))
    };
    let page = cluster_page(&vitals);
    assert_eq!(of_billing(&page), [Some(60.0), Some(1000.0)]);
    assert_eq!(page.named("kafka_consumergroup_objective_seconds").len(), 1);
    let info =
        r#"kafka_consumergroup_objective_info{consumergroup="billing",team="payments",runbook="https://wiki/lag"}"#;
    assert_eq!(page.value(info), 1.0);

    write(&file, "- {group: ^bill, team: payments, second: 5}\n");
    let (status, text) = vitals.reload();
    assert_eq!(status, 500);
    let expected = format!("--group.objectives: {}: line 1: unknown key second; an entry has group", file.display());
    assert!(text.contains(&expected), "{text}");
    let page = cluster_page(&vitals);
    assert_eq!(of_billing(&page), [Some(60.0), Some(1000.0)]);
    assert_eq!(page.value("kafka_vitals_config_last_reload_successful"), 0.0);

    // At once, although a result may be served again for 5 s.
    write(&file, "- {group: ^bill, team: payments, seconds: 5}\n");
    assert_eq!(vitals.reload().0, 200);
    let page = cluster_page(&vitals);
    assert_eq!(of_billing(&page), [Some(5.0), None]);
    assert_eq!(page.value("kafka_vitals_config_last_reload_successful"), 1.0);

    // And without being told, when the file changes.
    write(&file, "- {group: ^bill, team: payments, seconds: 50}\n");
    until(&vitals, "the changed file", |page| of_billing(page) == [Some(50.0), None]);
}

#[test]
fn granularity_and_limits_leave_out_what_is_too_much_and_count_it() {
    let coarse = [
        "--series.granularity=lag=group,offset=topic,topic_partition=topic",
        "--series.granularity=assigned_partitions=group",
        "--series.limit=kafka_consumergroup_members=2",
        "--series.limit=kafka_topic_partitions=1000",
    ];
    for vitals in each(&vitals_of_each(current(), &[&GOLDEN[..], &coarse].concat())) {
        let page = cluster_page(vitals);
        for gone in ["kafka_consumergroup_lag", "kafka_consumergroup_current_offset", "kafka_topic_partition_leader"] {
            assert!(page.named(gone).is_empty(), "{gone}");
        }
        // orders 0 + 30 and payments 10.
        assert_eq!(page.value(r#"kafka_consumergroup_lag_sum{consumergroup="two-topics"}"#), 40.0);
        assert_eq!(page.named("kafka_consumergroup_lag_sum").len(), 5);
        let offsets = r#"kafka_consumergroup_current_offset_sum{consumergroup="two-topics",topic="orders"}"#;
        assert_eq!(page.value(offsets), 120.0);
        assert_eq!(page.value(r#"kafka_topic_partition_current_offset{topic="orders"}"#), 150.0);
        assert_eq!(page.value(r#"kafka_consumergroup_assigned_partitions{consumergroup="billing"}"#), 3.0);

        let members: Vec<_> = page.named("kafka_consumergroup_members").into_keys().map(str::to_owned).collect();
        let first_two = ["ahead", "behind-retention"];
        assert_eq!(
            members,
            first_two.map(|group| format!(r#"kafka_consumergroup_members{{consumergroup="{group}"}}"#))
        );
        let dropped = |family| page.get(&format!(r#"kafka_vitals_series_dropped{{family="{family}"}}"#));
        assert_eq!(dropped("kafka_consumergroup_members"), Some(4.0));
        assert_eq!(dropped("kafka_topic_partitions"), Some(0.0));
        assert_eq!(dropped("kafka_consumergroup_lag_sum"), None);
    }
}

#[test]
fn groups_that_nobody_uses_are_forgotten_only_when_asked_for_and_counted() {
    let flags = [&GOLDEN[..], &["--group.forget-after=1s"]].concat();
    for vitals in each(&vitals_of_each(current(), &flags)) {
        let page = cluster_page(vitals);
        assert_eq!(
            (page.named("kafka_consumergroup_members").len(), page.value("kafka_vitals_groups_forgotten")),
            (6, 0.0)
        );
        std::thread::sleep(Duration::from_millis(1100));
        let page = cluster_page(vitals);
        assert_eq!(page.value("kafka_vitals_groups_forgotten"), 4.0);
        let groups: Vec<_> = page.named("kafka_consumergroup_members").into_keys().map(str::to_owned).collect();
        let left = ["billing", "next-gen"];
        assert_eq!(groups, left.map(|group| format!(r#"kafka_consumergroup_members{{consumergroup="{group}"}}"#)));
        let forgotten = page.series.keys().find(|series| series.contains(r#"consumergroup="two-topics""#));
        assert_eq!(forgotten, None);
    }
}
