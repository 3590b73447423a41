//! Java's text form of doubles: what `Double.toString` writes, for label values made from table indices and for the text
//! that rules match.

use std::fmt::Write as _;

/// What Java's `Double.toString` gives: plain notation for 10⁻³ ≤ |x| < 10⁷, else one digit, a dot, digits, `E` and the
/// exponent; always a digit after the dot; shortest digits that read back the same (as JDK 19 and later write them).
pub fn java_double(value: f64) -> String {
    // Rust's debug form and its `e` form (`1.5e-7`, `1e10`) have the same shortest digits.
    let two_digits = || Some(format!("{value:.1e}")).filter(|text| text.parse() == Ok(value));
    java_text(value, || format!("{value:?}"), || format!("{value:e}"), two_digits)
}

/// What Java's `Float.toString` gives, laid out as [`java_double`].
pub fn java_float(value: f32) -> String {
    let two_digits = || Some(format!("{value:.1e}")).filter(|text| text.parse() == Ok(value));
    java_text(f64::from(value), || format!("{value:?}"), || format!("{value:e}"), two_digits)
}

fn java_text(
    value: f64,
    plain: impl Fn() -> String,
    with_exponent: impl Fn() -> String,
    two_digits: impl Fn() -> Option<String>,
) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let magnitude = value.abs();
    if magnitude == 0.0 || (1e-3..1e7).contains(&magnitude) {
        return plain();
    }
    let mut text = with_exponent();
    // Java always writes two digits, and where one would do takes the two that are closest: 4.9E-324 rather than 5.0E-324.
    if !text.contains('.') {
        text = two_digits().unwrap_or(text);
    }
    if let Some(at) = text.find('e') {
        let exponent = text.split_off(at);
        if !text.contains('.') {
            text.push_str(".0");
        }
        let _ = write!(text, "E{}", &exponent[1..]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_is_that_of_double_to_string() {
        for (value, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (100.0, "100.0"),
            (0.5, "0.5"),
            (0.001, "0.001"),
            (0.000_999, "9.99E-4"),
            (1e-7, "1.0E-7"),
            (9_999_999.0, "9999999.0"),
            (1e7, "1.0E7"),
            (1e10, "1.0E10"),
            (12_345_678.9, "1.23456789E7"),
            (-1_700_000_000.123, "-1.700000000123E9"),
            (5e-324, "4.9E-324"),
            (1e23, "1.0E23"),
            (f64::MAX, "1.7976931348623157E308"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "Infinity"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(java_double(value), text);
        }
    }

    #[test]
    fn floats_have_the_digits_of_a_float() {
        for (value, text) in [
            (0.1, "0.1"),
            (1e10, "1.0E10"),
            (f32::MIN_POSITIVE, "1.1754944E-38"),
            (1e-45, "1.4E-45"),
            (f32::NAN, "NaN"),
        ] {
            assert_eq!(java_float(value), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn text_reads_back_as_the_same_number(value: f64) {
            let text = java_double(value).replace("Infinity", "inf");
            let back: f64 = text.parse().unwrap();
            proptest::prop_assert!(back == value || (back.is_nan() && value.is_nan()));
        }
    }
}
