//! The task that owns a socket. In: encoded requests; out: their answers, matched by correlation id. It reads all the
//! time, so that a socket that the broker closed is known as closed before anybody asks.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf},
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};

use super::{
    Fault, Stopwatch,
    frame::{Frames, Next},
    line::{Ended, Health},
};
use crate::{properties::SocketSettings, tls};

/// A socket, plain or in TLS.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Bytes to send above which further requests wait: a frozen broker's do not pile up in the buffer, and those that
/// were given up meanwhile are never sent.
const OUT: usize = 64 * 1024;
/// Answers owed above which further requests wait. A broker works on one request of a connection at a time, and what it
/// was sent it works off, wanted or not: those that are given up meanwhile must not be among it.
const OWED: usize = 16;
/// How often the times are looked at while an answer is owed.
const TICK: Duration = Duration::from_secs(1);

/// A request on its way. It may hold credentials, so there is no `Debug`.
pub(super) struct Request {
    pub(super) id: i32,
    pub(super) api: &'static str,
    pub(super) frame: Bytes,
    pub(super) answer: oneshot::Sender<Result<Bytes, Ended>>,
}

/// A request that was sent, or will be with the buffer.
struct Owed {
    id: i32,
    api: &'static str,
    sent: Instant,
    answer: oneshot::Sender<Result<Bytes, Ended>>,
}

/// See the module.
pub(super) struct Driver {
    reading: ReadHalf<Box<dyn Stream>>,
    writing: WriteHalf<Box<dyn Stream>>,
    requests: mpsc::UnboundedReceiver<Request>,
    peer: Arc<str>,
    health: Arc<Health>,
    silence: Duration,
    max_idle: Option<Duration>,
    frames: Frames,
    /// In the order of sending, which is the order of the answers.
    owed: VecDeque<Owed>,
    out: BytesMut,
    unflushed: bool,
    stopwatch: Stopwatch,
    /// Since when the first of `owed` has been the first.
    owed_since: Instant,
    last_byte: Instant,
    /// When the times were last looked at.
    looked: Instant,
}

impl Driver {
    pub(super) fn new(
        stream: Box<dyn Stream>,
        requests: mpsc::UnboundedReceiver<Request>,
        peer: Arc<str>,
        health: Arc<Health>,
        socket: &SocketSettings,
        stopwatch: Stopwatch,
    ) -> Self {
        let (reading, writing) = tokio::io::split(stream);
        let now = Instant::now();
        Self {
            reading,
            writing,
            requests,
            peer,
            health,
            silence: socket.silence,
            max_idle: socket.max_idle,
            frames: Frames::new(socket.largest_answer),
            owed: VecDeque::new(),
            out: BytesMut::new(),
            unflushed: false,
            stopwatch,
            owed_since: now,
            last_byte: now,
            looked: now,
        }
    }

    /// Runs until the socket closes, something comes that is no answer, or nobody holds the [`Line`](super::Line).
    pub(super) async fn run(mut self) {
        let fault = match self.converse().await {
            Ok(()) => Fault::Transport(format!("{}: the connection was closed", self.peer)),
            Err(fault) => fault,
        };
        tracing::debug!(broker = %self.peer, "connection closed: {}", fault.clone().error("connection"));
        // First no further requests are taken: who is told of the end and asks again gets another connection.
        self.requests.close();
        let closed = matches!(fault, Fault::Transport(_));
        let mut midway = self.frames.is_midway();
        for owed in self.owed.drain(..) {
            // The caller may be gone.
            let _ = owed.answer.send(Err(Ended { fault: fault.clone(), unanswered: closed && !midway }));
            midway = false;
        }
        while let Ok(request) = self.requests.try_recv() {
            let _ = request.answer.send(Err(Ended { fault: fault.clone(), unanswered: true }));
        }
        // The broker learns of the end now, and not by a reset. It may be gone.
        let _ = tokio::time::timeout(TICK, self.writing.shutdown()).await;
    }

    async fn converse(&mut self) -> Result<(), Fault> {
        loop {
            let wake = self.wake_at();
            tokio::select! {
                request = self.requests.recv(), if self.out.len() < OUT && self.owed.len() < OWED => match request {
                    Some(request) => self.take(request),
                    None => return Ok(()),
                },
                written = write(&mut self.writing, &mut self.out, &mut self.unflushed),
                    if self.unflushed || !self.out.is_empty() =>
                {
                    if let Err(error) = written {
                        return Err(self.last_words(error).await);
                    }
                }
                read = self.frames.read(&mut self.reading) => match read {
                    Ok(0) if self.frames.is_midway() => {
                        let message = format!("{} closed the connection in the middle of an answer", self.peer);
                        return Err(Fault::Transport(message));
                    }
                    Ok(0) => return Err(Fault::Transport(format!("{} closed the connection", self.peer))),
                    Ok(_) => self.deliver()?,
                    Err(error) => return Err(self.broken(&error)),
                },
                () = sleep_until(wake.unwrap_or(self.last_byte)), if wake.is_some() => {
                    // Nobody is left to ask, and what was asked is not being read.
                    if self.is_idle_for_long() || self.requests.sender_strong_count() == 0 {
                        return Ok(());
                    }
                    self.watch();
                }
            }
        }
    }

