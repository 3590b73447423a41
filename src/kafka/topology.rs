//! Who leads what, remembered for a while: brokers, topics and partitions, and the controllers.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use kafka_admin::{AdminError, Cluster, ErrorKind, KafkaAdmin, Quorum};

use super::Access;
use crate::locked::locked;

/// The remembered topology. Asked again from half of its permitted age on, so that one failure to ask does not lose it
/// at once; never used beyond that age. While a broker is away it is asked each time, so that a broker that is back is
/// back at the next scrape.
#[derive(Debug)]
pub struct Topology {
    admin: Arc<dyn KafkaAdmin>,
    max_age: Duration,
    with_quorum: bool,
    /// Held by the one who asks.
    asking: tokio::sync::Mutex<()>,
    remembered: Mutex<Option<Remembered>>,
    /// The last answer about the quorum.
    quorum: Arc<Mutex<Option<QuorumAnswer>>>,
    /// What is remembered did not fit an answer.
    suspect: AtomicBool,
}

/// Unsupported where there is no quorum, or none that can be asked for.
type QuorumAnswer = Result<Arc<Quorum>, AdminError>;

#[derive(Debug, Clone)]
struct Remembered {
    cluster: Arc<Cluster>,
    is_whole: bool,
    at: Instant,
}

/// What the metadata waits for the first answer about the quorum, should that be slower.
const QUORUM_PATIENCE: Duration = Duration::from_secs(1);
/// For how long the quorum is asked. Brokers pass the question on, to a controller that may be frozen.
const QUORUM_TIME: Duration = Duration::from_secs(5);

/// Whether nothing is different. The controller does not count: KRaft's brokers name any broker, another one each time.
fn is_same(before: &Cluster, now: &Cluster) -> bool {
    before.id == now.id && before.brokers == now.brokers && before.topics == now.topics
}

/// Whether all partitions have a leader and all replicas' brokers are there.
fn is_whole(cluster: &Cluster) -> bool {
    let brokers: HashSet<i32> = cluster.brokers.iter().map(|broker| broker.id).collect();
    let mut partitions = cluster.topics.iter().flat_map(|topic| &topic.partitions);
    partitions.all(|partition| partition.leader.is_some() && partition.replicas.iter().all(|id| brokers.contains(id)))
}

/// A topology, and why it is not a fresh one if it had to be refreshed in vain.
#[derive(Debug, Clone)]
pub struct Known {
    /// The cluster.
    pub cluster: Arc<Cluster>,
    /// The controllers; absent where nobody wants or can tell them: under ZooKeeper, or with an engine that cannot ask.
    pub quorum: Option<Arc<Quorum>>,
    /// Why the refresh of either failed.
    pub refresh_error: Option<AdminError>,
    /// Whether they may be asked for, by the last answers.
    pub access: Access,
}

impl Topology {
    /// Remembers for `max_age`. `with_quorum`: the controllers too.
    pub fn new(admin: Arc<dyn KafkaAdmin>, max_age: Duration, with_quorum: bool) -> Self {
        Self {
            admin,
            max_age,
            with_quorum,
            asking: tokio::sync::Mutex::default(),
            remembered: Mutex::default(),
            quorum: Arc::default(),
            suspect: AtomicBool::new(false),
        }
    }

    /// The topology, at most `max_age` old. Concurrent callers share one request; one that must leave before it is
    /// answered takes what is remembered.
    pub async fn get(&self, deadline: Instant) -> Result<Known, AdminError> {
        let Ok(_asking) = tokio::time::timeout_at(deadline.into(), self.asking.lock()).await else {
            return self.remembered_despite(AdminError::Timeout { call: "Metadata" });
        };
        let is_suspect = self.suspect.swap(false, Ordering::Relaxed);
        let before = self.remembered();
        let is_fresh = |known: &&Remembered| !is_suspect && known.at.elapsed() < self.max_age / 2 && known.is_whole;
        if let Some(known) = before.as_ref().filter(is_fresh) {
            return Ok(self.known(&known.cluster, None));
        }
        let (cluster, ()) = tokio::join!(self.admin.cluster(deadline), self.ask_quorum());
        let cluster = match cluster {
            Ok(cluster) => cluster,
            Err(error) => {
                self.suspect.fetch_or(is_suspect, Ordering::Relaxed);
                return self.remembered_despite(error);
            }
        };
        // An unchanged cluster keeps its identity, so that what was asked for its partitions stays valid.
        let cluster = match before {
            Some(known) if is_same(&known.cluster, &cluster) => known.cluster,
            _ => Arc::new(cluster),
        };
        let quorum_error = locked(&self.quorum).as_ref().and_then(|quorum| quorum.as_ref().err().cloned());
        let quorum_error = quorum_error.filter(|error| error.kind() != ErrorKind::Unsupported);
        let is_whole = is_whole(&cluster);
        *locked(&self.remembered) = Some(Remembered { cluster: Arc::clone(&cluster), is_whole, at: Instant::now() });
        Ok(self.known(&cluster, quorum_error))
    }

    /// Asks for the quorum beside everything else: only the first answer is waited for, later ones are those of the next
    /// time.
    async fn ask_quorum(&self) {
        if !self.with_quorum {
            return;
        }
        let (admin, told) = (Arc::clone(&self.admin), Arc::clone(&self.quorum));
        let is_first = locked(&told).is_none();
        let asked = tokio::spawn(async move {
            let answer = admin.quorum(Instant::now() + QUORUM_TIME).await;
            *locked(&told) = Some(answer.map(Arc::new));
        });
        if is_first {
            // Should it take longer, it is there the next time.
            let _ = tokio::time::timeout(QUORUM_PATIENCE, asked).await;
        }
    }

    fn known(&self, cluster: &Arc<Cluster>, refresh_error: Option<AdminError>) -> Known {
        let mut access = Access::default();
        access.asked("Metadata");
        let quorum = locked(&self.quorum).clone().and_then(|answer| {
            access.asked("DescribeQuorum");
            answer.inspect_err(|error| access.failed(error)).ok()
        });
        Known { cluster: Arc::clone(cluster), quorum, refresh_error, access }
    }

    fn remembered(&self) -> Option<Remembered> {
        locked(&self.remembered).clone()
    }

    /// What is remembered, if it is young enough, when asking has failed.
    fn remembered_despite(&self, error: AdminError) -> Result<Known, AdminError> {
        match self.remembered().filter(|known| known.at.elapsed() < self.max_age) {
            Some(known) => Ok(self.known(&known.cluster, Some(error))),
            None => Err(error),
        }
    }

    /// An answer did not fit the topology (a leader moved or is silent, a topic went): ask again next time.
    pub fn suspect(&self) {
        self.suspect.store(true, Ordering::Relaxed);
    }
}
