//! The brokers as the calls see them: who is there, who has been silent, and which one coordinates which group. In: a
//! call and a broker; out: its answer, after no longer than that broker is worth waiting for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kafka_admin::{AdminError, Broker, ClientConfig, Cluster, ErrorCode, GroupId, RequestTime};

use crate::api::{Api, Call};
use crate::connection::RequestTimes;
use crate::connections::{BROKER_NOT_AVAILABLE, Connections};
use crate::wire::Names;

/// For how long a broker that has not answered is expected not to.
const SILENCE: Duration = Duration::from_secs(10);
/// The least time for a broker that has been silent.
const LEAST_PATIENCE: Duration = Duration::from_millis(100);
/// No answer within less than this says nothing about a broker.
const FAIR_TRIAL: Duration = Duration::from_millis(300);
/// Of the time until a deadline, what one of several brokers that could answer may use.
const TURN: f64 = 0.25;
/// Of the time until a deadline, what a call to one broker may use: the rest is for asking another one.
const SHARE: f64 = 0.8;

#[derive(Debug)]
pub(crate) struct Brokers {
    connections: Connections,
    /// For what a broker passes on to the active controller: until that has answered, the broker reads nothing more from
    /// the connection, and a frozen controller would hold up all that is asked of healthy brokers.
    forwarding: Connections,
    /// Of both.
    times: Arc<RequestTimes>,
    /// Held while metadata is asked because no broker is known.
    pub(crate) acquainting: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    names: Arc<Names>,
    groups: HashMap<GroupId, GroupPlace>,
    silent: HashMap<i32, Instant>,
}

/// What is known of a group from earlier answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GroupPlace {
    /// Its coordinator's broker id.
    pub(crate) coordinator: i32,
    /// Committed offsets in its last answer, if there was one.
    pub(crate) commits: Option<usize>,
}

impl Brokers {
    pub(crate) fn new(config: &ClientConfig) -> Result<Self, AdminError> {
        let times = Arc::default();
        let (connections, forwarding) = (Connections::new(config, &times)?, Connections::new(config, &times)?);
        Ok(Self { connections, forwarding, times, acquainting: tokio::sync::Mutex::default(), state: Mutex::default() })
    }

    /// Takes over what a Metadata answer tells.
    pub(crate) fn learn(&self, cluster: &Cluster) {
        self.connections.learn(&cluster.brokers);
        self.forwarding.learn(&cluster.brokers);
        self.state().names = Arc::new(Names::of(cluster));
    }

    /// Takes over addresses of brokers that were not known, from another answer than Metadata's about the whole cluster.
    pub(crate) fn meet(&self, brokers: &[Broker]) {
        self.connections.meet(brokers);
    }

    /// How long brokers have taken to answer since the start.
    pub(crate) fn request_times(&self) -> Vec<RequestTime> {
        self.times.list()
    }

    /// Ids of the brokers known, ascending.
    pub(crate) fn ids(&self) -> Vec<i32> {
        self.connections.brokers()
    }

    /// Topic names of the last metadata.
    pub(crate) fn names(&self) -> Arc<Names> {
        Arc::clone(&self.state().names)
    }

    pub(crate) fn place(&self, group: &GroupId) -> Option<GroupPlace> {
        self.state().groups.get(group).copied()
    }

    /// Forgets all groups but those that `listed` has, and those at `unheard` brokers, whose lists are not known.
    pub(crate) fn learn_list(&self, listed: &HashMap<GroupId, i32>, unheard: &[i32]) {
        let mut state = self.state();
        state.groups.retain(|group, place| listed.contains_key(group) || unheard.contains(&place.coordinator));
        for (group, coordinator) in listed {
            learn_coordinator(&mut state.groups, group, *coordinator);
        }
    }

