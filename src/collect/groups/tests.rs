//! Families of groups made from snapshots that are written by hand.

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use kafka_admin::{CommittedOffset, GroupDescription, GroupState, GroupType, Member, Partition, Topic, TopicPartition};

use super::*;
use crate::config::{Invocation, from_command_line};
use crate::kafka::{Lookup, Markers, PartitionOffsets};

/// Each partition ends at 100, but for those of a topic `silent`, whose ends nobody knows.
fn cluster() -> (Cluster, PartitionOffsets, PartitionOffsets) {
    let partition = |id| Partition { id, leader: Some(1), replicas: vec![1], isr: vec![1], error: None };
    let topic =
        |name: &str| Topic { name: name.into(), id: None, error: None, partitions: (0..3).map(partition).collect() };
    let topics = vec![topic("orders"), topic("payments"), topic("silent")];
    let known = |offset| vec![Lookup::Known(offset); 3];
    let silent = vec![Lookup::Failed(kafka_admin::ErrorKind::Timeout); 3];
    let starts = PartitionOffsets::of(vec![known(0); 3]);
    (Cluster { topics, ..Cluster::default() }, PartitionOffsets::of(vec![known(100), known(100), silent]), starts)
}

/// A member's client id, and what it owns.
type Owner<'a> = (&'a str, &'a [(&'a str, i32)]);

