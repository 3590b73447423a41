//! Metadata: brokers, topics and partitions. One broker of librdkafka's choice answers for all; when it is silent,
//! others are asked before the deadline.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::{FuturesUnordered, StreamExt};
use kafka_admin::{AdminError, Cluster};
use tokio::time::sleep;

use crate::error::{Failure, TRANSPORT};
use crate::shared::{CallError, Shared, remaining, share};

const METADATA: &str = "Metadata";
/// Another broker is asked after this part of the time.
const PATIENCE: u32 = 8;
/// A refusal is repeated no sooner.
const PAUSE: Duration = Duration::from_millis(100);
/// For the brokers' threads to write what they were given.
const WRITE: Duration = Duration::from_millis(20);
/// Racks are worth no more waiting than this.
const RACK_TIMEOUT: Duration = Duration::from_millis(500);

/// The cluster, with racks.
pub(crate) async fn describe(shared: &Arc<Shared>, deadline: Instant) -> Result<Cluster, AdminError> {
    let mut cluster = metadata(shared, deadline).await?;
    let racks = racks(shared, &cluster, deadline).await;
    for broker in &mut cluster.brokers {
        broker.rack = racks.get(&broker.id).cloned().flatten();
    }
    Ok(cluster)
}

/// Asks for metadata if there never was any.
pub(crate) async fn acquaint(shared: &Arc<Shared>, deadline: Instant) -> Result<(), AdminError> {
    if shared.known().brokers.is_empty() {
        metadata(shared, Instant::now() + share(deadline)).await?;
    }
    Ok(())
}

/// Metadata, asked again as often as it takes.
pub(crate) async fn metadata(shared: &Arc<Shared>, deadline: Instant) -> Result<Cluster, AdminError> {
    let patience = (remaining(deadline) / PATIENCE).max(PAUSE);
    let mut attempts = FuturesUnordered::new();
    let mut last = Failure::timed_out();
    loop {
        let time = remaining(deadline);
        if time.is_zero() {
            break;
        }
        let task = Arc::clone(shared);
        attempts.push(tokio::task::spawn_blocking(move || task.metadata(time)));
        let next = tokio::time::timeout(patience.min(time), attempts.next()).await;
        match next {
            Ok(Some(Ok(Ok(cluster)))) => {
                shared.learn(&cluster);
                return Ok(cluster);
            }
            Ok(Some(Ok(Err(failure)))) => {
                // "Transport failure" is all that librdkafka says when no broker was there in time: a time-out, too.
                if failure.code != TRANSPORT {
                    last = failure;
                }
                sleep(PAUSE.min(remaining(deadline))).await;
            }
            // The runtime is shutting down.
            Ok(Some(Err(_)) | None) => return Err(Failure::closed().into_error(METADATA)),
            Err(_) => touch(shared).await,
        }
    }
    Err(shared.explain(METADATA, None, CallError::Failed(last)))
}

/// librdkafka asks the broker that it has used last. After a silence that is the silent one, and would be for ever:
/// something sent to all of them makes them equals, among which it chooses by lot.
async fn touch(shared: &Shared) {
    for broker in &shared.known().brokers {
        shared.call_and_forget(Some(broker.id), RACK_TIMEOUT, |client, call| client.describe_cluster(call));
    }
    sleep(WRITE).await;
}

/// Racks by broker id. They are asked for when a broker is new, and when that fails, are missing until the next time.
async fn racks(shared: &Shared, cluster: &Cluster, deadline: Instant) -> HashMap<i32, Option<String>> {
    let known = shared.racks();
    if cluster.brokers.iter().all(|broker| known.contains_key(&broker.id)) {
        return known;
    }
    let time = RACK_TIMEOUT.min(remaining(deadline) / 4);
    let broker = cluster.brokers.iter().map(|broker| broker.id).find(|id| !shared.is_silent(*id));
    let answer = match shared.call(broker, time, |client, call| client.describe_cluster(call)).await {
        Ok(event) => event.racks(),
        Err(CallError::Failed(failure)) => Err(failure),
        Err(CallError::Refused(_)) => return known,
    };
    match answer {
        Ok(racks) => {
            let racks: HashMap<i32, Option<String>> = racks.into_iter().collect();
            shared.learn_racks(racks.clone());
            racks
        }
        Err(failure) => {
            tracing::debug!(message = failure.message, "brokers' racks are not known yet");
            known
        }
    }
}
