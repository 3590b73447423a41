//! prometheus/rules, prometheus/tests and prometheus/alertmanager.yml: promtool's own checks and tests, what every alert must
//! have, and what a real Alertmanager leaves of the alerts of one dead broker.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

#[path = "../dashboards/alerting.rs"]
mod alerting;
mod alertmanager;
mod cases;
#[path = "../documented/rows.rs"]
mod documented;
mod files;
mod metric_names;
mod runbooks;

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::LazyLock;

use alerting::{Rule, Rules};
use alertmanager::Alertmanager;
use cases::{Case, Labels};
use regex::Regex;

static RULES: LazyLock<Rules> = LazyLock::new(Rules::read);

/// The dashboards that alerts link to.
const DASHBOARDS: [&str; 7] = [
    "kafka-vitals-cluster",
    "kafka-vitals-brokers",
    "kafka-vitals-replication",
    "kafka-vitals-topics",
    "kafka-vitals-logs",
    "kafka-vitals-groups",
    "kafka-vitals-exporter",
];

/// Alerts whose limits the dashboards take over: their expressions end in a comparison with a number.
const WITH_LIMIT: [&str; 37] = [
    "KafkaBrokerFenced",
    "KafkaOfflinePartitions",
    "KafkaUnderReplicatedPartitions",
    "KafkaUnderMinIsrPartitions",
    "KafkaAtMinIsrPartitions",
    "KafkaUncleanLeaderElection",
    "KafkaLogDirOffline",
    "KafkaPreferredLeaderImbalance",
    "KafkaIsrShrinking",
    "KafkaReplicaFetcherLag",
    "KafkaRequestHandlersBusy",
    "KafkaNetworkProcessorsBusy",
    "KafkaRequestLatencyHigh",
    "KafkaFailedRequests",
    "KafkaClientsThrottled",
    "KafkaAuthenticationFailures",
    "KafkaAuthorizationFailures",
    "KafkaGcTimeHigh",
    "KafkaGcTimeHighAfterRecovery",
    "KafkaHeapAfterGcHigh",
    "KafkaFileDescriptorsHigh",
    "KafkaDiskSpaceLow",
    "KafkaAcceptorBlocked",
    "KafkaMetadataErrors",
    "KafkaMetadataApplyLag",
    "KafkaBrokerHeartbeatsTimedOut",
    "KafkaConsumerGroupStuck",
    "KafkaConsumerGroupRebalancing",
    "KafkaConsumerGroupRebalancingOften",
    "KafkaConsumerGroupRetentionMarginLow",
    "KafkaConsumerGroupRecordsLost",
    "KafkaRebalanceStorm",
    "KafkaVitalsScrapeSlow",
    "KafkaVitalsSeriesDropped",
    "KafkaHangingTransactions",
    "KafkaLogCleanerFailing",
    "KafkaReplicaFetcherFailed",
];

/// The other alerts that the dashboards name.
const WITHOUT_LIMIT: [&str; 16] = [
    "KafkaBrokerMissing",
    "KafkaBrokerNotAnswering",
    "KafkaNoActiveController",
    "KafkaSeveralActiveControllers",
    "KafkaDiskFullIn24Hours",
    "KafkaNoQuorumLeader",
    "KafkaConsumerGroupLate",
    "KafkaConsumerGroupLagUnknown",
    "KafkaConsumerGroupWithoutMembers",
    "KafkaConsumerGroupLagGrowing",
    "KafkaVitalsDown",
    "KafkaVitalsCollectorFailing",
    "KafkaVitalsAccessLost",
    "KafkaVitalsReloadFailed",
    "KafkaVitalsBothLayoutsScraped",
    "KafkaClusterUnreachable",
];

/// What is left of `all` by name and severity.
fn keys<'r>(all: impl IntoIterator<Item = &'r Rule>) -> BTreeSet<(String, String)> {
    all.into_iter().map(|rule| (rule.alert.clone(), rule.severity().to_owned())).collect()
}

#[test]
fn promtool_finds_no_fault_in_the_rules() {
    let rules = [files::RECORDING, files::ALERTS].map(files::path);
    files::succeeds(Command::new("promtool").args(["check", "rules", "--lint=all", "--lint-fatal"]).args(rules));
}

#[test]
fn the_rules_pass_their_promtool_tests() {
    let tests = files::tests();
    assert!(tests.len() >= 6, "{tests:?}");
    files::succeeds(Command::new("promtool").args(["test", "rules"]).args(tests));
}

