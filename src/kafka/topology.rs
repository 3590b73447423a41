//! Who leads what, remembered for a while: brokers, topics and partitions.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use kafka_admin::{AdminError, Cluster, KafkaAdmin};

use crate::locked::locked;

/// The remembered topology. Asked again from half of its permitted age on, so that one failure to ask does not lose it
/// at once; never used beyond that age. While a broker is away it is asked each time, so that a broker that is back is
/// back at the next scrape.
#[derive(Debug)]
pub struct Topology {
    admin: Arc<dyn KafkaAdmin>,
    max_age: Duration,
    /// Held by the one who asks.
    asking: tokio::sync::Mutex<()>,
    remembered: Mutex<Option<Remembered>>,
    /// What is remembered did not fit an answer.
    suspect: AtomicBool,
}

#[derive(Debug, Clone)]
struct Remembered {
    cluster: Arc<Cluster>,
    at: Instant,
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
    /// Why the refresh failed.
    pub refresh_error: Option<AdminError>,
}

impl Topology {
    /// Remembers for `max_age`.
    pub fn new(admin: Arc<dyn KafkaAdmin>, max_age: Duration) -> Self {
        Self {
            admin,
            max_age,
            asking: tokio::sync::Mutex::default(),
            remembered: Mutex::default(),
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
        let is_fresh =
            |known: &&Remembered| !is_suspect && known.at.elapsed() < self.max_age / 2 && is_whole(&known.cluster);
        if let Some(known) = before.as_ref().filter(is_fresh) {
            return Ok(Known { cluster: Arc::clone(&known.cluster), refresh_error: None });
        }
        let cluster = match self.admin.cluster(deadline).await {
            Ok(cluster) => cluster,
            Err(error) => {
                self.suspect.fetch_or(is_suspect, Ordering::Relaxed);
                return self.remembered_despite(error);
            }
        };
        // An unchanged cluster keeps its identity, so that what was asked for its partitions stays valid.
        let cluster = match before {
            Some(known) if *known.cluster == cluster => known.cluster,
            _ => Arc::new(cluster),
        };
        let fresh = Remembered { cluster: Arc::clone(&cluster), at: Instant::now() };
        *locked(&self.remembered) = Some(fresh);
        Ok(Known { cluster, refresh_error: None })
    }

    fn remembered(&self) -> Option<Remembered> {
        locked(&self.remembered).clone()
    }

    /// What is remembered, if it is young enough, when asking has failed.
    fn remembered_despite(&self, error: AdminError) -> Result<Known, AdminError> {
        match self.remembered().filter(|known| known.at.elapsed() < self.max_age) {
            Some(known) => Ok(Known { cluster: known.cluster, refresh_error: Some(error) }),
            None => Err(error),
        }
    }

    /// An answer did not fit the topology (a leader moved or is silent, a topic went): ask again next time.
    pub fn suspect(&self) {
        self.suspect.store(true, Ordering::Relaxed);
    }
}
