//! Pages of an agent and of ours, read in turn, in; how they differ out. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::exposition::{Exposition, name_of};

/// How our pages differ from the agent's.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct Differences {
    /// Series that both sides have.
    pub(super) compared: usize,
    /// Of these, those whose values were compared because they stood still on all pages of the agent.
    pub(super) still: usize,
    /// On the agent's pages and not on ours.
    pub(super) missing: Vec<String>,
    /// On ours and not on the agent's.
    pub(super) extra: Vec<String>,
    /// Stood still and have another value on all of our pages.
    pub(super) different: Vec<OtherValue>,
    /// Names whose type is another one.
    pub(super) types: Vec<OtherType>,
    /// Differences with a known reason; they are in none of the others.
    pub(super) known: Vec<Known>,
}

/// A series with two values.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct OtherValue {
    pub(super) series: String,
    /// As text, because JSON has no NaN.
    pub(super) agent: String,
    pub(super) ours: String,
}

/// A name with two types.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct OtherType {
    pub(super) name: String,
    pub(super) agent: String,
    pub(super) ours: String,
}

/// Differences that are meant to be.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Known {
    pub(super) reason: &'static str,
    /// Series that only the agent has.
    pub(super) agent: Vec<String>,
    /// Series that only we have.
    pub(super) ours: Vec<String>,
}

impl Differences {
    /// How many there are that nothing explains.
    pub(super) fn count(&self) -> usize {
        self.missing.len() + self.extra.len() + self.different.len() + self.types.len()
    }
}

/// Why a series that only the agent has is missing here, if that is how it should be.
fn known_missing(name: &str) -> Option<&'static str> {
    let starts = |prefix| name.starts_with(prefix);
    Some(if name == "jmx_scrape_error" || name == "jmx_scrape_duration_seconds" {
        "the page of a node has these from the running exporter: they tell of a scrape"
    } else if starts("jmx_") {
        "the agent speaks of itself"
    } else if starts("jvm_memory_pool_allocated_bytes_") {
        "comes from notifications of the garbage collector, not from a bean"
    } else if starts("jvm_threads_deadlocked") || name == "jvm_threads_state" {
        "comes from operations that stop the JVM and need rights to execute, not from a bean"
    } else if starts("process_resident_memory_bytes") {
        "comes from the broker's /proc, not from a bean"
    } else if starts("jvm_native_memory_") {
        "comes from a diagnostic command, not from a bean"
    } else {
        return None;
    })
}

/// Why a series that only we have is there, if that is how it should be.
fn known_extra(name: &str) -> Option<&'static str> {
    if name.starts_with("kafka_vitals_") {
        return Some("kafka-vitals speaks of itself");
    }
    let jvm = name.starts_with("jvm_") || name.starts_with("process_");
    jvm.then_some("JVM metrics have the names of both generations here")
}

/// Whether reading itself moves the value: its connection is an open file, its thread another one, its answer memory that is
/// used and makes pools grow.
fn is_moved_by_reading(series: &str) -> bool {
    let series = series.to_ascii_lowercase();
    let any = |parts: &[&str]| parts.iter().any(|part| series.contains(part));
    any(&["openfiledescriptorcount", "process_open_fds", "currentthread", "buffer_pool", "bufferpool"])
        || (any(&["memory"]) && any(&["used", "committed"]))
}

/// Compares our pages with the agent's. Series count as missing or extra when that is so on all pages that were read, and
/// values as different when all pages of either side, of the agent's at least two, have another value than the other's.
pub(super) fn compare(agent: &[Exposition], ours: &[Exposition]) -> Differences {
    let mut differences = Differences::default();
    let (Some(first), Some(our_last)) = (agent.first(), ours.last()) else { return differences };
    let mut known: BTreeMap<&'static str, (Vec<String>, Vec<String>)> = BTreeMap::new();
    for (series, &value) in &first.series {
        if !agent.iter().all(|page| page.series.contains_key(series)) {
            continue;
        }
        let our_values: Vec<f64> = ours.iter().filter_map(|page| page.series.get(series).copied()).collect();
        if our_values.is_empty() {
            match known_missing(name_of(series)) {
                Some(reason) => known.entry(reason).or_default().0.push(series.clone()),
                None => differences.missing.push(series.clone()),
            }
            continue;
        }
        differences.compared += 1;
        let is_still = agent.len() > 1 && agent.iter().all(|page| equal(page.series.get(series).copied(), value));
        if is_still && !is_moved_by_reading(series) {
            differences.still += 1;
            let ours_stood_still = our_values.windows(2).all(|pair| equal(pair.first().copied(), pair[1]));
            if let Some(our) = our_values.last().filter(|our| ours_stood_still && !equal(Some(**our), value)) {
                let (agent, ours) = (value.to_string(), our.to_string());
                differences.different.push(OtherValue { series: series.clone(), agent, ours });
            }
        }
    }
    let on_all_ours = |series: &&String| ours.iter().all(|page| page.series.contains_key(*series));
    for series in our_last.series.keys().filter(on_all_ours) {
        if agent.iter().any(|page| page.series.contains_key(series)) {
            continue;
        }
        match known_extra(name_of(series)) {
            Some(reason) => known.entry(reason).or_default().1.push(series.clone()),
            None => differences.extra.push(series.clone()),
        }
    }
    differences.types = types(first, our_last);
    differences.known = known.into_iter().map(|(reason, (agent, ours))| Known { reason, agent, ours }).collect();
    differences
}

