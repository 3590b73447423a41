//! What changes rarely: registered brokers, topic configurations, log directories. In: the cluster's brokers and topics,
//! once per collection; out: what was told of them lately. It is asked when a collection has all it came for, by a task
//! of its own, so that no lag ever waits for it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use kafka_admin::{
    AdminError, Cluster, ConfigEntry, ConfigResource, ErrorCode, ErrorKind, KafkaAdmin, LogDir, RegisteredBroker,
    TopicName,
};

use super::{Access, Failures, LogDirUse, Part, Snapshot, TopicConfig, TopicConfigs};
use crate::config::Selection;
use crate::locked::locked;

/// For how long brokers are asked.
const TIME: Duration = Duration::from_secs(5);
/// What a collection waits for answers at most: the first ones, and later ones. What takes longer is there the next time.
const FIRST_PATIENCE: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_millis(250);

const DESCRIBE_CLUSTER: &str = "DescribeCluster";
const DESCRIBE_CONFIGS: &str = "DescribeConfigs";
const DESCRIBE_LOG_DIRS: &str = "DescribeLogDirs";
/// No call of Kafka's: how long brokers take to answer.
const REQUEST_TIMES: &str = "request_times";

const UNKNOWN_TOPIC_OR_PARTITION: ErrorCode = ErrorCode(3);
const CLUSTER_AUTHORIZATION_FAILED: ErrorCode = ErrorCode(31);

/// What is remembered of a cluster. Each item is asked again from half of its permitted age on, so that one failure to
/// ask does not lose it at once, and never shown beyond that age. New topics and brokers are asked for at once.
#[derive(Debug)]
pub struct Inventory {
    admin: Arc<dyn KafkaAdmin>,
    selection: Selection,
    max_age: Duration,
    /// Held by the task that asks.
    asking: Arc<tokio::sync::Mutex<()>>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    registered: Answer<Arc<Vec<RegisteredBroker>>>,
    configs: HashMap<TopicName, Answer<Arc<TopicConfig>>>,
    log_dirs: BTreeMap<i32, Answer<Arc<Vec<LogDirUse>>>>,
    /// Failures that no snapshot has counted yet.
    uncounted: Failures,
    /// Whether all has been asked at least once.
    is_acquainted: bool,
}

/// What was told last, and why the last try failed if it did, with their times.
#[derive(Debug, Default)]
struct Answer<T> {
    value: Option<(T, Instant)>,
    error: Option<(AdminError, Instant)>,
}

/// What is to be asked.
#[derive(Debug, Default)]
struct Due {
    registered: bool,
    topics: Vec<TopicName>,
    brokers: Vec<i32>,
}

impl Inventory {
    /// Remembers for `max_age`, of the topics that `selection` wants.
    pub fn new(admin: Arc<dyn KafkaAdmin>, selection: Selection, max_age: Duration) -> Self {
        Self { admin, selection, max_age, asking: Arc::default(), state: Arc::default() }
    }

    /// Begins to ask for what is due, unless that is being done; whether anything is being asked now.
    pub(super) fn renew(&self, cluster: &Cluster) -> bool {
        let due = {
            let mut state = locked(&self.state);
            let topics = cluster.topics.iter().filter(|topic| topic.error.is_none());
            let topics = topics.map(|topic| &topic.name).filter(|topic| self.selection.topic(topic));
            let topics = topics.filter(|_| self.selection.topic_configs).collect();
            let mut due = state.due(cluster, &topics, self.max_age);
            due.brokers.retain(|_| self.selection.log_dirs);
            due
        };
        let Ok(turn) = Arc::clone(&self.asking).try_lock_owned() else { return true };
        if due.is_empty() {
            return false;
        }
        let (admin, state, selection) = (Arc::clone(&self.admin), Arc::clone(&self.state), self.selection.clone());
        tokio::spawn(async move {
            ask(due, &*admin, &state, &selection).await;
            locked(&state).is_acquainted = true;
            drop(turn);
        });
        true
    }

    /// Waits for answers: not for long, and not beyond `deadline`. Without an age there is no next time for them.
    pub(super) async fn settle(&self, deadline: Instant) {
        let patience = if locked(&self.state).is_acquainted { PATIENCE } else { FIRST_PATIENCE };
        let end = if self.max_age.is_zero() { deadline } else { deadline.min(Instant::now() + patience) };
        // What is late is there the next time.
        let _ = tokio::time::timeout_at(end.into(), self.asking.lock()).await;
    }

