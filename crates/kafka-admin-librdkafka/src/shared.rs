//! The handle with what is known about the cluster, shared by the engine, its thread and blocking tasks. In: calls to
//! submit; out: their answers, or failures that say why.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use kafka_admin::{AdminError, Cluster, GroupId, Token};
use tokio::sync::oneshot;

use crate::context::Context;
use crate::error::{Failure, unreachable};
use crate::ffi::{CallOptions, Client, Event, Kind};
use crate::known::Known;
use crate::pending::Pending;
use crate::tokens::Tokens;

/// How soon the client's thread notices that it should end, should nobody wake it.
const POLL: Duration = Duration::from_secs(1);
/// librdkafka reports a time-out itself; this much later we give up on the library too.
const MARGIN: Duration = Duration::from_millis(100);
/// Calls are told to give up this much before the deadline, so that their answer is here at the deadline.
const SLACK: Duration = Duration::from_millis(20);
/// For how long a broker that has not answered is expected not to.
const SILENCE: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(crate) struct Shared {
    client: Client,
    context: Context,
    /// For OAUTHBEARER.
    tokens: Option<Tokens>,
    pending: Mutex<Pending<oneshot::Sender<Event>>>,
    closed: AtomicBool,
    known: RwLock<Arc<Known>>,
    racks: RwLock<HashMap<i32, Option<String>>>,
    coordinators: RwLock<Arc<HashMap<GroupId, i32>>>,
    silent: Mutex<HashMap<i32, Instant>>,
}

impl Shared {
    pub(crate) fn new(client: Client, context: Context, tokens: Option<Tokens>) -> Self {
        Self {
            client,
            context,
            tokens,
            pending: Mutex::default(),
            closed: AtomicBool::new(false),
            known: RwLock::default(),
            racks: RwLock::default(),
            coordinators: RwLock::default(),
            silent: Mutex::default(),
        }
    }

    /// The body of the client's thread: hands answers to their waiters, takes logs and errors, ends on
    /// [`close`](Self::close).
    pub(crate) fn serve(self: &Arc<Self>) {
        while !self.closed.load(Ordering::Acquire) {
            let Some(event) = self.client.poll(POLL) else { continue };
            match event.kind() {
                Kind::Answer { token } => {
                    // The waiter may have gone; then the answer ends here.
                    let waiter = self.pending().take(token);
                    drop(waiter.map(|waiter| waiter.send(event)));
                }
                Kind::Log(log) => self.context.log(&log),
                Kind::Error(error) => self.context.error(&error),
                Kind::TokenWanted => {
                    if let Some(tokens) = &self.tokens {
                        tokens.fetch(Arc::downgrade(self));
                    }
                }
                Kind::Other => {}
            }
        }
    }

    pub(crate) fn set_token(&self, token: &Token) -> Result<(), String> {
        self.client.set_token(token)
    }

    /// There is no token for this reason, or there is one again.
    pub(crate) fn token_failed(&self, failure: Option<String>) {
        if let Some(message) = &failure {
            self.client.set_token_failure(message);
        }
        self.context.token_failed(failure);
    }

