//! ListOffsets. In: queries, each for one partition; out: one result per query, in order. All partitions of a leader go
//! in one request.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use kafka_admin::{AdminError, ErrorCode, FoundOffset, Isolation, OffsetQuery, OffsetSpec, Topic, TopicName};

use crate::api::ListOffsets;
use crate::brokers::{Brokers, broker_error, is_unknown, is_unreachable};
use crate::metadata;

const CALL: &str = "ListOffsets";
const UNKNOWN_TOPIC_OR_PARTITION: ErrorCode = ErrorCode(3);
const LEADER_NOT_AVAILABLE: ErrorCode = ErrorCode(5);
/// Partitions per request: an answer of half a megabyte.
const CHUNK: usize = 20_000;
/// Rounds, the first included, in which partitions are asked again whose leader has moved.
const ROUNDS: usize = 3;
/// Before a round in which the same leader is asked again.
const PAUSE: Duration = Duration::from_millis(50);

/// Looks up all queries.
pub(crate) async fn find(
    brokers: &Brokers,
    queries: &[OffsetQuery],
    isolation: Isolation,
    deadline: Instant,
) -> Vec<Result<FoundOffset, AdminError>> {
    if queries.is_empty() {
        return Vec::new();
    }
    if let Err(error) = metadata::acquaint(brokers, deadline).await {
        return vec![Err(error); queries.len()];
    }
    let mut results = vec![Err(broker_error(CALL, LEADER_NOT_AVAILABLE)); queries.len()];
    let mut leaders: Vec<Option<i32>> = queries.iter().map(|query| query.leader).collect();
    let mut open: Vec<usize> = (0..queries.len()).collect();
    for round in 0..ROUNDS {
        if round > 0 {
            tokio::time::sleep(PAUSE).await;
            open = with_new_leaders(brokers, queries, open, &mut results, &mut leaders, deadline).await;
        }
        let requests = requests(queries, &open, &leaders);
        let answers = join_all(requests.iter().map(|request| async {
            let call = ListOffsets { partitions: &request.partitions, isolation };
            brokers.ask(request.leader, &call, deadline).await
        }));
        for (request, answer) in requests.iter().zip(answers.await) {
            let answers = answer.map(|answers| answers.into_iter().map(item_result).collect());
            let answers = answers.unwrap_or_else(|error| vec![Err(error); request.indexes.len()]);
            for (index, answer) in request.indexes.iter().zip(answers) {
                if let Some(result) = results.get_mut(*index) {
                    *result = answer;
                }
            }
        }
        open.retain(|index| matches!(results.get(*index), Some(Err(error)) if may_have_moved(error)));
        if open.is_empty() || Instant::now() + PAUSE >= deadline {
            break;
        }
    }
    results
}

/// One request to one leader, with the positions of its queries.
struct Request {
    leader: i32,
    partitions: Vec<(TopicName, i32, OffsetSpec)>,
    indexes: Vec<usize>,
}

/// The queries at `open` by leader, none of which names a partition twice: brokers refuse that.
fn requests(queries: &[OffsetQuery], open: &[usize], leaders: &[Option<i32>]) -> Vec<Request> {
    let mut by_leader: BTreeMap<i32, Vec<(usize, &OffsetQuery)>> = BTreeMap::new();
    for index in open {
        if let (Some(query), Some(Some(leader))) = (queries.get(*index), leaders.get(*index)) {
            by_leader.entry(*leader).or_default().push((*index, query));
        }
    }
    let mut requests = Vec::new();
    for (leader, mut asked) in by_leader {
        asked.sort_by(|(_, a), (_, b)| (&a.topic, a.partition).cmp(&(&b.topic, b.partition)));
        // The n-th query of a partition goes into the n-th layer.
        let mut layers: Vec<Vec<(usize, &OffsetQuery)>> = Vec::new();
        let same = |(_, a): &(usize, &OffsetQuery), (_, b): &(usize, &OffsetQuery)| {
            a.partition == b.partition && a.topic == b.topic
        };
        for of_partition in asked.chunk_by(same) {
            for (layer, item) in of_partition.iter().enumerate() {
                match layers.get_mut(layer) {
                    Some(layer) => layer.push(*item),
                    None => layers.push(vec![*item]),
                }
            }
        }
        for chunk in layers.iter().flat_map(|layer| layer.chunks(CHUNK)) {
            let partitions = chunk.iter().map(|(_, query)| (query.topic.clone(), query.partition, query.spec));
            let indexes = chunk.iter().map(|(index, _)| *index).collect();
            requests.push(Request { leader, partitions: partitions.collect(), indexes });
        }
    }
    requests
}

