//! DescribeConfigs. In: topics and brokers, and names of entries; out: one result per resource, in order.
//!
//! Any broker answers for topics, a broker only for itself. librdkafka would ask whom Metadata calls the controller for
//! topics: the broker is ours to choose, so that another one can be asked when it is silent.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kafka_admin::{AdminError, ConfigEntry, ConfigResource, ErrorCode};

use crate::cluster;
use crate::error::unreachable;
use crate::lanes::{Run, lanes};
use crate::shared::{CallError, Shared, remaining};

const CALL: &str = "DescribeConfigs";
/// Topics per call. librdkafka puts the names of all that an answer is about on its thread's stack.
const CHUNK: usize = 200;
/// Calls in flight per broker.
const WIDTH: usize = 2;
/// Brokers that are asked about topics, each when the one before did not answer.
const ROUNDS: usize = 3;
/// Kafka's BROKER_NOT_AVAILABLE, which no broker says.
const BROKER_NOT_AVAILABLE: ErrorCode = ErrorCode(8);

type Entries = Result<Vec<ConfigEntry>, AdminError>;

/// Asks for all resources.
pub(crate) async fn describe(
    shared: &Arc<Shared>,
    resources: &[ConfigResource],
    names: Option<&[&str]>,
    deadline: Instant,
) -> Vec<Entries> {
    if let Err(error) = cluster::acquaint(shared, deadline).await {
        return vec![Err(error); resources.len()];
    }
    let mut brokers: Vec<i32> = shared.known().brokers.iter().map(|broker| broker.id).collect();
    brokers.sort_by_cached_key(|id| shared.is_silent(*id));
    let mut results: HashMap<&ConfigResource, Entries> = HashMap::with_capacity(resources.len());
    // Each resource once: brokers answer once for one that is asked twice.
    let (mut topics, mut jobs) = (Vec::new(), Vec::new());
    for resource in resources {
        let Entry::Vacant(result) = results.entry(resource) else { continue };
        let mut error = AdminError::Timeout { call: CALL };
        match resource {
            ConfigResource::Topic(_) => topics.push(resource),
            ConfigResource::Broker(id) if brokers.contains(id) => jobs.push((Some(*id), vec![resource])),
            ConfigResource::Broker(id) => error = not_available(*id),
        }
        result.insert(Err(error));
    }
    let run = Run { name: CALL, width: WIDTH, deadline, patience: |broker| shared.patience(broker, deadline) };
    for any in brokers.into_iter().take(ROUNDS) {
        jobs.extend(topics.chunks(CHUNK).map(|chunk| (Some(any), chunk.to_vec())));
        topics.clear();
        let done = run.all(lanes(std::mem::take(&mut jobs)), |broker, job, time| ask(shared, broker, job, names, time));
        for done in done.await {
            shared.judge(done.broker, &done.result);
            match done.result {
                Ok(answers) => results.extend(done.job.into_iter().zip(answers)),
                Err(error) => {
                    for resource in done.job {
                        if unreachable(&error) && matches!(resource, ConfigResource::Topic(_)) {
                            topics.push(resource);
                        }
                        results.insert(resource, Err(error.clone()));
                    }
                }
            }
        }
        if topics.is_empty() || remaining(deadline).is_zero() {
            break;
        }
    }
    let missing = || Err(AdminError::Timeout { call: CALL });
    resources.iter().map(|resource| results.get(resource).cloned().unwrap_or_else(missing)).collect()
}

/// One call, of topics or of one broker.
async fn ask<'a>(
    shared: &Shared,
    broker: Option<i32>,
    job: Vec<&'a ConfigResource>,
    names: Option<&[&str]>,
    time: Duration,
) -> (Vec<&'a ConfigResource>, Result<Vec<Entries>, AdminError>) {
    let answer = shared.call(broker, time, |client, call| client.describe_configs(call, &job, names)).await;
    let answer = answer.and_then(|event| event.configs(&shared.known().names, names).map_err(CallError::Failed));
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return (job, Err(shared.explain(CALL, broker, error))),
    };
    let mut told: HashMap<ConfigResource, _> = answer.into_iter().collect();
    let entries = |resource: &&ConfigResource| match told.remove(*resource) {
        Some(entries) => entries.map_err(|failure| failure.into_error(CALL)),
        None => Err(AdminError::Protocol { call: CALL, message: "the broker left a resource out".to_owned() }),
    };
    let entries = job.iter().map(entries).collect();
    (job, Ok(entries))
}

fn not_available(broker: i32) -> AdminError {
    let message = format!("broker {broker} is not in the cluster's metadata");
    AdminError::Broker { call: CALL, code: BROKER_NOT_AVAILABLE, message }
}
