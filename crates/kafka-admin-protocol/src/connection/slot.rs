//! The place of one address's connection. In: calls; out: their answers, over a connection that is opened when there
//! is none, by one task for all who wait, with pauses between failures.

use std::{
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI32, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};

use super::{Address, Connection, Dialer, Ended, Fault};
use crate::api::{Api, Call};

/// Which broker an address is of, as far as it is known.
#[derive(Debug, Clone)]
pub(super) struct BrokerId(Arc<AtomicI32>);

/// No broker's id: the address is a bootstrap server's.
const NO_BROKER: i32 = -1;

impl BrokerId {
    fn unknown() -> Self {
        Self(Arc::new(NO_BROKER.into()))
    }

    /// Absent while the address is only known as a bootstrap server's.
    pub(super) fn get(&self) -> Option<i32> {
        Some(self.0.load(Ordering::Relaxed)).filter(|id| *id != NO_BROKER)
    }
}

/// What all who wait for a connection share.
type Opening = Shared<BoxFuture<'static, Result<Connection, Fault>>>;

/// See the module.
#[derive(Debug)]
pub(crate) struct Slot {
    address: Address,
    dialer: Arc<Dialer>,
    broker: BrokerId,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    open: Option<Connection>,
    /// The task that opens a connection, to wait for.
    opening: Option<Opening>,
    /// Failures in a row, and until when the last is the answer.
    failures: u32,
    failed: Option<(Instant, Fault)>,
}

impl Slot {
    pub(crate) fn new(address: Address, dialer: &Arc<Dialer>) -> Arc<Self> {
        let dialer = Arc::clone(dialer);
        Arc::new(Self { address, dialer, broker: BrokerId::unknown(), state: Mutex::default() })
    }

    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// Notes which broker this is, for errors and times.
    pub(crate) fn set_broker(&self, id: i32) {
        self.broker.0.store(id, Ordering::Relaxed);
    }

    /// Begins to open a connection if there is none.
    pub(crate) fn connect(self: &Arc<Self>) {
        let mut state = self.state();
        if state.open.is_none() {
            // Whoever asks finds it, or why there is none.
            let _ = self.opening(&mut state);
        }
    }

    /// Lets go of the connection: it closes when its last answer has come.
    pub(crate) fn release(&self) {
        self.state().open = None;
    }

    /// How unwillingly a call that any broker can answer goes here: it is open, it is to be opened, or it failed or was
    /// waited for in vain just now.
    pub(crate) fn reluctance(&self) -> u8 {
        let state = self.state();
        match &state.open {
            Some(open) if open.is_usable() && !open.line.is_late() => 0,
            None if state.failures == 0 => 1,
            _ => 2,
        }
    }

    /// Asks this broker. On a connection that closed before it answered, as brokers close those that were idle for
    /// long, a call is tried once more on a new one: all our calls only read.
    pub(crate) async fn ask<C: Call>(self: &Arc<Self>, call: &C) -> Result<C::Answer, Fault> {
        let (connection, is_new) = self.connection().await?;
        let ended = match connection.ask(call).await {
            Ok(answer) => return Ok(answer),
            Err(ended) => ended,
        };
        if !ended.unanswered {
            return Err(ended.fault);
        }
        drop(connection);
        if is_new {
            return Err(self.refused(ended.fault));
        }
        let (connection, is_new) = self.connection().await?;
        connection.ask(call).await.map_err(
            |Ended { fault, unanswered }| {
                if is_new && unanswered { self.refused(fault) } else { fault }
            },
        )
    }

    /// The version that [`ask`](Self::ask) would use.
    pub(crate) async fn version(self: &Arc<Self>, api: &Api) -> Result<i16, Fault> {
        self.connection().await?.0.version(api)
    }

    /// A broker that wants SASL and got none closes the connection at the first request after ApiVersions.
    fn refused(&self, fault: Fault) -> Fault {
        match fault {
            Fault::Transport(message) if self.dialer.settings().sasl.is_none() => {
                Fault::Transport(format!("{message} at the first request: does it expect SASL?"))
            }
            fault => fault,
        }
    }

