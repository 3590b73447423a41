//! SASL on a new connection. In: a conversation, and a mechanism with its credentials; out: how long the session
//! lasts, or the broker's own words on why there is none. KIP-43, KIP-152 (SaslAuthenticate), KIP-368 (lifetimes).
//!
//! What the broker is asked first goes out together with the mechanism's last message: over a long way each answer that is
//! waited for counts. No earlier message goes out with another: behind TLS a broker that is still authenticating reads a
//! second request only when its selector wakes up by itself, after 300 ms (`Processor.poll`; seen in Kafka 4.3.0).

mod calls;
mod oauthbearer;
mod scram;
#[cfg(test)]
pub(crate) mod targets;

use std::time::{Duration, Instant};

use futures_util::future::try_join;
use kafka_admin::{AdminError, ErrorCode, Sasl};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    api::Call,
    connection::{Ended, Fault, Line, Words},
};
use calls::{SaslAnswer, SaslAuthenticate, SaslHandshake};
use scram::Hash;

/// Authenticates by `deadline`, and asks what `versions` asks. The session's lifetime is absent if it has no end.
pub(crate) async fn authenticate<T>(
    line: &Line,
    sasl: &Sasl,
    versions: impl Future<Output = Result<T, Fault>>,
    deadline: Instant,
) -> Result<(T, Option<Duration>), Fault> {
    match sasl {
        Sasl::Plain { username, password } => {
            let exchange = Exchange::begin(line, "PLAIN", password).await?;
            // RFC 4616: no identity to act as, then who we are.
            let last = format!("\0{username}\0{}", password.expose_secret());
            let (answer, versions) = exchange.send_last(last, versions).await?;
            Ok((versions, answer.lifetime))
        }
        Sasl::ScramSha256 { username, password } => scram(line, Hash::Sha256, username, password, versions).await,
        Sasl::ScramSha512 { username, password } => scram(line, Hash::Sha512, username, password, versions).await,
        Sasl::OAuthBearer { tokens } => {
            let token = tokens.token(deadline).await.map_err(|error| match error {
                AdminError::Authentication { message } => Fault::Authentication(message),
                other => Fault::Authentication(other.to_string()),
            })?;
            let first = oauthbearer::first(&token).map_err(Fault::Authentication)?;
            let exchange = Exchange::begin(line, "OAUTHBEARER", &token.value).await?;
            // Perhaps not the last message: nothing goes out with it.
            let answer = exchange.send(first).await?;
            if answer.bytes.is_empty() {
                return Ok((versions.await?, answer.lifetime));
            }
            // The refusal is in the challenge; the broker ends the exchange when it is acknowledged (RFC 7628 3.2.3).
            let challenge = exchange.words(&String::from_utf8_lossy(&answer.bytes));
            match exchange.send(oauthbearer::ACKNOWLEDGED).await {
                Err(Fault::Authentication(message)) => Err(Fault::Authentication(format!("{message} {challenge}"))),
                Ok(_) => Err(exchange.refused(&challenge)),
                Err(fault) => Err(fault),
            }
        }
        Sasl::Gssapi { .. } => Err(Fault::Client("GSSAPI needs librdkafka: --kafka.client=librdkafka".to_owned())),
    }
}

async fn scram<T>(
    line: &Line,
    hash: Hash,
    username: &str,
    password: &SecretString,
    versions: impl Future<Output = Result<T, Fault>>,
) -> Result<(T, Option<Duration>), Fault> {
    let exchange = Exchange::begin(line, hash.mechanism(), password).await?;
    let client = scram::Client::new(hash, username).map_err(Fault::Client)?;
    let challenge = exchange.send(client.first()).await?;
    // Thousands of hashes, by the broker's choice: not among the async tasks.
    let password = password.clone();
    let proven = tokio::task::spawn_blocking(move || client.prove(password.expose_secret(), &challenge.bytes)).await;
    let (last, expected) = proven
        .map_err(|error| Fault::Client(format!("SCRAM: {error}")))?
        .map_err(|what| exchange.refused(&exchange.words(&what)))?;
    let (answer, versions) = exchange.send_last(last, versions).await?;
    expected.verify(&answer.bytes).map_err(|what| exchange.refused(&exchange.words(&what)))?;
    Ok((versions, answer.lifetime))
}

/// One mechanism's exchange of messages.
struct Exchange<'a> {
    line: &'a Line,
    mechanism: &'static str,
    secret: &'a SecretString,
}

impl<'a> Exchange<'a> {
    /// Agrees on the mechanism.
    async fn begin(line: &'a Line, mechanism: &'static str, secret: &'a SecretString) -> Result<Self, Fault> {
        let peer = line.peer();
        let asked = line.ask(&SaslHandshake { mechanism }, *SaslHandshake::API.versions.end()).await;
        let (code, offered) = asked.map_err(|Ended { fault, .. }| fault)?;
        match code {
            ErrorCode(0) => Ok(Self { line, mechanism, secret }),
            // Kafka's ILLEGAL_SASL_STATE: the listener is one without SASL.
            ErrorCode(34) => Err(Fault::Authentication(format!("{peer} expects no SASL on this port"))),
            // Kafka's UNSUPPORTED_SASL_MECHANISM.
            ErrorCode(33) => {
                let message = format!("{peer} does not offer {mechanism}, but {}", Words(&offered.join(", ")));
                Err(Fault::Authentication(message))
            }
            code => Err(Fault::Authentication(format!("{peer} answered {code} to SaslHandshake for {mechanism}"))),
        }
    }

    /// Sends the last message, and what `versions` asks right behind it.
    async fn send_last<T>(
        &self,
        message: impl Into<Vec<u8>>,
        versions: impl Future<Output = Result<T, Fault>>,
    ) -> Result<(SaslAnswer, T), Fault> {
        // Polled in order, so that the requests go out in it.
        try_join(self.send(message), versions).await
    }

    /// Sends one message and returns the broker's.
    async fn send(&self, message: impl Into<Vec<u8>>) -> Result<SaslAnswer, Fault> {
        let call = SaslAuthenticate { message: message.into().into() };
        let answer = self.line.ask(&call, *SaslAuthenticate::API.versions.end()).await.map_err(
            |Ended { fault, unanswered }| match fault {
                // Before KIP-152 this was how to refuse, and some proxies still do.
                Fault::Transport(message) if unanswered => {
                    Fault::Transport(format!("{message} during SASL {}: wrong credentials?", self.mechanism))
                }
                fault => fault,
            },
        )?;
        match answer.code {
            ErrorCode(0) => Ok(answer),
            code => Err(self.refused(&match answer.error.as_deref() {
                None | Some("") => code.to_string(),
                Some(words) => self.words(words),
            })),
        }
    }

    fn refused(&self, why: &str) -> Fault {
        Fault::Authentication(format!("{} with {}: {why}", self.line.peer(), self.mechanism))
    }

    /// What the broker said, should it send our own secret back without that.
    fn words(&self, text: &str) -> String {
        let secret = self.secret.expose_secret();
        let text = if secret.is_empty() { text.to_owned() } else { text.replace(secret, "[redacted]") };
        Words(&text).to_string()
    }
}
