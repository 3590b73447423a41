//! What librdkafka says besides answers: logs go to `tracing` under the target `librdkafka`, errors are remembered as the
//! reason of time-outs.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::config::redact;
use crate::error::{AUTHENTICATION, Failure, TRANSPORT};
use crate::faults::Faults;
use crate::ffi::Log;

/// librdkafka writes an unchanged error every 30 s and for each broker; one in this time is enough.
const LOG_EVERY: Duration = Duration::from_secs(300);

/// Logs and errors of one client.
#[derive(Debug, Default)]
pub(crate) struct Context {
    secrets: Vec<String>,
    faults: Mutex<Faults>,
    logged: Mutex<Repeats>,
    /// Why there is no token for OAUTHBEARER.
    token: Mutex<Option<String>>,
}

impl Context {
    /// `secrets` are replaced wherever librdkafka should mention them.
    pub(crate) fn new(secrets: Vec<String>) -> Self {
        Self { secrets, ..Self::default() }
    }

    /// Takes over a log line.
    pub(crate) fn log(&self, log: &Log) {
        // A connection that failed or was not let in: the calls that fail for it tell the reason.
        if log.facility == "FAIL" {
            // One that the broker has closed: everyday, but the reason when nothing else works, as with the wrong security
            // protocol. There is no error event for it.
            if log.level > 3 {
                self.error(&Failure { code: TRANSPORT, message: log.message.clone() });
            }
            tracing::debug!(target: "librdkafka", facility = "FAIL", "{}", redact(&log.message, &self.secrets));
            return;
        }
        // syslog's debug: only there when it was asked for, and then all of it.
        if log.level < 7 {
            let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
            if !logged.admits(Instant::now(), &log.message) {
                return;
            }
        }
        let (facility, message) = (log.facility.as_str(), redact(&log.message, &self.secrets));
        match log.level {
            ..=2 => tracing::error!(target: "librdkafka", facility, "{message}"),
            // A broker that is away is the cluster's fault, not ours, and the failing call says so too.
            3 | 4 => tracing::warn!(target: "librdkafka", facility, "{message}"),
            5 | 6 => tracing::info!(target: "librdkafka", facility, "{message}"),
            _ => tracing::debug!(target: "librdkafka", facility, "{message}"),
        }
    }

    /// Takes over an error. The library's log line says the same, so this only remembers.
    pub(crate) fn error(&self, error: &Failure) {
        self.faults().note(Instant::now(), error.code, &redact(&error.message, &self.secrets));
    }

    /// Remembers why there is no token, or that there is one.
    pub(crate) fn token_failed(&self, failure: Option<String>) {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = failure;
    }

    /// What was last wrong with the connection to `address` (`host:port`), or with any for `None`. Without a token there is
    /// no new connection at all.
    pub(crate) fn fault(&self, address: Option<&str>) -> Option<Failure> {
        let fault = match address {
            Some(address) => self.faults().of(Instant::now(), address),
            None => None,
        };
        let without_token = || {
            let token = self.token.lock().unwrap_or_else(PoisonError::into_inner).clone();
            token.map(|message| Failure { code: AUTHENTICATION, message })
        };
        let any = || address.is_none().then(|| self.faults().latest(Instant::now())).flatten();
        fault.or_else(without_token).or_else(any)
    }

    /// The broker at `address` has answered.
    pub(crate) fn answered(&self, address: &str) {
        self.faults().forget(address);
    }

    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Texts that were let through, and when.
#[derive(Debug, Default)]
struct Repeats(HashMap<String, Instant>);

impl Repeats {
    fn admits(&mut self, now: Instant, message: &str) -> bool {
        self.0.retain(|_, at| now.duration_since(*at) < LOG_EVERY);
        // Durations and counters at the end differ each time.
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
