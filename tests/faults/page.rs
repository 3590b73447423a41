//! What a page must show of the world while one broker is silent. In: a page and who led and coordinated what; out: what
//! is wrong with it, one line each.

use std::time::{Duration, Instant};

use crate::support::{Page, Vitals};
use crate::world::{BROKERS, GROUPS, LIVE, Roles, SCRAPE, committed, end, name, topics};

/// What is wrong with a page, when broker `silent` had `roles` and does not answer (any more).
///
/// What the others have must be there. What the silent one had is absent, or right, once another broker has taken over.
pub(crate) fn faults(page: &Page, roles: &Roles, silent: Option<i32>) -> Vec<String> {
    faults_of(page, roles, silent, true)
}

/// The same; without `remembers` the exporter has never seen the silent coordinator's groups and cannot name them.
pub(crate) fn faults_of(page: &Page, roles: &Roles, silent: Option<i32>, remembers: bool) -> Vec<String> {
    let mut faults = Vec::new();
    of_brokers(page, silent, &mut faults);
    if let (Some(silent), true) = (silent, remembers) {
        of_inventory(page, silent, &mut faults);
    }
    of_collectors(page, roles, if silent.is_some() { Gaps::Allowed } else { Gaps::None }, &mut faults);
    for ((topic, partition), leader) in &roles.leaders {
        let series = format!("kafka_topic_partition_current_offset{{partition=\"{partition}\",topic=\"{topic}\"}}");
        let value = page.get(&series);
        let right = value == Some(f64::from(end(*partition)));
        if !(right || value.is_none() && *leader == silent) {
            faults.push(format!("{series} led by {leader:?} is {value:?}"));
        }
    }
    let members = page.get(&format!("kafka_consumergroup_members{{consumergroup=\"{LIVE}\"}}"));
    let coordinator = roles.coordinators.get(LIVE).copied();
    if !(members == Some(1.0) || members.is_none() && silent.is_some() && coordinator == silent) {
        faults.push(format!("members of {LIVE} at {coordinator:?} are {members:?}"));
    }
    for group in 0..GROUPS {
        let coordinator = roles.coordinators.get(&name(group)).copied();
        let unknown = page.get(&format!("kafka_consumergroup_commits_unknown{{consumergroup=\"{}\"}}", name(group)));
        let lost = silent.is_some() && coordinator == silent;
        if !(unknown == Some(0.0) || lost && (unknown == Some(1.0) || unknown.is_none() && !remembers)) {
            faults.push(format!("commits_unknown of {} at {coordinator:?} is {unknown:?}", name(group)));
        }
        for (topic, replicas) in topics() {
            let partitions: Vec<i32> = (0..).take(replicas.len()).collect();
            of_group(page, roles, silent, (group, &topic, &partitions), unknown != Some(0.0), &mut faults);
        }
    }
    faults
}

/// What is wrong with the cluster side of a page while leaders and coordinators move: anything may be absent for a
/// moment but the groups themselves, and nothing that is there may differ from what it is.
pub(crate) fn untruths(page: &Page, roles: &Roles) -> Vec<String> {
    let mut untruths = Vec::new();
    for (topic, partition) in roles.leaders.keys() {
        let series = format!("kafka_topic_partition_current_offset{{partition=\"{partition}\",topic=\"{topic}\"}}");
        if page.get(&series).is_some_and(|value| value != f64::from(end(*partition))) {
            untruths.push(format!("{series} is {:?}", page.get(&series)));
        }
    }
    for group in 0..GROUPS {
        let series = format!("kafka_consumergroup_commits_unknown{{consumergroup=\"{}\"}}", name(group));
        let Some(unknown) = page.get(&series) else {
            untruths.push(format!("{} is gone", name(group)));
            continue;
        };
        for (topic, replicas) in topics() {
            let labels = format!("consumergroup=\"{}\",topic=\"{topic}\"", name(group));
            let sum = page.get(&format!("kafka_consumergroup_lag_sum{{{labels}}}"));
            let whole: i32 = (0..).take(replicas.len()).map(|partition| end(partition) - committed(group)).sum();
            let why = page.get(&format!("kafka_consumergroup_lag_unknown_partitions{{{labels}}}"));
            // A sum that is absent says why.
            let excused = unknown == 1.0 || why.is_some_and(|partitions| partitions > 0.0);
            if sum != Some(f64::from(whole)) && !(sum.is_none() && excused) {
                untruths.push(format!("lag_sum of {labels} is {sum:?} of {whole}, unknown partitions {why:?}"));
            }
        }
    }
    untruths
}

