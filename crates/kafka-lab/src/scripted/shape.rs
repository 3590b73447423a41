//! What there is in the cluster: numbers in, names, leaders and offsets out.

use std::ops::Range;

/// The size of a cluster.
#[derive(Debug, Clone, clap::Args)]
pub struct Shape {
    /// Brokers
    #[arg(long, default_value_t = 60)]
    pub brokers: i32,
    /// Topics, besides __consumer_offsets
    #[arg(long, default_value_t = 10_000)]
    pub topics: usize,
    /// Partitions of each topic
    #[arg(long, default_value_t = 10)]
    pub partitions: i32,
    /// Replicas of each partition, all in sync
    #[arg(long, default_value_t = 3)]
    pub replicas: i32,
    /// Groups, of which each tenth has no members
    #[arg(long, default_value_t = 5000)]
    pub groups: usize,
    /// Committed offsets of each group
    #[arg(long, default_value_t = 60)]
    pub commits: usize,
    /// Of so many groups one speaks KIP-848's protocol; 0: none
    #[arg(long, default_value_t = 5)]
    pub consumer_protocol: usize,
}

/// The topic whose leaders are the groups' coordinators; the last one.
const OFFSETS_TOPIC: &str = "__consumer_offsets";
const OFFSETS_PARTITIONS: i32 = 50;

/// Records that a group has not read of each partition that it has committed to.
pub(super) const LAG: i64 = 10;

impl Shape {
    /// What cannot be, in one line.
    pub(super) fn check(&self) -> Result<(), String> {
        let positive = self.brokers > 0 && self.topics > 0 && self.partitions > 0 && self.replicas > 0;
        if !positive || self.replicas > self.brokers {
            return Err("each of --brokers, --topics, --partitions, --replicas must be at least 1, and --replicas at \
                        most --brokers"
                .to_owned());
        }
        if self.group_topics() > self.topics {
            return Err("--commits: a group cannot commit to more partitions than there are".to_owned());
        }
        Ok(())
    }

    /// The topics with their numbers of partitions.
    pub(super) fn topics(&self) -> impl Iterator<Item = (usize, i32)> {
        (0..=self.topics).map(|topic| (topic, self.partitions_of(topic)))
    }

    pub(super) fn partitions_of(&self, topic: usize) -> i32 {
        if topic == self.topics { OFFSETS_PARTITIONS } else { self.partitions }
    }

    pub(super) fn topic_name(&self, topic: usize) -> String {
        if topic == self.topics { OFFSETS_TOPIC.to_owned() } else { format!("scripted-topic-{topic:05}") }
    }

    /// The topic of that name.
    pub(super) fn topic_named(&self, name: &str) -> Option<usize> {
        if name == OFFSETS_TOPIC {
            return Some(self.topics);
        }
        let topic = name.strip_prefix("scripted-topic-")?.parse().ok()?;
        (topic < self.topics && self.topic_name(topic) == name).then_some(topic)
    }

    /// The replicas of a partition, the leader first. Brokers are numbered from 1.
    pub(super) fn replicas_of(&self, topic: usize, partition: i32) -> impl Iterator<Item = i32> {
        let first = (topic % 7919).try_into().unwrap_or(0) + partition;
        let brokers = self.brokers;
        (0..self.replicas).map(move |replica| (first + replica) % brokers + 1)
    }

    pub(super) fn leader_of(&self, topic: usize, partition: i32) -> i32 {
        self.replicas_of(topic, partition).next().unwrap_or(1)
    }

    /// Log start and end.
    pub(super) fn offsets_of(&self, topic: usize, partition: i32) -> (i64, i64) {
        (5, 10_000 + i64::try_from(topic).unwrap_or(0) + i64::from(partition))
    }

    /// How many topics a group has committed to.
    pub(super) fn group_topics(&self) -> usize {
        self.commits.div_ceil(usize::try_from(self.partitions).unwrap_or(1))
    }

    /// What a group has committed to: topics and their partitions.
    pub(super) fn commits_of(&self, group: usize) -> impl Iterator<Item = (usize, Range<i32>)> {
        let partitions = usize::try_from(self.partitions).unwrap_or(1);
        (0..self.group_topics()).map(move |step| {
            let of_topic = (self.commits - step * partitions).min(partitions);
            ((group * 7 + step) % self.topics, 0..of_topic.try_into().unwrap_or(0))
        })
    }

    /// The broker that coordinates a group: the leader of its partition of `__consumer_offsets`
    /// (`GroupMetadataManager.partitionFor`, `Utils.abs`).
    pub(super) fn coordinator(&self, group: &str) -> i32 {
        // Java's String.hashCode; names are ASCII here.
        let hash = group.bytes().fold(0_i32, |hash, byte| hash.wrapping_mul(31).wrapping_add(i32::from(byte)));
        self.leader_of(self.topics, hash.checked_abs().unwrap_or(0) % OFFSETS_PARTITIONS)
    }

    pub(super) fn has_members(&self, group: usize) -> bool {
        group % 10 != 9
    }

    pub(super) fn speaks_consumer_protocol(&self, group: usize) -> bool {
        self.consumer_protocol > 0 && group.is_multiple_of(self.consumer_protocol)
    }

    /// The numbers that a page about this cluster shows.
    pub(super) fn facts(&self) -> serde_json::Value {
        let partitions: i32 = self.topics().map(|(_, partitions)| partitions).sum();
        let (commits, group_topics) = (self.groups * self.commits, self.groups * self.group_topics());
        serde_json::json!({
            "brokers": self.brokers,
            "topics": self.topics + 1,
            "partitions": partitions,
            "groups": self.groups,
            "group_topics": group_topics,
            "commits": commits,
            // With --offset.show-all each partition of a topic is shown to which a group has committed anything.
            "shown": group_topics * usize::try_from(self.partitions).unwrap_or(1),
            "lag": i64::try_from(commits).unwrap_or(0) * LAG,
        })
    }
}
