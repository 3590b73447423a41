//! A label set in its rendered, canonical form: one allocation, shared by all samples that carry it, compared and
//! written without looking inside.

use std::borrow::Cow;
use std::sync::Arc;

/// Labels sorted by name, rendered as they stand between the braces: `a="1",b="x\"y"`. Both text formats escape label
/// values alike (backslash, quote, newline). Empty for no labels.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Labels(Arc<str>);

impl Labels {
    /// No labels.
    pub fn none() -> Self {
        Self(Arc::from(""))
    }

    /// Renders `pairs`. Names must be valid label names; of two with the same name the first stays.
    pub fn new<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut pairs: Vec<_> = pairs.into_iter().collect();
        pairs.sort_by_key(|pair| pair.0);
        pairs.dedup_by(|later, earlier| later.0 == earlier.0);
        Self(render(&pairs).into())
    }

    /// The rendered form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The pairs, values unescaped, in ascending order of name.
    pub fn pairs(&self) -> Vec<(String, String)> {
        pairs(self.as_str())
    }

    /// The rendered form of these labels and `others`, which are rendered too, sorted by name. No name may be in both.
    pub(super) fn joined<'l>(&'l self, others: Cow<'l, str>) -> Cow<'l, str> {
        if self.0.is_empty() || others.is_empty() {
            return if self.0.is_empty() { others } else { Cow::Borrowed(self.as_str()) };
        }
        let mut pairs: Vec<_> = self.rendered_pairs().chain(rendered_pairs(&others)).collect();
        pairs.sort_unstable();
        let mut text = String::with_capacity(self.0.len() + others.len() + 1);
        for (name, value) in pairs {
            if !text.is_empty() {
                text.push(',');
            }
            text.extend([name, "=\"", value, "\""]);
        }
        Cow::Owned(text)
    }

    /// The pairs, values still escaped, in ascending order of name.
    pub(super) fn rendered_pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        rendered_pairs(self.as_str())
    }
}

/// The form between the braces of `pairs`, which must be sorted by name.
pub(super) fn render(pairs: &[(&str, &str)]) -> String {
    // Room for `="",` and a few escapes.
    let mut text = String::with_capacity(pairs.iter().map(|(name, value)| name.len() + value.len() + 6).sum());
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(name);
        text.push_str("=\"");
        escape_into(&mut text, value);
        text.push('"');
    }
    text
}

/// The pairs of rendered labels, values unescaped, in their order.
pub(super) fn pairs(text: &str) -> Vec<(String, String)> {
    rendered_pairs(text).map(|(name, value)| (name.to_owned(), unescape(value))).collect()
}

/// The pairs of rendered labels, values still escaped, in their order.
fn rendered_pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (name, after) = rest.split_once("=\"")?;
        let value = &after[..closing_quote(after)];
        rest = after[value.len()..].trim_start_matches(['"', ',']);
        Some((name, value))
    })
}

/// Where the first quote stands that no backslash escapes.
fn closing_quote(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at,
            _ => {}
        }
    }
    text.len()
}

fn unescape(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => text.push('\n'),
                Some(escaped) => text.push(escaped),
                None => {}
            },
            _ => text.push(c),
        }
    }
    text
}

fn escape_into(text: &mut String, value: &str) {
    if !value.contains(['\\', '"', '\n']) {
        return text.push_str(value);
    }
    for c in value.chars() {
        match c {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            _ => text.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_come_back_sorted_and_unescaped() {
        let labels = Labels::new([("b", "x\"\\\n,a=\"1"), ("a", "")]);
        assert_eq!(labels.as_str(), r#"a="",b="x\"\\\n,a=\"1""#);
        assert_eq!(labels.pairs(), [("a".into(), String::new()), ("b".into(), "x\"\\\n,a=\"1".into())]);
    }
}
