//! A pattern's tree in, texts out that every match has in it: what is searched for in all match strings at once before a
//! pattern is tried.

use super::ast::{Node, only};

/// Texts that must each occur in whatever matches; single characters only if there is nothing longer.
pub(super) fn required(root: &Node) -> Vec<String> {
    let mut found = Found::default();
    found.visit(root);
    found.end_run();
    let mut literals = found.literals;
    literals.sort_unstable();
    literals.dedup();
    if literals.iter().any(|literal| literal.chars().nth(1).is_some()) {
        literals.retain(|literal| literal.chars().nth(1).is_some());
    }
    literals
}

/// Whether an occurrence of `literal` in a match string is the same whatever the value: its last character is in no
/// number's or boolean's text, so it ends before the value begins.
///
/// If such a required literal is missing from a match string, the pattern matches with no value at all.
pub fn literal_is_value_free(literal: &str) -> bool {
    literal.chars().next_back().is_some_and(|last| !"0123456789-.ENaNInfinitytruefalse".contains(last))
}

#[derive(Default)]
struct Found {
    literals: Vec<String>,
    /// Characters that stand side by side in every match.
    run: String,
}

impl Found {
    fn end_run(&mut self) {
        if !self.run.is_empty() {
            self.literals.push(std::mem::take(&mut self.run));
        }
    }

    fn visit(&mut self, node: &Node) {
        match node {
            // They take nothing, so what stands on both sides stands side by side.
            Node::Empty | Node::Look(_) | Node::Around { .. } => {}
            Node::Set(set) => match only(set) {
                Some(c) => self.run.push(c),
                None => self.end_run(),
            },
            Node::Group { inner, .. } | Node::Atomic(inner) => self.visit(inner),
            Node::Concat(parts) => parts.iter().for_each(|part| self.visit(part)),
            Node::Repeat { body, min, max, .. } if *min > 0 => {
                if (*min, *max) == (1, Some(1)) {
                    return self.visit(body);
                }
                // Java lets a round of nothing stand for all rounds that must be, so only the first one is sure.
                self.visit(body);
                self.end_run();
            }
            Node::LineBreak | Node::Alternate(_) | Node::Repeat { .. } | Node::BackReference { .. } => self.end_run(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Pattern;

    #[test]
    fn literals_are_what_every_match_must_have() {
        for (pattern, literals) in [
            ("kafka.server<type=(.+)><>Count", &["kafka", "server<type=", "><>Count"][..]),
            (r"kafka\.server\<type=(\w+)", &["kafka.server<type="]),
            ("(ab)c", &["abc"]),
            ("ab+c", &["ab"]),
            ("a(?:bc){2}d", &["abc"]),
            ("abc|abd", &[]),
            ("abc(?:d|e)fg", &["abc", "fg"]),
            ("(?i)abc<>", &["<>"]),
            ("(?i)abc.>", &[">"]),
            ("a.b", &["a", "b"]),
            ("(?!xyz)abc", &["abc"]),
            ("(abc)?", &[]),
            ("(?:ab){0,1}cd", &["cd"]),
            (".*", &[]),
        ] {
            let mut expected: Vec<&str> = literals.to_vec();
            expected.sort_unstable();
            assert_eq!(Pattern::compile(pattern).unwrap().required(), expected, "{pattern}");
        }
    }

    #[test]
    fn literals_that_end_before_any_value_are_told_from_others() {
        for (literal, expected) in
            [("><>Count", false), ("kafka.server<", true), (": ", true), ("Value: 1", false), ("", false)]
        {
            assert_eq!(literal_is_value_free(literal), expected, "{literal}");
        }
    }
}
