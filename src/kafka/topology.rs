//! Who leads what, remembered for a while: brokers, topics and partitions.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kafka_admin::{AdminError, Cluster, KafkaAdmin};
use tokio::sync::Mutex;

/// The remembered topology. Asked again from half of its permitted age on, so that one failure to ask does not lose it
/// at once; never used beyond that age.
#[derive(Debug)]
pub struct Topology {
    admin: Arc<dyn KafkaAdmin>,
    max_age: Duration,
    remembered: Mutex<Option<Remembered>>,
}

#[derive(Debug, Clone)]
struct Remembered {
    cluster: Arc<Cluster>,
    at: Instant,
    suspect: bool,
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
        Self { admin, max_age, remembered: Mutex::new(None) }
    }

    /// The topology, at most `max_age` old. Concurrent callers share one request.
    pub async fn get(&self, deadline: Instant) -> Result<Known, AdminError> {
        let mut remembered = self.remembered.lock().await;
        if let Some(known) = remembered.as_ref().filter(|known| !known.suspect && known.at.elapsed() < self.max_age / 2)
        {
            return Ok(Known { cluster: Arc::clone(&known.cluster), refresh_error: None });
        }
        match self.admin.cluster(deadline).await {
            Ok(cluster) => {
                // An unchanged cluster keeps its identity, so that what was asked for its partitions stays valid.
                let cluster = match remembered.as_ref() {
                    Some(known) if *known.cluster == cluster => Arc::clone(&known.cluster),
                    _ => Arc::new(cluster),
                };
                *remembered = Some(Remembered { cluster: Arc::clone(&cluster), at: Instant::now(), suspect: false });
                Ok(Known { cluster, refresh_error: None })
            }
            Err(error) => match remembered.as_ref().filter(|known| known.at.elapsed() < self.max_age) {
                Some(known) => Ok(Known { cluster: Arc::clone(&known.cluster), refresh_error: Some(error) }),
                None => Err(error),
            },
        }
    }

    /// An answer did not fit the topology (a leader moved, a topic went): ask again next time.
    pub async fn suspect(&self) {
        if let Some(known) = self.remembered.lock().await.as_mut() {
            known.suspect = true;
        }
    }
}