/// Ends and commits that a page lacks without a collector that says so.
pub(crate) fn uncounted(page: &Page, roles: &Roles) -> Vec<String> {
    let mut uncounted = Vec::new();
    of_collectors(page, roles, Gaps::Allowed, &mut uncounted);
    uncounted
}

/// Whether a page says that it lacks something.
pub(crate) fn has_gaps(page: &Page) -> bool {
    page.named("kafka_vitals_collector_success").values().any(|success| *success < 1.0)
}

/// Whether a collector may fail.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gaps {
    Allowed,
    None,
}

fn of_brokers(page: &Page, silent: Option<i32>, faults: &mut Vec<String>) {
    for id in BROKERS {
        let success = page.get(&format!("kafka_vitals_collector_success{{broker=\"{id}\",collector=\"jmx\"}}"));
        let threads = page.get(&format!("jvm_threads_current{{broker=\"{id}\"}}"));
        let bean = format!("kafka_server_replicamanager_partitioncount{{broker=\"{id}\"}}");
        let bean = page.get(&bean);
        let seen = (success, threads.is_some(), bean.is_some());
        let answers = silent != Some(id);
        if seen != (Some(f64::from(u8::from(answers))), answers, answers) {
            faults.push(format!("MBeans of {id}: success {success:?}, threads {threads:?}, PartitionCount {bean:?}"));
        }
    }
    if silent.is_none() {
        for (series, value) in page.named("kafka_vitals_collector_success") {
            if value < 1.0 {
                faults.push(format!("{series} {value}"));
            }
        }
        if page.get("kafka_brokers") != Some(3.0) {
            faults.push(format!("kafka_brokers {:?}", page.get("kafka_brokers")));
        }
    }
}

/// What is remembered of the brokers that answer is there. librdkafka knows nothing of it.
fn of_inventory(page: &Page, silent: i32, faults: &mut Vec<String>) {
    if page.get("kafka_vitals_kafka_client_info{client=\"protocol\"}").is_none() {
        return;
    }
    let online = page.named("kafka_log_dir_online");
    for id in BROKERS.into_iter().filter(|id| *id != silent) {
        let dirs = online.keys().filter(|series| series.contains(&format!("broker=\"{id}\""))).count();
        let registered = page.get(&format!("kafka_broker_registered{{broker=\"{id}\"}}"));
        if (dirs, registered) != (1, Some(1.0)) {
            faults.push(format!("inventory of {id}: {dirs} log directories, registered {registered:?}"));
        }
    }
    for (topic, _) in topics() {
        if page.get(&format!("kafka_topic_min_insync_replicas{{topic=\"{topic}\"}}")).is_none() {
            faults.push(format!("the configuration of {topic} is not there"));
        }
    }
}

/// Whatever a silent broker takes with it, a collector says so.
fn of_collectors(page: &Page, roles: &Roles, gaps: Gaps, faults: &mut Vec<String>) {
    let success = |part: &str| page.get(&format!("kafka_vitals_collector_success{{collector=\"{part}\"}}"));
    let ends = page.named("kafka_topic_partition_current_offset");
    let leaders = page.named("kafka_topic_partition_leader");
    // A partition that has no leader is Kafka's failure, not the collector's.
    let lost_ends = leaders.keys().filter(|series| {
        let end = series.replace("kafka_topic_partition_leader", "kafka_topic_partition_current_offset");
        !ends.contains_key(end.as_str())
    });
    let commits = page.named("kafka_consumergroup_commits_unknown");
    let lost_groups = roles.coordinators.len() - commits.values().filter(|value| **value == 0.0).count();
    for (part, is_lost) in [("offsets", lost_ends.count() > 0), ("groups", lost_groups > 0)] {
        if is_lost && success(part) != Some(0.0) || gaps == Gaps::None && success(part) != Some(1.0) {
            faults.push(format!("success of {part} is {:?}", success(part)));
        }
    }
}

