//! MBeans of every shape that JMX allows and Kafka does not have, on our pages beside those of real jmx_exporter agents:
//! the same series with the same types and values, but for the differences that are listed here and in the migration
//! guide.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

#[path = "../support/mod.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
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
];

/// On the first page only: that an Object is an AtomicLong is seen when it is read.
const AT_FIRST: &[&str] = &["- lab_AtomicHidden_Object 46"];

/// By rules that look at values, whatever the versions are.
const VALUES: &[&str] = &[
    // JSON has no infinity, and in Kafka's own domains null is NaN.
    r#"- lab_structures{attribute="infinite",keys="Nest",properties="name=c1",text="Infinity",type="Comp"} 1"#,
    r#"+ lab_structures{attribute="infinite",keys="Nest",properties="name=c1",text="NaN",type="Comp"} 1"#,
    r#"- lab_structures{attribute="infinite",keys="Open",properties="name=c1",text="Infinity",type="Comp"} 1"#,
    r#"+ lab_structures{attribute="infinite",keys="Open",properties="name=c1",text="NaN",type="Comp"} 1"#,
    r#"+ lab_sensors{attribute="Value",domain="kafka.server",properties="name=null",text="NaN"} 1"#,
    // Whole numbers beyond 64 bits and BigDecimals are doubles here.
    r#"- lab_structures{attribute="big",keys="Nest",properties="name=c1",text="1180591620717411303424",type="Comp"} 1"#,
    r#"+ lab_structures{attribute="big",keys="Nest",properties="name=c1",text="1.1805916207174113E21",type="Comp"} 1"#,
    r#"- lab_structures{attribute="big",keys="Open",properties="name=c1",text="1180591620717411303424",type="Comp"} 1"#,
    r#"+ lab_structures{attribute="big",keys="Open",properties="name=c1",text="1.1805916207174113E21",type="Comp"} 1"#,
    r#"- lab_values{attribute="BigInteger",domain="kafka.lab",text="1180591620717411303424",type="Numbers"} 1"#,
    r#"+ lab_values{attribute="BigInteger",domain="kafka.lab",text="1.1805916207174113E21",type="Numbers"} 1"#,
    r#"- lab_values{attribute="BigIntegerObject",domain="kafka.lab",text="1180591620717411303424",type="Numbers"} 1"#,
    r#"+ lab_values{attribute="BigIntegerObject",domain="kafka.lab",text="1.1805916207174113E21",type="Numbers"} 1"#,
    r#"- lab_values{attribute="BigDecimal",domain="kafka.lab",text="12345678901234567890.125",type="Numbers"} 1"#,
    r#"+ lab_values{attribute="BigDecimal",domain="kafka.lab",text="1.2345678901234567E19",type="Numbers"} 1"#,
    r#"- lab_values{attribute="BigInteger",domain="lab",text="1180591620717411303424",type="Numbers"} 1"#,
    r#"+ lab_values{attribute="BigInteger",domain="lab",text="1.1805916207174113E21",type="Numbers"} 1"#,
    r#"- lab_values{attribute="BigIntegerObject",domain="lab",text="1180591620717411303424",type="Numbers"} 1"#,
    r#"+ lab_values{attribute="BigIntegerObject",domain="lab",text="1.1805916207174113E21",type="Numbers"} 1"#,
    r#"- lab_values{attribute="BigDecimal",domain="lab",text="12345678901234567890.125",type="Numbers"} 1"#,
    r#"+ lab_values{attribute="BigDecimal",domain="lab",text="1.2345678901234567E19",type="Numbers"} 1"#,
    // A text that reads like Jolokia's report of a failed getter is taken for one.
    r#"- lab_strings{attribute="Error",text="ERROR: not one (class java.lang.Exception)"} 1"#,
    r#"- lab_strings{attribute="ErrorObject",text="ERROR: not one (class java.lang.Exception)"} 1"#,
];

/// The same through Jolokia 2.5.0, which makes a number of a BigDecimal.
const VALUES_NEW_JOLOKIA: &[&str] = &[
    r#"- lab_values{attribute="BigDecimalObject",domain="kafka.lab",text="0.10",type="Numbers"} 1"#,
    r#"+ lab_values{attribute="BigDecimalObject",domain="kafka.lab",text="0.1",type="Numbers"} 1"#,
    r#"- lab_values{attribute="BigDecimalObject",domain="lab",text="0.10",type="Numbers"} 1"#,
    r#"+ lab_values{attribute="BigDecimalObject",domain="lab",text="0.1",type="Numbers"} 1"#,
];

/// The same through Jolokia 1.7.2, which cuts dates to whole seconds.
const VALUES_OLD_JOLOKIA: &[&str] = &[
    r#"- lab_structures{attribute="date",keys="Nest",properties="name=c1",text="1.700000000123E9",type="Comp"} 1"#,
    r#"+ lab_structures{attribute="date",keys="Nest",properties="name=c1",text="1.7E9",type="Comp"} 1"#,
    r#"- lab_structures{attribute="date",keys="Open",properties="name=c1",text="1.700000000123E9",type="Comp"} 1"#,
    r#"+ lab_structures{attribute="date",keys="Open",properties="name=c1",text="1.7E9",type="Comp"} 1"#,
    r#"- lab_values{attribute="Date",domain="lab",text="1.700000000123E9",type="Objects"} 1"#,
    r#"+ lab_values{attribute="Date",domain="lab",text="1.7E9",type="Objects"} 1"#,
    r#"- lab_values{attribute="DateObject",domain="lab",text="1.700000000123E9",type="Objects"} 1"#,
    r#"+ lab_values{attribute="DateObject",domain="lab",text="1.7E9",type="Objects"} 1"#,
    r#"- lab_values{attribute="Since",domain="lab",text="1.7000000005E9",type="MX"} 1"#,
    r#"+ lab_values{attribute="Since",domain="lab",text="1.7E9",type="MX"} 1"#,
];

