//! A YAML scalar in, what jmx_exporter's parser takes it for out: types by the rules of YAML 1.1 as SnakeYAML has them,
//! and the text that Java makes of them.

use std::sync::LazyLock;

use regex::Regex;

use crate::mbean::java_double;
use crate::yaml::{Spanned, Yaml, source};

/// What a scalar is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar {
    /// Nothing, or `null`.
    Null,
    /// `yes`, `no`, `on`, `off`, `true`, `false`.
    Bool(bool),
    /// A whole number in decimal digits.
    Integer(String),
    /// Any other number.
    Float(f64),
    /// A date, with or without a time.
    Date,
    /// All else, and all that is in quotes.
    Text(String),
}

impl Scalar {
    /// The value of a node of the file `text`; `None` if it is a list or a map.
    pub(super) fn of(node: &Spanned<Yaml>, text: &str) -> Option<Self> {
        match &node.value {
            Yaml::Null => Some(Self::Null),
            Yaml::List(_) | Yaml::Map(_) => None,
            Yaml::Text(value) => Some(Self::classify(value, source(node, text), text)),
            Yaml::Bool(_) | Yaml::Number => {
                let written = source(node, text).unwrap_or_default();
                Some(Self::classify(written.trim(), Some(written), text))
            }
        }
    }

    /// The value of a map's key.
    pub(super) fn of_key(key: &Spanned<String>, text: &str) -> Self {
        Self::classify(&key.value, source(key, text), text)
    }

    fn classify(value: &str, written: Option<&str>, text: &str) -> Self {
        // In quotes or in a block the value is written differently; a tag says that it is text.
        let plain = written.is_some_and(|written| written.trim() == value && !is_tagged(written, text));
        if plain { Self::plain(value) } else { Self::Text(value.to_owned()) }
    }

    /// The value of a scalar without quotes.
    fn plain(value: &str) -> Self {
        match value {
            "" | "~" | "null" | "Null" | "NULL" => Self::Null,
            "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Self::Bool(true),
            "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Self::Bool(false),
            _ if !value.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first)) => {
                Self::Text(value.to_owned())
            }
            _ if INTEGER.is_match(value) => Self::Integer(integer(value)),
            _ if FLOAT.is_match(value) => Self::Float(float(value)),
            _ if DATE.is_match(value) => Self::Date,
            _ => Self::Text(value.to_owned()),
        }
    }

    /// `String.valueOf` of it; `None` for a date, whose text depends on Java's time zone.
    pub(super) fn java_text(&self) -> Option<String> {
        match self {
            Self::Null => Some("null".to_owned()),
            Self::Bool(truth) => Some(truth.to_string()),
            Self::Integer(digits) => Some(digits.clone()),
            Self::Float(number) => Some(java_double(*number)),
            Self::Date => None,
            Self::Text(text) => Some(text.clone()),
        }
    }

    /// What it is, for an error.
    pub(super) fn what(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) | Self::Float(_) => "a number",
            Self::Date => "a date",
            Self::Text(_) => "a text",
        }
    }
}

/// Whether the scalar, a part of `text`, has a tag before it that makes it a text.
fn is_tagged(written: &str, text: &str) -> bool {
    let at = (written.as_ptr() as usize).checked_sub(text.as_ptr() as usize);
    at.and_then(|at| text.get(..at)).is_some_and(|before| {
        let before = before.trim_end();
        before.ends_with("!!str") || before.ends_with('!')
    })
}

// The expressions of YAML 1.1's type repository, in SnakeYAML's reading.
static INTEGER: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        "^(?:[-+]?0b_*[01][01_]*|[-+]?0_*[0-7][0-7_]*|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x_*[0-9a-fA-F][0-9a-fA-F_]*\
         |[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$",
    )
});
static FLOAT: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        "^(?:[-+]?[0-9][0-9_]*\\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+\
         |\\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\\.[0-9_]*\
         |[-+]?\\.(?:inf|Inf|INF)|\\.(?:nan|NaN|NAN))$",
    )
});
static DATE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        "^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9][0-9]?-[0-9][0-9]?(?:[Tt]|[ \\t]+)[0-9][0-9]?:[0-9]{2}:[0-9]{2}\
         (?:\\.[0-9]*)?(?:[ \\t]*(?:Z|[-+][0-9][0-9]?(?::?[0-9]{2})?))?)$",
    )
});

