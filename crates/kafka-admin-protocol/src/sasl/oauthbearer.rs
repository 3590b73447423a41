//! OAUTHBEARER's one message (RFC 7628 section 3.1). In: a token with its extensions; out: the bytes, or what cannot be
//! sent.

use kafka_admin::Token;
use secrecy::ExposeSecret;

/// Says that the refusal was read (RFC 7628 section 3.2.3).
pub(super) const ACKNOWLEDGED: &str = "\u{1}";

/// The client's first message: no channel binding, no identity to act as, the token, the extensions.
pub(super) fn first(token: &Token) -> Result<String, String> {
    let value = token.value.expose_secret();
    if value.is_empty() || !value.chars().all(|c| c.is_ascii_graphic()) {
        return Err("the token is empty or has characters that no token has".to_owned());
    }
    let mut message = format!("n,,\u{1}auth=Bearer {value}\u{1}");
    for (key, value) in &token.extensions {
        // Kafka's OAuthBearerClientInitialResponse accepts no others.
        let valid = |c: char| c.is_ascii_graphic() || matches!(c, ' ' | '\t' | '\r' | '\n');
        let named = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphabetic()) && key != "auth";
        if !named || value.is_empty() || !value.chars().all(valid) {
            return Err(format!("SASL extension {key:?}: names are letters other than auth, values printable ASCII"));
        }
        message.push_str(&format!("{key}={value}\u{1}"));
    }
    message.push('\u{1}');
    Ok(message)
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    fn token(value: &str, extensions: &[(&str, &str)]) -> Token {
        Token {
            value: value.into(),
            principal: "p".to_owned(),
            expires_at: SystemTime::UNIX_EPOCH,
            extensions: extensions.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        }
    }

    #[test]
    fn the_first_message_has_the_token_and_the_extensions_in_their_order() {
        let message = first(&token("a.b.c", &[("logicalCluster", "lkc-1"), ("identityPoolId", "pool 2")]));
        let expected = "n,,\u{1}auth=Bearer a.b.c\u{1}logicalCluster=lkc-1\u{1}identityPoolId=pool 2\u{1}\u{1}";
        assert_eq!(message.as_deref(), Ok(expected));
    }

    #[test]
    fn what_could_forge_another_message_is_refused_without_showing_the_token() {
        let bad_tokens = ["", "a\u{1}b", "a b", "a\nb", "é"];
        for value in bad_tokens {
            let error = first(&token(value, &[])).unwrap_err();
            assert!(value.is_empty() || !error.contains(value), "{error}");
        }
        for (key, value) in [("auth", "x"), ("", "x"), ("a1", "x"), ("a", ""), ("a", "x\u{1}auth=Bearer y")] {
            assert!(first(&token("t", &[(key, value)])).is_err(), "{key}={value}");
        }
    }
}
