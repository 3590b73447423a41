//! What librdkafka tells outside of answers: logs go to `tracing` under the target `librdkafka`, errors are remembered
//! as the reason of time-outs.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka::message::DeliveryResult;
use rdkafka::producer::ProducerContext;
use rdkafka::{ClientContext, Statistics};

use crate::config::redact;
use crate::error::Failure;
use crate::faults::Faults;

/// librdkafka writes an unchanged error every 30 s and for each broker; of texts that differ in numbers only, one in
/// this time is enough.
const LOG_EVERY: Duration = Duration::from_secs(300);

/// The callbacks' side of a client.
#[derive(Debug, Default)]
pub(crate) struct Context {
    secrets: Vec<String>,
    faults: Mutex<Faults>,
    logged: Mutex<Repeats>,
}

impl Context {
    /// `secrets` are replaced wherever librdkafka should mention them.
    pub(crate) fn new(secrets: Vec<String>) -> Self {
        Self { secrets, ..Self::default() }
    }

    /// What was last wrong with the connection to `address` (`host:port`), or with any for `None`.
    pub(crate) fn fault(&self, address: Option<&str>) -> Option<Failure> {
        let faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        match address {
            Some(address) => faults.of(Instant::now(), address),
            None => faults.latest(Instant::now()),
        }
    }

    /// The broker at `address` has answered.
    pub(crate) fn answered(&self, address: &str) {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).forget(address);
    }
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        if !matches!(level, RDKafkaLogLevel::Debug) {
            let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
            if !logged.admits(Instant::now(), message) {
                return;
            }
        }
        let message = redact(message, &self.secrets);
        match level {
            RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
                tracing::error!(target: "librdkafka", facility, "{message}");
            }
            // A broker that is away is the cluster's fault, not ours, and the failing call says so too.
            RDKafkaLogLevel::Error | RDKafkaLogLevel::Warning => {
                tracing::warn!(target: "librdkafka", facility, "{message}");
            }
            RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info => {
                tracing::info!(target: "librdkafka", facility, "{message}");
            }
            RDKafkaLogLevel::Debug => tracing::debug!(target: "librdkafka", facility, "{message}"),
        }
    }

    // The library's log line says the same, so this only remembers.
    fn error(&self, error: KafkaError, reason: &str) {
        if let Some(code) = error.rdkafka_error_code() {
            let reason = redact(reason, &self.secrets);
            let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
            faults.note(Instant::now(), code as i32, &reason);
        }
    }

    fn stats(&self, _: Statistics) {}
}

impl ProducerContext for Context {
    type DeliveryOpaque = ();

    fn delivery(&self, _: &DeliveryResult<'_>, (): Self::DeliveryOpaque) {}
}

/// Texts that were let through, without their numbers.
#[derive(Debug, Default)]
struct Repeats(HashMap<String, Instant>);

impl Repeats {
    fn admits(&mut self, now: Instant, message: &str) -> bool {
        self.0.retain(|_, at| now.duration_since(*at) < LOG_EVERY);
        // The address stays, so that each broker is heard; durations and counters at the end go.
        let key = message.rfind(" (after ").map_or(message, |end| &message[..end]);
        if self.0.contains_key(key) {
            return false;
        }
        self.0.insert(key.to_owned(), now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_line_is_let_through_once_in_a_while() {
        let start = Instant::now();
        let mut repeats = Repeats::default();
        assert!(repeats.admits(start, "a:1/1: Connection refused (after 0ms in state CONNECT)"));
        let later = start + Duration::from_secs(31);
        assert!(!repeats.admits(later, "a:1/1: Connection refused (after 3ms in state CONNECT, 7 identical)"));
        assert!(repeats.admits(later, "b:1/2: Connection refused (after 0ms in state CONNECT)"));
        assert!(repeats.admits(start + LOG_EVERY, "a:1/1: Connection refused (after 1ms in state CONNECT)"));
    }
}
