//! One broker's connection: opened on demand, kept, shared by all who ask.

mod address;
mod dial;
mod driver;
mod fault;
mod frame;
mod line;
mod request_times;
mod slot;
#[cfg(test)]
pub(crate) mod tests;
mod versions;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

pub(crate) use address::Address;
pub(crate) use dial::Dialer;
pub(crate) use fault::{Fault, Words};
pub(crate) use line::{Ended, Line};
pub(crate) use request_times::RequestTimes;
use request_times::Stopwatch;
pub(crate) use slot::Slot;
use versions::Versions;

use crate::api::{Api, Call};

/// An open connection whose broker's versions are known. Clones share it; it closes when the last is gone.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    line: Line,
    versions: Arc<Versions>,
    session: Option<Session>,
}

/// When an authenticated session must be renewed (KIP-368): the broker closes a connection on which a request comes
/// after its end.
#[derive(Debug, Clone, Copy)]
struct Session {
    renew_at: Instant,
    ends_at: Instant,
}

impl Session {
    /// Of the lifetime that the broker told. Kafka's clients renew at 85 to 95 %; what is sent in the last twentieth
    /// may come too late.
    fn new(lifetime: Duration, now: Instant) -> Self {
        let part = f64::from(slot::jitter(85, 95)) / 100.0;
        Self { renew_at: now + lifetime.mul_f64(part), ends_at: now + lifetime.mul_f64(0.95) }
    }
}

impl Connection {
    fn new(line: Line, versions: Versions, lifetime: Option<Duration>) -> Self {
        let session = lifetime.map(|lifetime| Session::new(lifetime, Instant::now()));
        Self { line, versions: Arc::new(versions), session }
    }

    fn is_usable(&self) -> bool {
        self.line.is_usable() && self.session.is_none_or(|session| Instant::now() < session.ends_at)
    }

    fn is_to_be_renewed(&self) -> bool {
        self.session.is_some_and(|session| Instant::now() >= session.renew_at)
    }

    fn version(&self, api: &Api) -> Result<i16, Fault> {
        self.versions.common(api, self.line.peer())
    }

    async fn ask<C: Call>(&self, call: &C) -> Result<C::Answer, Ended> {
        let version = self.version(&C::API).map_err(|fault| Ended { fault, unanswered: false })?;
        self.line.ask(call, version).await
    }
}
