//! Tokens of an endpoint, remembered: many connections ask, the endpoint is asked when a token gets old, by one at a time,
//! and after a failure not at once again.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use kafka_admin::{AdminError, Token, TokenProvider};

use super::endpoint::Endpoint;
use super::{Fetched, failed};
use crate::locked::locked;

/// A token is young for this part of its lifetime. librdkafka asks for a new one after 80 % of what it was given.
const YOUNG: f64 = 0.8;
/// The endpoint gets this much time, whatever those have who wait for it.
const FETCH: Duration = Duration::from_secs(10);
/// After the first failure; doubled by each that follows, up to the longest.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(super) struct Tokens(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    endpoint: Endpoint,
    extensions: Vec<(String, String)>,
    memory: Mutex<Memory>,
    /// Held while the endpoint is asked.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Memory {
    held: Option<Held>,
    failure: Option<Failure>,
}

#[derive(Debug)]
struct Held {
    token: Token,
    young_until: Instant,
    valid_until: Instant,
}

#[derive(Debug)]
struct Failure {
    message: String,
    again: Instant,
    pause: Duration,
}

impl Memory {
    /// The answer without asking anybody, if there is one: a young token, or while the endpoint is left alone the old one as
    /// long as it is valid, else the failure.
    fn answer(&self, now: Instant) -> Option<Result<Token, String>> {
        let held = self.held.as_ref().filter(|held| now < held.valid_until);
        if let Some(held) = held.filter(|held| now < held.young_until) {
            return Some(Ok(held.token.clone()));
        }
        let failure = self.failure.as_ref().filter(|failure| now < failure.again)?;
        Some(held.map(|held| held.token.clone()).ok_or_else(|| failure.message.clone()))
    }

    /// Takes over how a request ended that began at `now`. Logs what has changed.
    fn learn(&mut self, now: Instant, result: Result<Fetched, String>, extensions: &[(String, String)]) {
        let before = self.failure.take();
        match result {
            Ok(fetched) => {
                let (young_until, valid_until) = (now + fetched.lifetime.mul_f64(YOUNG), now + fetched.lifetime);
                self.held = Some(Held { token: fetched.token(extensions), young_until, valid_until });
                if before.is_some() {
                    tracing::info!("the token endpoint gives tokens again");
                }
            }
            Err(message) => {
                if before.as_ref().is_none_or(|before| before.message != message) {
                    tracing::warn!(error = message, "no new token for OAUTHBEARER");
                }
                let pause = before.map_or(PAUSE, |before| (before.pause * 2).min(LONGEST_PAUSE));
                self.failure = Some(Failure { message, again: now + pause, pause });
            }
        }
    }
}

impl Shared {
    /// Asks the endpoint, unless another has done so meanwhile.
    async fn fetch(&self) -> Result<Token, String> {
        let _turn = self.fetching.lock().await;
        let asked = Instant::now();
        if let Some(answer) = locked(&self.memory).answer(asked) {
            return answer;
        }
        let result = match tokio::time::timeout(FETCH, self.endpoint.fetch()).await {
            Ok(result) => result,
            Err(_) => Err(format!("no answer within {} s", FETCH.as_secs())),
        };
        let result = result.map_err(|error| self.told(&error));
        let ended = if result.is_ok() { asked } else { Instant::now() };
        let mut memory = locked(&self.memory);
        memory.learn(ended, result, &self.extensions);
        // As of then, since a token may be old as soon as it has arrived.
        memory.answer(ended).unwrap_or_else(|| Err(self.told("no token")))
    }

    fn told(&self, error: &str) -> String {
        format!("token endpoint {}: {error}", self.endpoint.url())
    }
}

impl Tokens {
    pub(super) fn new(endpoint: Endpoint, extensions: Vec<(String, String)>) -> Self {
        Self(Arc::new(Shared {
            endpoint,
            extensions,
            memory: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
        }))
    }
}

