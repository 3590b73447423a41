//! Topic names, each held once. In: the cluster as last told, then names as an answer mentions them; out: shared names.

use std::collections::{HashMap, HashSet};

use kafka_admin::{Cluster, TopicName};

/// The topics of a cluster: their names, and how many partitions each has.
#[derive(Debug, Default)]
pub(crate) struct Names {
    partitions: HashMap<TopicName, i32>,
    total: usize,
}

impl Names {
    /// The topics of `cluster`.
    pub(crate) fn of(cluster: &Cluster) -> Self {
        let partitions = cluster.topics.iter().map(|topic| {
            let highest = topic.partitions.iter().map(|partition| partition.id).max();
            (topic.name.clone(), highest.map_or(0, |highest| highest.saturating_add(1)))
        });
        let total = cluster.topics.iter().map(|topic| topic.partitions.len()).sum();
        Self { partitions: partitions.collect(), total }
    }

    /// The shared name, where the topic is known; a new one otherwise.
    pub(crate) fn name(&self, name: &str) -> TopicName {
        self.partitions.get_key_value(name).map_or_else(|| name.into(), |(known, _)| known.clone())
    }

    /// How many partitions a topic has, where that is known.
    pub(crate) fn partitions(&self, name: &str) -> Option<i32> {
        self.partitions.get(name).copied().filter(|count| *count > 0)
    }

    /// How many partitions all topics have together.
    pub(crate) fn all_partitions(&self) -> usize {
        self.total
    }
}

/// Gives the names of one answer, the new ones among them once too.
#[derive(Debug)]
pub(crate) struct Interner<'a> {
    known: &'a Names,
    last: Option<TopicName>,
    new: HashSet<TopicName>,
}

impl<'a> Interner<'a> {
    pub(crate) fn new(known: &'a Names) -> Self {
        Self { known, last: None, new: HashSet::new() }
    }

    /// The shared name.
    pub(crate) fn name(&mut self, name: &str) -> TopicName {
        if let Some(last) = self.last.as_ref().filter(|last| &***last == name) {
            return last.clone();
        }
        let shared = self.lookup(name);
        self.last = Some(shared.clone());
        shared
    }

    fn lookup(&mut self, name: &str) -> TopicName {
        if let Some((known, _)) = self.known.partitions.get_key_value(name) {
            return known.clone();
        }
        if let Some(made) = self.new.get(name) {
            return made.clone();
        }
        let made = TopicName::from(name);
        self.new.insert(made.clone());
        made
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kafka_admin::{Partition, Topic};

    use super::*;

    fn cluster() -> Cluster {
        let partition = |id| Partition { id, leader: None, replicas: vec![], isr: vec![], error: None };
        let topic = |name: &str, ids: &[i32]| Topic {
            name: name.into(),
            id: None,
            error: None,
            partitions: ids.iter().copied().map(partition).collect(),
        };
        Cluster { topics: vec![topic("a", &[0, 1, 4]), topic("b", &[])], ..Cluster::default() }
    }

    #[test]
    fn a_known_name_is_the_clusters_own_and_a_new_one_is_made_once() {
        let cluster = cluster();
        let names = Names::of(&cluster);
        let mut interner = Interner::new(&names);
        assert!(Arc::ptr_eq(&interner.name("a"), &cluster.topics[0].name));
        let new = interner.name("new");
        assert_eq!(&*new, "new");
        assert!(Arc::ptr_eq(&interner.name("new"), &new), "the last one");
        assert!(Arc::ptr_eq(&interner.name("b"), &cluster.topics[1].name));
        assert!(Arc::ptr_eq(&interner.name("new"), &new), "one made before");
        assert!(Arc::ptr_eq(&names.name("a"), &cluster.topics[0].name));
        assert_eq!(&*names.name("other"), "other");
    }

    #[test]
    fn partitions_are_counted_to_the_highest_and_unknown_where_there_are_none() {
        let names = Names::of(&cluster());
        assert_eq!(names.partitions("a"), Some(5));
        assert_eq!(names.partitions("b"), None);
        assert_eq!(names.partitions("c"), None);
        assert_eq!(Names::default().partitions("a"), None);
        assert_eq!(names.all_partitions(), 3);
    }
}
