//! A principal that may see only a part: that part is right, and of the rest is told what Kafka tells. Rights that are taken
//! away while it runs show at once, and so do those that are given back.

use std::sync::OnceLock;
use std::time::Duration;

use kafka_lab::sasl::Mechanism;
use kafka_lab::{Cluster, Commit, GroupProtocol, KafkaVersion, Listener, NewTopic, Operation, Resource, wait_until};

use crate::support::{Engine, PATIENCE, Page, Vitals, each, run};
use crate::world::{self, cluster, mechanism};

/// Kafka 3.9.1 beside the current one, which the other tests use.
pub(crate) fn old_cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        let builder = Cluster::builder()
            .version(KafkaVersion::V3_9_1)
            .sasl(&[Mechanism::OAuthBearer, Mechanism::Plain])
            .authorizer();
        let cluster = builder.heap_mib(320).start().unwrap();
        let kafka = cluster.kafka();
        kafka.create_topics(&[NewTopic::new("orders", 1)]).unwrap();
        kafka.fill("orders", 1, 10).unwrap();
        kafka.commit(&[Commit::new("billing", &[("orders", 0, 4)])]).unwrap();
        cluster
    })
}

/// An exporter for each engine as `user`, who is allowed nothing yet.
fn start_as(cluster: &Cluster, user: &str) -> Vec<Vitals> {
    world::start(cluster, &flags_as(cluster, user, &[]))
}

/// The flags to be `user`, and others.
fn flags_as(cluster: &Cluster, user: &str, more: &[&str]) -> Vec<String> {
    let token = cluster.issuer().sign(user, Duration::from_secs(3600)).unwrap();
    let file = cluster.lab().folder().join(format!("token-of-{user}"));
    std::fs::write(&file, token).unwrap();
    let server = format!("--kafka.server={}", cluster.bootstrap_on(Listener::Sasl).unwrap());
    let flags = [vec![server, format!("--sasl.oauth.token-file={}", file.display())], mechanism("oauthbearer")];
    [flags.concat(), more.iter().map(|flag| (*flag).to_owned()).collect()].concat()
}

fn denied(page: &Page, api: &str) -> Option<f64> {
    page.get(&format!("kafka_vitals_kafka_denied{{api={api:?}}}"))
}

fn lag(page: &Page, group: &str, topic: &str) -> Option<f64> {
    page.get(&format!("kafka_consumergroup_lag_sum{{consumergroup={group:?},topic={topic:?}}}"))
}

/// A page on which `what` is so, within the time that an authorizer takes to learn of it and a few scrapes.
#[track_caller]
fn until(vitals: &Vitals, what: &str, is_so: impl Fn(&Page) -> bool) -> Page {
    let look = || {
        let page = vitals.page("/metrics/cluster", Duration::from_secs(20));
        if is_so(&page) {
            return Ok(page);
        }
        let names = ["kafka_vitals_kafka_denied", "kafka_vitals_collector_errors_total", "kafka_consumergroup_lag_sum"];
        Err(format!("{:?}, {}", names.map(|name| page.named(name)), std::fs::read_to_string(&vitals.log).unwrap()))
    };
    wait_until(PATIENCE, what, look).unwrap()
}

#[test]
fn what_may_be_seen_is_right_and_rights_taken_and_given_show_at_once() {
    for (version, cluster) in [(KafkaVersion::V4_3_0, cluster()), (KafkaVersion::V3_9_1, old_cluster())] {
        eprintln!("Kafka {}", version.as_str());
        partly_seen(version, cluster);
    }
}

