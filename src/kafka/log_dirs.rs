//! Log directories: of each broker's answer, which has every replica, what is worth a series.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use kafka_admin::{LogDir, TopicName};

/// Log directories by broker. A broker that has not told is not in it.
pub type LogDirs = BTreeMap<i32, Arc<Vec<LogDirUse>>>;

/// One log directory and what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogDirUse {
    /// Absolute path.
    pub path: String,
    /// Whether the broker can use it.
    pub is_online: bool,
    /// Size of its volume in bytes; absent before Kafka 3.3.
    pub total_bytes: Option<i64>,
    /// Bytes of the volume that Kafka may still use, likewise.
    pub usable_bytes: Option<i64>,
    /// Bytes of copies that moves to this directory are making, of all topics; absent when it is offline.
    pub future_bytes: Option<i64>,
    /// Bytes of the replicas of each topic that is wanted, in ascending order of name.
    pub topics: Vec<(TopicName, i64)>,
}

impl LogDirUse {
    /// Sums up a directory, for the topics that `wanted` accepts.
    pub fn of(dir: LogDir, wanted: impl Fn(&str) -> bool) -> Self {
        let mut topics: HashMap<TopicName, i64> = HashMap::new();
        let mut future_bytes = 0_i64;
        for replica in dir.replicas {
            if replica.is_future {
                future_bytes = future_bytes.saturating_add(replica.size);
            } else {
                let bytes = topics.entry(replica.topic).or_default();
                *bytes = bytes.saturating_add(replica.size);
            }
        }
        let mut topics: Vec<_> = topics.into_iter().filter(|(topic, _)| wanted(topic)).collect();
        topics.sort_unstable();
        let is_online = dir.error.is_none();
        Self {
            path: dir.path,
            is_online,
            total_bytes: dir.total_bytes,
            usable_bytes: dir.usable_bytes,
            future_bytes: is_online.then_some(future_bytes),
            topics,
        }
    }
}

#[cfg(test)]
mod tests {
    use kafka_admin::{ErrorCode, LogDirReplica};

    use super::*;

    #[test]
    fn replicas_are_summed_by_topic_and_copies_in_the_making_apart() {
        let replica = |topic: &str, partition, size, is_future| LogDirReplica {
            topic: topic.into(),
            partition,
            size,
            offset_lag: 0,
            is_future,
        };
        let dir = LogDir {
            path: "/data".to_owned(),
            error: None,
            total_bytes: Some(100),
            usable_bytes: Some(40),
            replicas: vec![
                replica("b", 0, 3, false),
                replica("a", 0, 5, false),
                replica("b", 1, 4, false),
                replica("b", 2, 20, true),
                replica("hidden", 0, 9, false),
                replica("hidden", 1, 2, true),
            ],
        };
        let online = LogDirUse::of(dir.clone(), |topic| topic != "hidden");
        assert_eq!(online.topics, [("a".into(), 5), ("b".into(), 7)]);
        assert_eq!((online.is_online, online.future_bytes), (true, Some(22)));
        assert_eq!((online.total_bytes, online.usable_bytes), (Some(100), Some(40)));
        let broken = LogDir { error: Some(ErrorCode(56)), replicas: Vec::new(), ..dir };
        let broken = LogDirUse::of(broken, |_| true);
        assert_eq!((broken.is_online, broken.future_bytes, broken.topics), (false, None, Vec::new()));
    }
}
