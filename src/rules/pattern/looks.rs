//! An assertion, a text and a place in it (in bytes) in, whether it holds there out.

use super::ast::{LINE_TERMINATORS, Look, contains};
use super::property;

/// Whether `look` holds at `at`, which is on a character's boundary.
pub(super) fn holds(look: Look, text: &str, at: usize) -> bool {
    let (before, rest) = text.split_at(at);
    let ends_line = |c: char, unix: bool| if unix { c == '\n' } else { LINE_TERMINATORS.contains(&c) };
    let is_inside_pair = before.ends_with('\r') && rest.starts_with('\n');
    match look {
        Look::Start => at == 0,
        Look::End => rest.is_empty(),
        Look::FinalEnd { unix: true } => matches!(rest, "" | "\n"),
        Look::FinalEnd { unix: false } => {
            let mut others = rest.strip_prefix('\r').filter(|rest| rest.starts_with('\n')).unwrap_or(rest).chars();
            let is_last = others.next().is_none_or(|c| ends_line(c, false)) && others.next().is_none();
            is_last && !is_inside_pair
        }
        // Not at the end of the text, nor in an empty one.
        Look::LineStart { unix } => {
            let begins = before.chars().next_back().is_none_or(|c| ends_line(c, unix));
            begins && !rest.is_empty() && (unix || !is_inside_pair)
        }
        Look::LineEnd { unix } => rest.chars().next().is_none_or(|c| ends_line(c, unix)) && (unix || !is_inside_pair),
        Look::WordBoundary { unicode, negative } => {
            let is_word = |c: Option<char>| c.is_some_and(|c| is_word(c, unicode));
            (is_word(before.chars().next_back()) != is_word(rest.chars().next())) != negative
        }
    }
}

fn is_word(c: char, unicode: bool) -> bool {
    if c.is_ascii() || !unicode {
        return c.is_ascii_alphanumeric() || c == '_';
    }
    property::word().is_some_and(|set| contains(set, c))
}