    /// Puts into a snapshot what is young enough or was told since its collection `began`.
    pub(super) fn show_in(&self, snapshot: &mut Snapshot, began: Instant) {
        let is_young = |at: Instant| at >= began || at.elapsed() < self.max_age;
        let state = locked(&self.state);
        snapshot.registered = state.registered.value(is_young);
        let configs = state.configs.iter();
        let known = configs.clone().filter_map(|(topic, answer)| Some((topic.clone(), answer.value(is_young)?)));
        let refused = configs.filter(|(_, answer)| answer.error().is_some_and(is_refusal));
        let refused = refused.map(|(topic, _)| topic.clone()).collect();
        let are_unwanted = !self.selection.topic_configs;
        snapshot.configs = Arc::new(TopicConfigs { known: known.collect(), refused, are_unwanted });
        let log_dirs = state.log_dirs.iter();
        snapshot.log_dirs = log_dirs.filter_map(|(id, answer)| Some((*id, answer.value(is_young)?))).collect();
    }

    /// Adds to the snapshot of a collection that ends what has failed since the last one, what is refused all the time,
    /// and what cannot be asked.
    pub(super) fn conclude_in(&self, snapshot: &mut Snapshot) {
        if self.admin.request_times().is_none() {
            snapshot.access.lacks(REQUEST_TIMES);
        }
        let mut state = locked(&self.state);
        snapshot.failures.merge(std::mem::take(&mut state.uncounted));
        let registered = state.registered.error().into_iter();
        let registered = registered.map(|error| (Part::RegisteredBrokers, DESCRIBE_CLUSTER, error));
        let configs = state.configs.values().filter_map(Answer::error);
        let configs = configs.map(|error| (Part::Configs, DESCRIBE_CONFIGS, error));
        let log_dirs = state.log_dirs.values().filter_map(Answer::error);
        let log_dirs = log_dirs.map(|error| (Part::LogDirs, DESCRIBE_LOG_DIRS, error));
        let mut access = state.asked();
        for (part, call, error) in registered.chain(configs).chain(log_dirs) {
            if error.kind() == ErrorKind::Unsupported {
                access.lacks(call);
            } else {
                access.failed(error);
                snapshot.failures.add_known(part, error);
            }
        }
        snapshot.access.recall(&access);
    }
}

impl State {
    /// The calls that have been made.
    fn asked(&self) -> Access {
        let mut access = Access::default();
        if self.registered.value.is_some() || self.registered.error.is_some() {
            access.asked(DESCRIBE_CLUSTER);
        }
        if !self.configs.is_empty() {
            access.asked(DESCRIBE_CONFIGS);
        }
        if !self.log_dirs.is_empty() {
            access.asked(DESCRIBE_LOG_DIRS);
        }
        access
    }

    /// Forgets what is not in the cluster any more, and finds what must be asked of what is.
    fn due(&mut self, cluster: &Cluster, topics: &HashSet<&TopicName>, max_age: Duration) -> Due {
        let brokers: BTreeSet<i32> = cluster.brokers.iter().map(|broker| broker.id).collect();
        self.configs.retain(|topic, _| topics.contains(topic));
        self.log_dirs.retain(|id, _| brokers.contains(id));
        let topic_is_due = |topic: &&TopicName| self.configs.get(*topic).is_none_or(|answer| answer.is_due(max_age));
        let broker_is_due = |id: &i32| self.log_dirs.get(id).is_none_or(|answer| answer.is_due(max_age));
        Due {
            registered: self.registered.is_due(max_age) || !self.agrees_on(&brokers),
            topics: topics.iter().copied().filter(topic_is_due).cloned().collect(),
            brokers: brokers.iter().copied().filter(broker_is_due).collect(),
        }
    }

    /// Whether those registered and in service are those of the metadata: a broker that comes or goes is told at once.
    fn agrees_on(&self, brokers: &BTreeSet<i32>) -> bool {
        let Some((registered, _)) = &self.registered.value else { return true };
        let in_service = registered.iter().filter(|broker| !broker.is_fenced).map(|broker| broker.broker.id);
        in_service.eq(brokers.iter().copied())
    }

    fn registered_told(&mut self, answer: Result<Vec<RegisteredBroker>, AdminError>) {
        self.count(Part::RegisteredBrokers, answer.as_ref().err());
        self.registered.put(answer.map(Arc::new));
    }

