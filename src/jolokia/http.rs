//! One HTTP connection to one agent: a POST body in, the answer's body out, limited in size and time, every failure
//! mapped to its kind and one line of text.

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Response, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};

use crate::http_client::{self, TlsError, is_tls, one_line, root_cause};
use crate::mbean::{ReadError, ReadErrorKind};

/// How to reach one agent.
#[derive(Clone, Default)]
pub struct AgentConfig {
    /// `http://host:port/jolokia`; `https` too. May hold `user:password@`, which is never shown.
    pub url: String,
    /// User for Basic authentication.
    pub username: Option<String>,
    /// The user's password.
    pub password: Option<SecretString>,
    /// PEM file of the authorities that may sign the agent's certificate, instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// Accept any certificate: agents without a key store make their own.
    pub insecure: bool,
}

impl fmt::Debug for AgentConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentConfig")
            .field("url", &without_credentials(&self.url))
            .field("ca_file", &self.ca_file)
            .field("insecure", &self.insecure)
            .finish_non_exhaustive()
    }
}

/// Bounds on what an agent may make us do.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Largest answer, in bytes after decompression.
    pub max_body: usize,
    /// How long the probe after a time-out may take.
    pub probe: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_body: 64 << 20, probe: Duration::from_secs(1) }
    }
}

/// A configuration with which no agent can be reached.
#[derive(Debug, thiserror::Error)]
pub enum JolokiaError {
    /// Not an `http` or `https` URL with a host.
    #[error("Jolokia URL {url}: {reason}; give it as http://host:8778/jolokia")]
    Url {
        /// The URL without credentials.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The CA file cannot be read, or no certificate is in it.
    #[error("CA file {path} for Jolokia: {reason}; give a PEM file with at least one certificate")]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// TLS could not be set up.
    #[error("TLS for Jolokia at {url}: {reason}")]
    Tls {
        /// The URL without credentials.
        url: String,
        /// What is wrong.
        reason: String,
    },
}

pub(super) struct Http {
    client: Client,
    /// With its credentials, if it had any: reqwest turns them into a header.
    url: Url,
    login: Option<(String, Option<SecretString>)>,
    /// The URL as it may be shown.
    shown: String,
    max_body: usize,
    /// Size of the last answer, so that the next one's buffer does not grow step by step.
    last_size: AtomicUsize,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("url", &self.shown).finish_non_exhaustive()
    }
}

impl Http {
    pub(super) fn new(config: AgentConfig, max_body: usize) -> Result<Self, JolokiaError> {
        let shown = without_credentials(&config.url);
        let bad = |reason: String| JolokiaError::Url { url: shown.clone(), reason };
        let mut url = Url::parse(&config.url).map_err(|error| bad(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(bad("neither http nor https".to_owned()));
        }
        // A servlet container redirects /jolokia to /jolokia/, and redirects are not followed.
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        let builder = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .pool_max_idle_per_host(1)
            .user_agent(concat!("kafka-vitals/", env!("CARGO_PKG_VERSION")));
        let tls = |reason: String| JolokiaError::Tls { url: shown.clone(), reason };
        let client = if config.insecure && url.scheme() == "https" {
            // reqwest takes the process's provider here and panics without one. Err = there is one already.
            let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
            builder.tls_certs_only([]).tls_danger_accept_invalid_certs(true)
        } else {
            let trusted = http_client::tls(config.ca_file.as_deref(), url.scheme() == "https");
            builder.tls_backend_preconfigured(trusted.map_err(|error| match error {
                TlsError::CaFile(reason) => {
                    JolokiaError::CaFile { path: config.ca_file.clone().unwrap_or_default(), reason }
                }
                TlsError::Other(reason) => tls(reason),
            })?)
        };
        let client = client.build().map_err(|error| tls(root_cause(&error)))?;
        let login = config.username.map(|username| (username, config.password));
        Ok(Self { client, url, login, shown, max_body, last_size: AtomicUsize::new(0) })
    }

    /// The URL without credentials.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// One POST. Dropping the future closes the connection, so that an endless answer ends.
    pub(super) async fn post(&self, body: Vec<u8>, deadline: Instant) -> Result<Vec<u8>, ReadError> {
        let allowed = deadline.saturating_duration_since(Instant::now());
        match tokio::time::timeout(allowed, self.exchange(body)).await {
            Ok(result) => result,
            Err(_) => Err(self.error(
                ReadErrorKind::Timeout,
                format_args!(
                    "no complete answer within {:.1} s; is the broker overloaded or frozen?",
                    allowed.as_secs_f64()
                ),
            )),
        }
    }

    pub(super) fn error(&self, kind: ReadErrorKind, what: fmt::Arguments<'_>) -> ReadError {
        ReadError { kind, message: format!("POST to Jolokia at {}: {what}", self.shown) }
    }

    async fn exchange(&self, body: Vec<u8>) -> Result<Vec<u8>, ReadError> {
        let mut request =
            self.client.post(self.url.clone()).header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some((username, password)) = &self.login {
            request = request.basic_auth(username, password.as_ref().map(ExposeSecret::expose_secret));
        }
        let response = request.body(body).send().await.map_err(|error| self.transport_error(&error))?;
        self.check_head(&response)?;
        if response.content_length().is_some_and(|length| length > self.max_body as u64) {
            return Err(self.too_large());
        }
        self.read_body(response).await
    }

    fn check_head(&self, response: &Response) -> Result<(), ReadError> {
        let status = response.status();
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            return Err(self.error(
                ReadErrorKind::Authentication,
                format_args!("HTTP status {status}; check user, password and the agent's access policy"),
            ));
        }
        if status.is_redirection() {
            return Err(self.error(
                ReadErrorKind::HttpStatus,
                format_args!("HTTP status {status}; redirects are not followed, give the agent's own URL"),
            ));
        }
        if status != StatusCode::OK {
            return Err(self.error(
                ReadErrorKind::HttpStatus,
                format_args!("HTTP status {status}; is this the URL of a Jolokia agent?"),
            ));
        }
        let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
        let media = content_type.split(';').next().unwrap_or("").trim();
        if !media.eq_ignore_ascii_case("application/json") && !media.eq_ignore_ascii_case("text/plain") {
            return Err(self.error(
                ReadErrorKind::ContentType,
                format_args!("content type {:?} is not JSON; is this the URL of a Jolokia agent?", one_line(media)),
            ));
        }
        Ok(())
    }