    fn take(&mut self, request: Request) {
        // Whoever has given up needs no answer.
        if request.answer.is_closed() {
            return;
        }
        let now = Instant::now();
        if self.owed.is_empty() {
            self.owed_since = now;
        }
        self.out.extend_from_slice(&request.frame);
        self.owed.push_back(Owed { id: request.id, api: request.api, sent: now, answer: request.answer });
    }

    /// Hands over what has come completely.
    fn deliver(&mut self) -> Result<(), Fault> {
        self.last_byte = Instant::now();
        loop {
            let (owed, peer) = (&self.owed, &self.peer);
            match self.frames.next(peer, |id| is_wanted(owed, peer, id))? {
                Next::Incomplete => return Ok(()),
                Next::Frame(frame) => {
                    if let Some(owed) = self.owed.pop_front() {
                        self.stopwatch.answered(owed.api, owed.sent.elapsed());
                        let _ = owed.answer.send(Ok(frame));
                    }
                }
                Next::Discarded => {
                    if let Some(owed) = self.owed.pop_front() {
                        self.stopwatch.answered(owed.api, owed.sent.elapsed());
                    }
                }
            }
            self.owed_since = Instant::now();
            self.health.late.store(false, Ordering::Relaxed);
            self.health.silent.store(false, Ordering::Relaxed);
        }
    }

    /// When to look at the times again.
    fn wake_at(&self) -> Option<Instant> {
        if self.owed.is_empty() {
            self.max_idle.map(|idle| self.owed_since.max(self.last_byte) + idle)
        } else {
            Some(self.looked + TICK)
        }
    }

    fn is_idle_for_long(&self) -> bool {
        self.owed.is_empty() && self.max_idle.is_some_and(|idle| self.owed_since.max(self.last_byte).elapsed() >= idle)
    }

    /// Sees whether the answer that is owed first is owed for too long: without a byte of it, or with nobody who waits.
    fn watch(&mut self) {
        self.looked = Instant::now();
        let Some(first) = self.owed.front() else { return };
        let since = if first.answer.is_closed() { self.owed_since } else { self.owed_since.max(self.last_byte) };
        if since.elapsed() >= self.silence {
            // Callers that still wait may go on; the others go to a new connection.
            self.health.silent.store(true, Ordering::Relaxed);
        }
    }

    /// Why writing failed. A broker that refuses us says so before it closes, and that may wait to be read.
    async fn last_words(&mut self, error: io::Error) -> Fault {
        let read = async {
            loop {
                match self.frames.read(&mut self.reading).await {
                    Ok(0) => return Ok(None),
                    Ok(_) => self.deliver()?,
                    Err(error) => return Ok(Some(error)),
                }
            }
        };
        match tokio::time::timeout(TICK, read).await {
            Ok(Err(fault)) => fault,
            Ok(Ok(Some(last))) => self.broken(&last),
            Ok(Ok(None)) | Err(_) => self.broken(&error),
        }
    }

    fn broken(&self, error: &io::Error) -> Fault {
        tls::fault(&self.peer, error)
            .unwrap_or_else(|| Fault::Transport(format!("{}: the connection broke: {error}", self.peer)))
    }
}

/// Whether somebody waits for the answer with this id, which must be the one owed first: Kafka answers in order.
fn is_wanted(owed: &VecDeque<Owed>, peer: &str, id: i32) -> Result<bool, Fault> {
    match owed.front() {
        Some(first) if first.id == id => Ok(!first.answer.is_closed()),
        Some(first) if owed.iter().any(|other| other.id == id) => {
            Err(Fault::Protocol(format!("{peer} answered correlation id {id} before {}: out of order", first.id)))
        }
        _ => Err(Fault::Protocol(format!("{peer} answered correlation id {id}, which was not asked"))),
    }
}

/// Writes some of `out`, or flushes when it is empty. Cancellation loses nothing.
async fn write(to: &mut (impl AsyncWrite + Unpin), out: &mut BytesMut, unflushed: &mut bool) -> io::Result<()> {
    if !out.is_empty() {
        *unflushed = true;
        if to.write_buf(out).await? == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
    } else {
        to.flush().await?;
        *unflushed = false;
    }
    Ok(())
}
