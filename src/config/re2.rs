//! A regular expression as Go's regexp (RE2's syntax) reads it in, the same for the `regex` crate out. What Go refuses may be
//! let through: no filter that is in use has it.
//!
//! Differences that are translated: `\Q...\E`, octal escapes, `\pN`'s negation `\p{^N}`, braces that are no repetition; `\d`,
//! `\s`, `\w` and `\b` know ASCII alone; within brackets `[`, `&&`, `--` and `~~` are characters.

use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::Chars;

type Rest<'p> = Peekable<Chars<'p>>;

const POSIX: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word",
    "xdigit",
];

/// # Errors
/// One line that says what is wrong; not of everything that is wrong, `regex` finds the rest.
pub(super) fn translated(pattern: &str) -> Result<String, String> {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' => escape(&mut rest, &mut out)?,
            '[' => brackets(&mut rest, &mut out)?,
            '(' => group(&mut rest, &mut out),
            '{' => match repetition(&rest) {
                Some((text, length)) => {
                    out.push_str(&text);
                    rest.nth(length - 1);
                }
                None => literal('{', &mut out),
            },
            '.' | '*' | '+' | '?' | '|' | ')' | '^' | '$' => out.push(c),
            _ => literal(c, &mut out),
        }
    }
    Ok(out)
}

/// One character that stands for itself, wherever it is.
fn literal(c: char, out: &mut String) {
    if c.is_ascii_alphanumeric() || !c.is_ascii() {
        out.push(c);
    } else {
        // Writing to a String cannot fail.
        let _ = write!(out, "\\x{{{:x}}}", u32::from(c));
    }
}

/// After `(`: flags and names, whose characters are no literals.
fn group(rest: &mut Rest<'_>, out: &mut String) {
    out.push('(');
    if rest.peek() != Some(&'?') {
        return;
    }
    // Of `(?i)`, `(?i:`, `(?P<name>` and `(?<name>`.
    for c in rest.by_ref() {
        out.push(c);
        if matches!(c, ':' | ')' | '>') {
            break;
        }
    }
}

/// After `{`: `n}`, `n,}` or `n,m}`, with the length of what follows the brace; anything else is no repetition.
fn repetition(rest: &Rest<'_>) -> Option<(String, usize)> {
    let text: String = rest.clone().take_while(|c| *c != '}').take(12).collect();
    let closed = rest.clone().nth(text.len()) == Some('}');
    let number = |text: &str| {
        // Go's numbers have no leading zeros.
        let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
        text.parse::<u32>().ok().filter(|_| is_plain)
    };
    let (least, most) = text.split_once(',').unwrap_or((&text, ""));
    let good = closed && number(least).is_some() && (most.is_empty() || number(most).is_some());
    good.then(|| (format!("{{{text}}}"), text.len() + 1))
}

/// After `\`, outside of brackets.
fn escape(rest: &mut Rest<'_>, out: &mut String) -> Result<(), String> {
    match rest.peek() {
        Some('A' | 'z') => out.extend(['\\'].into_iter().chain(rest.next())),
        Some('b' | 'B') => {
            let _ = write!(out, "(?-u:\\{})", rest.next().unwrap_or('b'));
        }
        Some('Q') => {
            rest.next();
            quoted(rest, out);
        }
        _ => match one(rest)? {
            Escaped::Class(class) => out.push_str(&class),
            Escaped::Char(c) => literal(c, out),
        },
    }
    Ok(())
}

/// Up to `\E`, or to the end.
fn quoted(rest: &mut Rest<'_>, out: &mut String) {
    while let Some(c) = rest.next() {
        if c == '\\' && rest.next_if_eq(&'E').is_some() {
            return;
        }
        literal(c, out);
    }
}

enum Escaped {
    /// Several characters, as `regex` writes them within brackets and outside.
    Class(String),
    Char(char),
}

/// After `\`: what means the same within brackets and outside.
fn one(rest: &mut Rest<'_>) -> Result<Escaped, String> {
    let Some(c) = rest.next() else { return Err("a backslash at its end".to_owned()) };
    let class = match c {
        'd' => "[0-9]",
        'D' => "[^0-9]",
        's' => r"[\t\n\f\r\x20]",
        'S' => r"[^\t\n\f\r\x20]",
        'w' => "[0-9A-Za-z_]",
        'W' => "[^0-9A-Za-z_]",
        'p' | 'P' => return property(c, rest).map(Escaped::Class),
        _ => return character(c, rest).map(Escaped::Char),
    };
    Ok(Escaped::Class(class.to_owned()))
}

