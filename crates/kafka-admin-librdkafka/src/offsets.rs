//! ListOffsets. In: queries, each for one partition; out: one result per query, in order.
//!
//! librdkafka takes a partition once per call, in time quadratic in the partitions of a call: queries go out by leader,
//! in chunks.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kafka_admin::{AdminError, Cluster, ErrorCode, FoundOffset, Isolation, OffsetQuery, OffsetSpec, TopicName};

use crate::error::{Failure, NO_ENTRY, broker as broker_error, item_error, unreachable};
use crate::ffi::PartitionAnswer;
use crate::lanes::{Run, lanes};
use crate::names::Interner;
use crate::shared::{CallError, Shared, remaining};
use crate::{cluster, shared};

const CALL: &str = "ListOffsets";
/// Partitions per call.
const CHUNK: usize = 500;
/// Calls in flight per broker.
const WIDTH: usize = 2;
/// Rounds in which partitions are asked again whose leader has moved or was not found.
const ROUNDS: usize = 3;
/// librdkafka's "no offset": the broker has not answered for this partition.
const NO_OFFSET: i64 = -1001;

type Item = (OffsetQuery, usize);

/// Looks up all queries.
pub(crate) async fn find(
    shared: &Arc<Shared>,
    queries: &[OffsetQuery],
    isolation: Isolation,
    deadline: Instant,
) -> Vec<Result<FoundOffset, AdminError>> {
    let mut results = vec![Err(AdminError::Timeout { call: CALL }); queries.len()];
    let mut open: Vec<Item> = queries.iter().cloned().zip(0..).collect();
    let patience = |leader| shared.patience(leader, deadline);
    let run = Run { name: CALL, width: WIDTH, deadline, patience };
    for round in 0..ROUNDS {
        if round > 0 {
            match cluster::metadata(shared, Instant::now() + shared::share(deadline)).await {
                Ok(cluster) => open = with_new_leaders(open, &results, &cluster),
                Err(_) => break,
            }
        }
        let lanes = lanes(chunks(std::mem::take(&mut open)));
        for done in run.all(lanes, |leader, items, time| ask(shared, leader, items, isolation, time)).await {
            shared.judge(done.broker, &done.result);
            let answers = match done.result {
                Ok(answers) => answers,
                Err(error) => vec![Err(error); done.job.len()],
            };
            for ((query, index), result) in done.job.into_iter().zip(answers) {
                if result.as_ref().is_err_and(may_have_moved) && query.leader.is_some() {
                    open.push((query, index));
                }
                if let Some(slot) = results.get_mut(index) {
                    *slot = result;
                }
            }
        }
        if open.is_empty() || remaining(deadline).is_zero() {
            break;
        }
    }
    results
}

/// Splits the items into chunks by leader, none of which names a partition twice.
fn chunks(items: Vec<Item>) -> Vec<(Option<i32>, Vec<Item>)> {
    let mut chunks = Vec::new();
    for lane in lanes(items.into_iter().map(|item| (item.0.leader, item))) {
        // The n-th query of a partition goes into the n-th layer.
        let mut layers: Vec<Vec<Item>> = Vec::new();
        let mut seen: HashMap<(TopicName, i32), usize> = HashMap::new();
        for item in lane.jobs {
            let count = seen.entry((item.0.topic.clone(), item.0.partition)).or_default();
            match layers.get_mut(*count) {
                Some(layer) => layer.push(item),
                None => layers.push(vec![item]),
            }
            *count += 1;
        }
        for layer in layers {
            chunks.extend(layer.chunks(CHUNK).map(|chunk| (lane.broker, chunk.to_vec())));
        }
    }
    chunks
}