fn item_result(answer: Option<Result<FoundOffset, ErrorCode>>) -> Result<FoundOffset, AdminError> {
    match answer {
        Some(answer) => answer.map_err(|code| broker_error(CALL, code)),
        None => Err(AdminError::Protocol { call: CALL, message: "the broker left a partition out".to_owned() }),
    }
}

/// Whether another broker may know better.
fn may_have_moved(error: &AdminError) -> bool {
    // UNKNOWN_TOPIC_OR_PARTITION, LEADER_NOT_AVAILABLE, NOT_LEADER_OR_FOLLOWER, REPLICA_NOT_AVAILABLE,
    // KAFKA_STORAGE_ERROR, FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH, OFFSET_NOT_AVAILABLE.
    match error {
        AdminError::Broker { code: ErrorCode(3 | 5 | 6 | 9 | 56 | 74 | 75 | 78), .. } => true,
        error => is_unknown(error) || is_unreachable(error),
    }
}

/// Asks who leads now. What is left are the queries that it promises more for: those with a leader, and not the one that
/// was silent. Those that were asked of nobody get the reason.
async fn with_new_leaders(
    brokers: &Brokers,
    queries: &[OffsetQuery],
    open: Vec<usize>,
    results: &mut [Result<FoundOffset, AdminError>],
    leaders: &mut [Option<i32>],
    deadline: Instant,
) -> Vec<usize> {
    let mut topics: Vec<TopicName> = open.iter().filter_map(|index| Some(queries.get(*index)?.topic.clone())).collect();
    topics.sort_unstable();
    topics.dedup();
    let Ok(cluster) = metadata::of_topics(brokers, &topics, deadline).await else { return Vec::new() };
    brokers.meet(&cluster.brokers);
    let topics: HashMap<&str, &Topic> = cluster.topics.iter().map(|topic| (&*topic.name, topic)).collect();
    let is_worth_asking = |index: &usize| {
        let (Some(query), Some(result), Some(leader)) =
            (queries.get(*index), results.get_mut(*index), leaders.get_mut(*index))
        else {
            return false;
        };
        match leader_of(topics.get(&*query.topic).copied(), query.partition) {
            Ok(now) => {
                let is_silent = *leader == Some(now) && result.as_ref().is_err_and(is_unreachable);
                *leader = Some(now);
                !is_silent
            }
            Err(code) => {
                if leader.is_none() || result.as_ref().is_err_and(is_unknown) {
                    *result = Err(broker_error(CALL, code));
                }
                false
            }
        }
    };
    open.into_iter().filter(is_worth_asking).collect()
}

/// A partition's leader, or why it has none.
fn leader_of(topic: Option<&Topic>, partition: i32) -> Result<i32, ErrorCode> {
    let topic = topic.ok_or(UNKNOWN_TOPIC_OR_PARTITION)?;
    if let Some(code) = topic.error {
        return Err(code);
    }
    let found = topic.partitions.binary_search_by_key(&partition, |known| known.id);
    let partition = found.ok().and_then(|at| topic.partitions.get(at)).ok_or(UNKNOWN_TOPIC_OR_PARTITION)?;
    partition.leader.ok_or(partition.error.unwrap_or(LEADER_NOT_AVAILABLE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_go_by_leader_hold_a_partition_once_and_lose_nothing() {
        let mut queries = Vec::new();
        let mut leaders = Vec::new();
        for partition in 0..2_001 {
            for spec in [OffsetSpec::Earliest, OffsetSpec::Latest, OffsetSpec::Timestamp(7)] {
                let leader = (partition % 4 != 3).then_some(partition % 4);
                queries.push(OffsetQuery { topic: "t".into(), partition, spec, leader });
                leaders.push(leader);
            }
        }
        let open: Vec<usize> = (0..queries.len()).collect();
        let requests = requests(&queries, &open, &leaders);
        let mut indexes: Vec<usize> = Vec::new();
        for request in &requests {
            assert!(request.partitions.is_sorted_by(|a, b| (&a.0, a.1) < (&b.0, b.1)), "sorted, each once");
            for (index, (topic, partition, spec)) in request.indexes.iter().zip(&request.partitions) {
                let query = &queries[*index];
                assert_eq!((&query.topic, query.partition, query.spec), (topic, *partition, *spec));
                assert_eq!(query.leader, Some(request.leader));
            }
            indexes.extend(&request.indexes);
        }
        indexes.sort_unstable();
        let led: Vec<usize> = (0..queries.len()).filter(|index| leaders[*index].is_some()).collect();
        assert_eq!(indexes, led);
        assert_eq!(requests.len(), 9, "three layers for each of three leaders");
    }
}
