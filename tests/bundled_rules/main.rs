//! The bundled rule sets in a real jmx_exporter agent in real brokers: they load, yield the names and types that they
//! promise, and stay within their bounds.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

#[path = "../documented/rows.rs"]
mod documented;
mod expected;
mod observed;
mod rule_set;

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

use documented::{ROWS, Row};
use expected::{CONFLUENT, KAFKA, NOT_HIT, NOT_SHOWN, OPT_IN, STRIMZI, Since};
use kafka_lab::KafkaVersion;
use kafka_vitals::rules::{Compat, Finding, FindingKind, Rules, lint};
use observed::{Agent, OBSERVED, OPENED, Observed, SETS, TOPICS};
use regex::Regex;
use rule_set::RuleSet;

fn text_of(set: &str) -> String {
    match SETS.iter().find(|(name, _)| *name == set) {
        Some((_, text)) => (*text).to_owned(),
        None => observed::opened(),
    }
}

fn page<'o>(observed: &'o Observed, set: &str) -> &'o Agent {
    &observed.pages[set]
}

#[test]
fn every_set_loads_in_the_agent_and_its_page_is_whole() {
    for observed in OBSERVED.iter() {
        for (set, page) in &observed.pages {
            let version = observed.version.as_str();
            assert_eq!(page.value("jmx_scrape_error"), 0.0, "{set} on {version}");
            assert_eq!(page.value("jmx_config_reload_failure_total"), 0.0, "{set} on {version}");
            assert!(page.count() > 500, "{set} on {version}: {} series", page.count());
        }
    }
}

#[test]
fn every_set_loads_here_and_lint_finds_no_fault() {
    for (set, text) in SETS {
        for compat in [Compat::V0, Compat::V1] {
            let rules = Rules::load_with(text, set, Some(compat)).unwrap();
            assert!(rules.warnings.is_empty(), "{set}: {:?}", rules.warnings);
            // Inherited counters are not all called _total, ZooKeeper's rules are for old versions, and what is not the
            // default is as unbounded as what it takes its names from.
            let findings: Vec<Finding> = lint(&rules)
                .into_iter()
                .filter(|found| !matches!(found.kind, FindingKind::Type | FindingKind::Note))
                .filter(|found| set == "kafka" || found.kind != FindingKind::Explosive)
                .collect();
            assert!(findings.is_empty(), "{set}: {findings:#?}");
        }
    }
}

fn the_families_are_there(set: &str, expected: &[(&str, &str, Since)]) {
    for observed in OBSERVED.iter() {
        let page = page(observed, set);
        let mut missing = Vec::new();
        for (name, kind, since) in expected {
            if *since == Since::V4 && observed.version == KafkaVersion::V3_9_1 {
                continue;
            }
            if !page.series.contains_key(*name) {
                missing.push(*name);
                continue;
            }
            assert_eq!(page.told(&page.types, name), Some(*kind), "{name}");
        }
        assert_eq!(missing, [""; 0], "{set} on {}", observed.version.as_str());
    }
}

#[test]
fn the_default_set_has_the_names_and_types_of_jmx_exporters_example() {
    the_families_are_there("kafka", KAFKA);
}

#[test]
fn what_is_off_by_default_is_there_when_switched_on() {
    the_families_are_there(OPENED, OPT_IN);
    for observed in OBSERVED.iter() {
        for (name, ..) in OPT_IN {
            assert!(!page(observed, "kafka").series.contains_key(*name), "{name}");
        }
    }
}

#[test]
fn strimzis_and_confluents_names_are_there() {
    the_families_are_there("strimzi", STRIMZI);
    the_families_are_there("confluent", CONFLUENT);
}

#[test]
fn every_metric_has_a_help_text_and_a_type() {
    for (set, text) in SETS.iter().filter(|(set, _)| *set != "all") {
        for rule in RuleSet::parse(text).rules.iter().filter(|rule| rule.name.as_deref() != Some("")) {
            let told = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
            assert!(told(&rule.help) && told(&rule.kind) && told(&rule.name), "{set}: {rule:?}");
        }
        for observed in OBSERVED.iter() {
            let page = page(observed, set);
            for name in page.series.keys() {
                assert!(page.told(&page.helps, name).is_some_and(|help| !help.is_empty()), "{set}: {name}");
            }
        }
    }
}

#[test]
fn no_family_has_several_types_and_the_agent_has_the_families_that_the_rules_say() {
    for observed in OBSERVED.iter() {
        for set in ["kafka", "strimzi", "confluent", OPENED] {
            let rules = RuleSet::parse(&text_of(set));
            let outcomes = [0, 1].map(|at| rules.outcome(&observed.beans[at]));
            for (family, kinds) in outcomes.iter().flat_map(|outcome| &outcome.families) {
                assert_eq!(kinds.len(), 1, "{set}: {family} has the types {kinds:?}");
            }
            let names = |at: usize| outcomes[at].families.keys().map(String::as_str).collect::<BTreeSet<&str>>();
            let (before, after) = (names(0), names(1));
            let agents: BTreeSet<&str> = page(observed, set).series.keys().map(String::as_str).collect();
            // What Kafka registered meanwhile may be on the page or not.
            let always: Vec<_> = before.intersection(&after).filter(|name| !agents.contains(*name)).collect();
            let never: Vec<_> =
                agents.iter().filter(|name| !before.contains(*name) && !after.contains(*name)).collect();
            assert_eq!((always, never), (vec![], vec![]), "{set} on {}", observed.version.as_str());
        }
    }
}

