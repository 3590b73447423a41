//! The lines that both text formats are made of: gathered in one buffer, without a string per sample, and handed on in
//! pieces, so that no page is held as a whole.

use std::io::{self, Write};

// zmij: the shortest digits that read back as the same number, as ryu, but faster; serde_json brings it anyway.
use zmij::Buffer;

use super::page::PageSample;

/// How much is gathered, in bytes; a piece is larger by at most a line and a family's head.
const PIECE: usize = 64 << 10;

/// Lines on their way to `to`.
pub(super) struct Lines<'w, W> {
    gathered: Vec<u8>,
    to: &'w mut W,
}

impl<'w, W: Write> Lines<'w, W> {
    pub(super) fn new(to: &'w mut W) -> Self {
        Self { gathered: Vec::new(), to }
    }

    /// `# HELP name text`, nothing for an empty text. Escapes backslash and newline, in OpenMetrics quotes as well.
    pub(super) fn help(&mut self, name: &[&str], text: &str, escape_quotes: bool) {
        if text.is_empty() {
            return;
        }
        let out = &mut self.gathered;
        out.extend_from_slice(b"# HELP ");
        for piece in name {
            out.extend_from_slice(piece.as_bytes());
        }
        out.push(b' ');
        for byte in text.bytes() {
            match byte {
                b'\\' => out.extend_from_slice(b"\\\\"),
                b'\n' => out.extend_from_slice(b"\\n"),
                b'"' if escape_quotes => out.extend_from_slice(b"\\\""),
                _ => out.push(byte),
            }
        }
        out.push(b'\n');
    }

    /// `# TYPE name kind`.
    pub(super) fn kind(&mut self, name: &[&str], kind: &str) {
        let out = &mut self.gathered;
        out.extend_from_slice(b"# TYPE ");
        for piece in name {
            out.extend_from_slice(piece.as_bytes());
        }
        out.push(b' ');
        out.extend_from_slice(kind.as_bytes());
        out.push(b'\n');
    }

    /// `name{labels} value`.
    pub(super) fn sample(&mut self, name: &str, suffix: &str, sample: &PageSample<'_>) -> io::Result<()> {
        let out = &mut self.gathered;
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(suffix.as_bytes());
        let added = sample.added.as_str();
        if !(added.is_empty() && sample.own.is_empty()) {
            out.push(b'{');
            out.extend_from_slice(added.as_bytes());
            if !(added.is_empty() || sample.own.is_empty()) {
                out.push(b',');
            }
            sample.own.append_to(out);
            out.push(b'}');
        }
        out.push(b' ');
        number(out, sample.value);
        out.push(b'\n');
        if out.len() < PIECE { Ok(()) } else { self.hand_on() }
    }

    /// `# EOF`, the end of an OpenMetrics page.
    pub(super) fn eof(&mut self) {
        self.gathered.extend_from_slice(b"# EOF\n");
    }

    /// Hands on what is left.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.hand_on()
    }

    fn hand_on(&mut self) -> io::Result<()> {
        self.to.write_all(&self.gathered)?;
        self.gathered.clear();
        Ok(())
    }
}

/// Integers below this are written exactly by an `i64` without dot and exponent: 2^53.
const EXACT_INTEGERS: f64 = 9_007_199_254_740_992.0;

fn number(out: &mut Vec<u8>, value: f64) {
    if value.is_nan() {
        out.extend_from_slice(b"NaN");
    } else if value.is_infinite() {
        out.extend_from_slice(if value > 0.0 { b"+Inf" } else { b"-Inf" });
    } else if value.fract() == 0.0 && value.abs() < EXACT_INTEGERS {
        #[expect(clippy::cast_possible_truncation, reason = "an integer within i64, as just checked")]
        let integer = value as i64;
        out.extend_from_slice(itoa::Buffer::new().format(integer).as_bytes());
    } else {
        out.extend_from_slice(Buffer::new().format_finite(value).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(value: f64) -> String {
        let mut out = Vec::new();
        number(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_are_written_as_prometheus_reads_them() {
        for (value, expected) in [
            (0.0, "0"),
            (-1.0, "-1"),
            (0.1, "0.1"),
            (1e15, "1000000000000000"),
            (9_007_199_254_740_991.0, "9007199254740991"),
            (f64::NAN, "NaN"),
            (-f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            assert_eq!(text(value), expected);
        }
        assert!(text(1e300).contains("e"), "{}", text(1e300));
    }

    proptest! {
        #[test]
        fn numbers_read_back_as_themselves(value in any::<f64>()) {
            let read: f64 = text(value).parse().unwrap();
            prop_assert!(read == value || (read.is_nan() && value.is_nan()));
        }
    }
}
