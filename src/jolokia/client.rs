//! One agent as a [`Transport`]: a plan in, two bulk POSTs out, beans into the sink; one request in flight, and after a
//! time-out a cheap probe first.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::declared::{texts_of_beans, types_of_beans};
use super::decode::{DecodeError, Decoded, decode};
use super::foreign::Foreign;
use super::http::{AgentConfig, Http, JolokiaError, Limits};
use super::repair::repair;
use super::request::Bulk;
use crate::mbean::{Answer, BeanSink, Plan, ReadError, ReadErrorKind, Transport};

/// Largest answer about types that is looked into, in bytes; real ones have some hundred kilobytes.
const MAX_TYPES: usize = 8 << 20;

/// A Jolokia agent.
#[derive(Debug)]
pub struct Jolokia {
    http: Http,
    probe: Duration,
    /// Held while a request is in flight: agents serve one request at a time, a second one would only wait there.
    state: Mutex<State>,
}

/// What is known of the agent from earlier answers.
#[derive(Debug, Default)]
struct State {
    /// A request was given up on and the agent may still be busy with it.
    abandoned: bool,
    /// When the names were last told, by the agent's clock, in seconds since the epoch. `None` asks for all of them.
    names_at: Option<u64>,
    version_seen: bool,
    nan_trap_told: bool,
    /// Shared with the decoder while it runs.
    foreign: Arc<Foreign>,
    no_types_told: bool,
}

/// What one read has achieved so far.
struct Progress<S> {
    sink: Option<S>,
    requests: u64,
    bytes: u64,
    names: Option<Vec<Box<str>>>,
    names_at: Option<u64>,
    /// Beans to be asked for in another way.
    again: Vec<Box<str>>,
}

impl Jolokia {
    /// Prepares to ask the agent at `config.url`; sends nothing yet.
    ///
    /// # Errors
    /// The URL is none, the CA file cannot be read, or an `https` URL meets a system without CA certificates.
    pub fn new(config: AgentConfig, limits: Limits) -> Result<Self, JolokiaError> {
        let http = Http::new(config, limits.max_body)?;
        Ok(Self { http, probe: limits.probe, state: Mutex::new(State::default()) })
    }

    /// The agent's URL without credentials.
    pub fn url(&self) -> &str {
        self.http.shown()
    }

    async fn run<S: BeanSink>(
        &self,
        plan: &Plan,
        deadline: Instant,
        progress: &mut Progress<S>,
    ) -> Result<(), ReadError> {
        let Ok(mut state) = tokio::time::timeout_at(deadline.into(), self.state.lock()).await else {
            return Err(self.http.error(
                ReadErrorKind::Timeout,
                format_args!("an earlier read was still in flight; scrape less often or allow more time"),
            ));
        };
        let state = &mut *state;
        if state.abandoned {
            self.probe(state, deadline, progress).await?;
        }
        let result = self.two_posts(state, plan, deadline, progress).await;
        match result.as_ref().err().map(|error| error.kind) {
            // Names told in a read whose second half did not come in time need not be told again: that would burden an
            // agent that is slow already.
            None | Some(ReadErrorKind::Agent) => state.names_at = progress.names_at.or(state.names_at),
            Some(ReadErrorKind::Timeout) if progress.names_at.is_some() => state.names_at = progress.names_at,
            // The agent may come back as another process: ask for its version and all its names again.
            Some(_) => {
                state.names_at = None;
                state.version_seen = false;
                Arc::make_mut(&mut state.foreign).ask_again();
            }
        }
        result
    }

    /// Asks for the version alone: only an agent that answers this in time is free for more.
    async fn probe<S>(
        &self,
        state: &mut State,
        deadline: Instant,
        progress: &mut Progress<S>,
    ) -> Result<(), ReadError> {
        let until = deadline.min(Instant::now() + self.probe);
        let mut bulk = Bulk::default();
        bulk.version();
        progress.requests += 1;
        match self.http.post(bulk.build().0, until).await {
            Ok(body) => progress.bytes += body.len() as u64,
            Err(error) if error.kind == ReadErrorKind::Timeout => {
                return Err(self.http.error(
                    ReadErrorKind::Timeout,
                    format_args!(
                        "the agent has not answered since an earlier time-out; is the broker overloaded or frozen?"
                    ),
                ));
            }
            Err(error) => {
                // It answers, or nobody is there: either way no request of ours is under way.
                state.abandoned = may_be_busy(error.kind);
                return Err(error);
            }
        }
        state.abandoned = false;
        Ok(())
    }

