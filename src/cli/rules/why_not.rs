//! A rule's pattern and a match string that it does not match in, how far it gets and what it lacks out. Every statement
//! is proved with the rules' own engine: parts of the pattern are compiled and tried as patterns themselves.

use crate::rules::Pattern;

/// Longest piece of a text that is quoted, in characters.
const QUOTED: usize = 60;

/// How near a pattern came, and why it did not match.
#[derive(Debug, PartialEq)]
pub(super) struct Miss {
    /// The share of the pattern that matches, from its beginning: 0 to 1.
    pub(super) share: f64,
    /// One line.
    pub(super) reason: String,
}

/// Why `pattern` does not match `text`.
pub(super) fn why_not(pattern: &Pattern, text: &str) -> Miss {
    let java = pattern.as_java();
    let lacks: Vec<&String> = pattern.required().iter().filter(|literal| !text.contains(literal.as_str())).collect();
    let cuts = cuts(java);
    let Some(reached) = furthest(java, &cuts, text) else {
        let reason = match lacks.first() {
            Some(literal) => format!("needs {}, which the string lacks", quoted(literal)),
            None => format!("nothing in the string fits {}", quoted(java)),
        };
        return Miss { share: 0.0, reason };
    };
    let last = cuts.len() - 1;
    let share = if last == 0 { 0.0 } else { position(reached) / position(last) };
    // A text that is lacking says more than half of it that is there: back to where it begins.
    let shown = (0..=reached).rev().find(|&at| !cuts[at].in_text || is_separator(java, cuts[at].at)).unwrap_or(0);
    let here = &cuts[shown];
    let needed_end = cuts[shown + 1..].iter().find(|cut| !cut.in_text).map_or(java.len(), |cut| cut.at);
    let needed = &java[here.at..needed_end];
    let is_literal = cuts[shown + 1..].iter().take_while(|cut| cut.in_text).count() > 0 || needed.chars().count() == 1;
    let plain = unescaped(needed);
    let reason = if shown == 0 {
        match lacks.iter().find(|literal| plain.contains(literal.as_str())) {
            Some(literal) => format!("needs {}, which the string lacks", quoted(literal)),
            None if needed == java => format!("nothing in the string fits {}", quoted(java)),
            None => format!("nothing in the string fits its beginning {}", quoted(needed)),
        }
    } else if let Some(end) = only_end(java, here, text) {
        let rest = &text[end..];
        let follows = if rest.is_empty() { "the string ends".to_owned() } else { format!("{} follows", quoted(rest)) };
        format!("matches up to {}, then it needs {}, but {follows}", quoted_end(&text[..end]), quoted(needed))
    } else if is_literal && !text.contains(&plain) && lacks.iter().any(|literal| literal.contains(&plain)) {
        format!(
            "matches as far as {}, then it needs {}, which the string lacks",
            quoted_end(&java[..here.at]),
            quoted(needed)
        )
    } else {
        format!(
            "matches as far as {}, but nothing in the string fits {} after that",
            quoted_end(&java[..here.at]),
            quoted(needed)
        )
    };
    Miss { share, reason }
}

/// A place where a pattern can be cut so that what is before it is a pattern.
#[derive(Debug, Clone, PartialEq)]
struct Cut {
    /// In bytes.
    at: usize,
    /// Brackets that are open there.
    open: usize,
    /// It is between two characters of a plain text.
    in_text: bool,
}

/// The last cut up to which the pattern matches somewhere in the text; the more of a pattern, the fewer texts match.
/// `None` if the pattern cannot be cut.
fn furthest(java: &str, cuts: &[Cut], text: &str) -> Option<usize> {
    if cuts.len() < 2 {
        return None;
    }
    let (mut matches, mut fails) = (0, cuts.len() - 1);
    while fails - matches > 1 {
        let middle = matches.midpoint(fails);
        match is_match(&before(java, &cuts[middle]), text)? {
            true => matches = middle,
            false => fails = middle,
        }
    }
    Some(matches)
}

/// What stands before the cut, with its brackets closed.
fn before(java: &str, cut: &Cut) -> String {
    format!("{}{}", &java[..cut.at], ")".repeat(cut.open))
}

