//! A pattern's tree in, whether a match or its groups can depend on the value at the end of a match string out.
//!
//! The text is L, `: ` and the value, where L has no line terminator and the value is the Java text of a number or
//! boolean. If no way through the pattern can end behind the value's first character, then all matches end before the
//! value, and since the wrapper's last `.*` takes whatever follows, which of them wins and what its groups hold is
//! decided by what stands in front of it. A trailing `.*` of the pattern itself does no more than the wrapper's, so it is
//! left out first. `false` is proved, `true` may be said too often.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use regex_automata::nfa::thompson::{Compiler, Config, NFA, State, WhichCaptures};
use regex_automata::util::look::Look as NfaLook;
use regex_automata::util::primitives::StateID;

use super::ast::{Kind, LINE_TERMINATORS, Look, Node};
use super::translate::to_regex;

/// Bytes of an automaton that is looked through; beyond it the answer is `true`.
const MAX_NFA_BYTES: usize = 4 << 20;

/// Whether a match of `wrapped`, the tree of `^.*(?:PATTERN).*$`, or a group of it can depend on the value.
pub(super) fn can_see_number(wrapped: &Node) -> bool {
    let Node::Concat(parts) = wrapped else { return true };
    let [Node::Look(Look::Start), before, pattern, after, Node::Look(Look::FinalEnd { .. })] = parts.as_slice() else {
        // Brackets of the pattern reach beyond it, as in `a)|(?:b`.
        return true;
    };
    if filler(before) != Some(0) || filler(after) != Some(0) {
        return true;
    }
    let seen = trimmed(pattern);
    let Some(regex) = to_regex(&seen) else { return true };
    if seen.is_nullable() && !seen.any(&|part| matches!(part, Node::Look(_))) {
        // The right-most place is the very end (or that of the last character, with a `.+` behind it): all groups are
        // empty there.
        return false;
    }
    let Ok(hir) = regex_syntax::ParserBuilder::new().nest_limit(1000).build().parse(&regex) else { return true };
    let config = Config::new().which_captures(WhichCaptures::None).nfa_size_limit(Some(MAX_NFA_BYTES));
    match Compiler::new().configure(config).build_from_hir(&hir) {
        Ok(nfa) => Search { nfa: &nfa }.reaches_value(),
        Err(_) => true,
    }
}

/// The least length of `.*`, `.+`, `.{n,}` in any brackets that do not capture.
fn filler(node: &Node) -> Option<u32> {
    match node {
        Node::Group { capture: None, inner } => filler(inner),
        Node::Repeat { body, min, max: None, kind } if *kind != Kind::Possessive => match body.as_ref() {
            Node::Set(set) => {
                let mut missing = set.clone();
                missing.negate();
                let takes_all = missing
                    .iter()
                    .all(|range| (range.start()..=range.end()).take(3).all(|c| LINE_TERMINATORS.contains(&c)));
                takes_all.then_some(*min)
            }
            _ => None,
        },
        _ => None,
    }
}

/// Leaves out what only fills up to the end: `.*` wherever it ends the pattern, one `.+` (the value has a character at
/// least) of the pattern as a whole, and a `$` behind either.
fn trimmed(pattern: &Node) -> Node {
    let Node::Group { capture: None, inner } = pattern else { return without_fillers(pattern) };
    let Node::Concat(parts) = inner.as_ref() else { return trimmed_once(inner) };
    let (rest, ends) = split_ends(parts);
    match rest.split_last() {
        Some((last, rest)) if filler(last).is_some_and(|least| least <= 1) => {
            without_fillers(&Node::Concat(rest.to_vec()))
        }
        _ if ends => inner.as_ref().clone(),
        _ => without_fillers(inner),
    }
}

fn trimmed_once(node: &Node) -> Node {
    match node {
        Node::Group { capture: None, .. } => trimmed(node),
        _ if filler(node).is_some_and(|least| least <= 1) => Node::Empty,
        _ => without_fillers(node),
    }
}

/// The parts without the assertions of the end at their end, and whether there were any.
fn split_ends(parts: &[Node]) -> (&[Node], bool) {
    let ends = |part: &&Node| matches!(part, Node::Look(Look::End | Look::FinalEnd { .. }));
    let count = parts.iter().rev().take_while(ends).count();
    (&parts[..parts.len() - count], count > 0)
}

