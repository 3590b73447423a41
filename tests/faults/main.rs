//! Brokers that freeze, die and come back, through the real binary: all that the others can answer is on the page in
//! time, nothing is smaller than it is, and a broker that is back is back on the page.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]
#![expect(clippy::print_stdout, reason = "what a fault costs is worth reading")]

mod discovery;
mod page;
#[path = "../support/mod.rs"]
mod support;
mod world;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use page::{faults, faults_of, has_gaps, missing, scrape, uncounted, untruths};
use support::{Vitals, at_once, each};
use world::{Roles, SCRAPE, WAIT, World, world};

fn name(vitals: &Vitals) -> &'static str {
    vitals.engine.unwrap().name()
}

/// Scrapes and asserts that everything is there that the brokers other than `silent` can tell.
#[track_caller]
fn assert_page(all: &[Vitals], roles: &Roles, silent: i32, when: &str) {
    for (vitals, (page, took)) in all.iter().zip(at_once(all, scrape)) {
        println!("  {}, {when}: {took:.2?}, {}", name(vitals), missing(&page, roles));
        let faults = faults(&page, roles, Some(silent));
        assert!(
            faults.is_empty(),
            "{}, broker {silent}, {when}: {} faults, {:#?}",
            name(vitals),
            faults.len(),
            &faults[..faults.len().min(20)]
        );
    }
}

fn assert_node(all: &[Vitals], world: &World, silent: i32) {
    at_once(all, |vitals| assert_node_of(vitals, world, silent));
}

/// The silent node's page is a 503 of one line in time, and it is still among the targets.
fn assert_node_of(vitals: &Vitals, world: &World, silent: i32) {
    for id in [1, 2, 3] {
        let timeout = [("X-Prometheus-Scrape-Timeout-Seconds", "5")];
        let answer = vitals.try_get(&format!("/metrics/brokers/{id}"), &timeout).unwrap();
        assert!(answer.elapsed < SCRAPE, "the page of {id} took {:?}", answer.elapsed);
        if id == silent {
            println!("  its page: {} after {:.2?}: {}", answer.status, answer.elapsed, answer.text().trim_end());
            assert_eq!((answer.status, answer.text().lines().count()), (503, 1), "{}", answer.text());
        } else {
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
    }
    assert_eq!(discovery::targets(vitals), discovery::expected(world), "/sd");
}

/// How many scrapes it took each until all was there, at most.
fn until_whole(all: &[Vitals], roles: &Roles, what: &str) -> u32 {
    at_once(all, |vitals| until_whole_of(vitals, roles, what)).into_iter().max().unwrap_or_default()
}

/// Scrapes once a second until all is there; how many scrapes that took.
fn until_whole_of(vitals: &Vitals, roles: &Roles, what: &str) -> u32 {
    let what = format!("{}, {what}", name(vitals));
    let start = Instant::now();
    for scrapes in 1.. {
        let (page, took) = scrape(vitals);
        let faults = faults(&page, roles, None);
        let after = start.elapsed();
        println!(
            "  {what}, scrape {scrapes} at {after:.1?}: {took:.2?}, {} faults, {:?}",
            faults.len(),
            faults.first()
        );
        if faults.is_empty() {
            return scrapes;
        }
        assert!(after < WAIT, "{what}: {faults:#?}");
        std::thread::sleep(Duration::from_secs(1));
    }
    unreachable!("scrapes end")
}

fn watch(all: &[Vitals], roles: &Roles, time: Duration) {
    at_once(all, |vitals| watch_one(vitals, roles, time));
}

/// Reads the cluster's page again and again for `time`, while leaders and coordinators move.
fn watch_one(vitals: &Vitals, roles: &Roles, time: Duration) {
    let start = Instant::now();
    let (mut pages, mut longest, mut last) = (0, Duration::ZERO, String::new());
    while start.elapsed() < time {
        let asked = Instant::now();
        let page = vitals.page("/metrics/cluster", SCRAPE);
        longest = longest.max(asked.elapsed());
        pages += 1;
        let untruths = untruths(&page, roles);
        assert!(untruths.is_empty(), "{}, after {:?}: {untruths:#?}", name(vitals), start.elapsed());
        let missing = missing(&page, roles);
        let missing = missing.split_once(", ").unwrap().1.to_owned();
        if missing != last {
            println!("  {}, {:.1?}: {missing}", name(vitals), start.elapsed());
            last = missing;
        }
    }
    assert!(longest < SCRAPE, "/metrics/cluster took {longest:?}");
    println!("  {}: {pages} cluster pages, the longest in {longest:.2?}", name(vitals));
}

/// `idle`: time without a scrape before the freeze.
fn freeze(id: i32, idle: Duration) {
    let world = world();
    let roles = world.settled();
    let all = world.vitals();
    until_whole(&all, &roles, "warm-up");

    std::thread::sleep(idle);
    println!("broker {id} freezes");
    let node = world.cluster.node(id).unwrap();
    node.freeze().unwrap();
    let frozen = Instant::now();
    assert_page(&all, &roles, id, "first scrape");
    assert_page(&all, &roles, id, "second scrape");
    assert_node(&all, &world, id);
    watch(&all, &roles, Duration::from_secs(14).saturating_sub(frozen.elapsed()));
    world.cluster.await_gone(id, WAIT).unwrap();
    assert_page(&all, &roles, id, &format!("gone from metadata {:.1?} after", frozen.elapsed()));
    assert_node(&all, &world, id);

    println!("broker {id} thaws");
    node.thaw().unwrap();
    world.await_up();
    let scrapes = until_whole(&all, &roles, "thawed");
    assert_eq!(scrapes, 1, "all is back at the next scrape");
    // Leaderships and groups go back to it.
    watch(&all, &roles, Duration::from_secs(6));
    until_whole(&all, &world.settled(), "settled");
}

#[cfg(feature = "full-tests")]
#[test]
fn frozen_broker_1_costs_its_own_series_only() {
    freeze(1, Duration::ZERO);
}

#[cfg(feature = "full-tests")]
#[test]
fn frozen_broker_2_costs_its_own_series_only() {
    freeze(2, Duration::ZERO);
}

#[test]
fn frozen_broker_3_costs_its_own_series_only_when_metadata_is_due_too() {
    // Metadata is asked again after 15 s, and its broker leaves it 9 s after the freeze.
    freeze(3, Duration::from_secs(16));
}

#[test]
fn a_killed_broker_costs_its_own_series_only_and_all_is_back_at_the_first_scrape_after_its_restart() {
    let world = world();
    let roles = world.settled();
    let all = world.vitals();
    until_whole(&all, &roles, "warm-up");

    println!("broker 2 is killed");
    let node = world.cluster.node(2).unwrap();
    node.kill().unwrap();
    let killed = Instant::now();
    assert_page(&all, &roles, 2, "first scrape");
    assert_page(&all, &roles, 2, "second scrape");
    assert_node(&all, &world, 2);
    watch(&all, &roles, Duration::from_secs(12).saturating_sub(killed.elapsed()));
    world.cluster.await_gone(2, WAIT).unwrap();
    assert_page(&all, &roles, 2, &format!("gone from metadata {:.1?} after", killed.elapsed()));
    assert_node(&all, &world, 2);

    println!("broker 2 starts again");
    node.restart().unwrap();
    world.await_up();
    let scrapes = until_whole(&all, &roles, "restarted");
    assert_eq!(scrapes, 1, "all is back at the next scrape");
    watch(&all, &roles, Duration::from_secs(6));
}

#[test]
fn a_rolling_restart_under_scrapes_each_second_shows_nothing_wrong_and_counts_every_gap() {
    let world = world();
    let roles = world.settled();
    let all = world.vitals();
    until_whole(&all, &roles, "warm-up");
    for id in [1, 2, 3] {
        println!("broker {id} restarts");
        let node = world.cluster.node(id).unwrap();
        let restarted = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let watched: Vec<_> =
                all.iter().map(|vitals| scope.spawn(|| watch_until(vitals, &roles, &restarted))).collect();
            let restart = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                node.stop().unwrap();
                node.restart().unwrap();
                world.await_up();
            }));
            restarted.store(true, Ordering::Relaxed);
            for watched in watched {
                watched.join().unwrap();
            }
            restart.unwrap();
        });
        let scrapes = until_whole(&all, &roles, "restarted");
        // Leaderships and coordinators go back to it by themselves, maybe just then.
        assert!(scrapes <= 2, "all is back at the next scrape, or at the one after: {scrapes}");
        // So that the next restart moves some.
        world.settled();
    }
}