/// One call.
async fn ask(
    shared: &Arc<Shared>,
    leader: Option<i32>,
    items: Vec<Item>,
    isolation: Isolation,
    time: Duration,
) -> (Vec<Item>, Result<Vec<Result<FoundOffset, AdminError>>, AdminError>) {
    let partitions: Vec<(TopicName, i32, i64)> =
        items.iter().map(|(query, _)| (query.topic.clone(), query.partition, wire_spec(query.spec))).collect();
    // The leader is librdkafka's to find; ours only says whose silence a silence is.
    let submitted = shared.call_blocking(None, time, move |client, call| {
        client.offsets(call, partitions.iter().map(|(topic, id, spec)| (&**topic, *id, *spec)), isolation)
    });
    let known = shared.known();
    let answer = match submitted.await {
        Ok(event) => event.offsets(&mut Interner::new(&known.names)).map_err(CallError::Failed),
        Err(CallError::Failed(Failure { code: NO_ENTRY, .. })) => {
            // No partition of the call has a leader, which librdkafka says of the call and not of its partitions.
            let code = |query: &OffsetQuery| ErrorCode(if known.names.contains(&query.topic) { 5 } else { 3 });
            let errors = items.iter().map(|(query, _)| Err(broker_error(CALL, code(query)))).collect();
            return (items, Ok(errors));
        }
        Err(error) => Err(error),
    };
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return (items, Err(shared.explain(CALL, leader, error))),
    };
    let by_partition: HashMap<(&str, i32), &PartitionAnswer> =
        answer.iter().map(|answer| ((&*answer.topic, answer.partition), answer)).collect();
    let results: Vec<Result<FoundOffset, AdminError>> = items
        .iter()
        .map(|(query, _)| {
            let answer = by_partition.get(&(&*query.topic, query.partition)).copied();
            found(query.spec, answer).map_err(|error| shared.with_reason(CALL, leader, error))
        })
        .collect();
    // All partitions of a silent leader: the lane is to stop.
    let result = match results.first() {
        Some(Err(error)) if results.iter().all(|result| result.as_ref().is_err_and(unreachable)) => Err(error.clone()),
        _ => Ok(results),
    };
    (items, result)
}

/// ListOffsets' timestamp field: -1 and -2 are special.
fn wire_spec(spec: OffsetSpec) -> i64 {
    match spec {
        OffsetSpec::Latest => -1,
        OffsetSpec::Earliest => -2,
        OffsetSpec::Timestamp(timestamp) => timestamp.max(0),
    }
}

/// The answer for one partition. librdkafka reports a leader that did not answer as "no offset" without an error.
fn found(spec: OffsetSpec, answer: Option<&PartitionAnswer>) -> Result<FoundOffset, AdminError> {
    let Some(answer) = answer.filter(|answer| answer.code != 0 || answer.offset != NO_OFFSET) else {
        return Err(AdminError::Timeout { call: CALL });
    };
    if let Some(error) = item_error(CALL, answer.code) {
        return Err(error);
    }
    let offset = (answer.offset >= 0).then_some(answer.offset);
    match spec {
        OffsetSpec::Timestamp(_) => {
            Ok(FoundOffset { offset, timestamp: (answer.timestamp >= 0).then_some(answer.timestamp) })
        }
        OffsetSpec::Earliest | OffsetSpec::Latest if offset.is_some() => Ok(FoundOffset { offset, timestamp: None }),
        OffsetSpec::Earliest | OffsetSpec::Latest => {
            Err(AdminError::Client { message: format!("{CALL}: an answer without offset and without error") })
        }
    }
}

/// Whether another leader may know better.
fn may_have_moved(error: &AdminError) -> bool {
    // LEADER_NOT_AVAILABLE, NOT_LEADER_OR_FOLLOWER, FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH.
    matches!(error, AdminError::Broker { code: ErrorCode(5 | 6 | 74 | 75), .. }) || unreachable(error)
}

