//! MBeans of every shape that JMX allows and Kafka does not have, on our pages beside those of real jmx_exporter agents:
//! the same series with the same types and values, but for the differences that are listed here and in the migration
//! guide.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

#[path = "../support/mod.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kafka_lab::{Cluster, Jolokia, http};
use support::{PATIENCE, Page, Vitals};

/// All MBeans in the default format.
const ALL: &str = "rules:\n- pattern: \".*\"\n";

/// Value and type by series.
type Series = BTreeMap<String, (f64, String)>;

/// What is different whatever the versions are.
const ALWAYS: &[&str] = &[
    // JSON has no infinity, and a composite's item cannot be asked for as text.
    r#"! lab_Comp_Nest_infinite{name="c1"} inf NaN"#,
    r#"! lab_Comp_Open_infinite{name="c1"} inf NaN"#,
    // A float in an attribute that declares Object: JSON shows the digits of a float, which are read as a double's.
    "! kafka_lab_Numbers_FloatObject 0.10000000149011612 0.1",
    "! lab_Numbers_FloatObject 0.10000000149011612 0.1",
    // In Kafka's own domains null is NaN.
    r#"+ kafka_server_gauge_Value{name="null"} NaN"#,
];

/// Through Jolokia 1.7.2.
const OLD_JOLOKIA: &[&str] = &[
    // It cuts dates to whole seconds.
    r#"! lab_Comp_Nest_date{name="c1"} 1700000000.123 1700000000"#,
    r#"! lab_Comp_Open_date{name="c1"} 1700000000.123 1700000000"#,
    "! lab_MX_Since 1700000000.5 1700000000",
    "! lab_Objects_Date 1700000000.123 1700000000",
    "! lab_Objects_DateObject 1700000000.123 1700000000",
    // It shows a BigDecimal as text, as which it counts where Object is declared.
    "- kafka_lab_Numbers_BigDecimalObject 0.1",
    "- lab_Numbers_BigDecimalObject 0.1",
];

/// Beside the agent 0.17.2, which has the text of a composite index as a label.
const OLD_AGENT: &[&str] = &[
    r#"+ lab_Tab_CompKey{key_alpha="2.5",key_str="hello",key_zeta="1",name="closed"} 12"#,
    r#"+ lab_Tab_CompKey{key_alpha="2.5",key_str="hello",key_zeta="1",name="open"} 12"#,
    r#"- lab_Tab_CompKey{key="...",name="closed"} 12"#,
    r#"- lab_Tab_CompKey{key="...",name="open"} 12"#,
    // It knows no Optional.
    "+ lab_Objects_Optional 5",
    "+ lab_Objects_OptionalDouble 0.5",
    "+ lab_Objects_OptionalObject 6",
    "+ lab_Standard_Maybe 2",
];

/// On the first page only: that an Object is an AtomicLong, or something of which Jolokia cannot make JSON, is seen when it
/// is read. (The older Jolokia makes text of everything.)
const AT_FIRST: &[&str] = &["- lab_AtomicHidden_Object 46"];
const AT_FIRST_UNSERIALISABLE: &[&str] = &["- lab_Unserialisable_Number 3", "- lab_Unserialisable_Since 1700000000"];

#[test]
fn hand_made_beans_are_shown_as_the_agents_show_them() {
    let nodes = [(1, "0.17.2", Jolokia::V2_5_0), (2, "0.20.0", Jolokia::V1_7_2), (3, "1.0.1", Jolokia::V2_5_0)];
    let mut builder = Cluster::builder().nodes(3).heap_mib(256).hand_made_beans();
    for (id, agent, jolokia) in nodes {
        builder = builder.node(id, |node| {
            node.jolokia(jolokia).jmx_exporter(agent, ALL);
        });
    }
    let cluster = builder.start().unwrap();
    let rules = cluster.lab().folder().join("rules.yaml");
    std::fs::write(&rules, ALL).unwrap();
    let vitals = Vitals::start(
        cluster.lab(),
        &[
            &format!("--kafka.server={}", cluster.bootstrap()),
            &format!("--jolokia.port={}", cluster.jolokia_port()),
            &format!("--jmx.rules={}", rules.display()),
            "--scrape.reuse=0s",
        ],
    );
    for (id, agent, jolokia) in nodes {
        let url = cluster.node(id).unwrap().agent_url().unwrap();
        let theirs = || of_hand_made_beans(&Page::parse(&http::get_ok(&url, PATIENCE).unwrap()));
        let ours = || of_hand_made_beans(&vitals.page(&format!("/metrics/brokers/{id}"), Duration::from_secs(30)));
        let mut lasting = ALWAYS.to_vec();
        if jolokia == Jolokia::V1_7_2 {
            lasting.extend(OLD_JOLOKIA);
        }
        if agent == "0.17.2" {
            lasting.extend(OLD_AGENT);
        }
        let mut at_first = [&lasting, AT_FIRST].concat();
        if jolokia == Jolokia::V2_5_0 {
            at_first.extend(AT_FIRST_UNSERIALISABLE);
        }
        let before = theirs();
        assert!(before.len() > 200, "{}", before.len());
        let what = format!("node {id} with agent {agent} and {jolokia:?}");
        assert_differences(&before, &ours(), &at_first, &format!("first page of {what}"));
        ours();
        assert_differences(&before, &ours(), &lasting, &what);
        // Not even an AtomicLong, which has getters that count.
        assert_differences(&before, &theirs(), &[], &format!("what reading has changed on {what}"));
    }
}

/// Series of the beans that the lab made, with their families' types.
fn of_hand_made_beans(page: &Page) -> Series {
    let prefixes = ["lab_", "_9lab_", "l_b_", "kafka_lab_", "kafka_server_sensor_", "kafka_server_gauge_"];
    let hand_made = page.series.iter().filter(|(series, _)| prefixes.iter().any(|prefix| series.starts_with(prefix)));
    let typed = hand_made.map(|(series, value)| {
        let kind = page.types[series.split('{').next().unwrap()].clone();
        // The text of an object is no good label, and a long one.
        match series.split_once("javax.management.openmbean") {
            Some((start, rest)) => (format!("{start}...{}", &rest[rest.rfind("\",").unwrap()..]), (*value, kind)),
            None => (series.clone(), (*value, kind)),
        }
    });
    typed.collect()
}

/// `-` and their value for a series that only they have, `+` and ours for one that only we have, `!` and both for one with
/// another value or type.
#[track_caller]
fn assert_differences(theirs: &Series, ours: &Series, expected: &[&str], what: &str) {
    let names: BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
    let same = |a: f64, b: f64| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
    let difference = |name: &String| match (theirs.get(name), ours.get(name)) {
        (Some((value, _)), None) => Some(format!("- {name} {value}")),
        (None, Some((value, _))) => Some(format!("+ {name} {value}")),
        (Some((their, kind)), Some((our, our_kind))) if kind != our_kind => {
            Some(format!("! {name} {their} {kind} {our} {our_kind}"))
        }
        (Some((their, _)), Some((our, _))) if !same(*their, *our) => Some(format!("! {name} {their} {our}")),
        _ => None,
    };
    let found: BTreeSet<String> = names.into_iter().filter_map(difference).collect();
    let expected: BTreeSet<String> = expected.iter().map(|&line| line.to_owned()).collect();
    let unlisted: Vec<_> = found.difference(&expected).collect();
    let gone: Vec<_> = expected.difference(&found).collect();
    assert!(unlisted.is_empty() && gone.is_empty(), "{what}: not listed {unlisted:#?}, listed but not there {gone:#?}");
}
