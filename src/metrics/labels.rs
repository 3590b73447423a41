//! A label set in its rendered, canonical form: one allocation, shared by all samples that carry it, compared and
//! written without looking inside.

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
        let mut text = String::new();
        for (name, value) in pairs {
            if !text.is_empty() {
                text.push(',');
            }
            text.push_str(name);
            text.push_str("=\"");
            escape_into(&mut text, value);
            text.push('"');
        }
        Self(text.into())
    }

    /// The rendered form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The pairs, values unescaped, in ascending order of name.
    pub fn pairs(&self) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        let mut rest = self.as_str();
        while let Some((name, after)) = rest.split_once("=\"") {
            let mut value = String::new();
            let mut end = after.len();
            let mut chars = after.char_indices();
            while let Some((at, c)) = chars.next() {
                match c {
                    '"' => {
                        end = at + 1;
                        break;
                    }
                    '\\' => match chars.next() {
                        Some((_, 'n')) => value.push('\n'),
                        Some((_, escaped)) => value.push(escaped),
                        None => {}
                    },
                    _ => value.push(c),
                }
            }
            pairs.push((name.to_owned(), value));
            rest = after.get(end..).unwrap_or("").trim_start_matches(',');
        }
        pairs
    }
}

fn escape_into(text: &mut String, value: &str) {
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
