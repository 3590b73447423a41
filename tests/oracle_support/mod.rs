//! The check against jmx_exporter's agent in the same JVM: its pages and ours as text in, the differences out.

#![allow(clippy::unwrap_used, dead_code, reason = "helpers of tests; each test binary uses its part")]

pub(crate) mod rounds;
pub(crate) mod types;

use std::collections::BTreeMap;
use std::time::Duration;

use kafka_lab::{Cluster, Jolokia, Kafka, KafkaVersion, http};
use kafka_vitals::metrics::catalogue::kafka_beans;

use crate::support::{Page, Vitals};
use rounds::{Round, What, lasting};

/// All MBeans under lower-case names.
pub(crate) const LOWER_CASE: &str = "lowercaseOutputName: true\nrules:\n- pattern: \".*\"\n";
/// All MBeans.
pub(crate) const AS_IT_IS: &str = "rules:\n- pattern: \".*\"\n";

/// A moving value can be the same on both of the agent's pages by chance, hardly so three times.
const ROUNDS: usize = 4;

/// Series of a page: `name{labels}` with labels sorted by name, and the value.
pub(crate) type Series = BTreeMap<String, f64>;

/// Series of the agent that come from no bean: its own and its client library's, what only operations, notifications or
/// the broker's /proc tell.
const NOT_FROM_BEANS: [&str; 6] = [
    "jmx_",
    "jvm_memory_pool_allocated_bytes_",
    "jvm_threads_deadlocked",
    "jvm_threads_state{",
    "process_resident_memory_bytes",
    "jvm_classes_loaded{",
];

/// What the reading itself moves, in lower case and without what separates words: its connection is an open file, its
/// thread is another one, its answer is memory in use (a large one goes straight to the old generation; a collection
/// moves what pools have committed) and goes through buffers. Ratios of idle time are those since they were last read (Kafka's `TimeRatio`), or of threads that answer less
/// while a page is made. Compared by name and labels only.
fn is_moved_by_reading(series: &str) -> bool {
    let series = series.to_lowercase().replace(['_', '-'], "");
    let any = |parts: &[&str]| parts.iter().any(|part| series.contains(part));
    any(&["openfiledescriptorcount", "processopenfds", "currentthread", "bufferpool", "idleratio", "idlepercent"])
        || (any(&["jvmmemory", "javalangmemory"]) && any(&["used", "committed"]))
}

/// Reads a page in text format 0.0.4.
///
/// # Panics
/// On a line that is no sample, and on a series that is on the page twice.
pub(crate) fn series(page: &str) -> Series {
    Page::parse(page).series
}

/// How our page differs from the agent's.
#[derive(Debug, Default)]
pub(crate) struct Differences {
    /// Series compared.
    pub(crate) compared: usize,
    /// Of these, how many stood still between the agent's two pages, and so had to have the same value.
    pub(crate) still: usize,
    /// Of these, how many were NaN.
    pub(crate) nan: usize,
    /// On the agent's page and not on ours.
    pub(crate) missing: Vec<String>,
    /// On ours and not on the agent's.
    pub(crate) extra: Vec<String>,
    /// Stood still, with another value on ours: series, the agent's value, ours.
    pub(crate) different: Vec<(String, f64, f64)>,
}

/// Compares `ours`, read between the agent's pages `before` and `after`. Series that only one of the agent's pages holds
/// are left out, and so are those that come from no bean. Ours has more JVM families than the agent (the names of both
/// generations), and families of Kafka's beans that no rules can make: extra series of these are no difference.
///
/// A gauge or percentile that moves may have the same value twice by chance: what is `different` is wrong only when it is
/// so in several comparisons in a row, see [`lasting`].
pub(crate) fn compare(before: &Series, ours: &Series, after: &Series) -> Differences {
    let equal = |a: f64, b: f64| a == b || (a.is_nan() && b.is_nan());
    let mut differences = Differences::default();
    for (key, &value) in before {
        if NOT_FROM_BEANS.iter().any(|prefix| key.starts_with(prefix)) {
            continue;
        }
        let Some(&later) = after.get(key) else { continue };
        let Some(&our) = ours.get(key) else {
            differences.missing.push(key.clone());
            continue;
        };
        differences.compared += 1;
        if equal(value, later) && !is_moved_by_reading(key) {
            differences.still += 1;
            differences.nan += usize::from(value.is_nan());
            if !equal(value, our) {
                differences.different.push((key.clone(), value, our));
            }
        }
    }
    let unknown = |key: &&String| {
        !before.contains_key(*key)
            && !after.contains_key(*key)
            && !key.starts_with("jvm_")
            && !key.starts_with("kafka_vitals_")
            && !kafka_beans::all().any(|metric| key.starts_with(metric.name))
    };
    differences.extra = ours.keys().filter(unknown).cloned().collect();
    differences
}

