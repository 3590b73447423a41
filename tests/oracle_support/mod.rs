//! The check against jmx_exporter's agent in the same JVM: its pages and ours as text in, the differences out.

use std::collections::BTreeMap;

use crate::support::Page;

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

/// What the reading itself moves, in lower case: its connection is an open file, its thread is another one, its answer is
/// memory in use (a large one goes straight to the old generation) and goes through buffers. Compared by name and labels
/// only.
fn is_moved_by_reading(series: &str) -> bool {
    let series = series.to_lowercase();
    let any = |parts: &[&str]| parts.iter().any(|part| series.contains(part));
    any(&["openfiledescriptorcount", "process_open_fds", "currentthread", "buffer_pool", "bufferpool"])
        || (any(&["jvm_memory", "java_lang_memory"]) && any(&["used"]))
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
/// generations): extra `jvm_` series are no difference.
///
/// A gauge or percentile that moves may have the same value twice by chance: what is `different` is wrong only when it is
/// so in several comparisons in a row, see [`wrong`].
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
    };
    differences.extra = ours.keys().filter(unknown).cloned().collect();
    differences
}

/// The series whose values are different in every one of several comparisons.
pub(crate) fn wrong(comparisons: &[Differences]) -> Vec<&(String, f64, f64)> {
    let Some((first, others)) = comparisons.split_first() else { return Vec::new() };
    let again = |key: &String| others.iter().all(|other| other.different.iter().any(|(name, ..)| name == key));
    first.different.iter().filter(|(key, ..)| again(key)).collect()
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
    assert_eq!(wrong(&[off, compare(&before, &page("a{x=\"2\",y=\"1,\\\"}\"} 2\nb NaN"), &after)]).len(), 1);
}
