//! One request to a token endpoint (RFC 6749, section 4.4). In: client credentials; out: a token, or one line that says what
//! failed, in which nothing of the answer's text is repeated but an error code of the RFC.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Response, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{ClientCredentials, Fetched, read};
use crate::http_client::{self, TlsError, is_tls, root_cause};

/// Answers hold a token of some kilobytes.
const LARGEST: usize = 256 << 10;

#[derive(Debug)]
pub(super) struct Endpoint {
    client: Client,
    credentials: ClientCredentials,
    /// Whether the credentials go into the body, because the endpoint does not take the header.
    in_body: AtomicBool,
}

/// RFC 6749, section 5.1.
#[derive(Deserialize)]
struct Answer {
    access_token: SecretString,
    token_type: Option<String>,
    /// A number of seconds; some endpoints put it in quotes.
    expires_in: Option<serde_json::Value>,
}

/// RFC 6749, section 5.2.
#[derive(Deserialize)]
struct Refusal {
    error: String,
}

/// Why there is no token.
struct Failure {
    message: String,
    /// Whether it is the way in which the credentials were sent that may be wrong.
    of_client: bool,
}

impl Endpoint {
    pub(super) fn new(credentials: ClientCredentials) -> Result<Self, String> {
        let ca_file = credentials.ca_file.as_deref();
        let tls = http_client::tls(ca_file, credentials.url.scheme() == "https").map_err(|error| match error {
            TlsError::CaFile(reason) => {
                format!("--sasl.oauth.ca-file: {}: {reason}", ca_file.unwrap_or("".as_ref()).display())
            }
            TlsError::Other(reason) => format!("--sasl.oauth.token-url: {reason}"),
        })?;
        // Unlike brokers and agents an endpoint may well be beyond the proxy that the environment names.
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(1)
            .user_agent(concat!("kafka-vitals/", env!("CARGO_PKG_VERSION")))
            .tls_backend_preconfigured(tls)
            .build()
            .map_err(|error| format!("--sasl.oauth.token-url: {}", root_cause(&error)))?;
        Ok(Self { client, credentials, in_body: AtomicBool::new(false) })
    }

    /// As it may be shown.
    pub(super) fn url(&self) -> Url {
        self.credentials.shown_url()
    }

    /// A new token. Takes as long as the endpoint does.
    pub(super) async fn fetch(&self) -> Result<Fetched, String> {
        let in_body = self.in_body.load(Ordering::Relaxed);
        let first = match self.ask(in_body).await {
            Err(failure) if failure.of_client => failure,
            result => return result.map_err(|failure| failure.message),
        };
        // The header is what every endpoint must take (section 2.3.1), the body what some take only, and endpoints differ in
        // how they want special characters in the header.
        match self.ask(!in_body).await {
            Ok(token) => {
                self.in_body.store(!in_body, Ordering::Relaxed);
                Ok(token)
            }
            Err(_) => Err(first.message),
        }
    }