/// A group with these commits and members.
fn group(id: &str, commits: &[(&str, i32, i64)], members: &[Owner<'_>]) -> Group {
    let commit = |(topic, partition, offset): &(&str, i32, i64)| CommittedOffset {
        topic: (*topic).into(),
        partition: *partition,
        offset: Ok(Some(*offset)),
        told_lag: None,
    };
    let owned = |(topic, partition): &(&str, i32)| TopicPartition { topic: (*topic).into(), partition: *partition };
    let member = |(at, (client, assignment)): (usize, &Owner<'_>)| Member {
        id: format!("{client}-{at}"),
        client_id: (*client).to_owned(),
        instance_id: None,
        host: "/10.0.0.1".to_owned(),
        assignment: assignment.iter().map(owned).collect(),
        target: None,
    };
    let state = if members.is_empty() { GroupState::Empty } else { GroupState::Stable };
    let description = GroupDescription {
        id: id.into(),
        state,
        kind: GroupType::Classic,
        protocol_type: Some("consumer".to_owned()),
        assignor: "range".to_owned(),
        epoch: None,
        coordinator: Some(7),
        members: members.iter().enumerate().map(member).collect(),
    };
    Group {
        id: id.into(),
        state,
        kind: GroupType::Classic,
        description: (!members.is_empty()).then(|| Arc::new(description)),
        committed: Ok(commits.iter().map(commit).collect()),
    }
}

/// The series of a metric, in their order.
fn series(
    name: &str,
    flags: &[&str],
    groups: &[Group],
    history: Option<&GroupHistory>,
    objectives: &str,
) -> Vec<(String, f64)> {
    let line = ["kafka-vitals", "--kafka.server=h:1"].iter().chain(flags).map(OsString::from);
    let Invocation::Serve(config) = from_command_line(line).unwrap() else { panic!("not asked for") };
    let (cluster, ends, starts) = cluster();
    let groups = Groups {
        groups: groups.iter().map(|group| (group, history)).collect(),
        cluster: Some(&cluster),
        offsets: Offsets { ends: &ends, starts: &starts, stable_ends: &ends, markers: &Markers::default() },
        log_times: &LogTimes::default(),
        configs: &TopicConfigs::default(),
        objectives: &Objectives::parse(objectives).unwrap(),
    };
    let families = families(&groups, &config);
    let family = families.into_iter().find(|family| &*family.name == name).unwrap();
    let listed = family.samples.iter().map(|sample| (sample.labels.as_str().to_owned(), sample.value));
    let rows = family.column.samples(family.column.rows());
    listed.chain(rows.map(|(_, labels, value)| (labels.text().into_owned(), value))).collect()
}

fn as_text(series: &[(String, f64)]) -> Vec<(&str, f64)> {
    series.iter().map(|(labels, value)| (labels.as_str(), *value)).collect()
}

const LAG: &str = "kafka_consumergroup_lag";
const LAG_SUM: &str = "kafka_consumergroup_lag_sum";
const OWNER: &str = "kafka_consumergroup_partition_owner";
const ASSIGNED: &str = "kafka_consumergroup_assigned_partitions";
const UNMOVED: &str = "kafka_consumergroup_commit_unmoved_seconds";

#[test]
fn each_level_has_its_series_and_those_of_the_coarser_ones() {
    let groups = [group("g", &[("orders", 0, 90), ("payments", 1, 95)], &[])];
    let by_topic = [(r#"consumergroup="g",topic="orders""#, 10.0), (r#"consumergroup="g",topic="payments""#, 5.0)];
    for (flags, partitions, sums) in [
        (&[][..], 6, &by_topic[..]),
        (&["--series.granularity=lag=topic"], 0, &by_topic),
        (&["--series.granularity=lag=group"], 0, &[(r#"consumergroup="g""#, 15.0)]),
    ] {
        assert_eq!(series(LAG, flags, &groups, None, "").len(), partitions, "{flags:?}");
        assert_eq!(as_text(&series(LAG_SUM, flags, &groups, None, "")), sums, "{flags:?}");
        // The other family has its own level.
        assert_eq!(series("kafka_consumergroup_current_offset", flags, &groups, None, "").len(), 6);
    }
}

#[test]
fn a_groups_sum_over_its_topics_is_absent_when_one_of_them_is_unknown() {
    let groups = [group("g", &[("orders", 0, 90), ("silent", 1, 95)], &[]), group("h", &[("orders", 0, 91)], &[])];
    let flags = ["--series.granularity=lag=group"];
    assert_eq!(as_text(&series(LAG_SUM, &flags, &groups, None, "")), [(r#"consumergroup="h""#, 9.0)]);
    let unknown = series("kafka_consumergroup_lag_unknown_partitions", &flags, &groups, None, "");
    assert_eq!(as_text(&unknown), [(r#"consumergroup="g""#, 1.0), (r#"consumergroup="h""#, 0.0)]);
}

#[test]
fn the_owners_shown_are_those_of_the_partitions_that_lag_most() {
    let own = |client| [(client, &[("orders", 0), ("orders", 1), ("payments", 0)][..])];
    let commits = |offset| [("orders", 0, offset), ("orders", 1, 99), ("orders", 2, 0), ("payments", 0, 100)];
    let groups =
        [group("a", &commits(50), &own("x")), group("b", &commits(20), &own("y")), group("c", &commits(0), &[])];
    let label = |client, group, partition| {
        format!(
            r#"client_id="{client}",consumergroup="{group}",host="10.0.0.1",partition="{partition}",topic="orders""#
        )
    };
    // Neither what nobody owns nor what has no lag; of equal ones the first.
    let all =
        [(label("y", "b", 0), 80.0), (label("x", "a", 0), 50.0), (label("x", "a", 1), 1.0), (label("y", "b", 1), 1.0)];
    for (flags, shown) in
        [(&[][..], 4), (&["--group.owners=3"], 3), (&["--group.owners=1"], 1), (&["--group.owners=0"], 0)]
    {
        assert_eq!(series(OWNER, flags, &groups, None, ""), all[..shown], "{flags:?}");
    }
}

#[test]
fn members_that_own_a_partition_together_are_each_shown_once() {
    let own: &[(&str, i32)] = &[("orders", 0)];
    let groups = [group("g", &[("orders", 0, 0)], &[("x", own), ("x", own), ("y", own)])];
    let clients: Vec<String> =
        series(OWNER, &[], &groups, None, "").iter().map(|(labels, _)| labels[..13].to_owned()).collect();
    assert_eq!(clients, [r#"client_id="x""#, r#"client_id="y""#]);
    assert_eq!(series(OWNER, &["--group.owners=1"], &groups, None, "").len(), 1);
}

#[test]
fn partitions_without_an_owner_show_as_a_topic_with_none_assigned() {
    let own: &[(&str, i32)] = &[("orders", 0), ("orders", 2), ("unheard-of", 0)];
    let undescribed = Group { state: GroupState::Stable, ..group("u", &[("orders", 0, 1)], &[]) };
    let groups =
        [group("empty", &[("orders", 0, 1)], &[]), group("g", &[("payments", 0, 1)], &[("x", own)]), undescribed];
    let expected = [
        (r#"consumergroup="empty",topic="orders""#, 0.0),
        (r#"consumergroup="g",topic="orders""#, 2.0),
        (r#"consumergroup="g",topic="payments""#, 0.0),
        (r#"consumergroup="g",topic="unheard-of""#, 1.0),
    ];
    assert_eq!(as_text(&series(ASSIGNED, &[], &groups, None, "")), expected);
    assert_eq!(as_text(&series(ASSIGNED, &["--topic.filter=^o"], &groups, None, "")), expected[..2]);
    let by_group = [(r#"consumergroup="empty""#, 0.0), (r#"consumergroup="g""#, 3.0)];
    let flags = ["--series.granularity=assigned_partitions=group"];
    assert_eq!(as_text(&series(ASSIGNED, &flags, &groups, None, "")), by_group);
}

#[test]
fn what_a_group_is_shows_in_labels_and_what_is_not_told_is_empty() {
    let own: &[(&str, i32)] = &[];
    let mut streams = group("s", &[], &[("x", own)]);
    streams.kind = GroupType::Streams;
    let mut unlisted = group("u", &[], &[("x", own)]);
    unlisted.kind = GroupType::Unknown;
    let groups = [group("empty", &[], &[]), streams, unlisted];
    let info = |group, assignor, protocol, kind| {
        (format!(r#"assignor="{assignor}",consumergroup="{group}",protocol="{protocol}",type="{kind}""#), 1.0)
    };
    let expected = [
        info("empty", "", "", "classic"),
        info("s", "range", "streams", "streams"),
        info("u", "range", "consumer", "classic"),
    ];
    assert_eq!(series("kafka_consumergroup_info", &[], &groups, None, ""), expected);
    let coordinators = series("kafka_consumergroup_coordinator", &[], &groups, None, "");
    assert_eq!(as_text(&coordinators), [(r#"consumergroup="s""#, 7.0), (r#"consumergroup="u""#, 7.0)]);
}

#[test]
fn what_watching_tells_is_absent_until_there_is_something() {
    let groups = [group("g", &[("orders", 0, 1)], &[])];
    let state_seconds = |history| series("kafka_consumergroup_state_seconds", &[], &groups, history, "");
    let first = GroupHistory::default();
    for history in [None, Some(&first)] {
        assert_eq!(state_seconds(history), []);
        assert_eq!(series(UNMOVED, &[], &groups, history, ""), []);
    }
    let later = GroupHistory {
        in_state: Some(Duration::from_millis(2500)),
        unmoved: vec![(0, Duration::from_secs(9)), (1, Duration::ZERO)],
        ..GroupHistory::default()
    };
    assert_eq!(as_text(&state_seconds(Some(&later))), [(r#"consumergroup="g""#, 2.5)]);
    let by_topic = [(r#"consumergroup="g",topic="orders""#, 9.0), (r#"consumergroup="g",topic="payments""#, 0.0)];
    assert_eq!(as_text(&series(UNMOVED, &[], &groups, Some(&later), "")), by_topic);
    let flags = ["--series.granularity=commit_unmoved=group"];
    assert_eq!(as_text(&series(UNMOVED, &flags, &groups, Some(&later), "")), [(r#"consumergroup="g""#, 9.0)]);
    let partial = GroupHistory { is_unmoved_partial: true, ..later };
    assert_eq!(series(UNMOVED, &flags, &groups, Some(&partial), ""), []);
}

#[test]
fn objectives_are_those_of_groups_that_there_are() {
    let groups = [group("billing", &[], &[]), group("other", &[], &[])];
    let file =
        "- {group: bill, team: t, seconds: 60, runbook: 'https://w/1'}\n- {group: nobody, team: t, records: 1}\n";
    let objective = |what: &str| series(&format!("kafka_consumergroup_objective_{what}"), &[], &groups, None, file);
    assert_eq!(as_text(&objective("seconds")), [(r#"consumergroup="billing",team="t""#, 60.0)]);
    assert_eq!(as_text(&objective("records")), []);
    assert_eq!(as_text(&objective("info")), [(r#"consumergroup="billing",runbook="https://w/1",team="t""#, 1.0)]);
}
