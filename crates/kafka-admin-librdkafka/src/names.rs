//! Topic names as shared strings: ten thousand partitions of a topic hold one name. In: the names of the last Metadata
//! answer; out: an `Arc<str>` per name, new ones only for topics that it did not have.

use std::collections::HashSet;

use kafka_admin::{Cluster, TopicName};

/// The names of a Metadata answer.
#[derive(Debug, Default)]
pub(crate) struct Names(HashSet<TopicName>);

impl Names {
    pub(crate) fn of(cluster: &Cluster) -> Self {
        Self(cluster.topics.iter().map(|topic| topic.name.clone()).collect())
    }

    pub(crate) fn name(&self, topic: &str) -> TopicName {
        self.0.get(topic).cloned().unwrap_or_else(|| topic.into())
    }

    pub(crate) fn contains(&self, topic: &str) -> bool {
        self.0.contains(topic)
    }
}

/// Looks names up for one answer, where neighbours mostly have the same topic.
#[derive(Debug)]
pub(crate) struct Interner<'a> {
    names: &'a Names,
    last: Option<TopicName>,
}

impl<'a> Interner<'a> {
    pub(crate) fn new(names: &'a Names) -> Self {
        Self { names, last: None }
    }

    pub(crate) fn name(&mut self, topic: &str) -> TopicName {
        match &self.last {
            Some(last) if **last == *topic => last.clone(),
            _ => self.last.insert(self.names.name(topic)).clone(),
        }
    }
}