/// After `\p` or `\P`.
fn property(kind: char, rest: &mut Rest<'_>) -> Result<String, String> {
    let name: String = match rest.next() {
        Some('{') => rest.by_ref().take_while(|c| *c != '}').collect(),
        Some(c) => c.to_string(),
        None => return Err(format!("\\{kind} without a name")),
    };
    let (name, is_other_way) = name.strip_prefix('^').map_or((name.as_str(), false), |name| (name, true));
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphabetic() || c == '_') {
        return Err(format!("{name:?} is no name of a class of characters"));
    }
    let kind = if is_other_way == (kind == 'p') { 'P' } else { 'p' };
    Ok(format!("\\{kind}{{{name}}}"))
}

/// After `\` and `c`: a single character.
fn character(c: char, rest: &mut Rest<'_>) -> Result<char, String> {
    let octal = |c: &char| c.is_digit(8);
    match c {
        'a' => Ok('\u{7}'),
        'f' => Ok('\u{c}'),
        't' => Ok('\t'),
        'n' => Ok('\n'),
        'r' => Ok('\r'),
        'v' => Ok('\u{b}'),
        'x' => hexadecimal(rest),
        // A single digit other than 0 would be a reference to a group.
        '0'..='7' if c == '0' || rest.peek().is_some_and(octal) => {
            let digits: Vec<char> = [Some(c), rest.next_if(octal), rest.next_if(octal)].into_iter().flatten().collect();
            let value = digits.iter().filter_map(|digit| digit.to_digit(8)).fold(0, |value, digit| value * 8 + digit);
            char::from_u32(value).ok_or_else(|| "an octal escape that is no character".to_owned())
        }
        _ if c.is_ascii() && !c.is_ascii_alphanumeric() => Ok(c),
        _ => Err(format!("an escape that Go does not know: \\{c}")),
    }
}

/// After `\x`: two digits, or any number of them in braces.
fn hexadecimal(rest: &mut Rest<'_>) -> Result<char, String> {
    let digits: String = match rest.next_if_eq(&'{') {
        Some(_) => rest.by_ref().take_while(|c| *c != '}').collect(),
        None => rest.by_ref().take(2).collect(),
    };
    let is_hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let value = u32::from_str_radix(&digits, 16).ok().filter(|_| is_hexadecimal);
    value.and_then(char::from_u32).ok_or_else(|| format!("\\x{digits:?} is no character"))
}

/// After `[`.
fn brackets(rest: &mut Rest<'_>, out: &mut String) -> Result<(), String> {
    out.push('[');
    if rest.next_if_eq(&'^').is_some() {
        out.push('^');
    }
    let mut is_first = true;
    loop {
        let Some(c) = rest.next() else { return Err("unclosed character class".to_owned()) };
        match c {
            ']' if !is_first => break,
            '[' if rest.peek() == Some(&':') && posix(rest).is_some() => {
                let name = posix(rest).unwrap_or_default();
                if !POSIX.contains(&name.trim_matches([':', '^'])) {
                    return Err(format!("[{name}] is no class of characters"));
                }
                let _ = write!(out, "[{name}]");
                rest.nth(name.len());
            }
            _ => item(c, rest, out)?,
        }
        is_first = false;
    }
    out.push(']');
    Ok(())
}

/// At the colon of `[:alpha:]`: the text up to the second one, with both.
fn posix(rest: &Rest<'_>) -> Option<String> {
    let text: String = rest.clone().take_while(|c| *c != ']').take(20).collect();
    let name = text.strip_prefix(':')?.strip_suffix(':')?;
    let name = name.strip_prefix('^').unwrap_or(name);
    (!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase())).then_some(text)
}