fn partly_seen(version: KafkaVersion, cluster: &Cluster) {
    const USER: &str = "partial";
    let kafka = cluster.kafka();
    kafka.create_topics(&[NewTopic::new("hidden", 2)]).unwrap();
    kafka.fill("hidden", 1, 5).unwrap();
    kafka.commit(&[Commit::new("audit", &[("orders", 0, 7), ("hidden", 0, 1)])]).unwrap();
    kafka.commit(&[Commit::new("secret", &[("orders", 0, 1)])]).unwrap();
    let describe = |resource| kafka.allow(USER, &[Operation::Describe], resource).unwrap();
    let take = |resource| kafka.disallow(USER, resource).unwrap();
    for resource in [Resource::Topic("orders"), Resource::Group("billing"), Resource::Group("audit")] {
        describe(resource);
    }
    let all = start_as(cluster, USER);

    for vitals in each(&all) {
        let page = until(vitals, "the groups that it may see", |page| lag(page, "billing", "orders") == Some(6.0));
        assert_eq!(lag(&page, "audit", "orders"), Some(3.0));
        assert_eq!(page.value(r#"kafka_consumergroup_members{consumergroup="billing"}"#), 0.0);
        let strange = |series: &&String| series.contains("hidden") || series.contains("secret");
        assert_eq!(page.series.keys().find(strange), None);
        for api in ["Metadata", "ListGroups", "OffsetFetch", "ListOffsets"] {
            assert_eq!(denied(&page, api), Some(0.0), "{api}");
        }
        // One topic's configuration, the one broker's directories.
        assert_eq!(denied(&page, "DescribeConfigs"), Some(1.0));
        if vitals.engine == Some(Engine::Protocol) {
            assert_eq!(denied(&page, "DescribeLogDirs"), Some(1.0));
        }
        let lacks: Vec<_> = page.named("kafka_vitals_kafka_unsupported").into_keys().map(str::to_owned).collect();
        assert_eq!(
            lacks.iter().any(|series| series.contains("ShareGroupDescribe")),
            vitals.engine == Some(Engine::Librdkafka)
        );
    }

    // Members that have a topic which may not be seen: a classic group's are told all the same, a KIP-848 group's are not.
    let started = |group, protocol| {
        describe(Resource::Group(group));
        kafka.member(group, &["orders", "hidden"]).protocol(protocol).start().unwrap()
    };
    let mut groups = vec![started("of-old", GroupProtocol::Classic)];
    if version != KafkaVersion::V3_9_1 {
        // A preview there, which must be turned on.
        groups.push(started("of-new", GroupProtocol::Consumer));
    }
    for vitals in each(&all) {
        let members = |page: &Page, group| page.get(&format!("kafka_consumergroup_members{{consumergroup={group:?}}}"));
        let told = (groups.len() > 1).then_some(1.0);
        let is_so = |page: &Page| members(page, "of-old") == Some(1.0) && denied(page, "ConsumerGroupDescribe") == told;
        let page = until(vitals, "a KIP-848 group with a hidden topic to be denied", is_so);
        assert_eq!(members(&page, "of-new"), None);
    }
    drop(groups);

    take(Resource::Group("billing"));
    for vitals in each(&all) {
        let page = until(vitals, "the group to be denied", |page| denied(page, "OffsetFetch") == Some(1.0));
        assert_eq!((lag(&page, "billing", "orders"), lag(&page, "audit", "orders")), (None, Some(3.0)));
        assert_eq!(page.value(r#"kafka_consumergroup_commits_unknown{consumergroup="billing"}"#), 1.0);
        assert_eq!(page.value(r#"kafka_vitals_collector_success{collector="groups"}"#), 0.0);
    }
    describe(Resource::Group("billing"));
    for vitals in each(&all) {
        let page = until(vitals, "the group to be back", |page| lag(page, "billing", "orders") == Some(6.0));
        assert_eq!(denied(&page, "OffsetFetch"), Some(0.0));
    }

    take(Resource::Topic("orders"));
    for vitals in each(&all) {
        let is_so =
            |page: &Page| denied(page, "ListOffsets") == Some(1.0) && page.named("kafka_topic_partitions").is_empty();
        let page = until(vitals, "the topic to be denied", is_so);
        assert_eq!(page.named("kafka_consumergroup_lag_sum"), [].into());
    }
    // It stays so when the topic is in no metadata any more.
    for vitals in each(&all) {
        let page = vitals.page("/metrics/cluster", Duration::from_secs(20));
        assert_eq!(denied(&page, "ListOffsets"), Some(1.0));
    }
    describe(Resource::Topic("orders"));
    for vitals in each(&all) {
        until(vitals, "the topic to be back", |page| lag(page, "audit", "orders") == Some(3.0));
        until(vitals, "nothing to be denied", |page| denied(page, "ListOffsets") == Some(0.0));
    }
}

#[test]
fn topics_that_may_not_be_read_are_counted_and_their_lag_is_that_of_offsets() {
    const USER: &str = "no-reader";
    let kafka = cluster().kafka();
    kafka.allow(USER, &[Operation::Describe], Resource::Topic("orders")).unwrap();
    kafka.allow(USER, &[Operation::Describe], Resource::Group("billing")).unwrap();
    let flags = flags_as(cluster(), USER, &["--lag.skip-markers"]);
    let all = world::start(cluster(), &flags);
    // The broker is asked at the first scrape alone.
    for vitals in each(&all).chain(each(&all)) {
        let page = until(vitals, "the group", |page| lag(page, "billing", "orders") == Some(6.0));
        let can_fetch = vitals.engine == Some(Engine::Protocol);
        assert_eq!(denied(&page, "Fetch"), can_fetch.then_some(1.0));
        let unsupported = page.get(r#"kafka_vitals_kafka_unsupported{api="Fetch"}"#);
        assert_eq!(unsupported, (!can_fetch).then_some(1.0));
    }
    let flags: Vec<&str> =
        ["check", "--kafka.client=protocol"].into_iter().chain(flags.iter().map(String::as_str)).collect();
    let row = |text: &str| text.lines().find(|line| line.trim_start().starts_with("Fetch")).map(str::to_owned);
    let grants = |text: &str| text.lines().any(|line| line.ends_with("--operation Read --topic '*'"));
    let (code, text, _) = run(&flags);
    assert!(code == Some(1) && grants(&text), "{text}");
    kafka.allow(USER, &[Operation::Read], Resource::Topic("orders")).unwrap();
    let is_known = || {
        let (_, text, _) = run(&flags);
        let works = row(&text).is_some_and(|row| row.ends_with("partitions: 1"));
        if works && !grants(&text) { Ok(()) } else { Err(text) }
    };
    wait_until(PATIENCE, "the right to be known", is_known).unwrap();
    let (_, text, _) = run(&flags.iter().copied().filter(|flag| *flag != "--lag.skip-markers").collect::<Vec<_>>());
    assert_eq!(row(&text), None, "{text}");
}
