//! Case-insensitivity as Java does it: a set of characters in, the set of all that match it out.

use std::sync::OnceLock;

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use super::ast::{Case, contains};

/// A set of one range.
pub(super) fn range(from: char, to: char) -> ClassUnicode {
    ClassUnicode::new([ClassUnicodeRange::new(from, to)])
}

/// What a literal matches: characters that are equal once put in upper and then in lower case.
pub(super) fn literal(c: char, case: Case) -> ClassUnicode {
    let mut set = range(c, c);
    match case {
        Case::Sensitive => {}
        Case::Ascii => add_ascii(&mut set),
        Case::Unicode if upper(c) == lower(upper(c)) => {}
        Case::Unicode => {
            for &other in cased().iter().filter(|&&other| folded(other) == folded(c)) {
                set.push(ClassUnicodeRange::new(other, other));
            }
        }
    }
    set
}

/// What a range of a class matches: a character that is in it as it stands, in upper case, or in upper and then in lower
/// case.
pub(super) fn of_range(from: char, to: char, case: Case) -> ClassUnicode {
    let mut set = range(from, to);
    match case {
        Case::Sensitive => {}
        Case::Ascii => add_ascii(&mut set),
        Case::Unicode => {
            let within = |c: char| from <= c && c <= to;
            for &c in cased().iter().filter(|&&c| within(upper(c)) || within(folded(c))) {
                set.push(ClassUnicodeRange::new(c, c));
            }
        }
    }
    set
}

/// Whether Java takes the two for equal in a back-reference.
pub(super) fn equal(a: char, b: char, case: Case) -> bool {
    a == b
        || match case {
            Case::Sensitive => false,
            Case::Ascii => a.eq_ignore_ascii_case(&b),
            Case::Unicode => upper(a) == upper(b) || folded(a) == folded(b),
        }
}

fn add_ascii(set: &mut ClassUnicode) {
    for letter in 'a'..='z' {
        let capital = letter.to_ascii_uppercase();
        if contains(set, letter) != contains(set, capital) {
            set.push(ClassUnicodeRange::new(letter, letter));
            set.push(ClassUnicodeRange::new(capital, capital));
        }
    }
}

fn folded(c: char) -> char {
    lower(upper(c))
}

/// `Character.toLowerCase`: the simple mapping, one character to one.
fn lower(c: char) -> char {
    // The one character whose full mapping is longer than one has a simple mapping: its first.
    c.to_lowercase().next().unwrap_or(c)
}

/// `Character.toUpperCase`: the simple mapping, one character to one.
fn upper(c: char) -> char {
    let mut full = c.to_uppercase();
    match (full.next(), full.next()) {
        (Some(capital), None) => capital,
        // Greek letters with iota below have one capital too, next to them in the fold tables; the others have none.
        _ => {
            let mut set = range(c, c);
            set.case_fold_simple();
            let capital = set.iter().map(|other| other.start()).find(|&other| other != c && lower(other) == c);
            capital.filter(|_| c != 'ß').unwrap_or(c)
        }
    }
}

/// All characters that have another case, and the one that is another's lower case only.
fn cased() -> &'static [char] {
    static CASED: OnceLock<Vec<char>> = OnceLock::new();
    CASED.get_or_init(|| ('\0'..=char::MAX).filter(|&c| upper(c) != c || lower(c) != c || c == 'ß').collect())
}
