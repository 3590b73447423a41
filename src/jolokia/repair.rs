//! Jolokia's broken JSON: 2.5 writes the last hex digit of `\\u000b` to `\\u001f` as the character that follows 9 in ASCII,
//! such as `\\u001?`. In: an answer; out: the same with these digits as they should be.

/// Puts the digits right, in place.
pub(super) fn repair(body: &mut [u8]) {
    let mut at = 0;
    // Control characters are rare, and so are backslashes: one pass that stops at these.
    while let Some(offset) = body.get(at..).and_then(|rest| rest.iter().position(|&byte| byte == b'\\')) {
        at += offset;
        if let Some([b'u', b'0', b'0', b'0' | b'1', digit @ b':'..=b'?']) = body.get_mut(at + 1..at + 6) {
            *digit = *digit - b':' + b'a';
        }
        // What follows a backslash, even another one, begins no escape.
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_digits_become_hex_and_nothing_else_changes() {
        for (broken, whole) in [
            (r#"["\u001?","\u000;x\\"]"#, r#"["\u001f","\u000bx\\"]"#),
            (r#"["\\u001?\\\u000=","\u0001:"]"#, r#"["\\u001?\\\u000d","\u0001:"]"#),
            (r#"\u00"#, r#"\u00"#),
            ("\\", "\\"),
        ] {
            let mut body = broken.as_bytes().to_vec();
            repair(&mut body);
            assert_eq!(String::from_utf8_lossy(&body), whole);
        }
    }
}
