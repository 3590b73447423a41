//! Groups: list, describe, committed offsets. In: groups; out: one result per group, in order. Each coordinator is asked
//! for all its groups in one request, or in a few whose answers stay small.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use kafka_admin::{
    AdminError, CommittedOffset, ErrorCode, GroupDescription, GroupId, GroupListing, GroupRef, GroupState, GroupType,
    GroupsListed,
};

use crate::api::{
    Call, ConsumerGroupDescribe, DescribeGroups, DescribeShareGroupOffsets, FindCoordinator, ListGroups, OffsetFetch,
    ShareGroupDescribe, StreamsGroupDescribe,
};
use crate::brokers::{Brokers, broker_error, is_unreachable};
use crate::metadata;
use crate::wire::Names;

const COORDINATOR_NOT_AVAILABLE: ErrorCode = ErrorCode(15);
const GROUP_ID_NOT_FOUND: ErrorCode = ErrorCode(69);
/// Groups in one describe: their members' subscriptions make the answer large.
const DESCRIBED: usize = 200;
/// Committed offsets in one answer, some 30 bytes each, as far as they are known from the last one.
const COMMITS: usize = 50_000;
/// Groups in one FindCoordinator or OffsetFetch.
const GROUPS: usize = 1_000;
/// Rounds, the first included, in which groups are asked again whose coordinator has moved.
const ROUNDS: usize = 3;
/// Between two rounds.
const PAUSE: Duration = Duration::from_millis(50);

/// ListGroups at every broker. A broker coordinates the groups that it lists.
pub(crate) async fn list(brokers: &Brokers, deadline: Instant) -> Result<GroupsListed, AdminError> {
    metadata::acquaint(brokers, deadline).await?;
    let ids = brokers.ids();
    let answers = join_all(ids.iter().map(|broker| async {
        let answer = brokers.ask(*broker, &ListGroups, deadline).await?;
        answer.map_err(|code| broker_error(ListGroups::API.name, code))
    }));
    let mut groups: HashMap<GroupId, GroupListing> = HashMap::new();
    let mut coordinators = HashMap::new();
    let mut unheard = Vec::new();
    let mut errors = Vec::new();
    for (broker, answer) in ids.iter().zip(answers.await) {
        match answer {
            Err(error) => {
                unheard.push(*broker);
                errors.push(error);
            }
            Ok(listed) => {
                for group in listed {
                    if insert(&mut groups, &group) {
                        coordinators.insert(group.id, *broker);
                    }
                }
            }
        }
    }
    if errors.len() == ids.len()
        && let Some(error) = errors.pop()
    {
        return Err(error);
    }
    brokers.learn_list(&coordinators, &unheard);
    let mut groups: Vec<GroupListing> = groups.into_values().collect();
    groups.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    Ok(GroupsListed { groups, errors })
}

/// While a coordinator moves, two brokers may list a group; the one that knows the state is right. Whether it was taken.
fn insert(groups: &mut HashMap<GroupId, GroupListing>, group: &GroupListing) -> bool {
    let worth = |group: &GroupListing| match group.state {
        GroupState::Unknown => 0,
        GroupState::Dead => 1,
        _ => 2,
    };
    let is_better = groups.get(&group.id).is_none_or(|other| worth(group) > worth(other));
    if is_better {
        groups.insert(group.id.clone(), group.clone());
    }
    is_better
}

