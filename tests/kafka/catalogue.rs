//! docs/metrics.md against a real page: what is on the page is listed, and what kafka-vitals makes by itself is there, in as
//! many series as the list says. tests/bundled_rules does the same for what the rules make.

use std::collections::BTreeSet;

use kafka_lab::wait_until;
use kafka_vitals::metrics::catalogue::{Metric, cluster, exporter, groups, log_dirs};

use crate::clusters::{current, old, vitals_of_each};
use crate::documented::{self, ROWS, Row, name_of};
use crate::support::{Engine, PATIENCE, Page, Vitals, each};
use crate::{lint, tools};

/// What a healthy cluster in KRaft mode does not show, and why.
const NOT_SEEN: [(&str, &str); 6] = [
    ("kafka_vitals_collector_errors_total", "nothing has failed"),
    ("kafka_zookeeper_session_state", "there is no ZooKeeper"),
    ("kafka_vitals_kafka_unsupported", "the client `protocol` and these brokers know all calls"),
    ("kafka_consumergroup_lag_unknown_reason_partitions", "all lag is known"),
    ("kafka_consumergroup_lag_seconds_unknown_partitions", "all lag is known"),
    ("kafka_consumergroup_lag_seconds_clamped_partitions", "no record is from the future"),
];

/// The golden scenario, without what other tests make beside it: `crates/kafka-lab/src/golden.rs` has its groups and topics.
const TERMS: [(&str, usize); 14] = [
    ("N", 1),
    ("B", 1),
    ("D", 1),
    ("G", 6),
    ("classic", 5),
    ("consumer", 1),
    ("share", 0),
    ("streams", 0),
    // Not `next-gen`.
    ("committed", 5),
    // `billing`, `late-starter`, `two-topics` on orders; `two-topics`, `behind-retention`, `ahead` on payments.
    ("S", 6),
    ("C", 3 * 3 + 3),
    ("commits", 2 + 1 + 3 + 1 + 1),
    // And `next-gen`, which has a member and no commit.
    ("A", 7),
    ("O", 6),
];

/// What librdkafka cannot ask for.
fn unknown_to_librdkafka() -> impl Iterator<Item = Metric> {
    let others = [cluster::REGISTERED, cluster::FENCED, exporter::KAFKA_REQUEST_DURATION];
    log_dirs::ALL.iter().copied().chain(others)
}

#[test]
fn a_real_page_has_what_docs_metrics_lists_with_its_labels_types_and_series_and_nothing_else() {
    let objectives = current().lab().folder().join("objectives-of-all.yaml");
    std::fs::write(&objectives, "- {group: '.*', team: t, seconds: 1, records: 1}\n").unwrap();
    let objectives = format!("--group.objectives={}", objectives.display());
    let opt_in = ["--series.limit=1000000", "--series.granularity=lag_seconds=partition"];
    // Of other tests.
    let filters = ["--topic.exclude=^t-", "--group.exclude=^t-"];
    for vitals in each(&vitals_of_each(current(), &[&[objectives.as_str()][..], &opt_in, &filters].concat())) {
        check(vitals);
    }
}

#[test]
fn docs_metrics_lists_all_that_an_older_kafka_shows() {
    let cluster = old();
    for vitals in each(&vitals_of_each(&cluster, &[])) {
        let page = vitals.metrics();
        documented::all_are_listed(&page);
        documented::are_of_the_version(&page, (3, 9));
    }
}

