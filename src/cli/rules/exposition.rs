//! A metrics page in text format 0.0.4 in, its series and types out. Takes what jmx_exporter's agents write, whether it is
//! valid or not: trailing commas, a counter's type under another name than its samples'.
//! Format: <https://prometheus.io/docs/instrumenting/exposition_formats/>.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// What stands on a page.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Exposition {
    /// Values by series, written `name{a="1",b="2"}` with labels in ascending order and values still escaped.
    pub(super) series: BTreeMap<String, f64>,
    /// Series that are there more than once; the first value counts.
    pub(super) repeated: Vec<String>,
    /// Types by the name that the TYPE line gives.
    types: BTreeMap<String, String>,
}

impl Exposition {
    /// Reads a page.
    ///
    /// # Errors
    /// The number of the first line that is neither a comment nor a sample, and what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut page = Self::default();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                if let Some((name, kind)) = rest.split_once(' ') {
                    page.types.entry(name.to_owned()).or_insert_with(|| kind.trim().to_owned());
                }
            } else if !line.is_empty() && !line.starts_with('#') {
                let (series, value) = sample(line).ok_or_else(|| {
                    format!("line {number} is no sample: {:?}", line.chars().take(120).collect::<String>())
                })?;
                match page.series.entry(series) {
                    Entry::Occupied(there) => page.repeated.push(there.key().clone()),
                    Entry::Vacant(place) => {
                        place.insert(value);
                    }
                }
            }
        }
        Ok(page)
    }

    /// The type that Prometheus sees of the samples of this name: samples of summaries and histograms have suffixes, and
    /// what has no type is untyped.
    pub(super) fn type_of(&self, name: &str) -> &str {
        let own = self.types.get(name).map(String::as_str);
        let of_family = || {
            ["_count", "_sum", "_bucket"].iter().find_map(|suffix| {
                let kind = self.types.get(name.strip_suffix(suffix)?)?;
                matches!(kind.as_str(), "summary" | "histogram").then_some(kind.as_str())
            })
        };
        own.or_else(of_family).unwrap_or("untyped")
    }
}

/// The name of a series.
pub(super) fn name_of(series: &str) -> &str {
    series.split('{').next().unwrap_or(series)
}

fn sample(line: &str) -> Option<(String, f64)> {
    let name_end = line.find(['{', ' ', '\t']).filter(|&end| end > 0)?;
    let (name, rest) = line.split_at(name_end);
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (Vec::new(), rest),
    };
    // A timestamp may follow.
    let value = number(rest.split_whitespace().next()?)?;
    if labels.is_empty() {
        return Some((name.to_owned(), value));
    }
    let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
    Some((format!("{name}{{{}}}", labels.join(",")), value))
}

/// Names and escaped values, sorted, and what follows the closing brace.
fn labels(mut rest: &str) -> Option<(Vec<(&str, &str)>, &str)> {
    let mut labels = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if let Some(after) = rest.strip_prefix('}') {
            labels.sort_unstable();
            return Some((labels, after));
        }
        let (name, after) = rest.split_once("=\"")?;
        let mut escaped = false;
        let end = after.char_indices().find(|&(_, character)| {
            let closes = character == '"' && !escaped;
            escaped = character == '\\' && !escaped;
            closes
        });
        let (value, after) = after.split_at(end?.0);
        labels.push((name.trim(), value));
        rest = &after[1..];
    }
}

fn number(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "+Inf" | "Inf" => Some(f64::INFINITY),
        "-Inf" => Some(f64::NEG_INFINITY),
        _ => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_generations_pages_are_read() {
        let page = Exposition::parse(
            "# HELP x_total help {\n# TYPE x_total counter\nx{b=\"1\",a=\"q\\\"},\\\\\",} 1.0E7\n\
             # TYPE s summary\ns_count 3 1700000000000\ns_sum{} NaN\n\ny{a=\"\"} -Inf\nx{a=\"q\\\"},\\\\\",b=\"1\"} 2\n# EOF\n",
        )
        .unwrap();
        assert_eq!((page.series.len(), page.series["s_count"]), (4, 3.0));
        assert!(page.series["s_sum"].is_nan());
        assert_eq!(page.series["x{a=\"q\\\"},\\\\\",b=\"1\"}"], 1e7);
        assert_eq!(page.series["y{a=\"\"}"], f64::NEG_INFINITY);
        assert_eq!(page.repeated, ["x{a=\"q\\\"},\\\\\",b=\"1\"}"]);
        assert_eq!((page.type_of("x"), page.type_of("x_total")), ("untyped", "counter"));
        assert_eq!(
            (page.type_of("s_count"), page.type_of("s"), page.type_of("t_count")),
            ("summary", "summary", "untyped")
        );
    }

    #[test]
    fn what_is_no_page_is_refused_with_its_line() {
        for text in ["<html>\n", "a 1\nb\n", "a{x=\"1} 1\n", "a{x} 1\n", "a one\n", "{} 1\n"] {
            let error = Exposition::parse(text).unwrap_err();
            assert!(error.starts_with(if text.starts_with("a 1") { "line 2 " } else { "line 1 " }), "{error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in r#"[a-z{}=", \\\n#é0-9]{0,60}"#) {
            let _ = Exposition::parse(&text);
        }
    }
}