/// `None` if it is no pattern or takes too long.
fn is_match(java: &str, text: &str) -> Option<bool> {
    Some(Pattern::compile(java).ok()?.matches(text).ok()?.is_some())
}

/// Where all matches of what stands before the cut end, if that is one place.
fn only_end(java: &str, cut: &Cut, text: &str) -> Option<usize> {
    let before = before(java, cut);
    // These look at what comes later, which is cut off below.
    if ["(?", "$", "\\b", "\\B", "\\Z", "\\z"].iter().any(|look| before.contains(look)) {
        return None;
    }
    let at_end = Pattern::compile(&format!("(?:{before})\\z")).ok()?;
    let mut ends = (0..=text.len())
        .filter(|&end| text.get(..end).is_some_and(|start| at_end.matches(start).is_ok_and(|groups| groups.is_some())));
    let end = ends.next()?;
    ends.next().is_none().then_some(end)
}

/// All places where the pattern can be cut, the beginning and the end included; only these two if it has alternatives
/// outside of brackets, or what is not understood here.
fn cuts(java: &str) -> Vec<Cut> {
    let ends = || vec![Cut { at: 0, open: 0, in_text: false }, Cut { at: java.len(), open: 0, in_text: false }];
    let mut cuts = vec![Cut { at: 0, open: 0, in_text: false }];
    let (mut at, mut open) = (0, 0);
    let mut previous_is_text = false;
    while at < java.len() {
        let rest = &java[at..];
        let Some(token) = token(rest) else { return ends() };
        let (length, is_text) = match token {
            Token::Alternative => return ends(),
            Token::Open(length) => {
                open += 1;
                (length, false)
            }
            Token::Close => {
                open = match usize::checked_sub(open, 1) {
                    Some(open) => open,
                    None => return ends(),
                };
                (1, false)
            }
            Token::Text(length) => (length, true),
            Token::Other(length) => (length, false),
        };
        if let Some(cut) = cuts.last_mut() {
            cut.in_text = previous_is_text && is_text;
        }
        previous_is_text = is_text;
        at += length;
        cuts.push(Cut { at, open, in_text: false });
    }
    if open == 0 { cuts } else { ends() }
}

/// What a pattern, or the rest of one, begins with; lengths in bytes.
enum Token {
    /// A group's opening that can be cut into: it is not repeated and has no alternatives.
    Open(usize),
    Close,
    /// One character that means itself, or a single `.`.
    Text(usize),
    /// Anything else in one piece, with its quantifier.
    Other(usize),
    Alternative,
}

fn token(rest: &str) -> Option<Token> {
    let first = rest.chars().next()?;
    let length = match first {
        '|' => return Some(Token::Alternative),
        ')' => return Some(Token::Close),
        '(' => {
            let end = group_end(rest)?;
            let inside = rest.get(1..end - 1)?;
            let opening = opening(rest);
            let is_plain = quantifier(&rest[end..]) == 0 && !has_alternatives(inside)?;
            match opening.filter(|_| is_plain) {
                Some(opening) => return Some(Token::Open(opening)),
                None => end,
            }
        }
        '[' => class_end(rest)?,
        '\\' => escape_end(rest)?,
        _ => first.len_utf8(),
    };
    let quantifier = quantifier(&rest[length..]);
    let means_itself = !"([^$*+?{".contains(first) && (first != '\\' || is_escaped_sign(rest));
    Some(if quantifier == 0 && means_itself { Token::Text(length) } else { Token::Other(length + quantifier) })
}

/// The length of `(`, `(?:` or `(?<name>`; `None` for look-around and flags.
fn opening(rest: &str) -> Option<usize> {
    if rest.starts_with("(?:") {
        return Some(3);
    }
    let is_named = rest.starts_with("(?<") && !rest.starts_with("(?<=") && !rest.starts_with("(?<!");
    match rest.starts_with("(?") {
        true if is_named => rest.find('>').map(|at| at + 1),
        true => None,
        false => Some(1),
    }
}

