//! A text in, the number that Java's `Double.valueOf` makes of it out.

/// What `Double.valueOf(text)` gives; `None` where it throws. Blanks around are fine; `NaN` and `Infinity` in these letters
/// alone; decimal and hexadecimal floats; a trailing `d` or `f` in either case.
/// Grammar: the documentation of `java.lang.Double.valueOf(String)`.
pub(super) fn parse_double(text: &str) -> Option<f64> {
    // String.trim(): everything up to the blank.
    let text = text.trim_matches(|character| character <= ' ');
    let (negative, magnitude) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let value = match magnitude {
        "NaN" => f64::NAN,
        "Infinity" => f64::INFINITY,
        _ => {
            let digits = magnitude.strip_suffix(['d', 'D', 'f', 'F']);
            match magnitude.strip_prefix("0x").or_else(|| magnitude.strip_prefix("0X")) {
                // Within the digits d and f are digits; the exponent, which must be there, ends them.
                Some(hex) => hexadecimal(hex.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(hex))?,
                None => decimal(digits.unwrap_or(magnitude))?,
            }
        }
    };
    Some(if negative { -value } else { value })
}

/// `12`, `12.`, `.5`, `1.5e-7`. Rust reads them alike, but accepts names as well.
fn decimal(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    if plain && text.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        text.parse().ok()
    } else {
        None
    }
}

/// `1.8p1`, after `0x`: hexadecimal digits with an optional dot, and a binary exponent in decimal.
fn hexadecimal(text: &str) -> Option<f64> {
    let (digits, exponent) = text.split_once(['p', 'P'])?;
    let exponent_digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if exponent_digits.is_empty() || !exponent_digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // Beyond these nothing but zero and infinity is left, however many digits there are.
    let exponent = exponent.parse().unwrap_or(if exponent.starts_with('-') { -1_000_000_000 } else { 1_000_000_000 });
    let mut exponent: i64 = i64::clamp(exponent, -1_000_000_000, 1_000_000_000);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    // 60 bits at most; whether anything was cut off is kept in the last, which is enough to round rightly.
    let mut mantissa = 0_u64;
    for (at, byte) in whole.bytes().chain(fraction.bytes()).enumerate() {
        let digit = u64::from(char::from(byte).to_digit(16)?);
        if mantissa >> 56 == 0 {
            mantissa = mantissa << 4 | digit;
            exponent -= if at < whole.len() { 0 } else { 4 };
        } else {
            mantissa |= u64::from(digit != 0);
            exponent += if at < whole.len() { 4 } else { 0 };
        }
    }
    Some(scaled(mantissa, exponent))
}

/// `mantissa * 2^exponent`, rounded once, half to even.
fn scaled(mantissa: u64, exponent: i64) -> f64 {
    if mantissa == 0 {
        return 0.0;
    }
    let bits = i64::from(64 - mantissa.leading_zeros());
    // The place of the lowest bit that a double of this size can hold.
    let lowest = (bits + exponent - 53).max(-1074);
    let (rounded, power) = if lowest <= exponent {
        (mantissa, exponent)
    } else {
        let shift = lowest - exponent;
        if shift > 63 {
            return 0.0;
        }
        let (kept, cut, half) = (mantissa >> shift, mantissa & ((1 << shift) - 1), 1_u64 << (shift - 1));
        (kept + u64::from(cut > half || (cut == half && kept & 1 == 1)), lowest)
    };
    // Exact: at most 53 bits, or, with a low exponent to come, a number that has room below.
    #[expect(clippy::cast_precision_loss, reason = "at most 53 significant bits are left")]
    let mut value = rounded as f64;
    let mut power = power.clamp(-4000, 4000);
    // Steps that no intermediate result makes inexact: numbers of this size become subnormal in the last step alone, where
    // their bits already fit.
    while power != 0 && value.is_finite() && value != 0.0 {
        let step = power.clamp(-500, 500);
        value *= f64::powi(2.0, i32::try_from(step).unwrap_or(0));
        power -= step;
    }
    value
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_java_reads_is_read() {
        for (text, value) in [
            ("1", 1.0),
            ("+1", 1.0),
            (" \t-1.5 \n", -1.5),
            ("1.", 1.0),
            (".5", 0.5),
            ("1e3", 1000.0),
            ("1.0E-7", 1e-7),
            ("7d", 7.0),
            ("7.5F", 7.5),
            ("1e400", f64::INFINITY),
            ("1e-400", 0.0),
            ("Infinity", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
            ("0x1p0", 1.0),
            ("0x1.8p1", 3.0),
            ("-0X.8P-1d", -0.25),
            ("0xAp-2", 2.5),
            ("0xffp0f", 255.0),
            ("0x1.fffffffffffffp1023", f64::MAX),
            ("0x1p1024", f64::INFINITY),
            ("0x1p-1074", 5e-324),
            ("0x0.8p-1074", 0.0),
            ("0x0.81p-1074", 5e-324),
            ("0x1.8p-1074", 1e-323),
            ("0x1.00000000000008p0", 1.0),
            ("0x1.000000000000081p0", 1.000_000_000_000_000_2),
            ("0x1.00000000000018p0", 1.000_000_000_000_000_4),
            ("0x1p99999999999999999999", f64::INFINITY),
            ("0x1p-99999999999999999999", 0.0),
        ] {
            assert_eq!(parse_double(text), Some(value), "{text}");
        }
        assert!(parse_double("NaN").unwrap().is_nan());
        assert!(parse_double("-NaN").unwrap().is_nan());
    }

    #[test]
    fn what_java_refuses_is_refused() {
        for text in [
            "",
            " ",
            "-",
            "nan",
            "inf",
            "infinity",
            "1 2",
            "1,5",
            "0x",
            "0x1",
            "0x.p1",
            "0xg.p1",
            "0x1p",
            "0x1p+",
            "1e",
            ".",
            "1dd",
            "--1",
            "é",
            "1_000",
            "Infinityd",
            "NaNf",
            "e5",
            "+",
            "0x1pd",
        ] {
            assert_eq!(parse_double(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn hexadecimal_forms_of_doubles_read_back_as_themselves(bits: u64) {
            let value = f64::from_bits(bits & !(1 << 63));
            if value.is_finite() {
                let (fraction, exponent) = (bits & ((1 << 52) - 1), (bits >> 52 & 0x7ff) as i64);
                let text = if exponent == 0 { format!("0x0.{fraction:013x}p-1022") } else { format!("0x1.{fraction:013x}p{}", exponent - 1023) };
                prop_assert_eq!(parse_double(&text), Some(value), "{}", text);
            }
        }

        #[test]
        fn nothing_panics(text in "[0-9a-fxXpPdDeE+.-]{0,12}|\\PC*") {
            let _ = parse_double(&text);
        }
    }
}