/// Scrapes once a second until `end`; whatever there is is right, and whatever is missing is counted.
fn watch_until(vitals: &Vitals, roles: &Roles, end: &AtomicBool) {
    let (mut pages, mut gaps) = (0, 0);
    while !end.load(Ordering::Relaxed) {
        let asked = Instant::now();
        let page = vitals.page("/metrics/cluster", SCRAPE);
        assert!(asked.elapsed() < SCRAPE, "/metrics/cluster took {:?}", asked.elapsed());
        let untruths = [untruths(&page, roles), uncounted(&page, roles)].concat();
        assert!(untruths.is_empty(), "{}: {untruths:#?}", name(vitals));
        pages += 1;
        gaps += u32::from(has_gaps(&page));
        std::thread::sleep(Duration::from_secs(1).saturating_sub(asked.elapsed()));
    }
    println!("  {}: {pages} cluster pages, {gaps} with gaps", name(vitals));
}

#[test]
fn an_exporter_that_starts_while_a_broker_is_frozen_shows_the_others_at_its_first_scrape() {
    let world = world();
    let roles = world.settled();
    println!("broker 1 is frozen");
    world.cluster.node(1).unwrap().freeze().unwrap();
    let all = world.vitals();
    for when in ["first scrape", "second scrape"] {
        for (vitals, (page, took)) in each(&all).zip(at_once(&all, scrape)) {
            println!("  {when}: {took:.2?}, {}", missing(&page, &roles));
            let faults = faults_of(&page, &roles, Some(1), false);
            assert!(faults.is_empty(), "{}, {when}: {faults:#?}", name(vitals));
        }
    }
    assert_node(&all, &world, 1);
}
