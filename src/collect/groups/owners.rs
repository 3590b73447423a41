//! Who owns the partitions that lag most. In: all lags, in ascending order of group, topic and partition; out: one family.
//!
//! Its value is the lag, not a 1 to join with: the table of the worst partitions and whom to ask about them is then one
//! query, `sort_desc(kafka_consumergroup_partition_owner)`, and works without series per partition beside it.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use kafka_admin::{Cluster, GroupDescription};

use crate::kafka::Group;
use crate::lag::{Assigned, TopicLag};
use crate::metrics::catalogue::groups;
use crate::metrics::{Family, Labels, offset_value};

/// The worst partitions so far.
#[derive(Debug)]
pub(super) struct Owners<'a> {
    /// How many to show.
    wanted: usize,
    /// At most twice as many as wanted.
    worst: Vec<Lagging<'a>>,
    /// So much lag have as many partitions as are wanted, in records.
    threshold: i64,
}

/// A lagging partition that has an owner.
#[derive(Debug)]
struct Lagging<'a> {
    /// In records.
    lag: i64,
    description: &'a GroupDescription,
    group: &'a str,
    topic: &'a str,
    partition: i32,
}

impl<'a> Owners<'a> {
    pub(super) fn new(wanted: usize) -> Self {
        Self { wanted, worst: Vec::new(), threshold: 0 }
    }

    /// Adds what a group lags on a topic; `assigned` are the partitions that its members own.
    pub(super) fn add(
        &mut self,
        cluster: &'a Cluster,
        group: &'a Group,
        assigned: Option<&Assigned<'_>>,
        lag: &TopicLag,
    ) {
        let (Some(topic), Some(description), true) =
            (cluster.topics.get(lag.topic), &group.description, self.wanted > 0)
        else {
            return;
        };
        let Some(owned) = assigned.and_then(|assigned| assigned.get(&*topic.name)) else { return };
        for shown in &lag.partitions {
            let (Some(lag), Some(partition)) = (shown.lag, topic.partitions.get(shown.partition)) else { continue };
            if lag > self.threshold && owned.binary_search(&partition.id).is_ok() {
                let (group, topic) = (&*group.id, &*topic.name);
                self.worst.push(Lagging { lag, description, group, topic, partition: partition.id });
                if self.worst.len() >= self.wanted.saturating_mul(2) {
                    self.prune();
                }
            }
        }
    }

    /// Leaves the wanted ones, the worst first. Of equal ones those stay that came first, so that the same lags give the
    /// same series at each scrape.
    fn prune(&mut self) {
        self.worst.sort_by_key(|one| Reverse(one.lag));
        self.worst.truncate(self.wanted);
        if let (true, Some(least)) = (self.worst.len() == self.wanted, self.worst.last()) {
            self.threshold = least.lag;
        }
    }

    pub(super) fn into_family(mut self) -> Family {
        self.prune();
        let mut family = groups::PARTITION_OWNER.family();
        for one in &self.worst {
            // Members of a share group have partitions together.
            for (client_id, host) in one.owners() {
                let labels = [
                    ("consumergroup", one.group),
                    ("topic", one.topic),
                    ("partition", &*one.partition.to_string()),
                    ("client_id", client_id),
                    ("host", host),
                ];
                family.push(Labels::new(labels), offset_value(one.lag));
            }
        }
        family.samples.truncate(self.wanted);
        family
    }
}

impl<'a> Lagging<'a> {
    /// Client ids and hosts, each pair once. Brokers write hosts as Java does, with a slash in front.
    fn owners(&self) -> BTreeSet<(&'a str, &'a str)> {
        let owns = |partition: &kafka_admin::TopicPartition| {
            partition.partition == self.partition && *partition.topic == *self.topic
        };
        let owners = self.description.members.iter().filter(|member| member.assignment.iter().any(owns));
        owners.map(|member| (&*member.client_id, member.host.strip_prefix('/').unwrap_or(&member.host))).collect()
    }
}
