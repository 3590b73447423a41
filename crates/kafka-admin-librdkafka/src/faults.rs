//! The last error of each broker's connection, so that a time-out can say why. In: librdkafka's error events and log lines; out:
//! code and text by address (`host:port`).

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::error::{Failure, SSL};

/// librdkafka repeats an unchanged error every 30 s; one that is older than this says nothing about now.
const MEMORY: Duration = Duration::from_secs(60);

#[derive(Debug, Default)]
pub(crate) struct Faults(HashMap<String, (Instant, Failure)>);

impl Faults {
    /// Takes an error as librdkafka words it.
    pub(crate) fn note(&mut self, now: Instant, code: i32, reason: &str) {
        let Some((address, text)) = parse(reason) else { return };
        // A time-out is what is to be explained.
        if text.to_ascii_lowercase().contains("timed out") {
            return;
        }
        self.0.retain(|_, (at, _)| now.duration_since(*at) < MEMORY);
        // A handshake that fails within the connect call comes as a transport failure with OpenSSL's bare words. In TLS 1.3
        // a broker refuses a client's certificate when the client is through with the handshake already.
        let refused = text.starts_with("Receive failed: error:") && text.contains(" alert ");
        let failure = if (text.starts_with("error:") || refused) && text.contains(":SSL routines:") {
            Failure { code: SSL, message: format!("{address}: SSL handshake failed: {text}") }
        } else if text.starts_with("SSL handshake failed") {
            Failure { code: SSL, message: format!("{address}: {text}") }
        } else {
            let hint = if closed_early(reason) { ": does the listener expect TLS or SASL?" } else { "" };
            Failure { code, message: format!("{address}: {text}{hint}") }
        };
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
/// errors of no broker (`1/1 brokers are down`). Log lines have `[thrd:name]: ` in front.
fn parse(reason: &str) -> Option<(&str, &str)> {
    let reason = match reason.strip_prefix("[thrd:").and_then(|rest| rest.split_once("]: ")) {
        Some((_, reason)) => reason,
        None => reason,
    };
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

/// Whether the broker has closed a connection before it was of any use.
fn closed_early(reason: &str) -> bool {
    let Some((text, after)) = reason.rsplit_once(" (after ") else { return false };
    let brief = after.split_once("ms").and_then(|(time, _)| time.parse().ok()).is_some_and(|time: u32| time < 2_000);
    let state = after.contains("in state UP") || after.contains("in state APIVERSION_QUERY");
    brief && state && text.contains("isconnected") && !text.contains("security.protocol")
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
            (
                "[thrd:a:1/bootstrap]: a:1/bootstrap: Disconnected: verify that security.protocol is right (after 2ms in state UP)",
                Some(("a:1", "Disconnected: verify that security.protocol is right")),
            ),
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
        faults.note(
            start,
            -195,
            "c:1/3: Connect to ipv4#1.2.3.4:1 failed: error:0A00010B:SSL routines::wrong version number",
        );
        assert_eq!(faults.of(soon, "c:1").unwrap().code, SSL);
        faults.note(
            start,
            -195,
            "c:1/3: Receive failed: error:0A000412:SSL routines::sslv3 alert bad certificate: SSL alert number 42 (after 3ms in state APIVERSION_QUERY)",
        );
        assert_eq!(faults.of(soon, "c:1").unwrap().code, SSL);
        faults.note(start, -195, "c:1/3: Receive failed: error:0A000126:SSL routines::unexpected eof while reading");
        assert_eq!(faults.of(soon, "c:1").unwrap().code, -195);
        faults.forget("b:1");
        faults.forget("c:1");
        faults.note(
            start,
            -195,
            "d:1/4: ApiVersionRequest failed: Local: Timed out (after 5000ms in state APIVERSION_QUERY)",
        );
        assert_eq!(faults.of(soon, "d:1"), None);
        faults.note(start, -195, "d:1/4: Disconnected (after 5ms in state UP)");
        assert!(
            faults.of(soon, "d:1").unwrap().message.ends_with("Disconnected: does the listener expect TLS or SASL?")
        );
        faults.note(start, -195, "d:1/4: Disconnected (after 50000ms in state UP)");
        assert!(faults.of(soon, "d:1").unwrap().message.ends_with("Disconnected"));
        faults.forget("d:1");
        assert_eq!(faults.latest(soon).unwrap().code, -195);
        assert_eq!(faults.latest(start + MEMORY), None);
    }
}
