//! Tokens for OAUTHBEARER (RFC 7628, KIP-255). In: a token file, or a token endpoint with client credentials; out: tokens
//! with their lifetime, as the Kafka clients ask for them.

mod endpoint;
mod file;
mod jwt;
mod remembered;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use kafka_admin::{AdminError, Token, TokenProvider};
use secrecy::{ExposeSecret, SecretString};

/// Where tokens come from.
#[derive(Debug)]
pub(crate) enum Source {
    /// A file that somebody else renews.
    File(PathBuf),
    /// A token endpoint.
    Endpoint(ClientCredentials),
}

/// What a token endpoint is asked with (RFC 6749, section 4.4).
pub(crate) struct ClientCredentials {
    /// `http` or `https`, without credentials and fragment. Its query may hold a secret.
    pub(crate) url: reqwest::Url,
    pub(crate) client_id: String,
    pub(crate) client_secret: SecretString,
    /// Separated by blanks.
    pub(crate) scope: Option<String>,
    /// Certificates to trust, PEM; `None` trusts the system's.
    pub(crate) ca_file: Option<PathBuf>,
}

impl ClientCredentials {
    /// The URL as it may be shown.
    fn shown_url(&self) -> reqwest::Url {
        let mut url = self.url.clone();
        url.set_query(None);
        url
    }
}

impl std::fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientCredentials").field("url", &self.shown_url().as_str()).finish_non_exhaustive()
    }
}

/// Tokens from there. Nothing is asked yet, but the CA file is read.
///
/// # Errors
/// One line that names the flag: the CA file cannot be used.
pub(crate) fn provider(source: Source, extensions: Vec<(String, String)>) -> Result<Arc<dyn TokenProvider>, String> {
    Ok(match source {
        Source::File(path) => Arc::new(file::TokenFile { path, extensions }),
        Source::Endpoint(credentials) => {
            Arc::new(remembered::Tokens::new(endpoint::Endpoint::new(credentials)?, extensions))
        }
    })
}

/// A token before it is handed out.
#[derive(Debug)]
struct Fetched {
    value: SecretString,
    /// `sub`; empty for a token that cannot be read.
    principal: String,
    /// From now on.
    lifetime: Duration,
}

impl Fetched {
    fn token(self, extensions: &[(String, String)]) -> Token {
        Token {
            value: self.value,
            principal: self.principal,
            expires_at: SystemTime::now() + self.lifetime,
            extensions: extensions.to_vec(),
        }
    }
}

/// Of a token that does not say how long it lives.
const UNKNOWN_LIFETIME: Duration = Duration::from_secs(300);
/// Nothing is remembered for longer, whatever a token says.
const LONGEST_LIFETIME: Duration = Duration::from_secs(366 * 24 * 3600);

/// The token with what it says about itself; `told` is the lifetime that came beside it, which wins, because it needs no
/// two clocks that agree.
///
/// # Errors
/// It is no bearer token, or no longer valid.
fn read(value: SecretString, told: Option<Duration>) -> Result<Fetched, String> {
    let text = value.expose_secret();
    // b64token of RFC 6750, section 2.1, and whatever else may go through SASL (RFC 7628, section 3.1) and HTTP alike.
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("what is there is no bearer token: it is empty, or has blanks or other characters in it".to_owned());
    }
    let claims = jwt::claims(text).unwrap_or_default();
    let lifetime = match (told, claims.expires_at) {
        (Some(told), _) => told,
        (None, Some(at)) => at.duration_since(SystemTime::now()).unwrap_or_default(),
        (None, None) => UNKNOWN_LIFETIME,
    };
    if lifetime.is_zero() {
        return Err("the token has expired".to_owned());
    }
    Ok(Fetched { value, principal: claims.subject, lifetime: lifetime.min(LONGEST_LIFETIME) })
}

fn failed(message: impl Into<String>) -> AdminError {
    AdminError::Authentication { message: message.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opaque_token_lives_as_long_as_was_told_or_is_looked_at_again_soon() {
        let read = |told| read("opaque".to_owned().into(), told).unwrap();
        assert_eq!(read(Some(Duration::from_secs(7))).lifetime, Duration::from_secs(7));
        assert_eq!(read(None).lifetime, UNKNOWN_LIFETIME);
        assert_eq!(read(Some(Duration::MAX)).lifetime, LONGEST_LIFETIME);
        assert_eq!(read(None).principal, "");
    }

    #[test]
    fn what_is_no_token_is_refused_and_not_shown() {
        for text in ["", "hunter2 hunter2", "hunter2\n", "hunt\u{e9}r2", "\u{0}"] {
            let error = read(text.to_owned().into(), None).unwrap_err();
            assert!(error.contains("no bearer token") && !error.contains("hunt"), "{error}");
        }
        assert_eq!(read("hunter2".to_owned().into(), Some(Duration::ZERO)).unwrap_err(), "the token has expired");
    }
}
