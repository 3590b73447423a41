//! Who leads what, remembered for a while: brokers, topics and partitions.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use kafka_admin::{AdminError, Cluster, KafkaAdmin};
use tokio::sync::Mutex;

/// The remembered topology. Asked again from half of its permitted age on, so that one failure to ask does not lose it
/// at once; never used beyond that age. While a broker is away it is asked each time, so that a broker that is back is
/// back at the next scrape.
#[derive(Debug)]
pub struct Topology {
    admin: Arc<dyn KafkaAdmin>,
    max_age: Duration,
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
        Self { admin, max_age, remembered: Mutex::new(None), suspect: AtomicBool::new(false) }
    }

    /// The topology, at most `max_age` old. Concurrent callers share one request.
    pub async fn get(&self, deadline: Instant) -> Result<Known, AdminError> {
        let Ok(mut remembered) = tokio::time::timeout_at(deadline.into(), self.remembered.lock()).await else {
            return Err(AdminError::Timeout { call: "Metadata" });
        };
        let is_suspect = self.suspect.swap(false, Ordering::Relaxed);
        let is_fresh =
            |known: &&Remembered| !is_suspect && known.at.elapsed() < self.max_age / 2 && is_whole(&known.cluster);
        if let Some(known) = remembered.as_ref().filter(is_fresh) {
            return Ok(Known { cluster: Arc::clone(&known.cluster), refresh_error: None });
        }
        match self.admin.cluster(deadline).await {
            Ok(cluster) => {
                // An unchanged cluster keeps its identity, so that what was asked for its partitions stays valid.
                let cluster = match remembered.as_ref() {
                    Some(known) if *known.cluster == cluster => Arc::clone(&known.cluster),
                    _ => Arc::new(cluster),
                };
                *remembered = Some(Remembered { cluster: Arc::clone(&cluster), at: Instant::now() });
                Ok(Known { cluster, refresh_error: None })
            }
            Err(error) => match remembered.as_ref().filter(|known| known.at.elapsed() < self.max_age) {
                Some(known) => Ok(Known { cluster: Arc::clone(&known.cluster), refresh_error: Some(error) }),
                None => Err(error),
            },
        }
    }

    /// An answer did not fit the topology (a leader moved or is silent, a topic went): ask again next time.
    pub fn suspect(&self) {
        self.suspect.store(true, Ordering::Relaxed);
    }
}
