//! Committed offsets without consumers: groups and offsets in, groups in state Empty (no members) out.

use std::{
    collections::BTreeMap,
    thread::{self, sleep},
    time::{Duration, Instant},
};

use kafka_protocol::{
    ResponseError,
    messages::{
        ApiKey, FindCoordinatorRequest, FindCoordinatorResponse, OffsetCommitRequest, OffsetCommitResponse,
        find_coordinator_response::Coordinator,
        offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic},
    },
    protocol::StrBytes,
};

use crate::{Kafka, LabError, Result, state::topics::check, wire::Connection};

/// FindCoordinator v4 takes many keys (brokers from 3.0 on), v3 one; OffsetCommit v8 is the last one before KIP-848.
const FIND_COORDINATOR: i16 = 4;
const OFFSET_COMMIT: i16 = 8;

/// Groups looked up in one request.
const BATCH: usize = 500;
/// Connections to one coordinator: it handles one request of a connection at a time, and each waits for its write to the log.
const CONNECTIONS: usize = 8;
/// The first group of all has Kafka make __consumer_offsets first, and a new coordinator loads it.
const TIMEOUT: Duration = Duration::from_secs(60);

/// What one group has committed.
#[derive(Clone, Debug)]
pub struct Commit {
    /// The group.
    pub group: String,
    /// Topic, partition, committed offset.
    pub offsets: Vec<(String, i32, i64)>,
}

impl Commit {
    /// What `group` commits.
    pub fn new(group: &str, offsets: &[(&str, i32, i64)]) -> Self {
        let offsets = offsets.iter().map(|(topic, partition, offset)| ((*topic).into(), *partition, *offset));
        Self { group: group.into(), offsets: offsets.collect() }
    }

    fn request(&self) -> OffsetCommitRequest {
        let text = |text: &str| StrBytes::from_string(text.into());
        let mut topics = BTreeMap::<&str, Vec<_>>::new();
        for (topic, partition, offset) in &self.offsets {
            let committed = OffsetCommitRequestPartition::default()
                .with_partition_index(*partition)
                .with_committed_offset(*offset)
                .with_committed_metadata(Some(StrBytes::default()));
            topics.entry(topic).or_default().push(committed);
        }
        let topics = topics.into_iter().map(|(topic, partitions)| {
            OffsetCommitRequestTopic::default().with_name(text(topic).into()).with_partitions(partitions)
        });
        // Generation -1 without a member id is a commit from outside the group, allowed while it has no members (as the admin clients'
        // AlterConsumerGroupOffsets does it).
        OffsetCommitRequest::default()
            .with_group_id(text(&self.group).into())
            .with_generation_id_or_member_epoch(-1)
            .with_topics(topics.collect())
    }
}

impl Kafka {
    /// Commits offsets for groups without joining them, hundreds of groups a second. Kafka checks no offset against the log.
    ///
    /// # Errors
    /// [`LabError::Kafka`], as for a topic that does not exist or a group that has members.
    pub fn commit(&self, commits: &[Commit]) -> Result<()> {
        let deadline = Instant::now() + TIMEOUT;
        let mut left: Vec<&Commit> = commits.iter().collect();
        loop {
            let (by_coordinator, mut again) = self.coordinators(&left)?;
            for rejected in commit_all(&by_coordinator)? {
                again.push(rejected);
            }
            match again.first() {
                None => return Ok(()),
                Some((commit, code)) if Instant::now() > deadline => {
                    return Err(LabError::Kafka {
                        what: format!("commit offsets of group {}", commit.group),
                        code: *code,
                    });
                }
                Some(_) => sleep(Duration::from_millis(100)),
            }
            left = again.into_iter().map(|(commit, _)| commit).collect();
        }
    }