    /// Fails all calls that are under way, and all later ones.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.pending().close();
        self.client.wake();
    }

    /// Submits a call and waits for its answer, for a little longer than `timeout`. `submit` must not block.
    pub(crate) async fn call(
        &self,
        broker: Option<i32>,
        timeout: Duration,
        submit: impl FnOnce(&Client, CallOptions) -> Result<(), AdminError>,
    ) -> Result<Event, CallError> {
        let (call, answer) = self.register(broker, timeout)?;
        self.submitted(call, submit(&self.client, call))?;
        wait(answer, timeout).await
    }

    /// As [`call`](Self::call), for what takes librdkafka time in the calling thread.
    pub(crate) async fn call_blocking(
        self: &Arc<Self>,
        broker: Option<i32>,
        timeout: Duration,
        submit: impl FnOnce(&Client, CallOptions) -> Result<(), AdminError> + Send + 'static,
    ) -> Result<Event, CallError> {
        let (call, answer) = self.register(broker, timeout)?;
        let shared = Arc::clone(self);
        let submitted = tokio::task::spawn_blocking(move || shared.submitted(call, submit(&shared.client, call)));
        // A runtime that is shutting down drops the task: nothing was submitted then.
        submitted.await.unwrap_or(Err(CallError::Failed(Failure::closed())))?;
        wait(answer, timeout).await
    }

    /// Submits a call whose answer does not matter.
    pub(crate) fn call_and_forget(
        &self,
        broker: Option<i32>,
        timeout: Duration,
        submit: impl FnOnce(&Client, CallOptions) -> Result<(), AdminError>,
    ) {
        if let Ok((call, _)) = self.register(broker, timeout) {
            drop(self.submitted(call, submit(&self.client, call)));
        }
    }

    fn register(
        &self,
        broker: Option<i32>,
        timeout: Duration,
    ) -> Result<(CallOptions, oneshot::Receiver<Event>), CallError> {
        let (sender, receiver) = oneshot::channel();
        let token = self.pending().insert(sender).ok_or_else(|| CallError::Failed(Failure::closed()))?;
        Ok((CallOptions { token, timeout, broker }, receiver))
    }

    /// Frees the token of a call that was not submitted, for which no answer will come.
    fn submitted(&self, call: CallOptions, result: Result<(), AdminError>) -> Result<(), CallError> {
        result.map_err(|error| {
            self.pending().take(call.token);
            CallError::Refused(error)
        })
    }

    /// Metadata of all topics from a broker of librdkafka's choice. Blocks for up to `timeout`.
    pub(crate) fn metadata(&self, timeout: Duration) -> Result<Cluster, Failure> {
        self.client.metadata(timeout, &self.known().names)
    }

    /// The error that `call` reports. A time-out becomes the reason for it, where one is known.
    pub(crate) fn explain(&self, call: &'static str, broker: Option<i32>, error: CallError) -> AdminError {
        let error = match error {
            CallError::Refused(error) => return error,
            CallError::Failed(failure) => failure.into_error(call),
        };
        self.with_reason(call, broker, error)
    }

    /// Replaces an error that only says that a broker is unreachable by what is wrong with the connection.
    pub(crate) fn with_reason(&self, call: &'static str, broker: Option<i32>, error: AdminError) -> AdminError {
        if !unreachable(&error) {
            return error;
        }
        let address = broker.and_then(|id| self.known().address(id));
        let fault = self.context.fault(address.as_deref());
        match fault.map(|fault| fault.into_error(call)) {
            // Only what says more: a fault may be a time-out of its own.
            Some(fault) if unreachable(&fault) && !matches!(fault, AdminError::Timeout { .. }) => fault,
            _ => error,
        }
    }

    /// A broker has answered: what was wrong with its connection is over.
    fn answered(&self, broker: i32) {
        self.silent().remove(&broker);
        if let Some(address) = self.known().address(broker) {
            self.context.answered(&address);
        }
    }

    /// Draws the conclusions from a call that went to one broker.
    pub(crate) fn judge<T>(&self, broker: Option<i32>, result: &Result<T, AdminError>) {
        match (broker, result) {
            (Some(broker), Ok(_)) => self.answered(broker),
            (Some(broker), Err(error)) if unreachable(error) => {
                self.silent().insert(broker, Instant::now());
            }
            _ => {}
        }
    }

    /// Whether a broker has lately not answered.
    pub(crate) fn is_silent(&self, broker: i32) -> bool {
        self.silent().get(&broker).is_some_and(|at| at.elapsed() < SILENCE)
    }

    /// For how long to wait for a broker that has said nothing in this call yet: a share of the time, so that others can
    /// be asked afterwards, and a small one for a broker that has just let us down.
    pub(crate) fn patience(&self, broker: Option<i32>, deadline: Instant) -> Duration {
        if broker.is_some_and(|id| self.is_silent(id)) {
            return remaining(deadline).mul_f64(0.1).max(Duration::from_millis(100)).min(remaining(deadline));
        }
        share(deadline)
    }

    pub(crate) fn known(&self) -> Arc<Known> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes over what a Metadata answer tells.
    pub(crate) fn learn(&self, cluster: &Cluster) {
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Known::of(cluster));
    }

    pub(crate) fn racks(&self) -> HashMap<i32, Option<String>> {
        self.racks.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn learn_racks(&self, racks: HashMap<i32, Option<String>>) {
        *self.racks.write().unwrap_or_else(PoisonError::into_inner) = racks;
    }

    /// The broker that each group was last listed by.
    pub(crate) fn coordinators(&self) -> Arc<HashMap<GroupId, i32>> {
        Arc::clone(&self.coordinators.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn learn_coordinators(&self, coordinators: HashMap<GroupId, i32>) {
        *self.coordinators.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(coordinators);
    }

    /// Calls whose answer has not come, waited for or not.
    pub(crate) fn in_flight(&self) -> usize {
        self.pending().len()
    }

    fn pending(&self) -> MutexGuard<'_, Pending<oneshot::Sender<Event>>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn silent(&self) -> MutexGuard<'_, HashMap<i32, Instant>> {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a call has no answer.
#[derive(Debug)]
pub(crate) enum CallError {
    /// It was not submitted.
    Refused(AdminError),
    /// librdkafka or a broker said no.
    Failed(Failure),
}

async fn wait(answer: oneshot::Receiver<Event>, timeout: Duration) -> Result<Event, CallError> {
    let event = match tokio::time::timeout(timeout + MARGIN, answer).await {
        Ok(Ok(event)) => event,
        Ok(Err(_)) => return Err(CallError::Failed(Failure::closed())),
        Err(_) => return Err(CallError::Failed(Failure::timed_out())),
    };
    match event.failure() {
        Some(failure) => Err(CallError::Failed(failure)),
        None => Ok(event),
    }
}

/// The time that a call submitted now may take; zero when the deadline has come.
pub(crate) fn remaining(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now()).saturating_sub(SLACK)
}

/// The share of the remaining time that one attempt may take.
pub(crate) fn share(deadline: Instant) -> Duration {
    remaining(deadline).mul_f64(0.4)
}
