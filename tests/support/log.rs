//! The log of a kafka-vitals: text in, lines as maps out; what is neither logfmt nor JSON is a failure.

use std::collections::BTreeMap;

/// One line: keys and values, unquoted.
pub type Line = BTreeMap<String, String>;

/// Every line is logfmt or JSON with time, level and message, and none tells of a panic. The last line may be cut short.
#[track_caller]
pub fn check(text: &str) -> Vec<Line> {
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let lines = whole.lines().map(|line| {
        let parsed = if line.starts_with('{') { json(line) } else { logfmt(line) };
        let parsed = parsed.unwrap_or_else(|| panic!("no log line: {line:?}"));
        let time = parsed.get("ts").or_else(|| parsed.get("timestamp"));
        assert!(time.is_some() && parsed.contains_key("level") && parsed.contains_key("message"), "{line}");
        assert!(!line.contains("panicked"), "{line}");
        parsed
    });
    lines.collect()
}

fn json(line: &str) -> Option<Line> {
    let object: BTreeMap<String, serde_json::Value> = serde_json::from_str(line).ok()?;
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Some(object.iter().map(|(key, value)| (key.clone(), text(value))).collect())
}

/// As github.com/go-logfmt/logfmt reads it: bare values have no blank, quote or equals sign.
fn logfmt(line: &str) -> Option<Line> {
    let (mut pairs, mut rest) = (Line::new(), line);
    while !rest.is_empty() {
        let (key, value) = rest.split_once('=')?;
        if key.is_empty() || key.contains([' ', '"']) {
            return None;
        }
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => {
                let (bare, after) = value.split_at(value.find(' ').unwrap_or(value.len()));
                (!bare.contains(['"', '='])).then(|| (bare.to_owned(), after))?
            }
        };
        pairs.insert(key.to_owned(), value);
        rest = match after.strip_prefix(' ') {
            Some(next) => next,
            None if after.is_empty() => "",
            None => return None,
        };
    }
    Some(pairs)
}

/// The text up to the closing quote, and what follows it.
fn unquoted(quoted: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, character)) = chars.next() {
        match character {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => value.push(match chars.next()?.1 {
                'n' => '\n',
                't' => '\t',
                other => other,
            }),
            other => value.push(other),
        }
    }
    None
}