#[expect(clippy::expect_used, reason = "constants, each used by a test")]
fn regex(expression: &str) -> Regex {
    Regex::new(expression).expect("a regular expression of this file")
}

/// The text in decimal digits; as it is written if it has more than 38 of them.
fn integer(text: &str) -> String {
    let digits = text.replace('_', "");
    let (sign, digits) = match digits.as_bytes().first() {
        Some(b'-') => (-1, &digits[1..]),
        Some(b'+') => (1, &digits[1..]),
        _ => (1, digits.as_str()),
    };
    let value = if let Some(binary) = digits.strip_prefix("0b") {
        i128::from_str_radix(binary, 2).ok()
    } else if let Some(hexadecimal) = digits.strip_prefix("0x") {
        i128::from_str_radix(hexadecimal, 16).ok()
    } else if digits.contains(':') {
        let mut sixties = digits.split(':').map(|part| part.parse::<i128>().ok());
        sixties.try_fold(0_i128, |sum, part| sum.checked_mul(60)?.checked_add(part?))
    } else if digits.len() > 1 && digits.starts_with('0') {
        i128::from_str_radix(digits, 8).ok()
    } else {
        digits.parse().ok()
    };
    value.map_or_else(|| text.to_owned(), |value| (sign * value).to_string())
}

fn float(text: &str) -> f64 {
    let digits = text.replace('_', "").to_ascii_lowercase();
    let (sign, digits) = match digits.as_bytes().first() {
        Some(b'-') => (-1.0, &digits[1..]),
        Some(b'+') => (1.0, &digits[1..]),
        _ => (1.0, digits.as_str()),
    };
    match digits {
        ".inf" => sign * f64::INFINITY,
        ".nan" => f64::NAN,
        _ => {
            let parts = digits.split(':').map(|part| part.parse::<f64>().unwrap_or(f64::NAN));
            sign * parts.fold(0.0, |sum, part| sum * 60.0 + part)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // What SnakeYAML, as the agents 0.17.2 to 1.0.1 carry it, makes of these.
    #[test]
    fn scalars_without_quotes_are_what_snakeyaml_takes_them_for() {
        for (text, kind, java) in [
            ("", "nothing", "null"),
            ("~", "nothing", "null"),
            ("yes", "a boolean", "true"),
            ("ON", "a boolean", "true"),
            ("y", "a text", "y"),
            ("n", "a text", "n"),
            ("tRUE", "a text", "tRUE"),
            ("123", "a number", "123"),
            ("-0", "a number", "0"),
            ("017", "a number", "15"),
            ("0o17", "a text", "0o17"),
            ("09", "a text", "09"),
            ("0x1F", "a number", "31"),
            ("0b101", "a number", "5"),
            ("1_000", "a number", "1000"),
            ("1:30", "a number", "90"),
            ("1.10", "a number", "1.1"),
            ("1e5", "a number", "100000.0"),
            ("1e-3", "a number", "0.001"),
            ("1.0e-7", "a number", "1.0E-7"),
            (".5", "a number", "0.5"),
            ("0.$8", "a text", "0.$8"),
            ("-.inf", "a number", "-Infinity"),
            (".NaN", "a number", "NaN"),
            ("NaN", "a text", "NaN"),
            ("12345678901234567890123", "a number", "12345678901234567890123"),
            ("2001-01-01x", "a text", "2001-01-01x"),
            ("$1", "a text", "$1"),
        ] {
            let scalar = Scalar::plain(text);
            assert_eq!((scalar.what(), scalar.java_text().as_deref()), (kind, Some(java)), "{text}");
        }
        assert_eq!(Scalar::plain("2001-01-01"), Scalar::Date);
        assert_eq!(Scalar::plain("2001-1-1 10:00:00 Z"), Scalar::Date);
    }

    #[test]
    fn what_is_in_quotes_or_tagged_is_text() {
        let text = "- \"1\"\n- '1'\n- !!str 1\n- ! 1\n- |\n  1\n- 1\n- &a 1\n- *a\n- \"1:30\"\n";
        let root = crate::yaml::parse(text).unwrap().unwrap();
        let Yaml::List(items) = &root.value else { panic!("a list") };
        let found: Vec<_> = items.iter().map(|item| Scalar::of(item, text).unwrap().what()).collect();
        assert_eq!(
            found,
            ["a text", "a text", "a text", "a text", "a text", "a number", "a number", "a number", "a text"]
        );
    }
}
