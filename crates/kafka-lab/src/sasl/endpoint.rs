//! A token endpoint (RFC 6749, section 4.4): HTTP requests for client credentials in, tokens of an [`Issuer`] or refusals out.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{Issuer, PASSWORD, USER};
use crate::{Result, error::IoContext};

const TIMEOUT: Duration = Duration::from_secs(10);
/// No request for a token is near this.
const MAX_REQUEST: u64 = 64 << 10;

/// A server for the client [`USER`] with the secret [`PASSWORD`], given in the Authorization header or in the body. Tokens name the client
/// as their subject and live an hour unless told otherwise. It ends when dropped.
#[derive(Debug)]
pub struct TokenEndpoint {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    issuer: Issuer,
    state: Mutex<State>,
    stop: AtomicBool,
}

#[derive(Debug)]
struct State {
    lifetime: Duration,
    refused: Option<u16>,
    requests: Vec<String>,
}

impl TokenEndpoint {
    /// Listens on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When it cannot listen.
    pub fn start(issuer: &Issuer) -> Result<Self> {
        let listen = || "listen on 127.0.0.1".to_owned();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context(listen)?;
        let address = listener.local_addr().context(listen)?;
        let state = State { lifetime: Duration::from_secs(3600), refused: None, requests: Vec::new() };
        let shared =
            Arc::new(Shared { issuer: issuer.clone(), state: Mutex::new(state), stop: AtomicBool::new(false) });
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if serving.stop.load(Ordering::Relaxed) {
                    return;
                }
                let shared = Arc::clone(&serving);
                // A client that goes away in the middle gets no answer.
                thread::spawn(move || drop(shared.answer(&stream)));
            }
        });
        Ok(Self { address, shared })
    }

    /// Where it listens, `http://127.0.0.1:port/token`.
    pub fn url(&self) -> String {
        format!("http://{}/token", self.address)
    }

    /// How many requests came so far, refused ones too.
    pub fn requests(&self) -> usize {
        self.shared.state().requests.len()
    }

    /// The body of the newest request, `grant_type=client_credentials&...`.
    pub fn last_request(&self) -> Option<String> {
        self.shared.state().requests.last().cloned()
    }

    /// How long the tokens made from now on live.
    pub fn set_lifetime(&self, lifetime: Duration) {
        self.shared.state().lifetime = lifetime;
    }

    /// Answers every request with this status from now on, or as it should again.
    pub fn refuse(&self, status: Option<u16>) {
        self.shared.state().refused = status;
    }
}

impl Drop for TokenEndpoint {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        // Wakes the thread that accepts.
        drop(TcpStream::connect_timeout(&self.address, TIMEOUT));
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One request, one answer, and the connection is closed.
    fn answer(&self, stream: &TcpStream) -> std::io::Result<()> {
        stream.set_read_timeout(Some(TIMEOUT))?;
        let mut reader = BufReader::new(stream.take(MAX_REQUEST));
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let post = line.starts_with("POST /token ");
        let (mut length, mut authorization) = (0, None);
        loop {
            line.clear();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().unwrap_or(0),
                "authorization" => authorization = Some(value.trim().to_owned()),
                _ => {}
            }
        }
        let mut body = String::new();
        reader.take(length).read_to_string(&mut body)?;
        let (status, answer) = if post { self.token(authorization.as_deref(), &body) } else { (404, json!({})) };
        let answer = answer.to_string();
        let mut stream = stream;
        write!(
            stream,
            "HTTP/1.1 {status} Status\r\nContent-Type: application/json\r\nCache-Control: no-store\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{answer}",
            answer.len()
        )
    }

    fn token(&self, authorization: Option<&str>, body: &str) -> (u16, Value) {
        let mut state = self.state();
        state.requests.push(body.to_owned());
        if let Some(status) = state.refused {
            return (status, json!({"error": "temporarily_unavailable", "error_description": "refused by the test"}));
        }
        let basic = format!("Basic {}", STANDARD.encode(format!("{USER}:{PASSWORD}")));
        let has = |pair: &str| body.split('&').any(|given| given == pair);
        let in_body = has(&format!("client_id={USER}")) && has(&format!("client_secret={PASSWORD}"));
        if authorization != Some(&basic) && !in_body {
            return (401, json!({"error": "invalid_client"}));
        }
        if !has("grant_type=client_credentials") {
            return (400, json!({"error": "unsupported_grant_type"}));
        }
        match self.issuer.sign(USER, state.lifetime) {
            Ok(token) => {
                let seconds = state.lifetime.as_secs();
                (200, json!({"access_token": token, "expires_in": seconds, "token_type": "Bearer"}))
            }
            Err(error) => (500, json!({"error": "server_error", "error_description": error.to_string()})),
        }
    }
}