/// What the other tests know as absent without ZooKeeper is there with it.
#[cfg(feature = "full-tests")]
#[test]
fn docs_metrics_lists_all_that_a_kafka_with_zookeeper_shows_and_no_metric_of_zookeeper_that_it_does_not() {
    use kafka_lab::{Cluster, Jolokia, KafkaVersion, NewTopic};
    let cluster = Cluster::builder().version(KafkaVersion::V2_8_2).jolokia(Jolokia::V2_5_0).start().unwrap();
    cluster.kafka().create_topics(&[NewTopic::new("orders", 2)]).unwrap();
    cluster.kafka().fill("orders", 2, 10).unwrap();
    for vitals in each(&vitals_of_each(&cluster, &[])) {
        vitals.metrics();
        let page = vitals.metrics();
        documented::all_are_listed(&page);
        documented::are_of_the_version(&page, (2, 8));
        let of_zookeeper = ROWS.iter().filter(|row| row.since.contains("with ZooKeeper"));
        let shown: BTreeSet<&Row> = page.series.keys().flat_map(|series| documented::about(name_of(series))).collect();
        let hidden: Vec<_> = of_zookeeper.clone().filter(|row| !shown.contains(row)).map(|row| &row.name).collect();
        assert!(of_zookeeper.count() > 10 && hidden.is_empty(), "{hidden:?}");
        assert!(!page.named("kafka_zookeeper_session_state").is_empty());
    }
}

fn check(vitals: &Vitals) {
    // The requests of a page are counted after it has been made, and node pages are not read for /metrics.
    assert_eq!(vitals.get("/metrics/brokers/1").status, 200);
    vitals.get("/metrics/cluster");
    let mut not_seen: Vec<&str> = NOT_SEEN.iter().map(|(name, _)| *name).collect();
    if vitals.engine == Some(Engine::Librdkafka) {
        not_seen.extend(unknown_to_librdkafka().map(|metric| metric.name));
        not_seen.retain(|name| *name != exporter::KAFKA_UNSUPPORTED.name);
    }
    let seen = |page: &Page| -> BTreeSet<&str> {
        let rows = page.series.keys().flat_map(|series| documented::about(name_of(series)));
        rows.map(|row| row.name.as_str()).collect()
    };
    let own: Vec<&Row> = ROWS.iter().filter(|row| !row.by_rules).collect();
    let look = || {
        let page = vitals.metrics();
        let seen = seen(&page);
        let missing: Vec<_> = own
            .iter()
            .map(|row| row.name.as_str())
            .filter(|name| !seen.contains(name) && !not_seen.contains(name))
            .collect();
        if missing.is_empty() { Ok(page) } else { Err(format!("listed and not on the page: {missing:?}")) }
    };
    let page = wait_until(PATIENCE, "all metrics of the catalogue", look).unwrap();

    documented::all_are_listed(&page);
    documented::are_of_the_version(&page, (4, 3));
    let remarks = tools::promtool(&vitals.get("/metrics").text()).unwrap();
    let new = lint::without_reason(&remarks);
    assert!(new.is_empty(), "promtool finds fault with {new:#?}: mend it, or say in lint.rs why it stays");
    let counted: Vec<&Row> = own.into_iter().filter(|row| is_counted(row, vitals)).collect();
    // A topic of Kafka's own may be made just now.
    let count = || documented::have_their_series(&vitals.metrics(), &counted, &terms());
    wait_until(PATIENCE, "as many series as documented", count).unwrap();
}

fn terms() -> Vec<(&'static str, usize)> {
    let metadata = current().kafka().metadata(None).unwrap();
    let topics = metadata.topics.iter().filter(|(topic, _)| !topic.starts_with("t-"));
    let partitions: Vec<_> = topics.clone().flat_map(|(_, partitions)| partitions.values()).collect();
    let mut terms = TERMS.to_vec();
    terms.push(("T", topics.count()));
    terms.push(("P", partitions.len()));
    terms.push(("R", partitions.iter().map(|partition| partition.replicas.len()).sum()));
    terms.extend(documented::terms_of_nodes(current()));
    terms
}

/// librdkafka has fewer collectors, and learns no epochs, so that it counts the rebalances of all groups in the same ways.
fn is_counted(row: &Row, vitals: &Vitals) -> bool {
    let differs = row.name.starts_with("kafka_vitals_collector_") || row.name == groups::REBALANCES.name;
    vitals.engine != Some(Engine::Librdkafka) || !differs
}
