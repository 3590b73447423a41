//! What a JWT (RFC 7519) in its compact form says about itself: its text in, two claims out. The signature is the brokers' to
//! check.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::http_client::one_line;

#[derive(Debug, Default, PartialEq)]
pub(super) struct Claims {
    /// `exp`.
    pub(super) expires_at: Option<SystemTime>,
    /// `sub`, in one line; empty if there is none.
    pub(super) subject: String,
}

/// RFC 7519, section 4.1; `exp` may have a fraction.
#[derive(Deserialize)]
struct Payload {
    exp: Option<f64>,
    sub: Option<String>,
}

/// `None` for what is no signed or unsecured JWT: opaque and encrypted tokens.
pub(super) fn claims(token: &str) -> Option<Claims> {
    let mut parts = token.split('.');
    let (_header, payload, _signature, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else {
        return None;
    };
    let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let payload: Payload = serde_json::from_slice(&payload).ok()?;
    let since_epoch = payload.exp.map(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX));
    // A time too far away to be told is as good as none.
    let expires_at = since_epoch.and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since));
    Some(Claims { expires_at, subject: one_line(&payload.sub.unwrap_or_default()) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token(payload: &str) -> String {
        format!("eyJhbGciOiJub25lIn0.{}.", URL_SAFE_NO_PAD.encode(payload))
    }

    fn at(seconds: f64) -> Option<SystemTime> {
        Some(SystemTime::UNIX_EPOCH + Duration::from_secs_f64(seconds))
    }

    #[test]
    fn expiry_and_subject_are_read_from_the_payload() {
        for (payload, expires_at, subject) in [
            (r#"{"exp":1700000000,"sub":"vitals","aud":["a"]}"#, at(1.7e9), "vitals"),
            (r#"{"exp":1700000000.5}"#, at(1_700_000_000.5), ""),
            (r#"{"exp":-1}"#, at(0.0), ""),
            (r#"{"exp":1e300,"sub":"a\nb\u0000c"}"#, None, "a b c"),
            (r#"{"sub":null}"#, None, ""),
        ] {
            let expected = Claims { expires_at, subject: subject.to_owned() };
            assert_eq!(claims(&token(payload)), Some(expected), "{payload}");
        }
    }

    #[test]
    fn a_token_of_a_real_issuer_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let issuer = kafka_lab::sasl::Issuer::new(folder.path()).unwrap();
        let claims = claims(&issuer.sign("vitals", Duration::from_secs(600)).unwrap()).unwrap();
        let left = claims.expires_at.unwrap().duration_since(SystemTime::now()).unwrap();
        assert!(left <= Duration::from_secs(600) && left > Duration::from_secs(500), "{left:?}");
        assert_eq!(claims.subject, "vitals");
    }

    #[test]
    fn what_is_no_jwt_has_no_claims() {
        for text in ["", "opaque", "a.b", "a.b.c", "a.!.c", "a.e30.c.d.e"] {
            assert_eq!(claims(text), None, "{text}");
        }
        assert_eq!(claims(&token(r#"{"exp":"soon"}"#)), None);
        assert_eq!(claims(&token(&"[".repeat(100_000))), None, "nesting is bounded");
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "\\PC{0,40}", payload in proptest::collection::vec(any::<u8>(), 0..60)) {
            claims(&text);
            claims(&format!("a.{}.b", URL_SAFE_NO_PAD.encode(payload)));
        }
    }
}
