//! Calls that a collection makes only where there is something to ask: made once each, so that their
//! rights are known. In: an observed engine and the cluster; what comes of it is noted there.

use std::sync::Arc;
use std::time::Instant;

use kafka_admin::{
    Cluster, ErrorKind, GroupRef, GroupType, Isolation, KafkaAdmin as _, OffsetQuery, OffsetRange, OffsetSpec,
};

use super::observed::Observed;
use crate::config::Selection;

/// Groups that are described.
const MOST: usize = 50;
/// Asked for where no group is visible: without the right the answer is the same whether there is such a group or not.
const NO_GROUP: &str = "kafka-vitals-check";
/// Likewise where no topic is visible.
const NO_TOPIC: &str = "__consumer_offsets";

pub(super) async fn probe(observed: &Observed, cluster: &Cluster, selection: &Selection, deadline: Instant) {
    let brokers: Vec<i32> = cluster.brokers.iter().map(|broker| broker.id).collect();
    let topics = async {
        if cluster.topics.is_empty() {
            no_topic(observed, brokers.first().copied(), deadline).await;
        }
    };
    let markers = async {
        if selection.skip_markers {
            first_of_topics(observed, cluster, selection, deadline).await;
        }
    };
    tokio::join!(groups(observed, selection, deadline), topics, markers);
}

/// Whether topics may be read, which is asked otherwise only where a group stands near an end.
async fn first_of_topics(observed: &Observed, cluster: &Cluster, selection: &Selection, deadline: Instant) {
    let topics = cluster.topics.iter().filter(|topic| selection.topic(&topic.name));
    let first = topics.filter_map(|topic| {
        let partition = topic.partitions.iter().find(|partition| partition.leader.is_some())?;
        let (topic, leader) = (topic.name.clone(), partition.leader);
        Some(OffsetRange { topic, partition: partition.id, from: 0, to: 0, leader })
    });
    let first: Vec<OffsetRange> = first.collect();
    if !first.is_empty() && !observed.unsupported().contains(&"Fetch") {
        observed.only_control_records(&first, deadline).await;
    }
}

async fn groups(observed: &Observed, selection: &Selection, deadline: Instant) {
    let Ok(listed) = observed.list_groups(deadline).await else { return };
    let wanted = listed.groups.iter().filter(|group| selection.group(&group.id)).take(MOST);
    let mut groups: Vec<GroupRef> = wanted.map(GroupRef::from).collect();
    if listed.groups.is_empty() {
        groups.push(GroupRef { id: Arc::from(NO_GROUP), kind: GroupType::Classic });
        observed.committed(&groups, deadline).await;
    }
    observed.describe_groups(&groups, deadline).await;
}

/// Whether there is a topic to be seen at all does not matter here: only a denial is noted.
async fn no_topic(observed: &Observed, leader: Option<i32>, deadline: Instant) {
    let started = Instant::now();
    let query = OffsetQuery { topic: Arc::from(NO_TOPIC), partition: 0, spec: OffsetSpec::Latest, leader };
    let answers = observed.unobserved().offsets(&[query], Isolation::ReadUncommitted, deadline).await;
    let denied = answers.into_iter().filter_map(Result::err).filter(|error| error.kind() == ErrorKind::Authorization);
    let denied: Vec<_> = denied.map(|error| (format!("topic {NO_TOPIC}"), error)).collect();
    if !denied.is_empty() {
        observed.note("ListOffsets", started, 1, denied.into_iter());
    }
}