    fn config_told(&mut self, topic: TopicName, answer: Result<Vec<ConfigEntry>, AdminError>) {
        if let Err(AdminError::Broker { code: UNKNOWN_TOPIC_OR_PARTITION, .. }) = &answer {
            // It is gone, or so new that the broker asked does not know it yet.
            self.configs.remove(&topic);
            return;
        }
        self.count(Part::Configs, answer.as_ref().err());
        self.configs.entry(topic).or_default().put(answer.map(|entries| Arc::new(TopicConfig::of(&entries))));
    }

    fn log_dirs_told(&mut self, broker: i32, answer: Result<Vec<LogDir>, AdminError>, selection: &Selection) {
        let answer = answer.and_then(|dirs| {
            // Before Kafka 3.2 that is how a broker refuses: it has one at least.
            let (call, message) = (DESCRIBE_LOG_DIRS, String::new());
            let denied = AdminError::Broker { call, code: CLUSTER_AUTHORIZATION_FAILED, message };
            if dirs.is_empty() { Err(denied) } else { Ok(dirs) }
        });
        self.count(Part::LogDirs, answer.as_ref().err());
        let summed = |dirs: Vec<LogDir>| dirs.into_iter().map(|dir| LogDirUse::of(dir, |topic| selection.topic(topic)));
        self.log_dirs.entry(broker).or_default().put(answer.map(|dirs| Arc::new(summed(dirs).collect())));
    }

    fn count(&mut self, part: Part, error: Option<&AdminError>) {
        if let Some(error) = error.filter(|error| error.kind() != ErrorKind::Unsupported) {
            self.uncounted.add(part, error);
        }
    }
}

impl<T: Clone> Answer<T> {
    fn put(&mut self, answer: Result<T, AdminError>) {
        let now = Instant::now();
        match answer {
            Ok(value) => *self = Self { value: Some((value, now)), error: None },
            Err(error) => {
                if is_refusal(&error) {
                    // What one may not see any more is not shown any more.
                    self.value = None;
                }
                self.error = Some((error, now));
            }
        }
    }

    /// Whether to ask again. A refusal is not going to change soon.
    fn is_due(&self, max_age: Duration) -> bool {
        match (&self.error, &self.value) {
            (Some((error, _)), _) if !is_refusal(error) => true,
            (Some((_, at)), _) | (None, Some((_, at))) => at.elapsed() >= max_age / 2,
            (None, None) => true,
        }
    }

    fn value(&self, is_young: impl Fn(Instant) -> bool) -> Option<T> {
        self.value.as_ref().filter(|(_, at)| is_young(*at)).map(|(value, _)| value.clone())
    }

    fn error(&self) -> Option<&AdminError> {
        self.error.as_ref().map(|(error, _)| error)
    }
}

impl Due {
    fn is_empty(&self) -> bool {
        !self.registered && self.topics.is_empty() && self.brokers.is_empty()
    }
}

/// Whether the answer is no for as long as nobody changes rights or versions.
fn is_refusal(error: &AdminError) -> bool {
    matches!(error.kind(), ErrorKind::Authorization | ErrorKind::Unsupported)
}

/// Asks, and files each answer as it comes: a broker that does not answer holds no other's up.
async fn ask(due: Due, admin: &dyn KafkaAdmin, state: &Mutex<State>, selection: &Selection) {
    let deadline = Instant::now() + TIME;
    let registered = async {
        if due.registered {
            let answer = admin.registered_brokers(deadline).await;
            locked(state).registered_told(answer);
        }
    };
    let configs = async {
        if due.topics.is_empty() {
            return;
        }
        let resources: Vec<_> = due.topics.iter().cloned().map(ConfigResource::Topic).collect();
        let answers = admin.configs(&resources, Some(&TopicConfig::ENTRIES), deadline).await;
        let mut state = locked(state);
        due.topics.into_iter().zip(answers).for_each(|(topic, answer)| state.config_told(topic, answer));
    };
    let log_dirs = join_all(due.brokers.into_iter().map(|broker| async move {
        let answer = admin.log_dirs(&[broker], deadline).await.pop();
        let answer = answer.unwrap_or(Err(AdminError::Timeout { call: DESCRIBE_LOG_DIRS }));
        locked(state).log_dirs_told(broker, answer, selection);
    }));
    tokio::join!(registered, configs, log_dirs);
}

#[cfg(test)]
mod tests;
