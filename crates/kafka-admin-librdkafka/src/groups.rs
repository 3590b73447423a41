//! Groups: list, describe, committed offsets. In: group ids; out: one result per id, in order.
//!
//! A group's calls go straight to its coordinator, which is the broker that listed it. librdkafka would look it up for
//! each call, which doubles the requests; it may ask a broker that is silent, so that groups at others fail too; and it
//! has a use after free when the call then cannot be sent (confluentinc/librdkafka pull request 5397).

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use kafka_admin::{
    AdminError, CommittedOffset, ErrorCode, GroupDescription, GroupId, GroupListing, GroupState, GroupsListed,
};
use tokio::time::sleep;

use crate::cluster;
use crate::error::{broker as broker_error, item_error, unreachable};
use crate::lanes::{Run, lanes};
use crate::names::Interner;
use crate::shared::{CallError, Shared, remaining};

const LIST: &str = "ListGroups";
const DESCRIBE: &str = "DescribeGroups";
const COMMITTED: &str = "OffsetFetch";

/// Groups per DescribeConsumerGroups call; librdkafka sends them as one request each.
const DESCRIBE_CHUNK: usize = 25;
/// DescribeConsumerGroups calls in flight per broker.
const DESCRIBE_WIDTH: usize = 2;
/// OffsetFetch calls in flight per broker.
const COMMITTED_WIDTH: usize = 50;
/// Rounds, the first included, in which groups are asked again whose coordinator has moved.
const ROUNDS: usize = 3;
/// Between two rounds.
const PAUSE: Duration = Duration::from_millis(50);

/// ListGroups, broker by broker, so that each costs no more than itself.
pub(crate) async fn list(shared: &Arc<Shared>, deadline: Instant) -> Result<GroupsListed, AdminError> {
    cluster::acquaint(shared, deadline).await?;
    let known = shared.known();
    let answers = join_all(known.brokers.iter().map(|broker| async move {
        let time = shared.patience(Some(broker.id), deadline);
        let answer = shared.call(Some(broker.id), time, |client, call| client.list_groups(call)).await;
        let answer = answer.and_then(|event| event.groups_listed().map_err(CallError::Failed));
        let answer = answer.and_then(|(groups, mut failures)| match failures.pop() {
            Some(failure) => Err(CallError::Failed(failure)),
            None => Ok(groups),
        });
        (broker.id, answer.map_err(|error| shared.explain(LIST, Some(broker.id), error)))
    }))
    .await;

    let mut groups: HashMap<GroupId, GroupListing> = HashMap::new();
    let mut coordinators = HashMap::new();
    let mut errors = Vec::new();
    for (broker, answer) in answers {
        shared.judge(Some(broker), &answer);
        match answer {
            Err(error) => errors.push(error),
            Ok(listed) => {
                for group in listed {
                    coordinators.insert(group.id.clone(), broker);
                    insert(&mut groups, group);
                }
            }
        }
    }
    if !errors.is_empty() {
        // The brokers that failed keep the groups that they had.
        for (group, broker) in &*shared.coordinators() {
            coordinators.entry(group.clone()).or_insert(*broker);
        }
    }
    shared.learn_coordinators(coordinators);
    if errors.len() == known.brokers.len()
        && let Some(error) = errors.pop()
    {
        return Err(error);
    }
    let mut groups: Vec<GroupListing> = groups.into_values().collect();
    groups.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    Ok(GroupsListed { groups, errors })
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
            told_lag: None,
        });
        Ok(vec![Ok(offsets.collect())])
    })
    .await
}

/// Asks for each group at its coordinator, `size` groups a call and `width` calls at a time and broker. `call` returns
/// one result per id, in order.
async fn by_coordinator<T, F>(
    name: &'static str,
    shared: &Arc<Shared>,
    groups: &[GroupId],
    deadline: Instant,
    (size, width): (usize, usize),
    call: impl Fn(Option<i32>, Vec<GroupId>, Duration) -> F,
) -> Vec<Result<T, AdminError>>
where
    T: Clone,
    F: Future<Output = Result<Vec<Result<T, AdminError>>, AdminError>>,
{
    if let Err(error) = cluster::acquaint(shared, deadline).await {
        return vec![Err(error); groups.len()];
    }
    let mut results: HashMap<GroupId, Result<T, AdminError>> = HashMap::with_capacity(groups.len());
    // Distinct groups, in order: librdkafka refuses one that is asked twice.
    let mut open: Vec<GroupId> = Vec::with_capacity(groups.len());
    for group in groups {
        // COORDINATOR_NOT_AVAILABLE, should there be none.
        if results.insert(group.clone(), Err(broker_error(name, ErrorCode(15)))).is_none() {
            open.push(group.clone());
        }
    }
    let patience = |broker| shared.patience(broker, deadline);
    let run = Run { name, width, deadline, patience };
    // Where a group was asked in the round before.
    let mut asked: HashMap<GroupId, i32> = HashMap::new();
    for round in 0..ROUNDS {
        if round > 0 {
            sleep(PAUSE.min(remaining(deadline))).await;
            // It tells who coordinates what; that some broker does not answer is no news.
            drop(list(shared, deadline).await);
        }
        let (known, coordinators) = (shared.known(), shared.coordinators());
        let coordinator = |group: &GroupId| coordinators.get(group).copied().or_else(|| known.coordinator(group));
        // Of a group that nobody lists, and whose place in the groups' topic may not be seen: every broker says whether it
        // is denied, and one of them what became of it.
        let anyone = known.brokers.iter().cycle().nth(round).map(|broker| broker.id);
        let located = std::mem::take(&mut open).into_iter().filter_map(|group| {
            let broker = coordinator(&group).or(anyone)?;
            let silent = asked.get(&group) == Some(&broker) && results.get(&group)?.as_ref().is_err_and(unreachable);
            (!silent).then_some((Some(broker), group))
        });
        let jobs: Vec<(Option<i32>, Vec<GroupId>)> = lanes(located)
            .iter()
            .flat_map(|lane| lane.jobs.chunks(size).map(|chunk| (lane.broker, chunk.to_vec())))
            .collect();
        let done = run
            .all(lanes(jobs), |broker, ids: Vec<GroupId>, time| {
                let answer = call(broker, ids.clone(), time);
                async move { (ids, answer.await.and_then(all_silent)) }
            })
            .await;
        for done in done {
            shared.judge(done.broker, &done.result);
            let answers = done.result.unwrap_or_else(|error| vec![Err(error); done.job.len()]);
            for (group, result) in done.job.into_iter().zip(answers) {
                if result.as_ref().is_err_and(may_have_moved) {
                    asked.extend(done.broker.map(|broker| (group.clone(), broker)));
                    open.push(group.clone());
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

/// Whether another broker may know better. One that is silent is still the coordinator, as far as the others know.
fn may_have_moved(error: &AdminError) -> bool {
    // COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR.
    matches!(error, AdminError::Broker { code: ErrorCode(14..=16), .. } | AdminError::Transport { .. })
}