    /// The commits by the address of their group's coordinator, and those whose coordinator is not known yet.
    fn coordinators<'a>(&self, commits: &[&'a Commit]) -> Result<(ByCoordinator<'a>, Vec<Rejected<'a>>)> {
        let by_group: BTreeMap<&str, &Commit> = commits.iter().map(|commit| (commit.group.as_str(), *commit)).collect();
        if by_group.len() < commits.len() {
            return Err(LabError::Input("two commits for one group: put them into one".into()));
        }
        let (mut found, mut unknown) = (BTreeMap::<_, Vec<_>>::new(), Vec::new());
        for batch in commits.chunks(BATCH) {
            let keys: Vec<_> = batch.iter().map(|commit| StrBytes::from_string(commit.group.clone())).collect();
            for coordinator in &self.ask(|connection| find_coordinators(connection, &keys))? {
                let Some(commit) = by_group.get(coordinator.key.as_str()) else { continue };
                match ResponseError::try_from_code(coordinator.error_code) {
                    None => {
                        found.entry(format!("{}:{}", coordinator.host, coordinator.port)).or_default().push(*commit)
                    }
                    Some(code) if code.is_retriable() => unknown.push((*commit, code)),
                    Some(_) => check(coordinator.error_code, || format!("find the coordinator of {}", commit.group))?,
                }
            }
        }
        Ok((found, unknown))
    }
}

/// The coordinators of these groups, in as few requests as the broker allows.
fn find_coordinators(connection: &mut Connection, groups: &[StrBytes]) -> Result<Vec<Coordinator>> {
    let version = connection.newest(ApiKey::FindCoordinator, FIND_COORDINATOR)?;
    if version == FIND_COORDINATOR {
        let request = FindCoordinatorRequest::default().with_coordinator_keys(groups.to_vec());
        let response: FindCoordinatorResponse = connection.call(ApiKey::FindCoordinator, version, &request)?;
        return Ok(response.coordinators);
    }
    let one = |group: &StrBytes| {
        let request = FindCoordinatorRequest::default().with_key(group.clone());
        let response: FindCoordinatorResponse = connection.call(ApiKey::FindCoordinator, version, &request)?;
        Ok(Coordinator::default()
            .with_key(group.clone())
            .with_error_code(response.error_code)
            .with_host(response.host)
            .with_port(response.port))
    };
    groups.iter().map(one).collect()
}

/// Commits by the address of their group's coordinator.
type ByCoordinator<'a> = BTreeMap<String, Vec<&'a Commit>>;

/// A commit that may work in a moment, with the reason.
type Rejected<'a> = (&'a Commit, ResponseError);

/// Sends the commits over some connections to each coordinator; those that are to be tried again come back.
fn commit_all<'a>(by_coordinator: &ByCoordinator<'a>) -> Result<Vec<Rejected<'a>>> {
    thread::scope(|scope| {
        let workers: Vec<_> = by_coordinator
            .iter()
            .flat_map(|(host, commits)| {
                let share = commits.len().div_ceil(CONNECTIONS);
                commits.chunks(share).map(move |share| scope.spawn(move || commit_share(host, share)))
            })
            .collect();
        let mut rejected = Vec::new();
        for worker in workers {
            let done = worker.join().map_err(|_| LabError::Input("a thread that commits offsets panicked".into()))?;
            rejected.extend(done?);
        }
        Ok(rejected)
    })
}

fn commit_share<'a>(host: &str, commits: &[&'a Commit]) -> Result<Vec<Rejected<'a>>> {
    let mut connection = Connection::open(host, Duration::from_secs(30))?;
    let mut rejected = Vec::new();
    for commit in commits {
        let response: OffsetCommitResponse = connection.call(ApiKey::OffsetCommit, OFFSET_COMMIT, &commit.request())?;
        let codes = response.topics.iter().flat_map(|topic| &topic.partitions).map(|partition| partition.error_code);
        match codes.into_iter().find_map(ResponseError::try_from_code) {
            None => {}
            Some(
                code @ (ResponseError::NotCoordinator
                | ResponseError::CoordinatorLoadInProgress
                | ResponseError::CoordinatorNotAvailable),
            ) => rejected.push((*commit, code)),
            Some(code) => {
                return Err(LabError::Kafka { what: format!("commit offsets of group {}", commit.group), code });
            }
        }
    }
    Ok(rejected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_names_each_topic_once_and_no_member() {
        let commit = Commit::new("g", &[("b", 0, 7), ("a", 1, 8), ("b", 2, 9)]);
        let request = commit.request();
        let topics: Vec<_> =
            request.topics.iter().map(|topic| (topic.name.to_string(), topic.partitions.len())).collect();
        assert_eq!(topics, [("a".to_owned(), 1), ("b".to_owned(), 2)]);
        assert_eq!((request.generation_id_or_member_epoch, request.member_id.as_str()), (-1, ""));
    }
}
