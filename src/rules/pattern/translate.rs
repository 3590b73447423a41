//! A pattern's tree in, the same pattern in the dialect of the `regex` crate out, where an automaton finds what Java's
//! backtracking finds; `None` where it would not.

use std::fmt::Write as _;

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use super::ast::{Kind, LINE_TERMINATORS, Look, Node, contains, only};
use super::escape::LINE_BREAKS;

/// The text of an equivalent pattern. It is to be matched with whole texts.
pub(super) fn to_regex(root: &Node) -> Option<String> {
    let mut out = String::new();
    write(root, false, &mut out).then_some(out)
}

/// Appends `node`; `false` if it cannot be written. `takes_line_end`: what comes after it may take a line terminator.
fn write(node: &Node, takes_line_end: bool, out: &mut String) -> bool {
    match node {
        Node::Empty => {}
        Node::Set(set) => write_set(set, out),
        Node::LineBreak => {
            let _ = write!(out, r"(?:\r\n|{LINE_BREAKS})");
        }
        Node::Look(look) => return write_look(*look, takes_line_end, out),
        Node::Group { capture, inner } => {
            out.push_str(if capture.is_some() { "(" } else { "(?:" });
            let is_written = write(inner, takes_line_end, out);
            out.push(')');
            return is_written;
        }
        Node::Concat(parts) => {
            return parts.iter().enumerate().all(|(at, part)| {
                let takes = takes_line_end || parts[at + 1..].iter().any(may_take_line_end);
                write(part, takes, out)
            });
        }
        Node::Alternate(parts) => {
            out.push_str("(?:");
            for (at, part) in parts.iter().enumerate() {
                if at > 0 {
                    out.push('|');
                }
                if !write(part, takes_line_end, out) {
                    return false;
                }
            }
            out.push(')');
        }
        Node::Repeat { body, min, max, kind } => {
            if needs_backtracking(body, *max) || *kind == Kind::Possessive {
                return false;
            }
            out.push_str("(?:");
            let takes = takes_line_end || (*max != Some(1) && may_take_line_end(body));
            if !write(body, takes, out) {
                return false;
            }
            out.push(')');
            let _ = match (min, max) {
                (0, None) => write!(out, "*"),
                (1, None) => write!(out, "+"),
                (0, Some(1)) => write!(out, "?"),
                (min, None) => write!(out, "{{{min},}}"),
                (min, Some(max)) if min == max => write!(out, "{{{min}}}"),
                (min, Some(max)) => write!(out, "{{{min},{max}}}"),
            };
            if *kind == Kind::Lazy {
                out.push('?');
            }
        }
        Node::Atomic(_) | Node::Around { .. } | Node::BackReference { .. } => return false,
    }
    true
}

/// Whether an automaton would find other groups in the rounds of a repetition: rounds of nothing, groups that keep the
/// text of an earlier round, rounds that are final.
fn needs_backtracking(body: &Node, max: Option<u32>) -> bool {
    if body.any(&|part| *part == Node::LineBreak) {
        return true;
    }
    match max {
        Some(0) => body.captures(),
        Some(1) => false,
        _ => {
            let inside = match body {
                Node::Group { inner, .. } => inner,
                other => other,
            };
            body.is_nullable() || inside.captures()
        }
    }
}

fn write_look(look: Look, takes_line_end: bool, out: &mut String) -> bool {
    out.push_str(match look {
        Look::Start => r"\A",
        Look::End => r"\z",
        // If nothing behind it can take the last line terminator, only the very end lets the whole text match.
        Look::FinalEnd { .. } if !takes_line_end => r"\z",
        Look::WordBoundary { unicode: false, negative: false } => r"(?-u:\b)",
        Look::WordBoundary { unicode: false, negative: true } => r"(?-u:\B)",
        Look::WordBoundary { unicode: true, negative: false } => r"\b",
        Look::WordBoundary { unicode: true, negative: true } => r"\B",
        Look::FinalEnd { .. } | Look::LineStart { .. } | Look::LineEnd { .. } => return false,
    });
    true
}

fn may_take_line_end(node: &Node) -> bool {
    node.any(&|part| match part {
        Node::Set(set) => LINE_TERMINATORS.iter().any(|&c| contains(set, c)),
        Node::LineBreak | Node::BackReference { .. } => true,
        _ => false,
    })
}

fn write_set(set: &ClassUnicode, out: &mut String) {
    if let Some(c) = only(set) {
        out.push_str(&regex_syntax::escape(c.encode_utf8(&mut [0; 4])));
        return;
    }
    let mut others = set.clone();
    others.negate();
    if others.ranges().is_empty() {
        out.push_str("(?s:.)");
    } else if others.ranges().len() < set.ranges().len() {
        write_ranges("[^", &others, out);
    } else if set.ranges().is_empty() {
        out.push_str(r"[^\x{0}-\x{10FFFF}]");
    } else {
        write_ranges("[", set, out);
    }
}

fn write_ranges(open: &str, set: &ClassUnicode, out: &mut String) {
    out.push_str(open);
    for range in set.ranges() {
        write_range(range, out);
    }
    out.push(']');
}

fn write_range(range: &ClassUnicodeRange, out: &mut String) {
    write_char(range.start(), out);
    if range.end() != range.start() {
        out.push('-');
        write_char(range.end(), out);
    }
}

fn write_char(c: char, out: &mut String) {
    let _ = if c.is_ascii_alphanumeric() { write!(out, "{c}") } else { write!(out, "\\x{{{:X}}}", u32::from(c)) };
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::*;

    fn translated(java: &str) -> Option<String> {
        to_regex(&parse(java).unwrap().root)
    }

    #[test]
    fn java_meanings_are_spelled_out() {
        for (java, regex) in [
            (r"\<a\>", "<a>"),
            (r"\w", "[0-9A-Z\\x{5F}a-z]"),
            (r"\d+?", "(?:[0-9])+?"),
            (".", r"[^\x{A}\x{D}\x{85}\x{2028}-\x{2029}]"),
            ("(?s).", "(?s:.)"),
            ("(?d).", r"[^\x{A}]"),
            (r"\Q.*\E", r"\.\*"),
            ("(?i)k", "[Kk]"),
            ("(?iu)k", r"[Kk\x{212A}]"),
            ("[a-z&&[^bc]]", "[ad-z]"),
            ("a$", r"a\z"),
            ("(?x) a # b", "a"),
            ("x{2,}", "(?:x){2,}"),
        ] {
            assert_eq!(translated(java).as_deref(), Some(regex), "{java}");
        }
    }

    #[test]
    fn what_an_automaton_would_match_otherwise_is_left_to_backtracking() {
        for java in [
            "a++",
            "(?>a)",
            "(?=a)",
            "(?<!a)",
            r"(a)\1",
            r"a$\s",
            "(?m)^a",
            "(a*)*",
            "(?:a|b*)+",
            "((a)b)*",
            r"\R+",
            "(a){0}",
        ] {
            assert_eq!(translated(java), None, "{java}");
        }
    }
}