    async fn read_body(&self, mut response: Response) -> Result<Vec<u8>, ReadError> {
        let mut body = Vec::with_capacity(self.last_size.load(Ordering::Relaxed));
        while let Some(chunk) = response.chunk().await.map_err(|error| self.transport_error(&error))? {
            if body.len() + chunk.len() > self.max_body {
                return Err(self.too_large());
            }
            body.extend_from_slice(&chunk);
        }
        self.last_size.store(body.len() + body.len() / 16, Ordering::Relaxed);
        Ok(body)
    }

    fn too_large(&self) -> ReadError {
        self.error(
            ReadErrorKind::TooLarge,
            format_args!(
                "answer larger than the limit of {} bytes; raise it with --jolokia.max-body-size",
                self.max_body
            ),
        )
    }

    fn transport_error(&self, error: &reqwest::Error) -> ReadError {
        let cause = root_cause(error);
        if is_tls(error) {
            return self
                .error(ReadErrorKind::Tls, format_args!("{cause}; check the CA file and the name in the certificate"));
        }
        if error.is_connect() {
            return self.error(ReadErrorKind::Connect, format_args!("{cause}; is the agent running there?"));
        }
        if error.is_decode() {
            return self.error(ReadErrorKind::Protocol, format_args!("{cause} in the answer's body"));
        }
        self.error(ReadErrorKind::Connect, format_args!("{cause}; the connection broke"))
    }
}

/// The text with what stands between `//` and the last `@` of the authority removed, whether or not it is a URL.
fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("//") else { return url.rsplit('@').next().unwrap_or("").to_owned() };
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..authority].rfind('@') {
        Some(at) => format!("{scheme}//{}", &rest[at + 1..]),
        // A password with a slash: better too much removed than too little.
        None => match rest.rfind('@') {
            Some(at) => format!("{scheme}//{}", &rest[at + 1..]),
            None => url.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(url: &str) -> AgentConfig {
        AgentConfig { url: url.to_owned(), ..AgentConfig::default() }
    }

    #[test]
    fn credentials_are_never_shown() {
        for url in [
            "http://user:secret@host:8778/jolokia",
            "http://user:sec/ret@host:8778/jolokia",
            "ftp://user:secret@host/",
            "user:secret@host",
            "http://user:secret@:99999/",
        ] {
            let config = config(url);
            let mut shown = format!("{config:?} ");
            shown += &match Http::new(config, 1) {
                Ok(http) => format!("{http:?}"),
                Err(error) => format!("{error} {error:?}"),
            };
            assert!(!shown.contains("secret") && !shown.contains("sec/"), "{shown}");
        }
    }

    #[test]
    fn plain_http_needs_no_certificates_and_gets_a_trailing_slash() {
        let http = Http::new(config("http://host:8778/jolokia"), 1).unwrap();
        assert_eq!(http.url.as_str(), "http://host:8778/jolokia/");
    }

    #[test]
    fn unusable_configurations_are_refused_with_the_reason() {
        for (url, file, text) in [
            ("host:8778", None, "give it as http://host:8778/jolokia"),
            ("", None, "give it as"),
            ("https://host/", Some("/nonexistent.pem"), "/nonexistent.pem"),
            ("https://host/", Some("/dev/null"), "no certificate in it"),
        ] {
            let error = Http::new(AgentConfig { ca_file: file.map(PathBuf::from), ..config(url) }, 1).unwrap_err();
            assert!(error.to_string().contains(text), "{error}");
        }
    }
}