/// A character, a range or a class within brackets.
fn item(c: char, rest: &mut Rest<'_>, out: &mut String) -> Result<(), String> {
    let first = match c {
        '\\' => match one(rest)? {
            Escaped::Class(class) => {
                out.push_str(&class);
                return Ok(());
            }
            Escaped::Char(c) => c,
        },
        c => c,
    };
    literal(first, out);
    let mut after = rest.clone();
    if after.next() != Some('-') || matches!(after.peek(), None | Some(']')) {
        return Ok(());
    }
    *rest = after;
    let last = match rest.next() {
        Some('\\') => match one(rest)? {
            Escaped::Char(c) => c,
            Escaped::Class(_) => return Err("a range in brackets that ends in a class".to_owned()),
        },
        Some(c) => c,
        None => return Err("unclosed character class".to_owned()),
    };
    out.push('-');
    literal(last, out);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    /// What Go 1.26's regexp says: pattern, texts in which it finds it, texts in which it does not.
    #[test]
    fn a_pattern_finds_what_it_finds_in_go() {
        let table: [(&str, &[&str], &[&str]); 38] = [
            (r#"ord"#, &["orders", "new-orders"][..], &["Orders", "payments"][..]),
            (r#"^$"#, &[""][..], &["a"][..]),
            (r#"\Qa.b\E+"#, &["a.b", "a.bbb"][..], &["axb"][..]),
            (r#"\Qa.*["#, &["a.*["][..], &["a"][..]),
            (r#"[[a]"#, &["[", "a"][..], &["b"][..]),
            (r#"[a&&b]"#, &["a", "&", "b"][..], &["c"][..]),
            (r#"^[a-z&&[^b]$"#, &["b", "&", "[", "^"][..], &["]", "1"][..]),
            (r#"^[%--]$"#, &["%", "&", "-"][..], &["~"][..]),
            (r#"^[a~~b]$"#, &["~"][..], &["c"][..]),
            (r#"^[]a]$"#, &["]", "a"][..], &["b"][..]),
            (r#"^[^]a]$"#, &["b", "é"][..], &["]", "a"][..]),
            (r#"^[a-c-e]$"#, &["b", "-", "e"][..], &["d"][..]),
            (r#"^[[:alpha:]_-]$"#, &["a", "_", "-"][..], &["1", "é", ":"][..]),
            (r#"^[[:^alpha:]]$"#, &["1", "é"][..], &["a"][..]),
            (r#"^[[:x]$"#, &["[", ":", "x"][..], &["y"][..]),
            (r#"^\d$"#, &["1"][..], &["٣"][..]),
            (r#"^\D$"#, &["a", "٣"][..], &["1"][..]),
            (r#"^[^\D1]$"#, &["2"][..], &["1", "a"][..]),
            (r#"^[\d_]$"#, &["1", "_"][..], &["٣"][..]),
            (r#"^\w$"#, &["a", "_"][..], &["é", "-"][..]),
            (r#"^\W$"#, &["é", "-"][..], &["a"][..]),
            (r#"^\s$"#, &[" ", "\t"][..], &["\u{b}", "\u{a0}"][..]),
            (r#"\bb"#, &["b", "éb"][..], &["ab"][..]),
            (r#"é\B"#, &["é", "éé"][..], &["éa"][..]),
            (r#"(?i)^\w$"#, &["K", "ſ", "\u{212a}"][..], &["é"][..]),
            (r#"^\pL\p{^Lu}\PN$"#, &["aba", "Aéa"][..], &["AAa", "ab1"][..]),
            (r#"^a{,2}$"#, &["a{,2}"][..], &["a", "aa"][..]),
            (r#"^a{2}$"#, &["aa"][..], &["a"][..]),
            (r#"^{x}$"#, &["{x}"][..], &["x"][..]),
            (r#"^\b{start}"#, &[][..], &["start"][..]),
            (r#"\<a\>"#, &["<a>"][..], &["a"][..]),
            (r#"^\_\-\/\"$"#, &["_-/\""][..], &[][..]),
            (r#"^\101\012\0$"#, &["A\n\u{0}"][..], &["A"][..]),
            (r#"^\x41\x{3b1}\v$"#, &["Aα\u{b}"][..], &[][..]),
            (r#"^(?P<name>a|b)(?:c)(?i:D)$"#, &["acd", "bcD"][..], &["ACD"][..]),
            (r#"^.$"#, &["é"][..], &["\n", ""][..]),
            (r#"#a b"#, &["#a b"][..], &["#ab"][..]),
            (r#"^\x20[ ]é$"#, &["  é"][..], &[][..]),
        ];
        for (pattern, found, not_found) in table {
            let regex = Regex::new(&translated(pattern).unwrap()).unwrap();
            for (text, expected) in found.iter().map(|t| (t, true)).chain(not_found.iter().map(|t| (t, false))) {
                assert_eq!(regex.is_match(text), expected, "{pattern} in {text:?}: {regex}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_quoted_text_is_found_as_it_is(text in r"[^\\]*") {
            let regex = Regex::new(&translated(&format!(r"^\Q{text}\E$")).unwrap()).unwrap();
            prop_assert!(regex.is_match(&text));
            let longer = text + "x";
            prop_assert!(!regex.is_match(&longer));
        }

        #[test]
        fn any_character_in_brackets_is_itself(character in any::<char>()) {
            prop_assume!(!['\\', '^'].contains(&character));
            let regex = Regex::new(&translated(&format!("^[{character}]$")).unwrap()).unwrap();
            prop_assert!(regex.is_match(&character.to_string()));
        }

        #[test]
        fn no_pattern_is_too_odd(pattern in r"[\\\[\](){}?:^QEpx0-9a-z,é-]{0,12}") {
            // An error or not, but no panic.
            let _ = translated(&pattern);
        }
    }

    #[test]
    fn what_go_refuses_is_refused() {
        for pattern in [
            "(",
            "[a",
            r"\E",
            r"\q",
            r"\1",
            r"a\",
            "[b-a]",
            "(?=a)",
            r"\p{",
            r"\pq",
            r"\x{110000}",
            r"\xg1",
            "[[:foo:]]",
            r"[a-\d]",
            "[a-",
            "[]",
            "*",
            r"[\",
            r"\é",
        ] {
            let compiled = translated(pattern).and_then(|text| Regex::new(&text).map_err(|error| error.to_string()));
            assert!(compiled.is_err(), "{pattern}: {compiled:?}");
        }
    }
}