    async fn two_posts<S: BeanSink>(
        &self,
        state: &mut State,
        plan: &Plan,
        deadline: Instant,
        progress: &mut Progress<S>,
    ) -> Result<(), ReadError> {
        if !plan.is_empty() {
            self.learn_types(state, deadline, progress).await?;
        }
        let mut first = Bulk::default();
        if !state.version_seen {
            first.version();
        }
        plan.essentials.iter().flat_map(|query| state.foreign.reads(query)).for_each(|read| first.read(read));
        // Not with the second, so that a flood that never comes does not hold up a new plan.
        first.search(state.names_at.filter(|_| !plan.is_empty()));
        let mut second = Bulk::default();
        plan.per_partition.iter().flat_map(|query| state.foreign.reads(query)).for_each(|read| second.read(read));
        let first = self.bulk(state, first, !plan.is_empty(), deadline, progress).await;
        // An answered bulk with failed items is no reason not to send the second.
        if let Err(error) = &first
            && error.kind != ReadErrorKind::Agent
        {
            return first;
        }
        let second = if second.is_empty() { Ok(()) } else { self.bulk(state, second, false, deadline, progress).await };
        let mut third = Bulk::default();
        let again = std::mem::take(&mut progress.again);
        let queries = plan.essentials.iter().chain(&plan.per_partition).filter(|_| !again.is_empty());
        let reads = queries.flat_map(|query| state.foreign.reads(query));
        reads.filter(|read| again.iter().any(|bean| **bean == *read.pattern)).for_each(|read| third.read(read));
        let third = if third.is_empty() { Ok(()) } else { self.bulk(state, third, false, deadline, progress).await };
        first.and(second).and(third)
    }

    /// One bulk POST, decoded into the sink off the async threads. `essentials` = with it all essentials have arrived.
    async fn bulk<S: BeanSink>(
        &self,
        state: &mut State,
        bulk: Bulk,
        essentials: bool,
        deadline: Instant,
        progress: &mut Progress<S>,
    ) -> Result<(), ReadError> {
        let (body, items) = bulk.build();
        let mut body = self.post(state, body, deadline, progress).await?;
        let foreign = Arc::clone(&state.foreign);
        let Some(mut sink) = progress.sink.take() else {
            return Err(self.http.error(ReadErrorKind::Internal, format_args!("decoding failed before")));
        };
        let task = tokio::task::spawn_blocking(move || {
            repair(&mut body);
            let (decoded, result) = decode(&body, &items, &foreign, deadline, &mut sink);
            if essentials && result.is_ok() {
                sink.essentials_complete();
            }
            (sink, decoded, result)
        });
        let Ok((sink, decoded, result)) = task.await else {
            return Err(self.http.error(
                ReadErrorKind::Internal,
                format_args!("the answer made the decoder fail; please report this as a bug"),
            ));
        };
        progress.sink = Some(sink);
        match result {
            Err(DecodeError::Late) => Err(self.http.error(
                ReadErrorKind::Timeout,
                format_args!("the answer came too late to be decoded; allow more time"),
            )),
            Err(DecodeError::TooMuch(reason)) => Err(self
                .http
                .error(ReadErrorKind::TooLarge, format_args!("{reason}; is this the URL of a Kafka node's agent?"))),
            Err(DecodeError::Shape(reason)) => Err(self
                .http
                .error(ReadErrorKind::Protocol, format_args!("{reason}; is this the URL of a Jolokia agent?"))),
            Ok(()) => self.accept(state, decoded, progress),
        }
    }

    /// One POST: its body in, the answer's out.
    async fn post<S>(
        &self,
        state: &mut State,
        body: Vec<u8>,
        deadline: Instant,
        progress: &mut Progress<S>,
    ) -> Result<Vec<u8>, ReadError> {
        if Instant::now() >= deadline {
            return Err(self
                .http
                .error(ReadErrorKind::Timeout, format_args!("no time was left for this request; allow more time")));
        }
        progress.requests += 1;
        // Set while the request is out, so that it also stays set when this future is dropped.
        state.abandoned = true;
        let result = self.http.post(body, deadline).await;
        state.abandoned = result.as_ref().is_err_and(|error| may_be_busy(error.kind));
        let body = result?;
        progress.bytes += body.len() as u64;
        Ok(body)
    }