    async fn ask(&self, in_body: bool) -> Result<Fetched, Failure> {
        let ClientCredentials { url, client_id, client_secret, scope, .. } = &self.credentials;
        let mut pairs = vec![("grant_type", "client_credentials")];
        pairs.extend(scope.as_deref().map(|scope| ("scope", scope)));
        let mut request = self.client.post(url.clone()).header(ACCEPT, HeaderValue::from_static("application/json"));
        if in_body {
            pairs.extend([("client_id", client_id.as_str()), ("client_secret", client_secret.expose_secret())]);
        } else {
            request = request.basic_auth(encoded(client_id), Some(encoded(client_secret.expose_secret())));
        }
        let request = request.header(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        let response = request.body(form(&pairs)).send().await.map_err(|error| transport(&error))?;
        let status = response.status();
        let body = body(response).await?;
        if status != StatusCode::OK {
            return Err(refusal(status, &body));
        }
        answer(&body).map_err(|message| Failure { message, of_client: false })
    }
}

fn transport(error: &reqwest::Error) -> Failure {
    let cause = root_cause(error);
    let message = if is_tls(error) {
        format!("{cause}; check --sasl.oauth.ca-file and the name in the certificate")
    } else {
        cause
    };
    Failure { message, of_client: false }
}

async fn body(mut response: Response) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| transport(&error))? {
        if body.len() + chunk.len() > LARGEST {
            let message = format!("the answer is larger than {LARGEST} bytes; is this the URL of a token endpoint?");
            return Err(Failure { message, of_client: false });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn refusal(status: StatusCode, body: &[u8]) -> Failure {
    let code = serde_json::from_slice::<Refusal>(body).ok().map(|refusal| refusal.error);
    // Codes are lower case words; anything else may be anything.
    let code = code.filter(|code| code.len() <= 64 && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
    let of_client = status == StatusCode::UNAUTHORIZED || code.as_deref() == Some("invalid_client");
    let hint = match code.as_deref() {
        _ if of_client => "; check --sasl.oauth.client-id and --sasl.oauth.client-secret-file",
        Some("invalid_scope") => "; check --sasl.oauth.scope",
        Some(_) => "",
        None => "; is this the URL of a token endpoint?",
    };
    let code = code.map(|code| format!(", {code}")).unwrap_or_default();
    Failure { message: format!("HTTP status {status}{code}{hint}"), of_client }
}

fn answer(body: &[u8]) -> Result<Fetched, String> {
    // serde's own text quotes what it did not expect, which may be the token.
    let answer: Answer = serde_json::from_slice(body)
        .map_err(|_| "the answer is no JSON object with an access_token; is this the URL of a token endpoint?")?;
    if answer.token_type.is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
        return Err("the answer's token_type is not Bearer".to_owned());
    }
    let seconds = answer.expires_in.and_then(|value| value.as_f64().or_else(|| value.as_str()?.parse().ok()));
    let lifetime = seconds.map(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX));
    read(answer.access_token, lifetime)
}

/// `application/x-www-form-urlencoded`.
fn form(pairs: &[(&str, &str)]) -> String {
    let pairs = pairs.iter().map(|(name, value)| format!("{name}={}", encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// Percent-encoded, but for what RFC 3986 (section 2.3) reserves nowhere.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_characters_are_encoded() {
        assert_eq!(form(&[("a", "b c+d&e=f/\u{e9}~"), ("g", "")]), "a=b%20c%2Bd%26e%3Df%2F%C3%A9~&g=");
    }

    #[test]
    fn answers_are_read_and_what_is_none_is_told_without_its_text() {
        for (body, seconds) in [
            (r#"{"access_token":"hunter2","token_type":"Bearer","expires_in":60,"scope":"x"}"#, 60),
            (r#"{"access_token":"hunter2","token_type":"bearer","expires_in":"61"}"#, 61),
            (r#"{"access_token":"hunter2"}"#, 300),
        ] {
            let fetched = answer(body.as_bytes()).unwrap();
            assert_eq!((fetched.value.expose_secret(), fetched.lifetime.as_secs()), ("hunter2", seconds));
            assert!(!format!("{fetched:?}").contains("hunter2"));
        }
        for (body, says) in [
            ("hunter2", "access_token"),
            (r#"{"id_token":"hunter2"}"#, "access_token"),
            (r#"{"access_token":["hunter2"]}"#, "access_token"),
            (r#"{"access_token":"hunter2","token_type":"DPoP"}"#, "token_type"),
            (r#"{"access_token":"hunter2","expires_in":0}"#, "expired"),
            (r#"{"access_token":"hunter2 "}"#, "no bearer token"),
        ] {
            let error = answer(body.as_bytes()).unwrap_err();
            assert!(error.contains(says) && !error.contains("hunter2"), "{body}: {error}");
        }
    }

    #[test]
    fn refusals_are_told_by_status_and_code_alone() {
        for (status, body, text, of_client) in [
            (401, "hunter2", "HTTP status 401 Unauthorized; check --sasl.oauth.client-id and", true),
            (400, r#"{"error":"invalid_client"}"#, "HTTP status 400 Bad Request, invalid_client; check", true),
            (
                400,
                r#"{"error":"invalid_scope","error_description":"hunter2"}"#,
                "HTTP status 400 Bad Request, invalid_scope; check --sasl.oauth.scope",
                false,
            ),
            (503, r#"{"error":"hunter2"}"#, "HTTP status 503 Service Unavailable; is this", false),
            (302, "", "HTTP status 302 Found; is this", false),
        ] {
            let failure = refusal(StatusCode::from_u16(status).unwrap(), body.as_bytes());
            assert!(failure.message.starts_with(text) && !failure.message.contains("hunter2"), "{}", failure.message);
            assert_eq!(failure.of_client, of_client, "{status}");
        }
    }
}
