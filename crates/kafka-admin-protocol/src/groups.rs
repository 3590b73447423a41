//! Groups: list, describe, committed offsets. In: groups; out: one result per group, in order. Each coordinator is asked
//! for all its groups in one request, or in a few whose answers stay small.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use kafka_admin::{
    AdminError, CommittedOffset, ErrorCode, ErrorKind, GroupDescription, GroupId, GroupListing, GroupRef, GroupState,
    GroupType, GroupsListed,
};

use crate::api::{
    Call, ConsumerGroupDescribe, DescribeGroups, DescribeShareGroupOffsets, FindCoordinator, ListGroups, OffsetFetch,
    ShareGroupDescribe, StreamsGroupDescribe,
};
use crate::brokers::{Brokers, broker_error, is_unknown, is_unreachable};
use crate::metadata;
use crate::wire::Names;

const COORDINATOR_NOT_AVAILABLE: ErrorCode = ErrorCode(15);
const UNSUPPORTED_VERSION: ErrorCode = ErrorCode(35);
const GROUP_ID_NOT_FOUND: ErrorCode = ErrorCode(69);
/// Groups in one describe: their members' subscriptions make the answer large.
const DESCRIBED: usize = 200;
/// Committed offsets in one answer, some 30 bytes each, as far as they are known from the last one.
const COMMITS: usize = 50_000;
/// Committed offsets that a group is supposed to have before it was asked.
const COMMITS_OF_A_STRANGER: usize = 250;
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
                    match insert(&mut groups, &group) {
                        Ordering::Greater => coordinators.insert(group.id, *broker),
                        // Which of two it is, FindCoordinator has to tell.
                        Ordering::Equal => coordinators.remove(&group.id),
                        Ordering::Less => None,
                    };
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

/// While a coordinator moves, two brokers may list a group; the one that knows a state is right. How this one compares
/// with the one that was there.
fn insert(groups: &mut HashMap<GroupId, GroupListing>, group: &GroupListing) -> Ordering {
    let worth = |group: &GroupListing| match group.state {
        GroupState::Unknown => 0,
        GroupState::Dead => 1,
        _ => 2,
    };
    let order = groups.get(&group.id).map_or(Ordering::Greater, |other| worth(group).cmp(&worth(other)));
    if order == Ordering::Greater {
        groups.insert(group.id.clone(), group.clone());
    }
    order
}

/// State, members and assignments, each group by the call of its type.
pub(crate) async fn describe(
    brokers: &Brokers,
    groups: &[GroupRef],
    deadline: Instant,
) -> Vec<Result<GroupDescription, AdminError>> {
    if let Err(error) = metadata::acquaint(brokers, deadline).await {
        return vec_of(&error, groups.len());
    }
    let names = &brokers.names();
    // Brokers before Kafka 3.8 list no types, and have hardly any groups but classic ones.
    let first = |group: &GroupRef| if group.kind == GroupType::Unknown { GroupType::Classic } else { group.kind };
    let as_told = |kind| ids_of(groups, |group| first(group) == kind);
    let mut described: HashMap<_, _> = describe_as(brokers, names, as_told, deadline).await.into_iter().collect();

    // It may be of another type, or have become one since it was listed.
    let is_lost = |group: &GroupRef| match described.get(&group.id) {
        Some(Ok(found)) => found.state == GroupState::Dead,
        Some(Err(error)) => matches!(error, AdminError::Broker { code: GROUP_ID_NOT_FOUND, .. }),
        None => false,
    };
    let as_others = |kind| ids_of(groups, |group| first(group) != kind && is_lost(group));
    let found = describe_as(brokers, names, as_others, deadline).await;
    let is_alive = |description: &Result<GroupDescription, AdminError>| {
        description.as_ref().is_ok_and(|found| found.state != GroupState::Dead)
    };
    described.extend(found.into_iter().filter(|(_, description)| is_alive(description)));
    in_order(groups, described, DescribeGroups::API.name)
}

/// Asks for groups by the call of each type: `ids` has those of a type.
async fn describe_as(
    brokers: &Brokers,
    names: &Names,
    ids: impl Fn(GroupType) -> Vec<GroupId>,
    deadline: Instant,
) -> Vec<(GroupId, Result<GroupDescription, AdminError>)> {
    let (classic, consumer, share, streams) = tokio::join!(
        by_coordinator::<Classic>(brokers, names, ids(GroupType::Classic), deadline),
        by_coordinator::<Consumer>(brokers, names, ids(GroupType::Consumer), deadline),
        by_coordinator::<Share>(brokers, names, ids(GroupType::Share), deadline),
        by_coordinator::<Streams>(brokers, names, ids(GroupType::Streams), deadline),
    );
    classic.into_iter().chain(consumer).chain(share).chain(streams).collect()
}