    pub(crate) fn learn_coordinators<'a>(&self, found: impl IntoIterator<Item = (&'a GroupId, i32)>) {
        let mut state = self.state();
        for (group, coordinator) in found {
            learn_coordinator(&mut state.groups, group, coordinator);
        }
    }

    pub(crate) fn learn_commits(&self, group: &GroupId, commits: usize) {
        if let Some(place) = self.state().groups.get_mut(group) {
            place.commits = Some(commits);
        }
    }

    /// Asks one broker, for as long as it is worth.
    pub(crate) async fn ask<C: Call>(&self, broker: i32, call: &C, deadline: Instant) -> Result<C::Answer, AdminError> {
        let (start, end) = (Instant::now(), self.patience(broker, deadline));
        let answer = self.connections.ask(broker, call, end).await;
        self.judge(broker, answer.as_ref().err(), end.duration_since(start));
        answer
    }

    /// The version in which [`ask`](Self::ask) would ask.
    pub(crate) async fn version(&self, broker: i32, api: &Api, deadline: Instant) -> Result<i16, AdminError> {
        let (start, end) = (Instant::now(), self.patience(broker, deadline));
        let version = self.connections.version(broker, api, end).await;
        if let Err(error) = &version {
            self.judge(broker, Some(error), end.duration_since(start));
        }
        version
    }

    /// Takes note of a broker that did not answer within a fair time. A young note is not renewed: once in a while a broker
    /// that is merely slow must get all its time.
    fn judge(&self, broker: i32, error: Option<&AdminError>, given: Duration) {
        let mut state = self.state();
        match error {
            None => {
                state.silent.remove(&broker);
            }
            Some(AdminError::Timeout { .. }) if given < FAIR_TRIAL => {}
            Some(error) if is_unreachable(error) => {
                let since = state.silent.entry(broker).or_insert_with(Instant::now);
                if since.elapsed() >= SILENCE {
                    *since = Instant::now();
                }
            }
            Some(_) => {}
        }
    }

    /// When the turn of one of several brokers that could answer ends.
    pub(crate) fn turn(deadline: Instant) -> Instant {
        let now = Instant::now();
        let left = deadline.saturating_duration_since(now);
        now + left.mul_f64(TURN).max(LEAST_PATIENCE).min(left)
    }

    /// Asks whoever answers.
    pub(crate) async fn ask_any<C: Call>(&self, call: &C, deadline: Instant) -> Result<C::Answer, AdminError> {
        self.connections.ask_any(call, deadline).await
    }

    /// Asks whoever answers what only the active controller knows.
    pub(crate) async fn ask_controller<C: Call>(&self, call: &C, deadline: Instant) -> Result<C::Answer, AdminError> {
        self.forwarding.ask_any(call, deadline).await
    }

    /// Brokers for what any can answer, in the order to be tried.
    pub(crate) fn candidates(&self) -> Vec<i32> {
        let mut candidates = self.ids();
        candidates.sort_by_cached_key(|id| self.is_silent(*id));
        candidates
    }

    fn patience(&self, broker: i32, deadline: Instant) -> Instant {
        let now = Instant::now();
        let left = deadline.saturating_duration_since(now);
        let patience = if self.is_silent(broker) { left.mul_f64(0.1).max(LEAST_PATIENCE) } else { left.mul_f64(SHARE) };
        now + patience.min(left)
    }

    fn is_silent(&self, broker: i32) -> bool {
        self.state().silent.get(&broker).is_some_and(|at| at.elapsed() < SILENCE)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn learn_coordinator(groups: &mut HashMap<GroupId, GroupPlace>, group: &GroupId, coordinator: i32) {
    match groups.get_mut(group) {
        Some(place) => place.coordinator = coordinator,
        None => {
            groups.insert(group.clone(), GroupPlace { coordinator, commits: None });
        }
    }
}

/// Whether the broker gave no answer that can be read.
pub(crate) fn is_unreachable(error: &AdminError) -> bool {
    matches!(error, AdminError::Timeout { .. } | AdminError::Transport { .. } | AdminError::Protocol { .. })
}

/// Whether the broker is none that is known: it came after the last metadata, or is gone since.
pub(crate) fn is_unknown(error: &AdminError) -> bool {
    matches!(error, AdminError::Broker { code: BROKER_NOT_AVAILABLE, .. })
}

/// A broker's error code as the error of an item.
pub(crate) fn broker_error(call: &'static str, code: ErrorCode) -> AdminError {
    AdminError::Broker { call, code, message: String::new() }
}
