//! Groups: list, describe, committed offsets. In: group ids; out: one result per id, in order.
//!
//! A group's calls go straight to the broker that listed it, which is its coordinator. That halves the requests, and a
//! silent broker costs its own groups only: librdkafka's coordinator lookup may ask any broker, the silent one too. A
//! group of which that is not known or no longer true goes through the lookup.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use kafka_admin::{
    AdminError, CommittedOffset, ErrorCode, GroupDescription, GroupId, GroupListing, GroupState, GroupsListed,
};
use tokio::time::sleep;

use crate::error::{item_error, unreachable};
use crate::lanes::{self, lanes};
use crate::names::Interner;
use crate::shared::{CallError, Shared, remaining, share};

const LIST: &str = "ListGroups";
const DESCRIBE: &str = "DescribeGroups";
const COMMITTED: &str = "OffsetFetch";

/// Groups per DescribeConsumerGroups call; librdkafka sends them as one request each.
const DESCRIBE_CHUNK: usize = 25;
/// DescribeConsumerGroups calls in flight per broker.
const DESCRIBE_WIDTH: usize = 2;
/// OffsetFetch calls in flight per broker.
const COMMITTED_WIDTH: usize = 50;
/// Rounds in which groups are asked again whose coordinator has moved or was not found.
const ROUNDS: usize = 3;
/// Between two rounds.
const PAUSE: Duration = Duration::from_millis(50);

/// ListGroups, broker by broker, so that each costs no more than itself.
pub(crate) async fn list(shared: &Arc<Shared>, deadline: Instant) -> Result<GroupsListed, AdminError> {
    let known = shared.known();
    let mut targets: Vec<Option<i32>> = known.brokers.iter().map(|broker| Some(broker.id)).collect();
    if targets.is_empty() {
        // No Metadata yet: librdkafka asks all brokers that it finds.
        targets.push(None);
    }
    let time = share(deadline);
    let answers = join_all(targets.into_iter().map(|broker| async move {
        let answer = shared.call(broker, time, |client, call| client.list_groups(call)).await;
        (broker, answer.and_then(|event| event.groups_listed().map_err(CallError::Failed)))
    }))
    .await;

    let mut groups: HashMap<GroupId, GroupListing> = HashMap::new();
    let mut coordinators = HashMap::new();
    let mut errors = Vec::new();
    let mut answered = false;
    for (broker, answer) in answers {
        match answer {
            Err(error) => errors.push(shared.explain(LIST, broker, error)),
            Ok((listed, failures)) => {
                if failures.is_empty() {
                    answered = true;
                    if let Some(id) = broker {
                        shared.answered(id);
                    }
                }
                errors.extend(failures.into_iter().map(|f| shared.explain(LIST, broker, CallError::Failed(f))));
                for group in listed {
                    if let Some(broker) = broker {
                        coordinators.insert(group.id.clone(), broker);
                    }
                    insert(&mut groups, group);
                }
            }
        }
    }
    // The brokers that failed keep the groups that they had.
    if !errors.is_empty() {
        for (group, broker) in &*shared.coordinators() {
            coordinators.entry(group.clone()).or_insert(*broker);
        }
    }
    shared.learn_coordinators(coordinators);
    match errors.pop() {
        Some(error) if !answered && groups.is_empty() => Err(error),
        error => {
            errors.extend(error);
            let mut groups: Vec<GroupListing> = groups.into_values().collect();
            groups.sort_unstable_by(|a, b| a.id.cmp(&b.id));
            Ok(GroupsListed { groups, errors })
        }
    }
}

/// While a coordinator moves, two brokers may list a group; the one that knows the state is right.
fn insert(groups: &mut HashMap<GroupId, GroupListing>, group: GroupListing) {
    let worth = |group: &GroupListing| match group.state {
        GroupState::Unknown => 0,
        GroupState::Dead => 1,
        _ => 2,
    };
    match groups.get(&group.id) {
        Some(other) if worth(other) >= worth(&group) => {}
        _ => {
            groups.insert(group.id.clone(), group);
        }
    }
}

/// State, members and assignments.
pub(crate) async fn describe(
    shared: &Arc<Shared>,
    groups: &[GroupId],
    deadline: Instant,
) -> Vec<Result<GroupDescription, AdminError>> {
    let known = &shared.known();
    by_coordinator(
        DESCRIBE,
        shared,
        groups,
        deadline,
        (DESCRIBE_CHUNK, DESCRIBE_WIDTH),
        |broker, ids, time| async move {
            let answer = shared.call(broker, time, |client, call| client.describe_groups(call, &ids)).await;
            let answer = answer
                .and_then(|event| event.groups_described(&mut Interner::new(&known.names)).map_err(CallError::Failed))
                .map_err(|error| shared.explain(DESCRIBE, broker, error))?;
            let mut answer: HashMap<String, _> = answer.into_iter().collect();
            Ok(ids
                .iter()
                .map(|id| match answer.remove(&**id) {
                    Some(description) => {
                        description.map_err(|failure| shared.explain(DESCRIBE, broker, CallError::Failed(failure)))
                    }
                    None => Err(AdminError::Client { message: format!("{DESCRIBE}: no answer for group {id}") }),
                })
                .collect())
        },
    )
    .await
}