fn of_group(
    page: &Page,
    roles: &Roles,
    silent: Option<i32>,
    (group, topic, partitions): (usize, &str, &[i32]),
    commits_unknown: bool,
    faults: &mut Vec<String>,
) {
    let lag = |partition: i32| f64::from(end(partition) - committed(group));
    let labels = format!("consumergroup=\"{}\",topic=\"{topic}\"", name(group));
    let sum = page.get(&format!("kafka_consumergroup_lag_sum{{{labels}}}"));
    let unknown = page.get(&format!("kafka_consumergroup_lag_unknown_partitions{{{labels}}}"));
    let whole: f64 = partitions.iter().map(|partition| lag(*partition)).sum();
    if commits_unknown {
        if sum.is_some() {
            faults.push(format!("lag_sum of {labels} is {sum:?} without commits"));
        }
        return;
    }
    let silent_partitions =
        partitions.iter().filter(|p| silent.is_some() && roles.leaders[&(topic.to_owned(), **p)] == silent).count();
    let expected_unknown = f64::from(u32::try_from(silent_partitions).unwrap());
    let right = match unknown {
        Some(0.0) => sum == Some(whole),
        Some(unknown) => sum.is_none() && unknown <= expected_unknown,
        None => false,
    };
    if !right {
        faults.push(format!(
            "of {labels}: lag_sum {sum:?} of {whole}, unknown {unknown:?} of {expected_unknown} at {silent:?}"
        ));
    }
    for partition in partitions {
        let value = page.get(&format!("kafka_consumergroup_lag{{{labels},partition=\"{partition}\"}}"));
        let of_silent = silent.is_some() && roles.leaders[&(topic.to_owned(), *partition)] == silent;
        if !(value == Some(lag(*partition)) || value.is_none() && of_silent) {
            faults.push(format!("lag of {labels} partition {partition} is {value:?}"));
        }
    }
}

/// Series and partitions that a page lacks, for the log: partitions without end, groups without commits, sums.
pub(crate) fn missing(page: &Page, roles: &Roles) -> String {
    let of_topics = page.named("kafka_topic_partition_current_offset");
    let known = of_topics.keys().filter(|series| !series.contains("topic=\"__")).count();
    let commits = page.named("kafka_consumergroup_commits_unknown");
    let lost = GROUPS + 1 - commits.values().filter(|value| **value == 0.0).count();
    let sums = page.named("kafka_consumergroup_lag_sum");
    let sums = sums.keys().filter(|series| series.contains("\"group-")).count();
    let durations = page.named("kafka_vitals_collector_duration_seconds");
    let cluster = durations.iter().find(|(series, _)| series.contains("collector=\"offsets\"")).map(|(_, took)| *took);
    format!(
        "cluster side {cluster:.2?} s, missing: {} of {} ends, commits of {lost} of {} groups ({} not shown at all), {} of {} lag sums",
        roles.leaders.len() - known,
        roles.leaders.len(),
        GROUPS + 1,
        GROUPS + 1 - commits.len(),
        GROUPS * topics().len() - sums,
        GROUPS * topics().len(),
    )
}

/// `/metrics` as Prometheus with a time-out of 5 s asks for it; it must be there in time.
pub(crate) fn scrape(vitals: &Vitals) -> (Page, Duration) {
    let start = Instant::now();
    let page = vitals.page("/metrics", SCRAPE);
    let took = start.elapsed();
    assert!(took < SCRAPE, "/metrics took {took:?}");
    (page, took)
}
