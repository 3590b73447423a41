//! Classes with names: what stands in `\p{...}` in, the set of its characters out.

use regex_syntax::hir::{Class, ClassUnicode, HirKind};

/// The characters of `\p{name}`; `Err` says why there are none to be had.
pub(super) fn named(name: &str, fold: bool, unicode_classes: bool) -> Result<ClassUnicode, String> {
    if let Some((key, value)) = name.split_once('=') {
        return match key.to_ascii_lowercase().as_str() {
            "sc" | "script" => script(value),
            "gc" | "general_category" => simple(value, fold),
            "blk" | "block" => return Err(block(name)),
            _ => None,
        }
        .ok_or_else(|| unknown(name));
    }
    if name.starts_with("In") {
        return Err(block(name));
    }
    if let Some(short) = name.strip_prefix("Is") {
        return unicode(short, fold)
            .or_else(|| simple(short, fold))
            .or_else(|| script(short))
            .ok_or_else(|| unknown(name));
    }
    let posix = if unicode_classes { posix(&name.to_ascii_uppercase(), fold) } else { None };
    posix.or_else(|| simple(name, fold)).ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> String {
    format!("a class \\p{{{name}}} is not known")
}

fn block(name: &str) -> String {
    format!("Unicode blocks as in \\p{{{name}}} are not supported: write the range, such as [\\x{{370}}-\\x{{3ff}}]")
}

/// The set that a class in the dialect of the `regex` crate stands for.
pub(super) fn set(class: &str) -> Option<ClassUnicode> {
    match regex_syntax::parse(class).ok()?.into_kind() {
        HirKind::Class(Class::Unicode(set)) => Some(set),
        HirKind::Class(Class::Bytes(set)) => set.to_unicode_class(),
        HirKind::Literal(text) => {
            let c = std::str::from_utf8(&text.0).ok()?.chars().next()?;
            Some(super::fold::range(c, c))
        }
        _ => None,
    }
}

/// General categories, ASCII's POSIX classes (their Java names) and `java.lang.Character`'s methods.
fn simple(name: &str, fold: bool) -> Option<ClassUnicode> {
    let class = match name {
        "Lu" | "Ll" | "Lt" if fold => r"[\p{Lu}\p{Ll}\p{Lt}]",
        "Cs" => return Some(ClassUnicode::empty()),
        "Cn" | "Lu" | "Ll" | "Lt" | "Lm" | "Lo" | "Mn" | "Me" | "Mc" | "Nd" | "Nl" | "No" | "Zs" | "Zl" | "Zp"
        | "Cc" | "Cf" | "Co" | "Pd" | "Ps" | "Pe" | "Pc" | "Po" | "Sm" | "Sc" | "Sk" | "So" | "Pi" | "Pf" | "L"
        | "M" | "N" | "Z" | "P" | "S" => return set(&format!(r"\p{{{name}}}")),
        "C" => r"[\p{Cc}\p{Cf}\p{Co}\p{Cn}]",
        "LC" => r"[\p{Lu}\p{Ll}\p{Lt}]",
        "LD" => r"[\p{L}\p{Nd}]",
        "L1" => r"[\x00-\xff]",
        "all" => r"[\x{0}-\x{10ffff}]",
        "ASCII" => r"[\x00-\x7f]",
        "Alnum" => "[0-9A-Za-z]",
        "Alpha" => "[A-Za-z]",
        "Blank" => r"[ \t]",
        "Cntrl" => r"[\x00-\x1f\x7f]",
        "Digit" => "[0-9]",
        "Graph" => "[!-~]",
        "Lower" | "Upper" if fold => "[A-Za-z]",
        "Lower" => "[a-z]",
        "Upper" => "[A-Z]",
        "Print" => "[ -~]",
        "Punct" => r"[!-/:-@\[-`{-~]",
        "Space" => r"[ \t-\r]",
        "XDigit" => "[0-9A-Fa-f]",
        "javaLowerCase" | "javaUpperCase" | "javaTitleCase" if fold => CASED,
        "javaLowerCase" => r"\p{Lowercase}",
        "javaUpperCase" => r"\p{Uppercase}",
        "javaTitleCase" => r"\p{Lt}",
        "javaAlphabetic" => r"\p{Alphabetic}",
        "javaIdeographic" => r"\p{Ideographic}",
        "javaDigit" => r"\p{Nd}",
        "javaDefined" => r"\P{Cn}",
        "javaLetter" => r"\p{L}",
        "javaLetterOrDigit" => r"[\p{L}\p{Nd}]",
        "javaJavaIdentifierStart" => r"[\p{L}\p{Nl}\p{Sc}\p{Pc}]",
        "javaJavaIdentifierPart" => r"[\p{L}\p{Nl}\p{Sc}\p{Pc}\p{Nd}\p{Mc}\p{Mn}\p{Cf}\x00-\x08\x0e-\x1b\x7f-\x9f]",
        "javaIdentifierIgnorable" => r"[\p{Cf}\x00-\x08\x0e-\x1b\x7f-\x9f]",
        "javaSpaceChar" => r"\p{Z}",
        "javaWhitespace" => r"[[\p{Z}--[\xa0\x{2007}\x{202f}]]\t-\r\x1c-\x1f]",
        "javaISOControl" => r"[\x00-\x1f\x7f-\x9f]",
        _ => return None,
    };
    set(class)
}

const CASED: &str = r"[\p{Lowercase}\p{Uppercase}\p{Lt}]";
const WHITE_SPACE: &str = r"[\p{Z}\t-\r\x{85}]";
/// `\w` with `(?U)`.
pub(super) const WORD: &str = r"[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\x{200c}\x{200d}]";

/// Binary properties, as in `\p{IsAlphabetic}`; their names in any case.
fn unicode(name: &str, fold: bool) -> Option<ClassUnicode> {
    let name = name.to_uppercase();
    let class = match name.as_str() {
        "ALPHABETIC" => r"\p{Alphabetic}",
        "ASSIGNED" => r"\P{Cn}",
        "CONTROL" => r"\p{Cc}",
        "HEXDIGIT" | "HEX_DIGIT" => r"[\p{Nd}0-9A-Fa-f\x{ff10}-\x{ff19}\x{ff21}-\x{ff26}\x{ff41}-\x{ff46}]",
        "IDEOGRAPHIC" => r"\p{Ideographic}",
        "JOINCONTROL" | "JOIN_CONTROL" => r"[\x{200c}\x{200d}]",
        "LETTER" => r"\p{L}",
        "LOWERCASE" | "UPPERCASE" | "TITLECASE" if fold => CASED,
        "LOWERCASE" => r"\p{Lowercase}",
        "UPPERCASE" => r"\p{Uppercase}",
        "TITLECASE" => r"\p{Lt}",
        "NONCHARACTERCODEPOINT" | "NONCHARACTER_CODE_POINT" => r"\p{Noncharacter_Code_Point}",
        "PUNCTUATION" => r"\p{P}",
        "WHITESPACE" | "WHITE_SPACE" => WHITE_SPACE,
        "WORD" => WORD,
        _ => return posix(&name, fold),
    };
    set(class)
}

/// POSIX classes as Unicode sees them.
fn posix(name: &str, fold: bool) -> Option<ClassUnicode> {
    let class = match name {
        "ALPHA" => r"\p{Alphabetic}",
        "LOWER" | "UPPER" if fold => CASED,
        "LOWER" => r"\p{Lowercase}",
        "UPPER" => r"\p{Uppercase}",
        "SPACE" => WHITE_SPACE,
        "PUNCT" => r"\p{P}",
        "XDIGIT" => r"[\p{Nd}0-9A-Fa-f\x{ff10}-\x{ff19}\x{ff21}-\x{ff26}\x{ff41}-\x{ff46}]",
        "ALNUM" => r"[\p{Alphabetic}\p{Nd}]",
        "CNTRL" => r"\p{Cc}",
        "DIGIT" => r"\p{Nd}",
        "BLANK" => r"[\p{Zs}\t]",
        "GRAPH" => r"[^\p{Z}\p{Cc}\p{Cn}]",
        "PRINT" => r"[[^\p{Zl}\p{Zp}\p{Cc}\p{Cn}]]",
        _ => return None,
    };
    set(class)
}

/// The scripts that are likely in names; Java spells others in ways of its own.
fn script(name: &str) -> Option<ClassUnicode> {
    const SCRIPTS: [&str; 12] = [
        "Latin",
        "Greek",
        "Cyrillic",
        "Han",
        "Hiragana",
        "Katakana",
        "Hangul",
        "Arabic",
        "Hebrew",
        "Devanagari",
        "Thai",
        "Common",
    ];
    let known = SCRIPTS.iter().find(|known| known.eq_ignore_ascii_case(name))?;
    set(&format!(r"\p{{Script={known}}}"))
}

/// The characters of `\w` with `(?U)`, looked up once.
pub(super) fn word() -> Option<&'static ClassUnicode> {
    static SET: std::sync::OnceLock<Option<ClassUnicode>> = std::sync::OnceLock::new();
    SET.get_or_init(|| set(WORD)).as_ref()
}
