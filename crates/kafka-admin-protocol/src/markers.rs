//! Transaction markers. In: ranges of offsets, several of a partition if need be; out: whether each has only control records.

use std::collections::BTreeMap;
use std::time::Instant;

use futures_util::future::join_all;
use kafka_admin::{AdminError, ErrorCode, OffsetRange};

use crate::api::{Call, Fetch};
use crate::brokers::{Brokers, broker_error};
use crate::metadata;

const CALL: &str = Fetch::API.name;
const LEADER_NOT_AVAILABLE: ErrorCode = ErrorCode(5);
const OFFSET_OUT_OF_RANGE: ErrorCode = ErrorCode(1);
/// Partitions per request: an answer of two megabytes and one batch.
const CHUNK: usize = 2_000;

/// Asks the leaders, each of all at once.
pub(crate) async fn only(
    brokers: &Brokers,
    ranges: &[OffsetRange],
    deadline: Instant,
) -> Vec<Result<bool, AdminError>> {
    if ranges.is_empty() {
        return Vec::new();
    }
    if let Err(error) = metadata::acquaint(brokers, deadline).await {
        return vec![Err(error); ranges.len()];
    }
    let mut results = vec![Err(broker_error(CALL, LEADER_NOT_AVAILABLE)); ranges.len()];
    let by_leader = by_leader(ranges);
    let requests =
        by_leader.iter().flat_map(|((leader, _), asked)| asked.chunks(CHUNK).map(move |asked| (leader, asked)));
    let answers = join_all(requests.map(|(leader, asked)| async move {
        let partitions: Vec<_> =
            asked.iter().map(|(_, range)| (range.topic.clone(), range.partition, range.from..range.to)).collect();
        (asked, brokers.ask(*leader, &Fetch { partitions: &partitions }, deadline).await)
    }));
    for (asked, answer) in answers.await {
        let answers = answer.map(|answers| answers.into_iter().map(item_result).collect());
        let answers = answers.unwrap_or_else(|error| vec![Err(error); asked.len()]);
        for ((index, _), answer) in asked.iter().zip(answers) {
            if let Some(result) = results.get_mut(*index) {
                *result = answer;
            }
        }
    }
    results
}

/// Ranges with their places, in ascending order of topic and partition.
type Asked<'a> = Vec<(usize, &'a OffsetRange)>;

/// By leader and layer: the n-th range of a partition is in the n-th layer, as a request may name a partition once.
fn by_leader(ranges: &[OffsetRange]) -> BTreeMap<(i32, usize), Asked<'_>> {
    let mut sorted: Asked<'_> = ranges.iter().enumerate().collect();
    sorted.sort_by_key(|(_, range)| (&range.topic, range.partition));
    let mut by_leader = BTreeMap::<_, Asked<'_>>::new();
    for of_partition in sorted.chunk_by(|(_, a), (_, b)| (&a.topic, a.partition) == (&b.topic, b.partition)) {
        for (layer, (index, range)) in of_partition.iter().enumerate() {
            if let Some(leader) = range.leader {
                by_leader.entry((leader, layer)).or_default().push((*index, *range));
            }
        }
    }
    by_leader
}

fn item_result(answer: Option<Result<bool, ErrorCode>>) -> Result<bool, AdminError> {
    match answer {
        // What is there no more is no marker.
        Some(Err(OFFSET_OUT_OF_RANGE)) => Ok(false),
        Some(answer) => answer.map_err(|code| broker_error(CALL, code)),
        None => Err(AdminError::Protocol { call: CALL, message: "the broker left a partition out".to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_go_by_leader_and_hold_a_partition_once() {
        let range = |topic: &str, partition, from, leader| OffsetRange {
            topic: topic.into(),
            partition,
            from,
            to: 9,
            leader: Some(leader),
        };
        let ranges =
            [range("b", 0, 8, 1), range("a", 1, 7, 2), range("a", 0, 8, 1), range("b", 0, 6, 1), range("b", 0, 7, 1)];
        let by_leader = by_leader(&ranges);
        let places: Vec<_> = by_leader
            .iter()
            .map(|(key, asked)| (*key, asked.iter().map(|(place, _)| *place).collect::<Vec<_>>()))
            .collect();
        assert_eq!(places, [((1, 0), vec![2, 0]), ((1, 1), vec![3]), ((1, 2), vec![4]), ((2, 0), vec![1])]);
    }
}