/// All committed offsets.
pub(crate) async fn committed(
    shared: &Arc<Shared>,
    groups: &[GroupId],
    deadline: Instant,
) -> Vec<Result<Vec<CommittedOffset>, AdminError>> {
    let known = &shared.known();
    by_coordinator(COMMITTED, shared, groups, deadline, (1, COMMITTED_WIDTH), |broker, ids, time| async move {
        let [id] = ids.as_slice() else {
            return Err(AdminError::Client { message: format!("{COMMITTED}: one group per call") });
        };
        let answer = shared.call(broker, time, |client, call| client.committed(call, id)).await;
        let answer = answer
            .and_then(|event| event.committed(&mut Interner::new(&known.names)).map_err(CallError::Failed))
            .map_err(|error| shared.explain(COMMITTED, broker, error))?;
        let offsets = answer.into_iter().map(|answer| CommittedOffset {
            topic: answer.topic,
            partition: answer.partition,
            offset: match item_error(COMMITTED, answer.code) {
                Some(error) => Err(error),
                None => Ok((answer.offset >= 0).then_some(answer.offset)),
            },
        });
        Ok(vec![Ok(offsets.collect())])
    })
    .await
}

/// Asks for each group at its coordinator, `size` groups a call and `width` calls at a time and broker. `call` returns
/// one result per id, in order.
async fn by_coordinator<T, F>(
    name: &'static str,
    shared: &Shared,
    groups: &[GroupId],
    deadline: Instant,
    (size, width): (usize, usize),
    call: impl Fn(Option<i32>, Vec<GroupId>, Duration) -> F,
) -> Vec<Result<T, AdminError>>
where
    T: Clone,
    F: Future<Output = Result<Vec<Result<T, AdminError>>, AdminError>>,
{
    let coordinators = shared.coordinators();
    let mut results: HashMap<GroupId, Result<T, AdminError>> = HashMap::with_capacity(groups.len());
    // Distinct groups, in order: librdkafka refuses one that is asked twice.
    let mut open: Vec<(Option<i32>, GroupId)> = Vec::with_capacity(groups.len());
    for group in groups {
        if results.insert(group.clone(), Err(AdminError::Timeout { call: name })).is_none() {
            open.push((coordinators.get(group).copied(), group.clone()));
        }
    }
    for round in 0..ROUNDS {
        if round > 0 {
            sleep(PAUSE.min(remaining(deadline))).await;
        }
        let jobs = lanes(std::mem::take(&mut open)).into_iter().flat_map(|lane| {
            let chunks: Vec<_> = lane.jobs.chunks(size).map(|chunk| (lane.broker, chunk.to_vec())).collect();
            chunks
        });
        let done = lanes::run(name, lanes(jobs), width, deadline, |broker, ids: Vec<GroupId>, time| {
            let answer = call(broker, ids.clone(), time);
            async move { (ids, answer.await.and_then(all_silent)) }
        })
        .await;
        for done in done {
            if done.result.is_ok()
                && let Some(broker) = done.broker
            {
                shared.answered(broker);
            }
            let answers: Vec<Result<T, AdminError>> = match done.result {
                Ok(answers) => answers,
                Err(error) => done.job.iter().map(|_| Err(error.clone())).collect(),
            };
            for (group, result) in done.job.into_iter().zip(answers) {
                if let Err(error) = &result
                    && again(error, done.broker)
                {
                    open.push((None, group.clone()));
                }
                results.insert(group, result);
            }
        }
        if open.is_empty() || remaining(deadline).is_zero() {
            break;
        }
    }
    let missing = || Err(AdminError::Timeout { call: name });
    groups.iter().map(|group| results.get(group).cloned().unwrap_or_else(missing)).collect()
}

/// A call none of whose groups reached the broker has failed as a whole.
fn all_silent<T>(answers: Vec<Result<T, AdminError>>) -> Result<Vec<Result<T, AdminError>>, AdminError> {
    match answers.first() {
        Some(Err(error)) if answers.iter().all(|answer| answer.as_ref().is_err_and(unreachable)) => Err(error.clone()),
        _ => Ok(answers),
    }
}

/// Whether a group is worth another round, with a coordinator lookup.
fn again(error: &AdminError, broker: Option<i32>) -> bool {
    match error {
        AdminError::Broker { code: ErrorCode(14..=16), .. } | AdminError::Transport { .. } => true,
        // The lookup went to a silent broker; the next may not.
        AdminError::Timeout { .. } => broker.is_none(),
        _ => false,
    }
}
