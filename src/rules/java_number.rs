//! Text in, the number that Java's `Double.valueOf` makes of it out.

/// Parses as `java.lang.Double.valueOf`: blanks around are ignored, `NaN` and `Infinity` with or without sign, decimals,
/// hexadecimal floats (`0x1.8p3`), an `f`, `F`, `d` or `D` at the end. `None` is Java's `NumberFormatException`.
pub(super) fn parse_double(text: &str) -> Option<f64> {
    // String.trim takes away everything up to the blank.
    let text = text.trim_matches(|character| character <= ' ');
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1.0, &text[1..]),
        b'+' => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    match digits {
        "NaN" => return Some(f64::NAN),
        "Infinity" => return Some(sign * f64::INFINITY),
        _ => {}
    }
    let number = if let Some(hexadecimal) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        parse_hexadecimal(hexadecimal)?
    } else {
        let digits = digits.strip_suffix(['f', 'F', 'd', 'D']).unwrap_or(digits);
        // Rust reads words and a second sign, which Java does not.
        if !digits.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
            return None;
        }
        digits.parse().ok()?
    };
    Some(sign * number)
}

/// What follows `0x`: digits with or without a point, then `p` and the power of two, which must be there.
fn parse_hexadecimal(text: &str) -> Option<f64> {
    let text = text.strip_suffix(['f', 'F', 'd', 'D']).unwrap_or(text);
    let (digits, exponent) = text.split_once(['p', 'P'])?;
    let exponent_digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if exponent_digits.is_empty() || !exponent_digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    // Powers beyond these give 0 or infinity anyway.
    let exponent = exponent.parse::<i32>().unwrap_or(if exponent.starts_with('-') { -100_000 } else { 100_000 });
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.len() + fraction.len() == 0 || digits.len() > 1_000 {
        return None;
    }
    let (mut value, mut scale) = (0.0_f64, 0_i32);
    for digit in whole.chars() {
        value = value * 16.0 + f64::from(digit.to_digit(16)?);
    }
    for digit in fraction.chars() {
        value = value * 16.0 + f64::from(digit.to_digit(16)?);
        scale -= 4;
    }
    // In two steps, as one power alone may overflow where the product does not.
    let exponent = exponent.saturating_add(scale).clamp(-4_000, 4_000);
    Some(value * 2.0_f64.powi(exponent / 2) * 2.0_f64.powi(exponent - exponent / 2))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_read_as_java_reads_them() {
        for (text, value) in [
            ("1", 1.0),
            (" \t-1.5 ", -1.5),
            ("+.5", 0.5),
            ("5.", 5.0),
            ("1e3", 1000.0),
            ("1E-3d", 0.001),
            ("2f", 2.0),
            ("Infinity", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
            ("0x1p3", 8.0),
            ("0X1.8P1", 3.0),
            ("-0x.8p0D", -0.5),
            ("0x10p-1074", 16.0 * 4.9e-324),
            ("1e999", f64::INFINITY),
        ] {
            assert_eq!(parse_double(text), Some(value), "{text:?}");
        }
        assert!(parse_double("NaN").is_some_and(f64::is_nan));
        assert!(parse_double("-NaN").is_some_and(f64::is_nan));
    }

    #[test]
    fn what_java_refuses_is_refused() {
        for text in [
            "", " ", "x", "1 2", "1_000", "nan", "inf", "infinity", "--1", "+-1", "0x10", "0x1p", "0xp1", "1dd", "d",
            ".", "e5", "1e", "null",
        ] {
            assert_eq!(parse_double(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_java_prints_is_read(text in "\\PC{0,12}|[-+0-9a-fx.pPdD ]{0,12}", value in any::<f64>()) {
            let _ = parse_double(&text);
            if !value.is_nan() {
                prop_assert_eq!(parse_double(&crate::mbean::java_double(value)), Some(value));
            }
        }
    }
}
