//! Types as Prometheus knows them: a page in text format 0.0.4 in, the type of a series out.
//!
//! Prometheus keeps a type per family name as the `# TYPE` line spells it, and looks a series up by its own name. So a
//! line `# TYPE x_total counter` says nothing of samples called `x`, and they are untyped.

use std::collections::BTreeMap;

/// The types that a page declares.
#[derive(Debug, Default)]
pub(crate) struct Types(BTreeMap<String, String>);

impl Types {
    /// Reads a page. Of several lines about one name the last one counts, as for Prometheus.
    pub(crate) fn of(page: &str) -> Self {
        let declared = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
        Self(declared.map(|(name, kind)| (name.to_owned(), kind.trim().to_owned())).collect())
    }

    /// The type of a series, written with or without labels: that of its name, or of the summary or histogram that it is
    /// a part of; `untyped` without any.
    pub(crate) fn kind(&self, series: &str) -> &str {
        let name = series.split('{').next().unwrap_or(series);
        let declared = |name: &str| self.0.get(name).map(String::as_str);
        let part_of =
            |suffix: &str, kinds: &[&str]| declared(name.strip_suffix(suffix)?).filter(|kind| kinds.contains(kind));
        declared(name)
            .or_else(|| part_of("_sum", &["summary", "histogram"]))
            .or_else(|| part_of("_count", &["summary", "histogram"]))
            .or_else(|| part_of("_bucket", &["histogram"]))
            .unwrap_or("untyped")
    }
}

#[test]
fn a_series_has_the_type_that_prometheus_looks_up() {
    let types = Types::of(
        "# HELP a b\n# TYPE a_total counter\na 1\n# TYPE s summary\ns_sum 1\ns_count{x=\"y\"} 1\n# TYPE h histogram\n\
         h_bucket{le=\"1\"} 1\n# TYPE g gauge\ng{a=\"b\"} 1\ng_sum 2\n# TYPE g_bytes gauge\n# TYPE g_bytes counter\n",
    );
    for (series, kind) in [
        ("a", "untyped"),
        ("a_total", "counter"),
        ("s", "summary"),
        ("s_sum", "summary"),
        ("s_count{x=\"y\"}", "summary"),
        ("s_bucket", "untyped"),
        ("h_bucket{le=\"1\"}", "histogram"),
        ("g{a=\"b\"}", "gauge"),
        ("g_sum", "untyped"),
        ("g_bytes", "counter"),
        ("nothing", "untyped"),
    ] {
        assert_eq!(types.kind(series), kind, "{series}");
    }
}