/// The length of the group that `rest` begins with, both brackets included.
fn group_end(rest: &str) -> Option<usize> {
    let (mut at, mut depth) = (0, 0_usize);
    loop {
        let next = &rest[at..];
        match next.chars().next()? {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        at += piece(next)?;
        if depth == 0 {
            return Some(at);
        }
    }
}

/// Whether there is a `|` outside of further brackets.
fn has_alternatives(inside: &str) -> Option<bool> {
    let (mut at, mut depth) = (0, 0_usize);
    while at < inside.len() {
        let next = &inside[at..];
        match next.chars().next()? {
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1)?,
            '|' if depth == 0 => return Some(true),
            _ => {}
        }
        at += piece(next)?;
    }
    Some(false)
}

/// The length of a class, an escape or a character.
fn piece(rest: &str) -> Option<usize> {
    match rest.chars().next()? {
        '[' => class_end(rest),
        '\\' => escape_end(rest),
        character => Some(character.len_utf8()),
    }
}

/// The length of `[...]`, classes in it included.
fn class_end(rest: &str) -> Option<usize> {
    let (mut at, mut depth) = (0, 0_usize);
    loop {
        let next = &rest[at..];
        let character = next.chars().next()?;
        at += if character == '\\' { escape_end(next)? } else { character.len_utf8() };
        match character {
            '[' => {
                depth += 1;
                // A bracket that closes nothing yet means itself.
                at += usize::from(rest[at..].starts_with('^'));
                at += usize::from(rest[at..].starts_with(']'));
            }
            ']' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
}

/// The length of a backslash and what belongs to it.
fn escape_end(rest: &str) -> Option<usize> {
    let kind = rest.chars().nth(1)?;
    let braced = |from: usize| rest[from..].starts_with('{').then(|| rest.find('}').map(|at| at + 1)).flatten();
    match kind {
        'Q' => Some(rest.find("\\E").map_or(rest.len(), |at| at + 2)),
        'p' | 'P' | 'N' => braced(2).or(Some(3)),
        'x' => braced(2).or(Some(4)),
        'u' => Some(6),
        'c' => Some(3),
        'k' => rest.find('>').map(|at| at + 1),
        '0'..='9' => Some(1 + rest[1..].chars().take_while(char::is_ascii_digit).count()),
        other => Some(1 + other.len_utf8()),
    }
    .filter(|&end| rest.is_char_boundary(end))
}

/// Whether the escape stands for the sign after the backslash.
fn is_escaped_sign(rest: &str) -> bool {
    rest.chars().nth(1).is_some_and(|sign| !sign.is_ascii_alphanumeric())
}

/// The length of the quantifier that `rest` begins with; 0 = none.
fn quantifier(rest: &str) -> usize {
    let length = match rest.chars().next() {
        Some('*' | '+' | '?') => 1,
        Some('{') => rest.find('}').map_or(0, |at| at + 1),
        _ => return 0,
    };
    length + usize::from(length > 0 && rest[length..].starts_with(['?', '+']))
}

/// Whether there is a sign of a match string's structure before or after this place of the pattern's text.
fn is_separator(java: &str, at: usize) -> bool {
    let signs = ['<', '>', '=', ',', ' ', ':', '.'];
    java[..at].ends_with(signs) || java[at..].starts_with(signs)
}

/// A plain text of a pattern without its backslashes.
fn unescaped(java: &str) -> String {
    let mut out = String::new();
    let mut characters = java.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => out.extend(characters.next()),
            _ => out.push(character),
        }
    }
    out
}

#[expect(clippy::cast_precision_loss, reason = "patterns have at most thousands of pieces")]
fn position(cut: usize) -> f64 {
    cut as f64
}

/// In backquotes, the end left out if it is long.
fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(QUOTED).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("`{shown}`")
}

