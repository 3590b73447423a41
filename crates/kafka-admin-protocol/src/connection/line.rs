//! One socket's conversation as its callers see it. In: calls, many at a time; out: each one's answer, or how the
//! conversation ended. The task behind it is in `driver.rs`.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicI32, Ordering},
};

use bytes::Bytes;
use tokio::{
    runtime::{Handle, RuntimeFlavor},
    sync::{mpsc, oneshot},
};

use super::{
    Fault, Stopwatch,
    driver::{Driver, Request, Stream},
    frame,
};
use crate::{api::Call, properties::SocketSettings, wire::Reader};

/// Answers above this many bytes are decoded where they cannot keep other tasks waiting: some 100 microseconds.
const LARGE: usize = 64 * 1024;

/// A conversation. When the last clone is gone the socket is closed.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    requests: mpsc::UnboundedSender<Request>,
    next_id: Arc<AtomicI32>,
    client_id: Arc<str>,
    peer: Arc<str>,
    health: Arc<Health>,
}

/// What callers and the task tell each other.
#[derive(Debug, Default)]
pub(super) struct Health {
    /// A caller gave up, and no answer has come since.
    pub(super) late: AtomicBool,
    /// An answer has been owed for long.
    pub(super) silent: AtomicBool,
}

/// Why a call has no answer.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    pub(crate) fault: Fault,
    /// The connection closed, and not a byte of the answer had come: asking on another connection may help.
    pub(crate) unanswered: bool,
}

impl Line {
    /// Starts the conversation on a socket. `peer` names the broker in errors.
    pub(super) fn new(
        stream: Box<dyn Stream>,
        peer: &str,
        client_id: &str,
        socket: &SocketSettings,
        stopwatch: Stopwatch,
    ) -> Self {
        let (requests, received) = mpsc::unbounded_channel();
        let health = Arc::new(Health::default());
        let peer: Arc<str> = peer.into();
        tokio::spawn(Driver::new(stream, received, peer.clone(), health.clone(), socket, stopwatch).run());
        Self { requests, next_id: Arc::default(), client_id: client_id.into(), peer, health }
    }

    /// The broker's name in errors.
    pub(crate) fn peer(&self) -> &str {
        &self.peer
    }

    /// Whether further requests should go here.
    pub(super) fn is_usable(&self) -> bool {
        !self.requests.is_closed() && !self.health.silent.load(Ordering::Relaxed)
    }

    /// Whether somebody has given up waiting for an answer that is still owed.
    pub(super) fn is_late(&self) -> bool {
        self.health.late.load(Ordering::Relaxed)
    }

    /// Asks in a version that the broker is known, or hoped, to have. Dropping the future leaves the conversation as
    /// it is; the answer is then thrown away when it comes.
    pub(crate) async fn ask<C: Call>(&self, call: &C, version: i16) -> Result<C::Answer, Ended> {
        let failed = |fault| Ended { fault, unanswered: false };
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let frame = frame::request(call, version, id, &self.client_id).map_err(|unencodable| {
            failed(Fault::Client(format!("{} version {version}: {}", C::API.name, unencodable.0)))
        })?;
        let (answer, received) = oneshot::channel();
        let closed =
            || Ended { fault: Fault::Transport(format!("{}: the connection was closed", self.peer)), unanswered: true };
        self.requests.send(Request { id, api: C::API.name, frame, answer }).map_err(|_| closed())?;
        let mut waiting = Waiting { health: &self.health, gave_up: true };
        let answer = received.await;
        waiting.gave_up = false;
        let answer = answer.map_err(|_| closed())??;
        self.decode(call, version, &answer).map_err(|what| {
            let message = format!("{} answered {} version {version} in no form it has: {what}", self.peer, C::API.name);
            failed(Fault::Protocol(message))
        })
    }

    /// Reads header and body, and on a runtime with several threads lets the others work meanwhile.
    fn decode<C: Call>(&self, call: &C, version: i16, answer: &Bytes) -> Result<C::Answer, String> {
        let read = || {
            let (_correlation_id, rest) = answer.split_at_checked(4).ok_or("it is too short")?;
            let mut reader = Reader::new(rest, C::API.is_flexible(version));
            if frame::has_tagged_header(&C::API, version) {
                reader.tagged_fields().map_err(|malformed| malformed.to_string())?;
            }
            let answer = call.decode(version, &mut reader).map_err(|malformed| malformed.to_string())?;
            reader.end().map_err(|malformed| malformed.to_string())?;
            Ok(answer)
        };
        // A runtime of one thread has nowhere to move the others to.
        if answer.len() > LARGE && Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread {
            tokio::task::block_in_place(read)
        } else {
            read()
        }
    }
}

/// Notes when a caller's future is dropped before its answer came.
struct Waiting<'a> {
    health: &'a Health,
    gave_up: bool,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.gave_up {
            self.health.late.store(true, Ordering::Relaxed);
        }
    }
}
