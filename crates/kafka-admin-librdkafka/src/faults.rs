//! The last error of each broker's connection, so that a time-out can say why. In: librdkafka's error callbacks; out:
//! code and text by address (`host:port`).

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::error::Failure;

/// librdkafka repeats an unchanged error every 30 s; one that is older than this says nothing about now.
const MEMORY: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(crate) struct Faults(HashMap<String, (Instant, Failure)>);

impl Faults {
    /// Takes an error as the callback gives it.
    pub(crate) fn note(&mut self, now: Instant, code: i32, reason: &str) {
        let Some((address, text)) = parse(reason) else { return };
        self.0.retain(|_, (at, _)| now.duration_since(*at) < MEMORY);
        let failure = Failure { code, message: format!("{address}: {text}") };
        self.0.insert(address.to_owned(), (now, failure));
    }

    /// What was last wrong with the connection to `address`.
    pub(crate) fn of(&self, now: Instant, address: &str) -> Option<Failure> {
        self.0.get(address).filter(|(at, _)| now.duration_since(*at) < MEMORY).map(|(_, failure)| failure.clone())
    }

    /// What was last wrong with any connection.
    pub(crate) fn latest(&self, now: Instant) -> Option<Failure> {
        let (at, failure) = self.0.values().max_by_key(|(at, _)| *at)?;
        (now.duration_since(*at) < MEMORY).then(|| failure.clone())
    }

    /// The broker at `address` has answered.
    pub(crate) fn forget(&mut self, address: &str) {
        self.0.remove(address);
    }
}

/// Splits `[protocol://]host:port/id: text (after 3ms in state CONNECT)` into `host:port` and the bare text; `None` for
/// errors of no broker (`1/1 brokers are down`).
fn parse(reason: &str) -> Option<(&str, &str)> {
    let (name, text) = reason.split_once(": ")?;
    let (address, _) = name.rsplit_once('/')?;
    let address = address.rsplit_once("://").map_or(address, |(_, address)| address);
    if !address.contains(':') {
        return None;
    }
    let text = text.rfind(" (after ").map_or(text, |end| &text[..end]);
    let text = match text.strip_prefix("Connect to ").and_then(|rest| rest.split_once(" failed: ")) {
        Some((_, cause)) => cause,
        None => text,
    };
    Some((address, text.trim_end_matches([':', ' '])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callback_texts_lose_what_is_noise() {
        let table = [
            (
                "127.0.0.1:9092/bootstrap: Connect to ipv4#127.0.0.1:9092 failed: Connection refused (after 0ms in state CONNECT)",
                Some(("127.0.0.1:9092", "Connection refused")),
            ),
            (
                "sasl_ssl://k.example:9093/2: SASL authentication error: Authentication failed (after 5ms in state AUTH_REQ, 4 identical error(s) suppressed)",
                Some(("k.example:9093", "SASL authentication error: Authentication failed")),
            ),
            (
                "nohost:9092/bootstrap: Failed to resolve 'nohost:9092': Name or service not known (after 1ms in state CONNECT)",
                Some(("nohost:9092", "Failed to resolve 'nohost:9092': Name or service not known")),
            ),
            ("[::1]:9092/1: Disconnected", Some(("[::1]:9092", "Disconnected"))),
            ("1/1 brokers are down", None),
            ("fatal: something", None),
            ("", None),
        ];
        for (reason, expected) in table {
            assert_eq!(parse(reason), expected, "{reason}");
        }
    }

    #[test]
    fn a_fault_is_remembered_by_address_until_it_is_old_or_the_broker_answers() {
        let start = Instant::now();
        let mut faults = Faults::default();
        faults.note(start, -195, "a:1/1: Connection refused");
        faults.note(start + Duration::from_secs(1), -169, "b:1/2: SASL failed");
        let soon = start + Duration::from_secs(2);
        assert_eq!(faults.of(soon, "a:1").unwrap().message, "a:1: Connection refused");
        assert_eq!(faults.latest(soon).unwrap().code, -169);
        faults.forget("b:1");
        assert_eq!(faults.latest(soon).unwrap().code, -195);
        assert_eq!(faults.latest(start + MEMORY), None);
    }
}
