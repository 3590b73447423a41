//! Grafana's variables in queries: a text and values in, what Grafana would send to Prometheus out.

use std::sync::LazyLock;
use std::time::Duration;

use regex::{Captures, Regex};

/// `$name`, `${name}`, `${name:format}`, `[[name]]`.
static VARIABLE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\$(?<plain>\w+)|\$\{(?<braced>\w+)(?:[:.][^}]*)?\}|\[\[(?<square>\w+)(?::[^\]]*)?\]\]").unwrap()
});

fn name<'t>(found: &Captures<'t>) -> &'t str {
    ["plain", "braced", "square"].iter().find_map(|group| found.name(group)).unwrap().as_str()
}

/// The names of all variables in a text, Grafana's own (`__rate_interval`) included.
pub(crate) fn variables(text: &str) -> impl Iterator<Item = &str> {
    VARIABLE.captures_iter(text).map(|found| name(&found))
}

/// Puts values for variables; those without one stay as they are.
pub(crate) fn interpolate(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    VARIABLE.replace_all(text, |found: &Captures<'_>| value(name(found)).unwrap_or_else(|| found[0].to_owned())).into()
}

/// How long and how finely a graph is drawn, from data of which interval.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Graph {
    /// From its left to its right end.
    pub(crate) range: Duration,
    /// Between two of its points.
    pub(crate) step: Duration,
    /// Between two scrapes, as the data source is told.
    pub(crate) scrape: Duration,
}

impl Graph {
    /// The window of rates: at least four scrapes, and so much that nothing between two points is left out.
    pub(crate) fn rate_interval(&self) -> Duration {
        (self.step + self.scrape).max(self.scrape * 4)
    }

    /// The value of one of Grafana's own variables.
    pub(crate) fn builtin(&self, name: &str) -> Option<String> {
        let text = |duration: Duration| format!("{}ms", duration.as_millis());
        Some(match name {
            "__rate_interval" => text(self.rate_interval()),
            "__interval" => text(self.step),
            "__interval_ms" => self.step.as_millis().to_string(),
            "__range" => text(self.range),
            "__range_s" => self.range.as_secs().to_string(),
            "__range_ms" => self.range.as_millis().to_string(),
            _ => return None,
        })
    }
}

/// Chosen values of a variable of several values, as Grafana's Prometheus data source writes them into a matcher with `=~`.
pub(crate) fn chosen(values: &[&str]) -> String {
    // Escaped for the regular expression, and once more for the quotes around it.
    let escaped: Vec<String> = values.iter().map(|value| regex::escape(value).replace('\\', r"\\")).collect();
    match escaped.as_slice() {
        [one] => one.clone(),
        more => format!("({})", more.join("|")),
    }
}

#[test]
fn variables_are_found_in_every_way_of_writing_them() {
    let text = r#"rate(m{a=~"$a",b=~"${b:regex}",c=~"[[c]]"}[$__rate_interval]) > $unknown"#;
    assert_eq!(variables(text).collect::<Vec<_>>(), ["a", "b", "c", "__rate_interval", "unknown"]);
    let graph = Graph { range: Duration::from_secs(60), step: Duration::from_secs(15), scrape: Duration::from_secs(2) };
    let value = |name: &str| match name {
        "a" => Some(chosen(&["127.0.0.1:9092"])),
        "b" => Some(chosen(&["x", "y-z"])),
        "c" => Some(".+".to_owned()),
        own => graph.builtin(own),
    };
    assert_eq!(
        interpolate(text, value),
        r#"rate(m{a=~"127\\.0\\.0\\.1:9092",b=~"(x|y\\-z)",c=~".+"}[17000ms]) > $unknown"#
    );
}
