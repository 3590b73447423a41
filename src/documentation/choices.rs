//! What a part of a pattern can match, where that is a short list, and the pattern as people write it.

use std::collections::BTreeMap;

use regex_syntax::hir::{Class, Hir, HirKind};

/// More than so many are no list.
const MOST: usize = 64;

/// So many are told one by one.
const FEW: usize = 6;

/// A capturing group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    /// All that it can match; `None` = it is open.
    pub(super) choices: Option<Vec<String>>,
    /// The pattern matches without it too.
    pub(super) optional: bool,
}

/// A pattern without look-around, as all of the bundled ones are.
pub(super) fn parse(java: &str) -> Result<Hir, String> {
    regex_syntax::parse(java).map_err(|error| format!("{java}: {error}"))
}

/// The groups by number.
pub(super) fn groups(hir: &Hir) -> BTreeMap<usize, Group> {
    fn collect(hir: &Hir, optional: bool, found: &mut BTreeMap<usize, Group>) {
        match hir.kind() {
            HirKind::Capture(capture) => {
                let group = Group { choices: choices(&capture.sub), optional };
                found.insert(capture.index as usize, group);
                collect(&capture.sub, optional, found);
            }
            HirKind::Repetition(repetition) => collect(&repetition.sub, optional || repetition.min == 0, found),
            HirKind::Concat(parts) | HirKind::Alternation(parts) => {
                parts.iter().for_each(|part| collect(part, optional, found));
            }
            HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => {}
        }
    }
    let mut found = BTreeMap::new();
    collect(hir, false, &mut found);
    found
}

/// All texts that it matches, if they are few.
fn choices(hir: &Hir) -> Option<Vec<String>> {
    let all = match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => vec![String::new()],
        HirKind::Literal(literal) => vec![String::from_utf8(literal.0.to_vec()).ok()?],
        HirKind::Class(Class::Unicode(class)) => {
            let letters = class.ranges().iter().flat_map(|range| range.start()..=range.end());
            letters.take(MOST + 1).map(String::from).collect()
        }
        HirKind::Class(Class::Bytes(_)) => return None,
        HirKind::Capture(capture) => choices(&capture.sub)?,
        HirKind::Repetition(repetition) if (repetition.min, repetition.max) == (0, Some(1)) => {
            let mut with = choices(&repetition.sub)?;
            with.push(String::new());
            with
        }
        HirKind::Repetition(_) => return None,
        HirKind::Alternation(branches) => {
            branches.iter().map(choices).collect::<Option<Vec<_>>>()?.into_iter().flatten().collect()
        }
        HirKind::Concat(parts) => parts.iter().try_fold(vec![String::new()], |starts, part| {
            let ends = choices(part)?;
            let all = starts.iter().flat_map(|start| ends.iter().map(move |end| format!("{start}{end}")));
            Some(all.take(MOST + 1).collect())
        })?,
    };
    (all.len() <= MOST).then_some(all)
}

/// The pattern as people write it: `*` for what is open, `{a,b}` for a choice, `[a]` for what may be missing, and for the groups
/// in `chosen` these texts.
pub(super) fn readable(hir: &Hir, chosen: &BTreeMap<usize, String>) -> String {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => String::new(),
        HirKind::Literal(literal) => String::from_utf8_lossy(&literal.0).into_owned(),
        HirKind::Capture(capture) => match chosen.get(&(capture.index as usize)) {
            Some(text) => text.clone(),
            None => one_of(&capture.sub).unwrap_or_else(|| "*".to_owned()),
        },
        HirKind::Repetition(repetition) if (repetition.min, repetition.max) == (0, Some(1)) => {
            format!("[{}]", readable(&repetition.sub, chosen))
        }
        HirKind::Class(_) | HirKind::Alternation(_) => one_of(hir).unwrap_or_else(|| "*".to_owned()),
        HirKind::Repetition(_) => "*".to_owned(),
        HirKind::Concat(parts) => parts.iter().map(|part| readable(part, chosen)).collect(),
    }
}

fn one_of(hir: &Hir) -> Option<String> {
    match choices(hir)?.as_slice() {
        [only] => Some(only.clone()),
        all if all.len() <= FEW => Some(format!("{{{}}}", all.join(","))),
        _ => None,
    }
}

/// A text that it matches, with all that may be missing.
pub(super) fn sample(hir: &Hir) -> String {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => String::new(),
        HirKind::Literal(literal) => String::from_utf8_lossy(&literal.0).into_owned(),
        HirKind::Capture(capture) => sample(&capture.sub),
        HirKind::Class(_) => "x".to_owned(),
        HirKind::Repetition(repetition) => sample(&repetition.sub),
        HirKind::Alternation(branches) => branches.first().map(sample).unwrap_or_default(),
        HirKind::Concat(parts) => parts.iter().map(sample).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(java: &str) -> String {
        readable(&parse(java).unwrap(), &BTreeMap::new())
    }

    #[test]
    fn patterns_are_written_as_people_do() {
        for (java, expected) in [
            (r"^a\.b<x=([^,>]+)><>Value:", "a.b<x=*><>Value:"),
            (r"<n=N(?:, topic=([^,>]+))?>", "<n=N[, topic=*]>"),
            ("(50|95|99|999)th", "{50,95,99,999}th"),
            (r"(?:org\.apache\.)?kafka", "[org.apache.]kafka"),
            ("(a|b|c|d|e|f|g)x", "*x"),
        ] {
            assert_eq!(written(java), expected, "{java}");
        }
        let chosen = BTreeMap::from([(1, "b".to_owned())]);
        assert_eq!(readable(&parse("(a|b)(c|d)").unwrap(), &chosen), "b{c,d}");
    }

    #[test]
    fn groups_are_lists_or_open_and_may_be_missing() {
        let found = groups(&parse("(Re(?:mote|p)Lag)(?:, topic=([^,]+))?").unwrap());
        assert_eq!(found[&1].choices.as_deref().unwrap(), ["RemoteLag", "RepLag"]);
        assert_eq!(found[&2], Group { choices: None, optional: true });
    }
}
