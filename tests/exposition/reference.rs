//! A small, strict parser of both text formats: slow, and written from the formats' descriptions, not from the writers.

use std::collections::{BTreeMap, HashMap, HashSet};

use kafka_vitals::metrics::Format;

use crate::tools::Series;

/// Reads a page, or says what is wrong with it.
pub(crate) fn parse(text: &str, format: Format) -> Result<BTreeMap<Series, f64>, String> {
    let mut page = Parser::default();
    let body = match format {
        Format::Text => text,
        Format::OpenMetrics => text.strip_suffix("# EOF\n").ok_or("no # EOF at the end")?,
    };
    for line in body.split_terminator('\n') {
        page.line(line, format).map_err(|error| format!("{error}: {line}"))?;
    }
    if !body.is_empty() && !body.ends_with('\n') {
        return Err("the last line has no end".into());
    }
    // A family of its own must not be named like one of another's samples.
    for (family, kind) in &page.types {
        for suffix in suffixes(kind, format) {
            let sample = format!("{family}{suffix}");
            if sample != *family && page.types.contains_key(&sample) {
                return Err(format!("{family} ({kind}) clashes with {sample}"));
            }
            if !page.claimed.insert(sample.clone()) {
                return Err(format!("{sample} is claimed twice"));
            }
        }
    }
    Ok(page.series)
}

/// What follows a family's name in the samples that it has or could have.
fn suffixes(kind: &str, format: Format) -> &'static [&'static str] {
    match (kind, format) {
        ("counter", Format::OpenMetrics) => &["", "_total", "_created"],
        ("summary", Format::OpenMetrics) => &["", "_count", "_sum", "_created"],
        ("summary", Format::Text) => &["", "_count", "_sum"],
        _ => &[""],
    }
}

#[derive(Default)]
struct Parser {
    series: BTreeMap<Series, f64>,
    types: HashMap<String, String>,
    helped: HashSet<String>,
    claimed: HashSet<String>,
    /// Name and type of the family that the samples belong to.
    current: (String, String),
    /// Label sets of the current family, in order, without repetition of neighbours.
    groups: Vec<BTreeMap<String, String>>,
}

impl Parser {
    fn line(&mut self, line: &str, format: Format) -> Result<(), String> {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, text) = help.split_once(' ').ok_or("help without text")?;
            check_escapes(text, if format == Format::OpenMetrics { "\\n\"" } else { "\\n" })?;
            if format == Format::OpenMetrics && text.replace("\\\\", "").replace("\\\"", "").contains('"') {
                return Err("bare quote in help".into());
            }
            return self.helped.insert(name.into()).then_some(()).ok_or("second help".into());
        }
        if let Some(declared) = line.strip_prefix("# TYPE ") {
            let (name, kind) = declared.split_once(' ').ok_or("type without name")?;
            let unknown = if format == Format::OpenMetrics { "unknown" } else { "untyped" };
            if !["counter", "gauge", "summary", unknown].contains(&kind) {
                return Err("no such type".into());
            }
            self.current = (name.into(), kind.into());
            self.groups.clear();
            return self.types.insert(name.into(), kind.into()).is_none().then_some(()).ok_or("second type".into());
        }
        self.sample(line, format)
    }

    fn sample(&mut self, line: &str, format: Format) -> Result<(), String> {
        let end = line.find(['{', ' ']).ok_or("no value")?;
        let (name, rest) = line.split_at(end);
        let (labels, rest) = match rest.strip_prefix('{') {
            Some(rest) => parse_labels(rest)?,
            None => (BTreeMap::new(), rest),
        };
        let text = rest.strip_prefix(' ').ok_or("no space before the value")?;
        let value = match text {
            "NaN" => f64::NAN,
            "+Inf" => f64::INFINITY,
            "-Inf" => f64::NEG_INFINITY,
            _ if text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => text.parse().map_err(|_| "no number")?,
            _ => return Err("no number".into()),
        };
        let (family, kind) = &self.current;
        let suffix = name.strip_prefix(family.as_str()).ok_or("not of this family")?;
        let allowed: &[&str] = match (kind.as_str(), format) {
            ("summary", _) => &["_count", "_sum"],
            ("counter", Format::OpenMetrics) => &["_total"],
            _ => &[""],
        };
        if !allowed.contains(&suffix) {
            return Err(format!("{suffix:?} after the name of a {kind}"));
        }
        if format == Format::OpenMetrics && !suffix.is_empty() && (value.is_nan() || value < 0.0) {
            return Err("NaN or negative".into());
        }
        if self.groups.last() != Some(&labels) {
            if kind == "summary" && format == Format::OpenMetrics && self.groups.contains(&labels) {
                return Err("samples of one summary apart".into());
            }
            self.groups.push(labels.clone());
        }
        self.series.insert((name.into(), labels), value).is_none().then_some(()).ok_or("twice".into())
    }
}

/// The labels, and what follows the brace that closes them.
fn parse_labels(text: &str) -> Result<(BTreeMap<String, String>, &str), String> {
    let mut labels = BTreeMap::new();
    let mut rest = text;
    loop {
        let (name, after) = rest.split_once("=\"").ok_or("no label value")?;
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(format!("label name {name:?}"));
        }
        let mut value = String::new();
        let mut chars = after.chars();
        loop {
            match chars.next().ok_or("open quote")? {
                '"' => break,
                '\\' => value.push(match chars.next() {
                    Some('n') => '\n',
                    Some(c @ ('"' | '\\')) => c,
                    other => return Err(format!("escape {other:?}")),
                }),
                c => value.push(c),
            }
        }
        if labels.insert(name.to_owned(), value).is_some() {
            return Err(format!("label {name} twice"));
        }
        rest = chars.as_str();
        match rest.split_at_checked(1) {
            Some((",", more)) => rest = more,
            Some(("}", more)) => return Ok((labels, more)),
            _ => return Err("neither comma nor brace after a label".into()),
        }
    }
}

fn check_escapes(text: &str, allowed: &str) -> Result<(), String> {
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\\' && !chars.next().is_some_and(|escaped| allowed.contains(escaped)) {
            return Err("escape in help".into());
        }
    }
    Ok(())
}