#[test]
fn every_alert_says_how_grave_it_is_what_it_means_and_where_to_go_on() {
    let sections = runbooks::sections();
    for rule in RULES.alerts() {
        let alert = rule.alert.as_str();
        assert!(["critical", "warning", "info"].contains(&rule.severity()), "{alert}");
        for annotation in ["summary", "description"] {
            let text = rule.annotations.get(annotation).unwrap_or_else(|| panic!("{alert} has no {annotation}"));
            assert!(text.len() > 20, "{alert}: {text}");
        }
        // An objective's own runbook may come before it.
        let anchor = format!("/docs/runbooks.md#{}", alert.to_lowercase());
        assert!(rule.annotations["runbook_url"].contains(&anchor), "{alert}: {}", rule.annotations["runbook_url"]);
        assert!(sections.contains_key(alert), "docs/runbooks.md has no section {alert}");
        let dashboard = &rule.annotations["dashboard"];
        let uid = dashboard.strip_prefix("/d/").and_then(|link| link.split('?').next());
        assert!(uid.is_some_and(|uid| DASHBOARDS.contains(&uid)), "{alert}: {dashboard}");
    }
}

#[test]
fn an_alert_without_for_says_why() {
    let text = files::text(files::ALERTS);
    let blocks = text.split("- alert: ").skip(1);
    let without: Vec<&str> = blocks.filter(|block| !block.contains("\n    for: ")).collect();
    let expected = RULES.alerts().filter(|rule| rule.r#for.is_none()).count();
    assert_eq!(without.len(), expected);
    for block in without {
        assert!(block.contains("# No `for`: "), "{block}");
    }
}

#[test]
fn the_limits_that_dashboards_take_over_end_their_expressions() {
    let limit = Regex::new(r"(?s)(<|<=|>|>=|==) -?[0-9]+(\.[0-9]+)?\s*$").unwrap();
    let named: BTreeMap<&str, Vec<&Rule>> = RULES.alerts().fold(BTreeMap::new(), |mut named, rule| {
        named.entry(rule.alert.as_str()).or_insert_with(Vec::new).push(rule);
        named
    });
    for alert in WITH_LIMIT {
        let rules = named.get(alert).unwrap_or_else(|| panic!("no alert {alert}"));
        for rule in rules {
            assert!(limit.is_match(&rule.expr), "{alert}: {}", rule.expr);
        }
        let severities: BTreeSet<&str> = rules.iter().map(|rule| rule.severity()).collect();
        assert_eq!(severities.len(), rules.len(), "{alert}");
    }
    for alert in WITHOUT_LIMIT {
        assert!(named.contains_key(alert), "no alert {alert}");
    }
}

#[test]
fn every_alert_fires_in_a_test_and_stays_quiet_in_another() {
    let cases = cases::all();
    let fires: BTreeSet<(String, String)> = cases
        .iter()
        .flat_map(Case::expected_alerts)
        .map(|(alert, labels)| (alert.to_owned(), labels["severity"].clone()))
        .collect();
    let quiet: BTreeSet<&str> = cases.iter().flat_map(Case::quiet_alerts).collect();
    let all = keys(RULES.alerts());
    assert_eq!(fires, all);
    let never_quiet: Vec<_> = all.iter().filter(|(alert, _)| !quiet.contains(alert.as_str())).collect();
    assert!(never_quiet.is_empty(), "{never_quiet:?}");
}

#[test]
fn texts_have_no_gaps() {
    for text in cases::all().iter().flat_map(Case::expected_texts) {
        assert!(!text.contains("  ") && !text.contains("<no value>") && !text.contains("{{"), "{text}");
    }
}

#[test]
fn runbooks_name_only_metrics_that_exist() {
    let text = files::text("docs/runbooks.md");
    let names = metric_names::named(&text);
    assert!(names.len() > 40, "{names:?}");
    let others = ["jmx_exporter", "scrape_interval", "scrape_timeout"];
    let unknown: Vec<&str> =
        names.into_iter().filter(|name| !metric_names::exists(name) && !others.contains(name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    assert!(!metric_names::exists("kafka_server_brokertopicmetrics_messagesinpersec"));
}

#[test]
fn recorded_series_are_named_level_metric_operations() {
    let name = Regex::new("^[a-z_]+:[a-z0-9_]+:[a-z0-9_]+$").unwrap();
    for rule in RULES.recording() {
        let record = rule.record.as_str();
        assert!(name.is_match(record) && !record.contains("_total:"), "{record}");
    }
}

#[test]
fn every_section_of_the_runbooks_is_an_alerts_and_says_what_to_do() {
    let sections = runbooks::sections();
    let all: BTreeSet<String> = keys(RULES.alerts()).into_iter().map(|(alert, _)| alert).collect();
    assert_eq!(sections.keys().cloned().collect::<BTreeSet<_>>(), all);
    for (alert, text) in sections {
        for part in runbooks::PARTS {
            assert!(text.contains(part), "{alert} lacks {part:?}");
        }
    }
}

#[test]
fn alertmanager_knows_only_alerts_that_there_are() {
    let all: BTreeSet<String> = keys(RULES.alerts()).into_iter().map(|(alert, _)| alert).collect();
    let named = Regex::new(r"\bKafka[A-Z]\w+").unwrap();
    let text = files::text(files::ALERTMANAGER);
    let unknown: Vec<&str> =
        named.find_iter(&text).map(|found| found.as_str()).filter(|name| !all.contains(*name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn who_is_told_depends_on_severity_and_team() {
    for (labels, receiver) in [
        (&["severity=critical"][..], "page"),
        (&["severity=warning"], "chat"),
        (&["severity=info"], "nobody"),
        (&["severity=critical", "team=payments"], "page-payments"),
        (&["severity=warning", "team=payments"], "chat-payments"),
        // A team that has no route of its own.
        (&["severity=critical", "team=compliance"], "page"),
    ] {
        assert_eq!(alertmanager::receiver(labels), receiver, "{labels:?}");
    }
}

/// The alerts are those that promtool's tests of the whole cluster end with.
#[test]
fn one_cause_is_one_page() {
    let cases = cases::all();
    for (name, page) in [
        ("one dead broker, one page", "KafkaBrokerMissing"),
        ("one dead broker, split pages", "KafkaBrokerMissing"),
        ("a dead cluster, one page", "KafkaClusterUnreachable"),
        ("a dead exporter, split pages", "KafkaVitalsDown"),
    ] {
        let case = cases.iter().find(|case| case.name == name).unwrap_or_else(|| panic!("no case {name:?}"));
        let alertmanager = Alertmanager::start();
        case.last_firing().iter().for_each(|labels| alertmanager.fire(labels));
        let told = alertmanager.notifications();
        let told: Vec<(&str, &str)> =
            told.iter().map(|(receiver, labels)| (receiver.as_str(), labels["alertname"].as_str())).collect();
        assert_eq!(told, [("page", page)], "{name}");
    }
    let dead_broker = cases.iter().find(|case| case.name == "one dead broker, one page").unwrap();
    assert!(dead_broker.last_firing().len() > 4, "nothing is inhibited");
}

#[test]
fn what_is_lost_beyond_one_broker_is_told_beside_it() {
    let labels = |pairs: &[(&str, &str)]| -> Labels {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let alert = |name, severity, more: &[(&str, &str)]| {
        labels(&[&[("alertname", name), ("severity", severity)], more].concat())
    };
    let missing = alert("KafkaBrokerMissing", "critical", &[("cluster", "blue"), ("broker", "3")]);
    let table = [
        // Another cluster's alerts are not silenced.
        (vec![missing.clone(), alert("KafkaUnderReplicatedPartitions", "warning", &[("cluster", "green")])], 2),
        (vec![missing.clone(), alert("KafkaOfflinePartitions", "critical", &[("cluster", "blue")])], 2),
        (vec![missing.clone(), alert("KafkaBrokerFenced", "warning", &[("cluster", "blue"), ("broker", "2")])], 2),
        // Nor is what a missing broker or offline partitions do not explain.
        (
            vec![
                missing.clone(),
                alert("KafkaReplicaFetcherFailed", "warning", &[("cluster", "blue"), ("broker", "1")]),
                alert("KafkaVitalsCollectorFailing", "warning", &[("cluster", "blue"), ("collector", "groups")]),
                alert("KafkaConsumerGroupRebalancingOften", "warning", &[("cluster", "blue")]),
                alert("KafkaRebalanceStorm", "warning", &[("cluster", "green")]),
                alert(
                    "KafkaVitalsCollectorFailing",
                    "warning",
                    &[("cluster", "blue"), ("collector", "jmx"), ("broker", "3")],
                ),
            ],
            5,
        ),
        (
            vec![
                alert("KafkaOfflinePartitions", "critical", &[("cluster", "blue")]),
                alert("KafkaUnderMinIsrPartitions", "critical", &[("cluster", "blue")]),
                alert("KafkaConsumerGroupGone", "warning", &[("cluster", "blue"), ("consumergroup", "billing")]),
            ],
            2,
        ),
        (vec![missing, alert("KafkaBrokerMissing", "critical", &[("cluster", "blue"), ("broker", "2")])], 2),
        // The graver of two, of the same group alone.
        (
            vec![
                alert("KafkaConsumerGroupLate", "critical", &[("consumergroup", "billing"), ("team", "payments")]),
                alert("KafkaConsumerGroupLate", "warning", &[("consumergroup", "billing"), ("team", "payments")]),
                alert("KafkaConsumerGroupLate", "warning", &[("consumergroup", "audit"), ("team", "compliance")]),
            ],
            2,
        ),
        // An exporter that is down does not silence another one of the same cluster.
        (
            vec![
                alert("KafkaVitalsDown", "critical", &[("cluster", "blue"), ("instance", "vitals-1:9308")]),
                alert("KafkaVitalsCollectorFailing", "warning", &[("cluster", "blue"), ("instance", "vitals-1:9308")]),
                alert("KafkaVitalsCollectorFailing", "warning", &[("cluster", "blue"), ("instance", "vitals-2:9308")]),
                alert("KafkaConsumerGroupLate", "critical", &[("cluster", "blue"), ("instance", "vitals-2:9308")]),
            ],
            3,
        ),
    ];
    for (firing, expected) in table {
        let alertmanager = Alertmanager::start();
        firing.iter().for_each(|labels| alertmanager.fire(labels));
        let told = alertmanager.notifications();
        assert_eq!(told.len(), expected, "{firing:#?}: {told:#?}");
    }
}