/// All committed offsets; of share groups the start offsets. Neither call tells whether a group is of the other kind, so
/// one that has nothing is asked by the other as well where it is not known, or no longer, to be of this kind; but for
/// those listed as groups that commit, of which many never do.
pub(crate) async fn committed(
    brokers: &Brokers,
    groups: &[GroupRef],
    deadline: Instant,
) -> Vec<Result<Vec<CommittedOffset>, AdminError>> {
    if let Err(error) = metadata::acquaint(brokers, deadline).await {
        return vec_of(&error, groups.len());
    }
    let names = &brokers.names();
    let commit = ids_of(groups, |group| group.kind != GroupType::Share);
    let share = ids_of(groups, |group| group.kind == GroupType::Share);
    let (mut committed, starts) = tokio::join!(
        by_coordinator::<Commits>(brokers, names, commit, deadline),
        by_coordinator::<Starts>(brokers, names, share, deadline),
    );
    committed.extend(starts);
    for commits in committed.values_mut() {
        // A group that Kafka does not have has committed nothing.
        if matches!(commits, Err(AdminError::Broker { code: GROUP_ID_NOT_FOUND, .. })) {
            *commits = Ok(Vec::new());
        }
    }

    let has_nothing = |group: &GroupRef| matches!(committed.get(&group.id), Some(Ok(commits)) if commits.is_empty());
    let share = ids_of(groups, |group| group.kind == GroupType::Unknown && has_nothing(group));
    let commit = ids_of(groups, |group| group.kind == GroupType::Share && has_nothing(group));
    let (commits, starts) = tokio::join!(
        by_coordinator::<Commits>(brokers, names, commit, deadline),
        by_coordinator::<Starts>(brokers, names, share, deadline),
    );
    // Brokers that know no share groups have none of them.
    let is_told = |commits: &Result<_, AdminError>| {
        !matches!(commits, Err(AdminError::Broker { code: GROUP_ID_NOT_FOUND | UNSUPPORTED_VERSION, .. }))
    };
    committed.extend(commits.into_iter().chain(starts).filter(|(_, commits)| is_told(commits)));

    for (group, commits) in &committed {
        if let Ok(commits) = commits {
            brokers.learn_commits(group, commits.len());
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
    fn chunk(version: i16, groups: &[(GroupId, Option<usize>)]) -> usize;

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

            fn chunk(_version: i16, _groups: &[(GroupId, Option<usize>)]) -> usize {
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
    fn chunk(version: i16, groups: &[(GroupId, Option<usize>)]) -> usize {
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

    fn chunk(_version: i16, groups: &[(GroupId, Option<usize>)]) -> usize {
        up_to_commits(groups)
    }
}

/// How many of the first groups have some [`COMMITS`] together, one at least.
fn up_to_commits(groups: &[(GroupId, Option<usize>)]) -> usize {
    let mut commits = 0;
    let fits = |(_, more): &&(GroupId, Option<usize>)| {
        commits += more.unwrap_or(COMMITS_OF_A_STRANGER);
        commits <= COMMITS
    };
    groups.iter().take(GROUPS).take_while(fits).count().max(1)
}

/// Who may not describe a group is not told its coordinator either: it is the call itself that is denied.
fn as_of<C: GroupCall>(mut error: AdminError) -> AdminError {
    if let AdminError::Broker { call, code, .. } = &mut error
        && code.kind() == ErrorKind::Authorization
    {
        *call = <C::Call<'static> as Call>::API.name;
    }
    error
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
        let mut by_broker: BTreeMap<i32, Vec<(GroupId, Option<usize>)>> = BTreeMap::new();
        for group in std::mem::take(&mut open) {
            let place = brokers.place(&group).filter(|_| !unfound.contains_key(&group));
            let Some(place) = place else {
                let error = unfound.get(&group).cloned();
                let error = error.unwrap_or_else(|| broker_error(FindCoordinator::API.name, COORDINATOR_NOT_AVAILABLE));
                if may_have_moved(&error) {
                    open.push(group.clone());
                }
                results.entry(group).or_insert(Err(as_of::<C>(error)));
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
    groups: Vec<(GroupId, Option<usize>)>,
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
        // What others were told of the rest stays.
        for group in &open {
            unfound.remove(group);
        }
        let turn = Brokers::turn(deadline);
        let version = match brokers.version(broker, &FindCoordinator::API, turn).await {
            Ok(version) => version,
            Err(error) => {
                unfound.extend(open.iter().map(|group| (group.clone(), error.clone())));
                continue;
            }
        };
        // Many keys from version 4 on (KIP-699, Kafka 3.0).
        let chunks: Vec<&[GroupId]> = open.chunks(if version < 4 { 1 } else { GROUPS }).collect();
        let answers = join_all(
            chunks
                .iter()
                .map(|chunk| async { (*chunk, brokers.ask(broker, &FindCoordinator { groups: chunk }, turn).await) }),
        );
        let mut unasked = Vec::new();
        for (chunk, answer) in answers.await {
            match answer {
                Err(error) => {
                    unasked.extend(chunk.iter().cloned());
                    unfound.extend(chunk.iter().map(|group| (group.clone(), error.clone())));
                }
                Ok(answer) => {
                    brokers.meet(&answer.brokers);
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
    matches!(error, AdminError::Broker { code: ErrorCode(14..=16), .. }) || is_unknown(error) || is_unreachable(error)
}