/// The same beside the agent 0.17.2.
const VALUES_OLD_AGENT: &[&str] = &[
    // The text of a composite index is one label there.
    r#"- lab_structures{attribute="CompKey",properties="name=closed, key=...",type="Tab"} 1"#,
    r#"+ lab_structures{attribute="CompKey",properties="name=closed, key_alpha=2.5, key_str=hello, key_zeta=1",text="12",type="Tab"} 1"#,
    r#"- lab_structures{attribute="CompKey",properties="name=open, key=...",type="Tab"} 1"#,
    r#"+ lab_structures{attribute="CompKey",properties="name=open, key_alpha=2.5, key_str=hello, key_zeta=1",text="12",type="Tab"} 1"#,
    // It knows no enums.
    r#"+ lab_values{attribute="Enum",domain="lab",text="SECONDS",type="Objects"} 1"#,
    r#"+ lab_values{attribute="EnumObject",domain="lab",text="HOURS",type="Objects"} 1"#,
    r#"+ lab_values{attribute="Unit",domain="lab",text="DAYS",type="Standard"} 1"#,
];

/// An agent beside a Jolokia in one node.
struct Pair {
    node: i32,
    agent: &'static str,
    jolokia: Jolokia,
}

const PAIRS: [Pair; 3] = [
    Pair { node: 1, agent: "0.17.2", jolokia: Jolokia::V2_5_0 },
    Pair { node: 2, agent: "0.20.0", jolokia: Jolokia::V1_7_2 },
    Pair { node: 3, agent: "1.0.1", jolokia: Jolokia::V2_5_0 },
];

/// The three nodes.
struct Nodes {
    cluster: Cluster,
    rules: PathBuf,
}

impl Nodes {
    fn start() -> Self {
        let mut builder = Cluster::builder().nodes(3).heap_mib(256).hand_made_beans();
        for Pair { node, agent, jolokia } in PAIRS {
            builder = builder.node(node, |node| {
                node.jolokia(jolokia).jmx_exporter(agent, ALL);
            });
        }
        let cluster = builder.start().unwrap();
        let rules = cluster.lab().folder().join("rules.yaml");
        std::fs::write(&rules, ALL).unwrap();
        Self { cluster, rules }
    }

    /// Other rules for the agents, which read a file again that has changed, and for what is started next.
    fn change_rules(&self, text: &str) {
        std::fs::write(&self.rules, text).unwrap();
        for Pair { node, .. } in PAIRS {
            std::fs::write(self.cluster.lab().folder().join(format!("node-{node}/jmx_exporter.yaml")), text).unwrap();
        }
    }

    fn vitals(&self) -> Vitals {
        Vitals::start(
            self.cluster.lab(),
            &[
                &format!("--kafka.server={}", self.cluster.bootstrap()),
                &format!("--jolokia.port={}", self.cluster.jolokia_port()),
                &format!("--jmx.rules={}", self.rules.display()),
                "--scrape.reuse=0s",
            ],
        )
    }

    fn agents_page(&self, node: i32) -> Series {
        let url = self.cluster.node(node).unwrap().agent_url().unwrap();
        of_hand_made_beans(&Page::parse(&http::get_ok(&url, PATIENCE).unwrap()))
    }
}

fn our_page(vitals: &Vitals, node: i32) -> Series {
    of_hand_made_beans(&vitals.page(&format!("/metrics/brokers/{node}"), Duration::from_secs(30)))
}

#[test]
fn hand_made_beans_are_shown_as_the_agents_show_them() {
    let nodes = Nodes::start();
    let vitals = nodes.vitals();
    for Pair { node, agent, jolokia } in PAIRS {
        let mut lasting = ALWAYS.to_vec();
        if jolokia == Jolokia::V1_7_2 {
            lasting.extend(OLD_JOLOKIA);
        }
        if agent == "0.17.2" {
            lasting.extend(OLD_AGENT);
        }
        let before = nodes.agents_page(node);
        assert!(before.len() > 200, "{}", before.len());
        let what = format!("node {node} with agent {agent} and {jolokia:?}");
        let at_first = [&lasting, AT_FIRST].concat();
        assert_differences(&before, &our_page(&vitals, node), &at_first, &format!("first page of {what}"));
        our_page(&vitals, node);
        assert_differences(&before, &our_page(&vitals, node), &lasting, &what);
        // Not even an AtomicLong, which has getters that count.
        assert_differences(&before, &nodes.agents_page(node), &[], &format!("what reading has changed on {what}"));
    }
    drop(vitals);

    // The same beans by rules that look at values.
    nodes.change_rules(include_str!("values.yaml"));
    let vitals = nodes.vitals();
    for Pair { node, agent, jolokia } in PAIRS {
        let mut lasting = VALUES.to_vec();
        lasting.extend(if jolokia == Jolokia::V1_7_2 { VALUES_OLD_JOLOKIA } else { VALUES_NEW_JOLOKIA });
        if agent == "0.17.2" {
            lasting.extend(VALUES_OLD_AGENT);
        }
        let theirs = nodes.agents_page(node);
        assert!(theirs.len() > 100, "{}", theirs.len());
        for _ in 0..2 {
            our_page(&vitals, node);
        }
        let what = format!("values on node {node} with agent {agent} and {jolokia:?}");
        assert_differences(&theirs, &our_page(&vitals, node), &lasting, &what);
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
    let same = |a: f64, b: f64| a == b || (a.is_nan() && b.is_nan());
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