/// Starts a node with both agents, fills it, and compares our page with the agent's several times.
pub(crate) fn node_page_equals_the_agents(
    version: KafkaVersion,
    jolokia: Jolokia,
    rules: &str,
    fill: impl FnOnce(&Kafka),
) {
    let cluster = Cluster::builder().version(version).jolokia(jolokia).jmx_exporter("0.17.2", rules).start().unwrap();
    fill(cluster.kafka());
    let agent = cluster.node(1).unwrap().agent_url().unwrap();
    let rules_file = cluster.lab().folder().join("rules.yaml");
    std::fs::write(&rules_file, rules).unwrap();
    let vitals = Vitals::start(
        cluster.lab(),
        &[
            &format!("--kafka.server={}", cluster.bootstrap()),
            &format!("--jolokia.port={}", cluster.jolokia_port()),
            &format!("--jmx.rules={}", rules_file.display()),
            "--scrape.reuse=0s",
        ],
    );
    let agent_page = || http::get_ok(&agent, Duration::from_secs(60)).unwrap();
    let our_page = || {
        let answer = vitals.try_get("/metrics/brokers/1", &[("X-Prometheus-Scrape-Timeout-Seconds", "30")]).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.text()
    };
    // Kafka registers some beans at their first use, and reading is a use.
    our_page();
    agent_page();

    let mut rounds = Vec::new();
    let mut before = agent_page();
    for _ in 0..ROUNDS {
        let ours = our_page();
        let after = agent_page();
        rounds.push(Round::new(&before, &ours, &after));
        before = after;
    }
    // A bean of a kind that was not there before is seen at the scrape after the next at the latest.
    for pair in rounds.windows(2) {
        let moves = |what| what == What::Value;
        let differences: Vec<_> = lasting(pair).into_iter().filter(|difference| !moves(difference.what)).collect();
        assert!(differences.is_empty(), "{differences:#?}");
    }
    assert!(rounds.iter().any(Round::has_the_same_series), "no round in which the series were the same: {rounds:#?}");
    let last = rounds.last().unwrap();
    assert!(last.compared > 5000 && last.still > 1000 && last.nan > 10, "hardly anything was compared: {last:?}");
    assert!(lasting(&rounds).is_empty(), "other values than the agent's: {:#?}", lasting(&rounds));
}

#[test]
fn series_are_read_and_compared() {
    let page = |text: &str| series(text);
    let before = page("# HELP a b\na{y=\"1,\\\"}\",x=\"2\",} 1.0\nb NaN\nc 3.0\nmoves 1\njmx_x 1\n");
    let after = page("a{x=\"2\",y=\"1,\\\"}\"} 1.0\nb NaN\nc 3.0\nmoves 2\n");
    let ours = page("a{x=\"2\",y=\"1,\\\"}\"} 1\nb NaN\nmoves 7\nd 1\njvm_new 1\n");
    let differences = compare(&before, &ours, &after);
    assert_eq!((differences.compared, differences.still, differences.nan), (3, 2, 1));
    assert_eq!((differences.missing, differences.extra), (vec!["c".to_owned()], vec!["d".to_owned()]));
    assert!(differences.different.is_empty());
    let off = compare(&before, &page("a{x=\"2\",y=\"1,\\\"}\"} 2\nb 0\nc 3\nmoves 1"), &after);
    assert_eq!(off.different.len(), 2);
}
