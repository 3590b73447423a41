//! What the last Metadata answer told, as other calls need it: broker addresses, topic names, and where groups live.

use kafka_admin::{Broker, Cluster};

use crate::names::Names;

/// The topic whose partitions' leaders are the group coordinators.
const OFFSETS_TOPIC: &str = "__consumer_offsets";

#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) brokers: Vec<Broker>,
    pub(crate) names: Names,
    /// By partition of `__consumer_offsets`; empty when it is not visible, or not there yet.
    coordinators: Vec<Option<i32>>,
}

impl Known {
    pub(crate) fn of(cluster: &Cluster) -> Self {
        let offsets = cluster.topics.iter().find(|topic| &*topic.name == OFFSETS_TOPIC);
        let coordinators = offsets.into_iter().flat_map(|topic| &topic.partitions).map(|partition| partition.leader);
        Self { brokers: cluster.brokers.clone(), names: Names::of(cluster), coordinators: coordinators.collect() }
    }

    /// `host:port` of a broker.
    pub(crate) fn address(&self, broker: i32) -> Option<String> {
        let broker = self.brokers.iter().find(|known| known.id == broker)?;
        Some(format!("{}:{}", broker.host, broker.port))
    }

    /// The coordinator of a group, as brokers choose it: the leader of the partition that the group id hashes to
    /// (GroupCoordinatorService.partitionFor in Kafka).
    pub(crate) fn coordinator(&self, group: &str) -> Option<i32> {
        let count = u32::try_from(self.coordinators.len()).ok().filter(|count| *count > 0)?;
        // Kafka's Utils.abs: the smallest integer has no positive counterpart and becomes 0.
        let hash = java_hash(group).checked_abs().map_or(0, i32::unsigned_abs);
        self.coordinators.get(usize::try_from(hash % count).ok()?).copied().flatten()
    }
}

/// Java's String.hashCode, over UTF-16 units.
fn java_hash(text: &str) -> i32 {
    text.encode_utf16().fold(0, |hash: i32, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_hash_as_in_java() {
        // From String.hashCode of JDK 17.
        let table = [
            ("", 0),
            ("a", 97),
            ("hello", 99_162_322),
            ("polygenelubricants", i32::MIN),
            ("\u{fc}", 252),
            ("\u{1f600}", 1_772_899),
        ];
        for (text, hash) in table {
            assert_eq!(java_hash(text), hash, "{text}");
        }
    }

    #[test]
    fn a_group_lives_where_its_hash_says() {
        let known = Known { coordinators: vec![Some(1), None, Some(3)], ..Known::default() };
        assert_eq!(known.coordinator("polygenelubricants"), Some(1), "the smallest integer counts as 0");
        assert_eq!(known.coordinator("a"), None, "97 % 3 = 1 has no leader");
        assert_eq!(known.coordinator("\u{fc}"), Some(1), "252 % 3 = 0");
        assert_eq!(known.coordinator("c"), Some(1), "99 % 3 = 0");
        assert_eq!(known.coordinator("b"), Some(3), "98 % 3 = 2");
        assert_eq!(Known::default().coordinator("a"), None);
    }
}