    /// Asks for the declared types of beans that are neither Kafka's nor the JDK's, if there are any that are new: a POST
    /// before all others, because reading some of them without knowing their types would change them; and another one where a
    /// value's text is to tell what its attribute does not declare.
    async fn learn_types<S>(
        &self,
        state: &mut State,
        deadline: Instant,
        progress: &mut Progress<S>,
    ) -> Result<(), ReadError> {
        let beans = state.foreign.unasked();
        if beans.is_empty() {
            return Ok(());
        }
        let mut bulk = Bulk::default();
        beans.iter().for_each(|bean| bulk.list(bean));
        // Whatever comes of it, they have been asked for: what is slow or refused must not be so at every scrape.
        beans.iter().for_each(|bean| Arc::make_mut(&mut state.foreign).asked(bean, None));
        let body = self.post(state, bulk.build().0, deadline, progress).await?;
        let types = parsed(body, types_of_beans).await;
        if types.iter().all(Option::is_none) && !state.no_types_told {
            state.no_types_told = true;
            tracing::warn!(
                url = self.url(),
                "Jolokia does not tell the declared types of MBeans that are not Kafka's, so some of their values may be missing or differ; allow it the command `list`"
            );
        }
        let foreign = Arc::make_mut(&mut state.foreign);
        for (bean, types) in beans.iter().zip(types) {
            foreign.asked(bean, types);
        }
        let reads = foreign.untold(&beans);
        if reads.is_empty() {
            return Ok(());
        }
        let mut bulk = Bulk::default();
        reads.iter().for_each(|read| bulk.read(read.clone()));
        let body = self.post(state, bulk.build().0, deadline, progress).await?;
        for (read, texts) in reads.iter().zip(parsed(body, texts_of_beans).await) {
            let foreign = Arc::make_mut(&mut state.foreign);
            texts.iter().for_each(|(attribute, text)| foreign.told(&read.pattern, attribute, text));
        }
        Ok(())
    }

    fn accept<S>(&self, state: &mut State, decoded: Decoded, progress: &mut Progress<S>) -> Result<(), ReadError> {
        state.version_seen = true;
        if let Some(version) = &decoded.agent_version
            && has_nan_trap(version)
            && !state.nan_trap_told
        {
            state.nan_trap_told = true;
            tracing::error!(
                url = self.url(),
                "Jolokia {version} fails on every bean with a NaN value, so most of Kafka's beans will be missing; use 2.5.0 or later"
            );
        }
        if let Some(names) = &decoded.names {
            Arc::make_mut(&mut state.foreign).names(names);
        }
        if !decoded.ask_for_text.is_empty() || !decoded.unserialisable.is_empty() {
            let foreign = Arc::make_mut(&mut state.foreign);
            decoded.ask_for_text.iter().for_each(|(bean, attribute)| foreign.ask_for_text(bean, attribute));
            decoded.unserialisable.iter().for_each(|bean| foreign.unserialisable(bean));
            progress.again.extend(decoded.unserialisable);
        }
        if decoded.names.is_some() {
            progress.names = decoded.names;
            progress.names_at = decoded.names_at;
        }
        match decoded.failed {
            None => Ok(()),
            Some((count, failure)) => Err(self.http.error(
                ReadErrorKind::Agent,
                format_args!(
                    "{count} request(s) of the bulk failed, first the {} with status {} ({}); check the agent's access policy",
                    failure.asked, failure.status, failure.error
                ),
            )),
        }
    }
}

impl Transport for Jolokia {
    async fn read<S: BeanSink>(&self, plan: &Plan, deadline: Instant, sink: S) -> Answer<S> {
        let mut progress =
            Progress { sink: Some(sink), requests: 0, bytes: 0, names: None, names_at: None, again: Vec::new() };
        let result = self.run(plan, deadline, &mut progress).await;
        let Progress { sink, requests, bytes, names, .. } = progress;
        Answer { sink, requests, bytes, names, result }
    }
}

/// An answer about types, parsed off the async threads. Empty if it is too large or not what was asked for.
async fn parsed<T: Send + 'static>(
    mut body: Vec<u8>,
    parse: impl Fn(&[u8]) -> Option<Vec<T>> + Send + 'static,
) -> Vec<T> {
    let task = tokio::task::spawn_blocking(move || {
        repair(&mut body);
        (body.len() <= MAX_TYPES).then(|| parse(&body)).flatten()
    });
    task.await.ok().flatten().unwrap_or_default()
}

/// Whether the agent may still be at work on a request that failed so: its answer was not read to the end.
fn may_be_busy(kind: ReadErrorKind) -> bool {
    matches!(kind, ReadErrorKind::Timeout | ReadErrorKind::TooLarge | ReadErrorKind::Protocol)
}

/// 2.4.0 to 2.4.3 throw while serialising NaN, and the whole request fails (jolokia/jolokia#934).
fn has_nan_trap(version: &str) -> bool {
    matches!(version, "2.4.0" | "2.4.1" | "2.4.2" | "2.4.3")
}