/// State, members and assignments, each group by the call of its type.
pub(crate) async fn describe(
    brokers: &Brokers,
    groups: &[GroupRef],
    deadline: Instant,
) -> Vec<Result<GroupDescription, AdminError>> {
    let names = &brokers.names();
    let of = |kinds: &[GroupType]| ids_of(groups, |group| kinds.contains(&group.kind));
    let (classic, consumer) = (of(&[GroupType::Classic, GroupType::Unknown]), of(&[GroupType::Consumer]));
    let (share, streams) = (of(&[GroupType::Share]), of(&[GroupType::Streams]));
    let (mut described, by_consumer, by_share, by_streams) = tokio::join!(
        by_coordinator::<Classic>(brokers, names, classic, deadline),
        by_coordinator::<Consumer>(brokers, names, consumer, deadline),
        by_coordinator::<Share>(brokers, names, share, deadline),
        by_coordinator::<Streams>(brokers, names, streams, deadline),
    );
    described.extend(by_consumer);
    described.extend(by_share);
    described.extend(by_streams);

    // Before Kafka 3.8 no type is listed, and a group may have changed its type since it was.
    let is_unknown = |group: &GroupRef| match described.get(&group.id) {
        Some(Ok(found)) => group.kind == GroupType::Unknown && found.state == GroupState::Dead,
        Some(Err(error)) => matches!(error, AdminError::Broker { code: GROUP_ID_NOT_FOUND, .. }),
        None => false,
    };
    let by_other = ids_of(groups, |group| group.kind != GroupType::Consumer && is_unknown(group));
    let by_classic = ids_of(groups, |group| group.kind == GroupType::Consumer && is_unknown(group));
    let (by_other, by_classic) = tokio::join!(
        by_coordinator::<Consumer>(brokers, names, by_other, deadline),
        by_coordinator::<Classic>(brokers, names, by_classic, deadline),
    );
    described.extend(by_other.into_iter().chain(by_classic).filter(|(_, description)| description.is_ok()));
    in_order(groups, described, DescribeGroups::API.name)
}

/// All committed offsets; of share groups the start offsets.
pub(crate) async fn committed(
    brokers: &Brokers,
    groups: &[GroupRef],
    deadline: Instant,
) -> Vec<Result<Vec<CommittedOffset>, AdminError>> {
    let names = &brokers.names();
    let others = ids_of(groups, |group| group.kind != GroupType::Share);
    let share = ids_of(groups, |group| group.kind == GroupType::Share);
    let (mut committed, starts) = tokio::join!(
        by_coordinator::<Commits>(brokers, names, others, deadline),
        by_coordinator::<Starts>(brokers, names, share, deadline),
    );
    committed.extend(starts);
    for (group, commits) in &mut committed {
        match commits {
            Ok(commits) => brokers.learn_commits(group, commits.len()),
            // A group that Kafka does not have has committed nothing.
            Err(AdminError::Broker { code: GROUP_ID_NOT_FOUND, .. }) => *commits = Ok(Vec::new()),
            Err(_) => {}
        }
    }
    in_order(groups, committed, OffsetFetch::API.name)
}