#[test]
fn every_rule_of_the_default_set_hits_a_bean_of_one_of_the_versions_or_has_a_reason() {
    let rules = RuleSet::parse(&observed::opened());
    let mut hit = BTreeSet::new();
    for beans in OBSERVED.iter().flat_map(|observed| &observed.beans) {
        hit.extend(rules.outcome(beans).hit);
    }
    let unexplained: Vec<_> = rules
        .rules
        .iter()
        .enumerate()
        .filter(|(at, _)| !hit.contains(at))
        .map(|(_, rule)| rule.pattern.as_str())
        .filter(|pattern| !NOT_HIT.iter().any(|(part, _)| pattern.contains(part)))
        .collect();
    assert_eq!(unexplained, [""; 0]);
    for (part, reason) in NOT_HIT {
        assert!(rules.rules.iter().any(|rule| rule.pattern.contains(part)), "no rule has {part} ({reason})");
    }
}

/// Labels of a sample as the agent writes them, `{a="1",b="2",}`.
fn label_names(labels: &str) -> BTreeSet<String> {
    let name = Regex::new(r#"[{,](\w+)=""#).unwrap();
    name.captures_iter(labels).map(|found| found[1].to_owned()).collect()
}

/// Rows of docs/metrics.md that allow for a sample on an agent's page.
fn rows_of<'r>(name: &str, labels: &str, page: &Agent) -> Vec<&'r Row> {
    let labels = label_names(labels);
    let kind = page.told(&page.types, name).unwrap();
    let fits = |row: &&Row| {
        let row_kind = if row.is_counter { "counter" } else { &row.kind };
        row.name == name && row_kind == kind && labels.is_subset(&row.labels)
    };
    ROWS.iter().filter(fits).collect()
}

#[test]
fn docs_metrics_lists_all_that_the_default_set_shows_and_what_switches_the_rest_on() {
    for observed in OBSERVED.iter() {
        for set in ["kafka", OPENED] {
            let page = page(observed, set);
            for (name, series) in &page.series {
                for labels in series {
                    let rows = rows_of(name, labels, page);
                    assert!(!rows.is_empty(), "{name}{labels} of {set} on {} is not listed", observed.version.as_str());
                    let is_on = rows.iter().any(|row| row.on == "yes");
                    assert!(is_on || set == OPENED, "{name}{labels} is on, and listed as opt-in");
                }
            }
        }
    }
}

#[test]
fn what_docs_metrics_lists_of_the_default_set_is_shown_by_one_of_the_versions_or_has_a_reason() {
    let pages = || OBSERVED.iter().map(|observed| page(observed, OPENED));
    let is_shown = |row: &Row| {
        pages().any(|page| {
            let series = page.series.get(&row.name).into_iter().flatten();
            series.into_iter().any(|labels| rows_of(&row.name, labels, page).contains(&row))
        })
    };
    let hidden: Vec<&Row> = ROWS.iter().filter(|row| row.by_rules && !is_shown(row)).collect();
    let has_reason = |row: &&&Row| NOT_SHOWN.iter().any(|(part, _)| row.source.contains(part));
    let unexplained: Vec<_> =
        hidden.iter().filter(|row| !has_reason(row)).map(|row| (&row.name, &row.source)).collect();
    assert!(unexplained.is_empty(), "listed, not shown, and without a reason: {unexplained:#?}");
    for (part, reason) in NOT_SHOWN {
        assert!(ROWS.iter().any(|row| row.source.contains(part)), "nothing listed has {part} ({reason})");
    }
}

#[test]
fn the_default_set_is_bounded() {
    for observed in OBSERVED.iter() {
        let page = page(observed, "kafka");
        for (name, series) in &page.series {
            for labels in series {
                for unbounded in ["partition", "client-id", "user", "clientSoftwareName", "cipher", "group"] {
                    assert!(!labels.contains(&format!("{unbounded}=\"")), "{name}{labels}");
                }
            }
        }
        // Two listeners with three network threads each, and the internal topics of groups.
        let bound = 430 + 8 * (TOPICS + 2) + 15 * 6 + 300;
        assert!(page.count() <= bound, "{} series on {}", page.count(), observed.version.as_str());
    }
}

#[test]
fn promtool_parses_the_pages() {
    for observed in OBSERVED.iter() {
        for set in ["kafka", "strimzi", "confluent"] {
            let mut child = Command::new("promtool")
                .args(["check", "metrics"])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap_or_else(|error| panic!("promtool is missing: `apt-get install prometheus` ({error})"));
            let mut input = child.stdin.take().unwrap();
            let output = std::thread::scope(|scope| {
                scope.spawn(move || drop(input.write_all(page(observed, set).text.as_bytes())));
                child.wait_with_output().unwrap()
            });
            // 3 = names or help texts are not to its taste, which inherited names cannot be.
            assert!(matches!(output.status.code(), Some(0 | 3)), "{set}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
}