#[async_trait]
impl TokenProvider for Tokens {
    async fn token(&self, deadline: Instant) -> Result<Token, AdminError> {
        let known = locked(&self.0.memory).answer(Instant::now());
        if let Some(answer) = known {
            return answer.map_err(failed);
        }
        let shared = Arc::clone(&self.0);
        // A task of its own: a caller who leaves early does not break off what others wait for.
        let fetch = tokio::spawn(async move { shared.fetch().await });
        match tokio::time::timeout_at(deadline.into(), fetch).await {
            Ok(Ok(answer)) => answer.map_err(failed),
            Ok(Err(_)) => Err(failed(self.0.told("asking it was broken off"))),
            Err(_) => Err(failed(self.0.told("no answer in time"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use kafka_lab::sasl::{Issuer, PASSWORD, TokenEndpoint, USER};
    use secrecy::{ExposeSecret, SecretString};
    use std::io::{BufRead as _, BufReader, Write as _};

    use super::super::ClientCredentials;
    use super::*;

    fn fetched(name: &str, lifetime: u64) -> Fetched {
        let value = SecretString::from(name.to_owned());
        Fetched { value, principal: String::new(), lifetime: Duration::from_secs(lifetime) }
    }

    /// What it answers: the token's text, or the failure; nothing = the endpoint is to be asked.
    fn answer(memory: &Memory, now: Instant) -> Option<Result<String, String>> {
        memory.answer(now).map(|answer| answer.map(|token| token.value.expose_secret().to_owned()))
    }

    #[test]
    fn a_token_is_used_while_young_and_while_valid_when_there_is_no_newer() {
        let start = Instant::now();
        let at = |seconds: f64| start + Duration::from_secs_f64(seconds);
        let mut memory = Memory::default();
        assert_eq!(answer(&memory, start), None);
        memory.learn(start, Ok(fetched("one", 100)), &[]);
        assert_eq!(answer(&memory, at(79.9)), Some(Ok("one".to_owned())));
        assert_eq!(answer(&memory, at(80.0)), None);
        memory.learn(at(80.0), Err("down".to_owned()), &[]);
        assert_eq!(answer(&memory, at(80.9)), Some(Ok("one".to_owned())));
        assert_eq!(answer(&memory, at(81.0)), None, "asked again after a second");
        memory.learn(at(99.5), Err("down".to_owned()), &[]);
        assert_eq!(answer(&memory, at(100.0)), Some(Err("down".to_owned())), "one has expired");
        memory.learn(at(102.0), Ok(fetched("two", 10)), &[]);
        assert_eq!(answer(&memory, at(102.0)), Some(Ok("two".to_owned())));
    }

    #[test]
    fn pauses_after_failures_grow_to_half_a_minute_and_begin_anew_after_a_success() {
        let mut now = Instant::now();
        let mut memory = Memory::default();
        let mut fail = |memory: &mut Memory| {
            memory.learn(now, Err("down".to_owned()), &[]);
            let pause = memory.failure.as_ref().unwrap().again - now;
            assert_eq!(answer(memory, now + pause / 2), Some(Err("down".to_owned())));
            now += pause;
            assert_eq!(answer(memory, now), None);
            pause.as_secs()
        };
        let pauses: Vec<u64> = (0..7).map(|_| fail(&mut memory)).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30]);
        memory.learn(Instant::now(), Ok(fetched("one", 0)), &[]);
        assert_eq!(fail(&mut memory), 1);
    }

    fn tokens(url: &str, secret: &str) -> Tokens {
        let credentials = ClientCredentials {
            url: url.parse().unwrap(),
            client_id: USER.to_owned(),
            client_secret: secret.to_owned().into(),
            scope: Some("kafka read".to_owned()),
            ca_file: None,
        };
        Tokens::new(Endpoint::new(credentials).unwrap(), vec![("pool".to_owned(), "a".to_owned())])
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn many_connections_at_once_cost_one_request() {
        let folder = tempfile::tempdir().unwrap();
        let server = TokenEndpoint::start(&Issuer::new(folder.path()).unwrap()).unwrap();
        let tokens = tokens(&server.url(), PASSWORD);
        let given = join_all((0..50).map(|_| tokens.token(soon()))).await;
        let first = given[0].as_ref().unwrap();
        assert!(
            given.iter().all(|token| { token.as_ref().unwrap().value.expose_secret() == first.value.expose_secret() })
        );
        assert_eq!((first.principal.as_str(), first.extensions.len()), (USER, 1));
        assert_eq!(server.requests(), 1);
        assert_eq!(server.last_request().unwrap(), "grant_type=client_credentials&scope=kafka%20read");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_refusing_endpoint_is_left_alone_and_told_without_the_secret() {
        let folder = tempfile::tempdir().unwrap();
        let server = TokenEndpoint::start(&Issuer::new(folder.path()).unwrap()).unwrap();
        let tokens = tokens(&server.url(), "hunter2");
        for _ in 0..20 {
            let error = tokens.token(soon()).await.unwrap_err();
            let text = error.to_string();
            assert_eq!(error.kind(), kafka_admin::ErrorKind::Authentication);
            assert!(text.contains(&server.url()) && text.contains("401 Unauthorized, invalid_client"), "{text}");
            assert!(!text.contains("hunter2") && !format!("{tokens:?}").contains("hunter2"), "{text}");
        }
        // In the header, and in the body.
        assert_eq!(server.requests(), 2);
        assert!(server.last_request().unwrap().ends_with("&client_id=vitals&client_secret=hunter2"));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_query_of_the_url_goes_to_the_endpoint_and_is_not_shown() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/token", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let mut stream = listener.accept().unwrap().0;
            let mut line = String::new();
            BufReader::new(&mut stream).read_line(&mut line).unwrap();
            stream.write_all(b"HTTP/1.1 500 x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
            line
        });
        let tokens = tokens(&format!("{url}?key=hunter2"), "hunter2");
        let error = tokens.token(soon()).await.unwrap_err().to_string();
        assert_eq!(server.join().unwrap(), "POST /token?key=hunter2 HTTP/1.1\r\n");
        assert!(error.contains(&url) && !error.contains("hunter2"), "{error}");
        assert!(!format!("{tokens:?}").contains("hunter2"), "{tokens:?}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_dead_endpoint_costs_nobody_more_than_his_time() {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/token", silent.local_addr().unwrap());
        let tokens = tokens(&url, PASSWORD);
        let deadline = Instant::now() + Duration::from_millis(100);
        let error = tokens.token(deadline).await.unwrap_err().to_string();
        assert!(error.ends_with("no answer in time") && error.contains(&url), "{error}");
    }
}