/// Of `open`, what the new metadata promises more for: partitions with a leader that is not the one that was silent.
fn with_new_leaders(open: Vec<Item>, results: &[Result<FoundOffset, AdminError>], cluster: &Cluster) -> Vec<Item> {
    let topics: HashMap<&str, &kafka_admin::Topic> = cluster.topics.iter().map(|topic| (&*topic.name, topic)).collect();
    open.into_iter()
        .filter_map(|(mut query, index)| {
            let topic = topics.get(&*query.topic)?;
            let partition = topic.partitions.iter().find(|partition| partition.id == query.partition)?;
            let leader = partition.leader?;
            let silent = matches!(results.get(index), Some(Err(error)) if unreachable(error));
            if silent && query.leader == Some(leader) {
                return None;
            }
            query.leader = Some(leader);
            Some((query, index))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use kafka_admin::{Partition, Topic};

    use super::*;

    fn query(topic: &str, partition: i32, spec: OffsetSpec, leader: Option<i32>) -> OffsetQuery {
        OffsetQuery { topic: topic.into(), partition, spec, leader }
    }

    #[test]
    fn chunks_go_by_leader_hold_a_partition_once_and_lose_nothing() {
        let mut items = Vec::new();
        for partition in 0..2_001 {
            for spec in [OffsetSpec::Earliest, OffsetSpec::Latest, OffsetSpec::Timestamp(7)] {
                let leader = (partition % 4 != 3).then_some(partition % 4);
                items.push((query("t", partition, spec, leader), items.len()));
            }
        }
        let chunks = chunks(items);
        let mut indexes: Vec<usize> = Vec::new();
        for (leader, chunk) in &chunks {
            assert!(chunk.len() <= CHUNK);
            assert!(chunk.iter().all(|(query, _)| query.leader == *leader));
            let mut partitions: Vec<i32> = chunk.iter().map(|(query, _)| query.partition).collect();
            partitions.sort_unstable();
            partitions.dedup();
            assert_eq!(partitions.len(), chunk.len());
            indexes.extend(chunk.iter().map(|(_, index)| *index));
        }
        indexes.sort_unstable();
        assert_eq!(indexes, (0..6_003).collect::<Vec<_>>());
        // 501 partitions need two chunks and the others one, three times.
        assert_eq!(chunks.len(), 15);
    }

    #[test]
    fn an_answer_becomes_an_offset_or_the_partitions_own_error() {
        let answer =
            |offset, timestamp, code| PartitionAnswer { topic: "t".into(), partition: 0, offset, timestamp, code };
        let at = OffsetSpec::Timestamp(5);
        let offset = |offset, timestamp| Ok(FoundOffset { offset, timestamp });
        let table = [
            (OffsetSpec::Latest, Some(answer(7, -1, 0)), offset(Some(7), None)),
            (OffsetSpec::Earliest, Some(answer(0, -1, 0)), offset(Some(0), None)),
            (at, Some(answer(3, 9, 0)), offset(Some(3), Some(9))),
            (at, Some(answer(-1, -1, 0)), offset(None, None)),
            (OffsetSpec::Latest, Some(answer(-1001, -1, 0)), Err(AdminError::Timeout { call: CALL })),
            (OffsetSpec::Latest, None, Err(AdminError::Timeout { call: CALL })),
            (OffsetSpec::Latest, Some(answer(-1001, -1, 6)), Err(broker_error(CALL, ErrorCode(6)))),
            (OffsetSpec::Latest, Some(answer(-1001, -1, 119)), Err(broker_error(CALL, ErrorCode(119)))),
        ];
        for (spec, answer, expected) in table {
            assert_eq!(found(spec, answer.as_ref()), expected, "{spec:?} {answer:?}");
        }
    }

    #[test]
    fn only_partitions_with_a_better_leader_are_asked_again() {
        let partition = |id, leader| Partition { id, leader, replicas: vec![], isr: vec![], error: None };
        let cluster = Cluster {
            topics: vec![Topic {
                name: "t".into(),
                id: None,
                error: None,
                partitions: vec![
                    partition(0, Some(1)),
                    partition(1, Some(2)),
                    partition(2, None),
                    partition(3, Some(1)),
                ],
            }],
            ..Cluster::default()
        };
        let silent = || Err(AdminError::Timeout { call: CALL });
        let results = [silent(), silent(), silent(), Err(broker_error(CALL, ErrorCode(6))), silent()];
        let open = (0..4)
            .map(|id| query("t", id, OffsetSpec::Latest, Some(1)))
            .chain([query("gone", 0, OffsetSpec::Latest, Some(1))])
            .zip(0..)
            .collect();
        let again: Vec<(usize, Option<i32>)> = with_new_leaders(open, &results, &cluster)
            .into_iter()
            .map(|(query, index)| (index, query.leader))
            .collect();
        assert_eq!(again, [(1, Some(2)), (3, Some(1))]);
    }
}