fn without_fillers(node: &Node) -> Node {
    match node {
        _ if filler(node) == Some(0) => Node::Empty,
        Node::Group { capture: None, inner } => Node::Group { capture: None, inner: Box::new(without_fillers(inner)) },
        Node::Alternate(branches) => Node::Alternate(branches.iter().map(without_fillers).collect()),
        Node::Concat(parts) => {
            let (rest, ends) = split_ends(parts);
            match rest.split_last() {
                Some((last, rest)) if filler(last) == Some(0) => without_fillers(&Node::Concat(rest.to_vec())),
                Some((last, rest)) if !ends => {
                    let mut parts = rest.to_vec();
                    parts.push(without_fillers(last));
                    Node::Concat(parts)
                }
                _ => node.clone(),
            }
        }
        _ => node.clone(),
    }
}

/// Where in a value a text can stand; see [`after`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Number {
    Start,
    Minus,
    Digits,
    Dot,
    Decimals,
    Exponent,
    ExponentMinus,
    ExponentDigits,
    /// So many letters of a word.
    Word(&'static str, usize),
}

/// All bytes of values.
const BYTES: &[u8] = b"0123456789-.ENaInfityrulse";

const WORDS: [&str; 4] = ["NaN", "Infinity", "true", "false"];

impl Number {
    fn is_end(self) -> bool {
        match self {
            Self::Digits | Self::Decimals | Self::ExponentDigits => true,
            Self::Word(word, length) => length == word.len(),
            _ => false,
        }
    }

    /// Where the value can be after one more byte: `-?digits[.digits[E-?digits]]`, `NaN`, `-?Infinity`, `true`, `false`.
    fn after(self, byte: u8) -> Option<Self> {
        match (self, byte) {
            (Self::Start, b'-') => Some(Self::Minus),
            (Self::Start | Self::Minus | Self::Digits, b'0'..=b'9') => Some(Self::Digits),
            (Self::Digits, b'.') => Some(Self::Dot),
            (Self::Dot | Self::Decimals, b'0'..=b'9') => Some(Self::Decimals),
            (Self::Decimals, b'E') => Some(Self::Exponent),
            (Self::Exponent, b'-') => Some(Self::ExponentMinus),
            (Self::Exponent | Self::ExponentMinus | Self::ExponentDigits, b'0'..=b'9') => Some(Self::ExponentDigits),
            (Self::Start, _) => {
                WORDS.into_iter().find(|word| word.as_bytes()[0] == byte).map(|word| Self::Word(word, 1))
            }
            (Self::Minus, b'I') => Some(Self::Word("Infinity", 1)),
            (Self::Word(word, length), _) if word.as_bytes().get(length) == Some(&byte) => {
                Some(Self::Word(word, length + 1))
            }
            _ => None,
        }
    }
}

/// Where a search through the automaton is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Front,
    Value(Number),
}

struct Search<'a> {
    nfa: &'a NFA,
}

/// States reached, in the order they were found.
struct States {
    is_in: Vec<bool>,
    found: Vec<StateID>,
}

/// An assertion that looks at the value.
struct LooksAtValue;