fn ids_of(groups: &[GroupRef], wanted: impl Fn(&GroupRef) -> bool) -> Vec<GroupId> {
    let mut ids: Vec<GroupId> = groups.iter().filter(|group| wanted(group)).map(|group| group.id.clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// One result per group asked. Only a group that was asked twice costs a copy.
fn in_order<T: Clone>(
    groups: &[GroupRef],
    mut results: HashMap<GroupId, Result<T, AdminError>>,
    call: &'static str,
) -> Vec<Result<T, AdminError>> {
    let mut asked: HashMap<&GroupId, usize> = HashMap::with_capacity(groups.len());
    for group in groups {
        *asked.entry(&group.id).or_default() += 1;
    }
    let missing = || Err(AdminError::Timeout { call });
    let result = |group: &GroupRef| match asked.get(&group.id) {
        Some(1) => results.remove(&group.id).unwrap_or_else(missing),
        _ => results.get(&group.id).cloned().unwrap_or_else(missing),
    };
    groups.iter().map(result).collect()
}

/// A call about some of a coordinator's groups.
trait GroupCall {
    /// What it tells of a group.
    type Item;
    /// The call itself.
    type Call<'a>: Call<Answer = Vec<Option<Result<Self::Item, ErrorCode>>>>;

    fn new<'a>(groups: &'a [GroupId], names: &'a Names) -> Self::Call<'a>;

    /// Groups in one request of this version, of those in `groups`, at least one.
    fn chunk(version: i16, groups: &[(GroupId, usize)]) -> usize;

    /// Adds what the answering broker's id tells.
    fn complete(_item: &mut Self::Item, _broker: i32) {}
}

/// Implements [`GroupCall`] for a describe.
macro_rules! describe_call {
    ($name:ident, $call:ident) => {
        struct $name;

        impl GroupCall for $name {
            type Item = GroupDescription;
            type Call<'a> = $call<'a>;

            fn new<'a>(groups: &'a [GroupId], names: &'a Names) -> $call<'a> {
                $call { groups, names }
            }

            fn chunk(_version: i16, _groups: &[(GroupId, usize)]) -> usize {
                DESCRIBED
            }

            fn complete(item: &mut GroupDescription, broker: i32) {
                item.coordinator = Some(broker);
            }
        }
    };
}

describe_call!(Classic, DescribeGroups);
describe_call!(Consumer, ConsumerGroupDescribe);
describe_call!(Share, ShareGroupDescribe);
describe_call!(Streams, StreamsGroupDescribe);

struct Commits;

impl GroupCall for Commits {
    type Item = Vec<CommittedOffset>;
    type Call<'a> = OffsetFetch<'a>;

    fn new<'a>(groups: &'a [GroupId], names: &'a Names) -> OffsetFetch<'a> {
        OffsetFetch { groups, names }
    }

    /// One group before Kafka 3.0 (KIP-709).
    fn chunk(version: i16, groups: &[(GroupId, usize)]) -> usize {
        if version < 8 { 1 } else { up_to_commits(groups) }
    }
}

struct Starts;

impl GroupCall for Starts {
    type Item = Vec<CommittedOffset>;
    type Call<'a> = DescribeShareGroupOffsets<'a>;

    fn new<'a>(groups: &'a [GroupId], names: &'a Names) -> DescribeShareGroupOffsets<'a> {
        DescribeShareGroupOffsets { groups, names }
    }

    fn chunk(_version: i16, groups: &[(GroupId, usize)]) -> usize {
        up_to_commits(groups)
    }
}

/// How many of the first groups have some [`COMMITS`] together, one at least.
fn up_to_commits(groups: &[(GroupId, usize)]) -> usize {
    let mut commits = 0;
    let fits = |(_, more): &&(GroupId, usize)| {
        commits += more;
        commits <= COMMITS
    };
    groups.iter().take(GROUPS).take_while(fits).count().max(1)
}

/// Asks for each group at its coordinator. `groups` are distinct.
async fn by_coordinator<C: GroupCall>(
    brokers: &Brokers,
    names: &Names,
    groups: Vec<GroupId>,
    deadline: Instant,
) -> HashMap<GroupId, Result<C::Item, AdminError>> {
    let mut results = HashMap::with_capacity(groups.len());
    if groups.is_empty() {
        return results;
    }
    if let Err(error) = metadata::acquaint(brokers, deadline).await {
        results.extend(groups.into_iter().map(|group| (group, Err(error.clone()))));
        return results;
    }
    let mut open = groups;
    // Where each group was asked last.
    let mut asked: HashMap<GroupId, i32> = HashMap::new();
    for round in 0..ROUNDS {
        if round > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        let unplaced: Vec<GroupId> =
            open.iter().filter(|group| round > 0 || brokers.place(group).is_none()).cloned().collect();
        let unfound = find_coordinators(brokers, &unplaced, deadline).await;
        let mut by_broker: BTreeMap<i32, Vec<(GroupId, usize)>> = BTreeMap::new();
        for group in std::mem::take(&mut open) {
            let place = brokers.place(&group).filter(|_| !unfound.contains_key(&group));
            let Some(place) = place else {
                let error = unfound.get(&group).cloned();
                let error = error.unwrap_or_else(|| broker_error(FindCoordinator::API.name, COORDINATOR_NOT_AVAILABLE));
                if may_have_moved(&error) {
                    open.push(group.clone());
                }
                results.entry(group).or_insert(Err(error));
                continue;
            };
            // One that was silent a moment ago still is, and still the coordinator as far as the others know.
            let is_silent = asked.get(&group) == Some(&place.coordinator)
                && results.get(&group).is_some_and(|result| result.as_ref().is_err_and(is_unreachable));
            if !is_silent {
                by_broker.entry(place.coordinator).or_default().push((group, place.commits));
            }
        }
        let answers = by_broker.into_iter().map(|(broker, groups)| ask::<C>(brokers, names, broker, groups, deadline));
        for (broker, group, result) in join_all(answers).await.into_iter().flatten() {
            if result.as_ref().is_err_and(may_have_moved) {
                open.push(group.clone());
            }
            asked.insert(group.clone(), broker);
            results.insert(group, result);
        }
        if open.is_empty() || Instant::now() + PAUSE >= deadline {
            break;
        }
    }
    results
}

/// Asks one coordinator for its groups.
async fn ask<C: GroupCall>(
    brokers: &Brokers,
    names: &Names,
    broker: i32,
    groups: Vec<(GroupId, usize)>,
    deadline: Instant,
) -> Vec<(i32, GroupId, Result<C::Item, AdminError>)> {
    let api = <C::Call<'static> as Call>::API;
    let version = match brokers.version(broker, &api, deadline).await {
        Ok(version) => version,
        Err(error) => return groups.into_iter().map(|(group, _)| (broker, group, Err(error.clone()))).collect(),
    };
    let mut chunks: Vec<Vec<GroupId>> = Vec::new();
    let mut rest = groups.as_slice();
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(C::chunk(version, rest).clamp(1, rest.len()));
        chunks.push(chunk.iter().map(|(group, _)| group.clone()).collect());
        rest = after;
    }
    let answers = chunks.into_iter().map(|chunk| async move {
        let answer = brokers.ask(broker, &C::new(&chunk, names), deadline).await;
        let items: Vec<Result<C::Item, AdminError>> = match answer {
            Err(error) => vec_of(&error, chunk.len()),
            Ok(items) => items.into_iter().map(|item| item_result(api.name, item)).collect(),
        };
        let complete = |(group, item): (GroupId, Result<C::Item, AdminError>)| {
            let item = item.map(|mut item| {
                C::complete(&mut item, broker);
                item
            });
            (broker, group, item)
        };
        chunk.into_iter().zip(items).map(complete).collect::<Vec<_>>()
    });
    join_all(answers).await.into_iter().flatten().collect()
}

fn vec_of<T>(error: &AdminError, count: usize) -> Vec<Result<T, AdminError>> {
    (0..count).map(|_| Err(error.clone())).collect()
}

fn item_result<T>(call: &'static str, item: Option<Result<T, ErrorCode>>) -> Result<T, AdminError> {
    match item {
        Some(item) => item.map_err(|code| broker_error(call, code)),
        None => Err(AdminError::Protocol { call, message: "the broker left a group out".to_owned() }),
    }
}

/// Asks who coordinates these groups; what is found is remembered. Returned are those of which nobody knew.
async fn find_coordinators(brokers: &Brokers, groups: &[GroupId], deadline: Instant) -> HashMap<GroupId, AdminError> {
    let mut open: Vec<GroupId> = groups.to_vec();
    let mut unfound = HashMap::new();
    for broker in brokers.candidates() {
        if open.is_empty() {
            break;
        }
        unfound.clear();
        let version = match brokers.version(broker, &FindCoordinator::API, deadline).await {
            Ok(version) => version,
            Err(error) => {
                unfound.extend(open.iter().map(|group| (group.clone(), error.clone())));
                continue;
            }
        };
        // Many keys from version 4 on (KIP-699, Kafka 3.0).
        let chunks: Vec<&[GroupId]> = open.chunks(if version < 4 { 1 } else { GROUPS }).collect();
        let answers =
            join_all(chunks.iter().map(|chunk| async {
                (*chunk, brokers.ask(broker, &FindCoordinator { groups: chunk }, deadline).await)
            }));
        let mut unasked = Vec::new();
        for (chunk, answer) in answers.await {
            match answer {
                Err(error) => {
                    unasked.extend(chunk.iter().cloned());
                    unfound.extend(chunk.iter().map(|group| (group.clone(), error.clone())));
                }
                Ok(answer) => {
                    let found = chunk.iter().zip(answer.found);
                    for (group, coordinator) in found {
                        match item_result(FindCoordinator::API.name, coordinator) {
                            Ok(coordinator) => brokers.learn_coordinators([(group, coordinator)]),
                            Err(error) => {
                                unfound.insert(group.clone(), error);
                            }
                        }
                    }
                }
            }
        }
        open = unasked;
    }
    unfound
}

/// Whether another broker may know better.
fn may_have_moved(error: &AdminError) -> bool {
    // COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR.
    matches!(error, AdminError::Broker { code: ErrorCode(14..=16), .. }) || is_unreachable(error)
}