/// The types of the names that both pages have.
fn types(agent: &Exposition, ours: &Exposition) -> Vec<OtherType> {
    let names = |page: &Exposition| -> BTreeSet<String> {
        page.series.keys().map(|series| name_of(series).to_owned()).collect()
    };
    let (theirs, own) = (names(agent), names(ours));
    let other = theirs.intersection(&own).filter_map(|name| {
        let (agent, ours) = (agent.type_of(name).to_owned(), ours.type_of(name).to_owned());
        (agent != ours).then(|| OtherType { name: name.clone(), agent, ours })
    });
    other.collect()
}

fn equal(a: Option<f64>, b: f64) -> bool {
    a.is_some_and(|a| a == b || (a.is_nan() && b.is_nan()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(texts: &[&str]) -> Vec<Exposition> {
        texts.iter().map(|text| Exposition::parse(text).unwrap()).collect()
    }

    #[test]
    fn values_are_compared_where_they_stood_still_and_only_lasting_differences_count() {
        let agent = pages(&["a 1\nb 2\nn NaN\nmoves 1\ncame 1\n", "a 1\nb 2\nn NaN\nmoves 2\nwent 1\n"]);
        let ours = pages(&["a 1\nb 4\nn NaN\nmoves 7\nnew 1\n", "a 1\nb 4\nn NaN\nmoves 9\n"]);
        let differences = compare(&agent, &ours);
        assert_eq!((differences.compared, differences.still), (4, 3));
        assert_eq!(differences.missing, [""; 0]);
        assert_eq!(differences.extra, [""; 0]);
        let [OtherValue { series, agent, ours }] = &differences.different[..] else { unreachable!() };
        assert_eq!((series.as_str(), agent.as_str(), ours.as_str()), ("b", "2", "4"));
    }

    #[test]
    fn a_value_that_moves_on_our_side_is_not_different() {
        for ours in ["a 1\n", "a 3\n"] {
            let differences = compare(&pages(&["a 1\n", "a 1\n"]), &pages(&["a 2\n", ours]));
            assert_eq!(differences.count(), 0);
        }
    }

    #[test]
    fn a_single_page_of_the_agent_says_nothing_about_values() {
        let differences = compare(&pages(&["a 1\ngone 1\n"]), &pages(&["a 2\nnew 1\n"]));
        assert_eq!((differences.still, differences.different.len()), (0, 0));
        assert_eq!((differences.missing, differences.extra), (vec!["gone".to_owned()], vec!["new".to_owned()]));
    }

    #[test]
    fn types_are_compared_as_prometheus_sees_them_names_with_labels_included() {
        let agent = pages(&["# TYPE c_total counter\nc 1\n# TYPE g gauge\ng{a=\"1\"} 1\ng{a=\"2\"} 1\ng_x 1\n"]);
        let ours =
            pages(&["# TYPE c counter\nc 1\n# TYPE g gauge\ng{a=\"1\"} 1\ng{a=\"2\"} 1\n# TYPE g_x untyped\ng_x 1\n"]);
        let other = |name: &str, agent: &str, ours: &str| OtherType {
            name: name.to_owned(),
            agent: agent.to_owned(),
            ours: ours.to_owned(),
        };
        assert_eq!(compare(&agent, &ours).types, [other("c", "untyped", "counter")]);
    }

    #[test]
    fn known_differences_stand_apart_with_their_reason() {
        let agent = pages(&["jvm_threads_state{state=\"NEW\"} 0\njmx_config_reload_success_total 0\nx 1\n"]);
        let ours = pages(&["jvm_memory_used_bytes 1\nx 1\n"]);
        let differences = compare(&agent, &ours);
        assert_eq!(differences.count(), 0);
        assert_eq!(differences.known.len(), 3);
        assert!(differences.known.iter().any(|known| known.agent == ["jvm_threads_state{state=\"NEW\"}"]));
        assert!(differences.known.iter().any(|known| known.ours == ["jvm_memory_used_bytes"]));
    }
}