impl Search<'_> {
    fn reaches_value(&self) -> bool {
        self.search().unwrap_or(true)
    }

    fn search(&self) -> Result<bool, LooksAtValue> {
        // Where the pattern can be after any text at all, then after `:` and after the blank.
        let mut anywhere = self.begun(Place::Front)?;
        let mut done = 0;
        while let Some(&state) = anywhere.found.get(done) {
            self.step(state, None, Place::Front, &mut anywhere)?;
            done += 1;
        }
        let mut colon = self.begun(Place::Front)?;
        for &state in &anywhere.found {
            self.step(state, Some(b':'), Place::Front, &mut colon)?;
        }
        let mut boundary = self.begun(Place::Value(Number::Start))?;
        for &state in &colon.found {
            self.step(state, Some(b' '), Place::Value(Number::Start), &mut boundary)?;
        }

        let mut work: Vec<(StateID, Number)> = boundary.found.iter().map(|&state| (state, Number::Start)).collect();
        let mut reached: HashMap<Number, States> = HashMap::new();
        // The pattern can also begin within the value, so each place is visited though no state leads there.
        let mut numbers = vec![Number::Start];
        while let Some(number) = numbers.pop() {
            for after in BYTES.iter().filter_map(|&byte| number.after(byte)) {
                if let Entry::Vacant(place) = reached.entry(after) {
                    let begun = self.begun(Place::Value(after))?;
                    work.extend(begun.found.iter().map(|&state| (state, after)));
                    place.insert(begun);
                    numbers.push(after);
                }
            }
        }
        while let Some((state, number)) = work.pop() {
            for &byte in BYTES {
                let Some(after) = number.after(byte) else { continue };
                let Some(states) = reached.get_mut(&after) else { continue };
                let known = states.found.len();
                self.step(state, Some(byte), Place::Value(after), states)?;
                work.extend(states.found.iter().skip(known).map(|&state| (state, after)));
            }
        }
        let is_match = |&state: &StateID| matches!(self.nfa.state(state), State::Match { .. });
        Ok(reached.values().any(|states| states.found.iter().any(is_match)))
    }

    /// Where the pattern is if it begins at `place`.
    fn begun(&self, place: Place) -> Result<States, LooksAtValue> {
        let mut states = States { is_in: vec![false; self.nfa.states().len()], found: Vec::new() };
        self.close(self.nfa.start_anchored(), place, &mut states)?;
        Ok(states)
    }

    /// Adds where `state` goes with a byte, or with any (`None`).
    fn step(&self, state: StateID, byte: Option<u8>, to: Place, reached: &mut States) -> Result<(), LooksAtValue> {
        let fits = |start: u8, end: u8| byte.is_none_or(|byte| (start..=end).contains(&byte));
        match self.nfa.state(state) {
            State::ByteRange { trans } if fits(trans.start, trans.end) => self.close(trans.next, to, reached),
            State::Sparse(sparse) => {
                let mut fitting = sparse.transitions.iter().filter(|trans| fits(trans.start, trans.end));
                fitting.try_for_each(|trans| self.close(trans.next, to, reached))
            }
            State::Dense(dense) => {
                let all = dense.transitions.iter().zip(0..=u8::MAX);
                let mut fitting = all.filter(|&(_, at)| fits(at, at));
                fitting.try_for_each(|(&next, _)| self.close(next, to, reached))
            }
            _ => Ok(()),
        }
    }

    /// Adds `state` and all that is reached from it without a byte.
    fn close(&self, state: StateID, place: Place, reached: &mut States) -> Result<(), LooksAtValue> {
        let mut work = vec![state];
        while let Some(state) = work.pop() {
            if std::mem::replace(&mut reached.is_in[state.as_usize()], true) {
                continue;
            }
            reached.found.push(state);
            match self.nfa.state(state) {
                State::Union { alternates } => work.extend(alternates.iter()),
                State::BinaryUnion { alt1, alt2 } => work.extend([*alt1, *alt2]),
                State::Capture { next, .. } => work.push(*next),
                State::Look { look, next } => {
                    let may_hold = match (look, place) {
                        // Something stands in front of the value, and the value is not empty.
                        (NfaLook::Start, Place::Value(_)) | (NfaLook::End, Place::Front) => false,
                        (NfaLook::End, Place::Value(number)) => number.is_end(),
                        (_, Place::Front) => true,
                        // Word boundaries look at both sides.
                        (_, Place::Value(_)) => return Err(LooksAtValue),
                    };
                    if may_hold {
                        work.push(*next);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::Pattern;

    #[test]
    fn patterns_that_end_before_the_value_are_blind() {
        for pattern in [
            r"kafka.server<type=(.+), name=(.+)PerSec\w*, topic=(.+)><>Count",
            r"kafka.(\w+)<type=(.+), name=(.+)><>Value",
            r"java.lang<type=(.+), name=(.+)><(.+)>(\w+)",
            "(.+)<type=(.+)><>(.+):",
            "(.+)<type=(.+)><>(.+): ",
            "kafka.server<type=(.+), cipher=(.+), protocol=(.+), listener=(.+), networkProcessor=(.+)><>connections",
            r"kafka.(\w+)<type=(.+), name=(.+)><>(\d+)thPercentile",
            "kafka.*",
            "kafka.server<.*>.*",
            "(kafka.server)<.*>.+",
            "^kafka.server<(.*)>.*$",
            "kafka.server<(?:.*)>(?:Count.*|Value.*)",
            "kafka<>Value:.*",
            ".*",
            ".+",
            "",
            "(a*)",
            "(.*)",
            "(.*)x?.+",
            r"a\<b\>",
            "java.lang<type=OperatingSystem><>(Free|Total)Swap",
        ] {
            assert!(!Pattern::compile(pattern).unwrap().can_see_number(), "{pattern}");
        }
    }

    #[test]
    fn patterns_that_reach_the_value_see() {
        for pattern in [
            "kafka<type=(.+)><>(.+)",
            r"kafka<><>Count: (\d+)",
            "kafka: (.*)",
            "Value: 1",
            "Value: (.+).*",
            "1",
            r"(\w+)",
            r"(\w+)$",
            "(?:.*)e",
            r"Value\b.* 1?",
            r"Value: \b",
            "(.+).+",
            "(Infinity|x)",
            "[^,]+",
            "(?!count)",
            "a)|(?:b",
        ] {
            assert!(Pattern::compile(pattern).unwrap().can_see_number(), "{pattern}");
        }
    }
}