    /// The connection to ask on, and whether it was opened for this.
    pub(super) async fn connection(self: &Arc<Self>) -> Result<(Connection, bool), Fault> {
        let opening = {
            let mut state = self.state();
            if state.open.as_ref().is_some_and(|open| !open.is_usable()) {
                state.open = None;
            }
            if let Some(open) = state.open.clone() {
                if open.is_to_be_renewed() {
                    // Whoever comes after the session's end finds the next one, or why there is none.
                    let _ = self.opening(&mut state);
                }
                return Ok((open, false));
            }
            self.opening(&mut state)?
        };
        opening.await.map(|connection| (connection, true))
    }

    /// The task that opens a connection, started if there is none.
    ///
    /// # Errors
    /// The last failure, while it is too early to try again.
    fn opening(self: &Arc<Self>, state: &mut State) -> Result<Opening, Fault> {
        // One that ended and is still here ended with its runtime.
        if let Some(opening) = state.opening.as_ref().filter(|opening| opening.peek().is_none()) {
            return Ok(opening.clone());
        }
        if let Some((until, fault)) = &state.failed
            && Instant::now() < *until
        {
            return Err(fault.clone());
        }
        let slot = Arc::clone(self);
        // A task of its own: it goes on when those who wait for it give up, and they find it done the next time.
        let task = tokio::spawn(async move {
            let opened = slot.dialer.open(&slot.address, &slot.peer(), &slot.broker).await;
            slot.settle(&opened);
            opened
        });
        let opening = task
            .map(|ended| ended.unwrap_or_else(|_| Err(Fault::Client("the runtime ended while connecting".to_owned()))))
            .boxed()
            .shared();
        state.opening = Some(opening.clone());
        Ok(opening)
    }

    fn settle(&self, opened: &Result<Connection, Fault>) {
        let mut state = self.state();
        state.opening = None;
        match opened {
            Ok(connection) => {
                state.open = Some(connection.clone());
                state.failures = 0;
                state.failed = None;
            }
            Err(fault) => {
                let socket = &self.dialer.settings().socket;
                let pause = pause(socket.backoff, socket.backoff_max, state.failures);
                tracing::debug!(broker = %self.address, "no connection: {}", fault.clone().error("connection"));
                state.failures = state.failures.saturating_add(1);
                state.failed = Some((Instant::now() + pause, fault.clone()));
            }
        }
    }

    /// The broker's name in errors.
    fn peer(&self) -> String {
        match self.broker.get() {
            None => self.address.to_string(),
            Some(id) => format!("broker {id} at {}", self.address),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The pause after one more failure than `failures`: doubled each time, then taken at 70 to 90 %, so that clients
/// which lost a broker together do not come back together, and what is asked every second finds the longest one over.
fn pause(first: Duration, most: Duration, failures: u32) -> Duration {
    let factor = 2u32.saturating_pow(failures.min(16));
    first.saturating_mul(factor).min(most).mul_f64(f64::from(jitter(70, 90)) / 100.0)
}

/// A number between two, both inclusive. The seed of a hash map is chance enough.
pub(super) fn jitter(from: u8, to: u8) -> u8 {
    let span = u64::from(to.saturating_sub(from)) + 1;
    let chance = RandomState::new().hash_one(Instant::now()) % span;
    from.saturating_add(u8::try_from(chance).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_from_the_first_to_the_longest_less_a_tenth_at_least() {
        let (first, most) = (Duration::from_millis(100), Duration::from_secs(1));
        for (failures, full) in [(0, 100), (1, 200), (2, 400), (3, 800), (4, 1000), (5, 1000), (u32::MAX, 1000)] {
            for _ in 0..100 {
                let pause = pause(first, most, failures).as_millis();
                assert!((full * 7 / 10..=full * 9 / 10).contains(&pause), "{pause} ms after {failures} failures");
            }
        }
    }
}