/// In backquotes, the beginning left out if it is long.
fn quoted_end(text: &str) -> String {
    let skipped = text.chars().count().saturating_sub(QUOTED);
    let shown: String = text.chars().skip(skipped).collect();
    format!("`{}{shown}`", if skipped > 0 { "…" } else { "" })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SIZE: &str = "kafka.log<type=Log, name=Size, topic=t, partition=0><>Value: 5";

    fn reason(java: &str, text: &str) -> String {
        let pattern = Pattern::compile(java).unwrap();
        assert_eq!(pattern.matches(text), Ok(None), "{java}");
        why_not(&pattern, text).reason
    }

    #[test]
    fn the_reason_names_how_far_it_matches_and_what_is_lacking() {
        for (java, expected) in [
            (
                "kafka.log<type=Log, name=Size, topic=t><>Value",
                "matches up to `kafka.log<type=Log, name=Size, topic=t`, then it needs `><>Value`, but `, partition=0><>Value: 5` follows",
            ),
            (
                "kafka.server<type=(.+)><>Count",
                "matches up to `kafka.`, then it needs `server<type=`, but `log<type=Log, name=Size, topic=t, partition=0><>Value: 5` follows",
            ),
            (
                "kafka.log<type=(.+), name=(.+), client=(.+)><>Value",
                "matches as far as `kafka.log<type=(.+), name=(.+), `, then it needs `client=`, which the string lacks",
            ),
            ("java.lang<type=Memory", "needs `java`, which the string lacks"),
            (
                "^kafka\\.log<type=Log, (.+)=(.+), (.+)=(.+)><>Count",
                "matches up to `kafka.log<type=Log, name=Size, topic=t, partition=0><>`, then it needs `Count`, but `Value: 5` follows",
            ),
            (
                "log<type=Log><>Value",
                "matches up to `kafka.log<type=Log`, then it needs `><>Value`, but `, name=Size, topic=t, partition=0><>Value: 5` follows",
            ),
            (
                "Value: 6",
                "matches up to `…afka.log<type=Log, name=Size, topic=t, partition=0><>Value: `, then it needs `6`, but `5` follows",
            ),
            (
                "(?<a>kafka.log<type=Log, (?:name=Count))",
                "matches as far as `(?<a>kafka.log<type=Log, (?:name=`, then it needs `Count`, which the string lacks",
            ),
            (
                "Size.*Value: 5.+",
                "matches up to `…fka.log<type=Log, name=Size, topic=t, partition=0><>Value: 5`, then it needs `.+`, but the string ends",
            ),
            ("foo|bar", "nothing in the string fits `foo|bar`"),
            (
                "kafka.log<type=Log(?!, name)",
                "matches up to `kafka.log<type=Log`, then it needs `(?!, name)`, but `, name=Size, topic=t, partition=0><>Value: 5` follows",
            ),
        ] {
            assert_eq!(reason(java, SIZE), expected, "{java}");
        }
    }

    #[test]
    fn nearer_patterns_have_a_larger_share() {
        let share = |java: &str| why_not(&Pattern::compile(java).unwrap(), SIZE).share;
        assert!(share("kafka.log<type=Log, name=Size, topic=t><>Value") > share("kafka.server<type=Log, name=Size"));
        assert!(share("kafka.server<type=Log, name=Size") > share("java.lang<type=Memory"));
    }

    proptest! {
        // A prefix that is claimed to match does, and with the next piece it does not.
        #[test]
        fn cuts_are_patterns_and_no_text_makes_it_panic(java in r"([a-c.]|\\.|[a-c]\*|\([a-c]+\)|\[[a-c]\]\+|\(\?:[ab]\|c\)\?|\\Q.\\E){0,8}", text in "[a-d.]{0,12}") {
            if let Ok(pattern) = Pattern::compile(&java) && pattern.matches(&text) == Ok(None) {
                let cuts = cuts(&java);
                if let Some(reached) = furthest(&java, &cuts, &text) {
                    prop_assert_eq!(is_match(&before(&java, &cuts[reached]), &text), Some(true));
                    prop_assert_eq!(is_match(&before(&java, &cuts[reached + 1]), &text), Some(false));
                }
                let miss = why_not(&pattern, &text);
                prop_assert!((0.0..1.0).contains(&miss.share) && !miss.reason.is_empty());
            }
        }

        #[test]
        fn odd_patterns_make_it_neither_panic_nor_lie(java in r"[a(?:)\[\]\\^{}1,.*+|<>Qx é]{0,14}", text in "[ab(), é]{0,8}") {
            if let Ok(pattern) = Pattern::compile(&java) && pattern.matches(&text) == Ok(None) {
                why_not(&pattern, &text);
            }
        }
    }
}
