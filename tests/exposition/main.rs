//! Pages and their parsers: a small reference parser, Prometheus' own (`promtool check metrics`) and that of Python's
//! prometheus_client, on random pages full of clashing names and odd characters.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod pages;
mod reference;
mod tools;

use std::collections::BTreeMap;

use kafka_vitals::metrics::Format;
use proptest::prelude::*;

use pages::{OwnedPart, examples, expected, parts, render};
use tools::Series;

/// Equal, with NaN equal to NaN.
fn same(one: &BTreeMap<Series, f64>, two: &BTreeMap<Series, f64>) -> bool {
    let equal = |one: f64, two: f64| one == two || (one.is_nan() && two.is_nan());
    one.len() == two.len() && one.iter().all(|(series, value)| two.get(series).is_some_and(|two| equal(*value, *two)))
}

fn check(parts: &[OwnedPart], format: Format) -> Result<(), String> {
    let (text, series, duplicates) = render(parts, format);
    let (expected, left_out) = expected(parts);
    let read = reference::parse(&text, format).map_err(|error| format!("{error}\n{text}"))?;
    if !same(&read, &expected) {
        return Err(format!("expected {expected:?}\n{text}"));
    }
    if (series, duplicates) != (expected.len(), left_out) {
        return Err(format!("{series} series and {duplicates} duplicates, expected {} and {left_out}", expected.len()));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_page_parses_in_both_formats_and_holds_each_series_once(parts in parts()) {
        for format in [Format::Text, Format::OpenMetrics] {
            check(&parts, format).map_err(|error| TestCaseError::fail(format!("{format:?}: {error}")))?;
        }
    }
}

#[test]
fn promtool_parses_pages_full_of_clashes() {
    for parts in examples(100) {
        let (text, ..) = render(&parts, Format::Text);
        tools::promtool(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    }
}

#[test]
fn promtool_is_able_to_object() {
    assert!(tools::promtool("# TYPE a summary\na_count 1\n# TYPE a_count gauge\na_count 2\n").is_err());
}

#[test]
fn python_reads_the_same_series_from_openmetrics_pages_full_of_clashes() {
    let examples = examples(1000);
    let texts: Vec<_> = examples.iter().map(|parts| render(parts, Format::OpenMetrics).0).collect();
    for ((parts, text), read) in examples.iter().zip(&texts).zip(tools::python(&texts)) {
        let read = read.unwrap_or_else(|error| panic!("{error}\n{text}"));
        let (expected, _) = expected(parts);
        assert!(same(&read, &expected), "expected {expected:?}, read {read:?} from\n{text}");
    }
}

#[test]
fn python_is_able_to_object() {
    let read = tools::python(&["# TYPE a counter\na_total 1\n# TYPE a gauge\na 2\n# EOF\n".to_owned()]);
    assert!(read[0].is_err());
}
