//! One offset per partition of a cluster, aligned with its topics and partitions.

use kafka_admin::{AdminError, Cluster, ErrorKind, FoundOffset, OffsetQuery, OffsetSpec};

/// What is known of one partition's offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup {
    /// Not wanted (its topic is filtered out), or not reached yet.
    NotAsked,
    /// The offset.
    Known(i64),
    /// Asked without success, or not askable: a partition without a leader.
    Failed(ErrorKind),
}

impl Lookup {
    /// The offset, if it is known.
    pub fn known(self) -> Option<i64> {
        match self {
            Self::Known(offset) => Some(offset),
            Self::NotAsked | Self::Failed(_) => None,
        }
    }

    /// Why it is not known; a label value.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Known(_) => "known",
            Self::NotAsked => "not_asked",
            Self::Failed(kind) => kind.as_str(),
        }
    }
}

/// Offsets by position of topic and partition in the [`Cluster`] that they were asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartitionOffsets(Vec<Vec<Lookup>>);

impl PartitionOffsets {
    /// The offset at these positions; `NotAsked` beyond what was asked.
    pub fn get(&self, topic: usize, partition: usize) -> Lookup {
        self.0.get(topic).and_then(|topic| topic.get(partition)).copied().unwrap_or(Lookup::NotAsked)
    }

    fn set(&mut self, position: Position, lookup: Lookup) {
        if let Some(slot) = self.0.get_mut(position.0).and_then(|topic| topic.get_mut(position.1)) {
            *slot = lookup;
        }
    }
}

/// Positions of a topic and a partition in a cluster.
pub(super) type Position = (usize, usize);

/// All partitions of the topics that `wanted` accepts.
pub(super) fn all_of(cluster: &Cluster, wanted: impl Fn(&str) -> bool) -> impl Iterator<Item = Position> {
    let wanted = cluster.topics.iter().enumerate().filter(move |(_, topic)| wanted(&topic.name));
    wanted.flat_map(|(position, topic)| (0..topic.partitions.len()).map(move |partition| (position, partition)))
}

/// The questions for one offset of every partition of the wanted topics, and where the answers go.
#[derive(Debug)]
pub(super) struct Questions {
    pub(super) queries: Vec<OffsetQuery>,
    positions: Vec<Position>,
    answers: PartitionOffsets,
}

impl Questions {
    /// Asks for `spec` of these partitions, if they have a leader.
    pub(super) fn new(cluster: &Cluster, spec: OffsetSpec, wanted: impl IntoIterator<Item = Position>) -> Self {
        let mut questions = Self {
            queries: Vec::new(),
            positions: Vec::new(),
            answers: PartitionOffsets(
                cluster.topics.iter().map(|topic| vec![Lookup::NotAsked; topic.partitions.len()]).collect(),
            ),
        };
        for position in wanted {
            let Some(topic) = cluster.topics.get(position.0) else { continue };
            let Some(partition) = topic.partitions.get(position.1) else { continue };
            if partition.leader.is_none() {
                questions.answers.set(position, Lookup::Failed(ErrorKind::Unavailable));
                continue;
            }
            questions.positions.push(position);
            questions.queries.push(OffsetQuery {
                topic: topic.name.clone(),
                partition: partition.id,
                spec,
                leader: partition.leader,
            });
        }
        questions
    }

    /// Files the answers, given in the order of `queries`; each error goes to `failed` too.
    pub(super) fn answer(
        mut self,
        found: Vec<Result<FoundOffset, AdminError>>,
        mut failed: impl FnMut(&AdminError),
    ) -> PartitionOffsets {
        for (position, found) in self.positions.iter().zip(found) {
            let lookup = match found {
                Ok(FoundOffset { offset: Some(offset), .. }) => Lookup::Known(offset),
                Ok(FoundOffset { offset: None, .. }) => Lookup::Failed(ErrorKind::Unavailable),
                Err(error) => {
                    failed(&error);
                    Lookup::Failed(error.kind())
                }
            };
            self.answers.set(*position, lookup);
        }
        self.answers
    }
}

#[cfg(test)]
impl PartitionOffsets {
    /// These lookups by topic and partition.
    pub(crate) fn of(lookups: Vec<Vec<Lookup>>) -> Self {
        Self(lookups)
    }
}

#[cfg(test)]
mod tests {
    use kafka_admin::{Partition, Topic};

    use super::*;

    fn cluster() -> Cluster {
        let partition = |id, leader| Partition { id, leader, replicas: vec![1], isr: vec![1], error: None };
        let topic = |name: &str, leaders: &[Option<i32>]| Topic {
            name: name.into(),
            id: None,
            error: None,
            partitions: (0..).zip(leaders).map(|(id, leader)| partition(id, *leader)).collect(),
        };
        Cluster { topics: vec![topic("a", &[Some(1), None]), topic("b", &[Some(2)])], ..Cluster::default() }
    }

    #[test]
    fn answers_go_to_their_partitions_and_the_leaderless_are_not_asked() {
        let questions = {
            let cluster = cluster();
            Questions::new(&cluster, OffsetSpec::Latest, all_of(&cluster, |_| true))
        };
        let asked: Vec<_> = questions.queries.iter().map(|query| (&*query.topic, query.partition)).collect();
        assert_eq!(asked, [("a", 0), ("b", 0)]);
        let timeout = AdminError::Timeout { call: "ListOffsets" };
        let mut failed = Vec::new();
        let found = vec![Ok(FoundOffset { offset: Some(7), timestamp: None }), Err(timeout.clone())];
        let offsets = questions.answer(found, |error| failed.push(error.clone()));
        assert_eq!(offsets.get(0, 0), Lookup::Known(7));
        assert_eq!(offsets.get(0, 1), Lookup::Failed(ErrorKind::Unavailable));
        assert_eq!(offsets.get(1, 0), Lookup::Failed(ErrorKind::Timeout));
        assert_eq!(failed, [timeout]);
    }

    #[test]
    fn unwanted_topics_are_not_asked() {
        let questions = {
            let cluster = cluster();
            Questions::new(&cluster, OffsetSpec::Latest, all_of(&cluster, |topic| topic == "b"))
        };
        assert_eq!(questions.queries.len(), 1);
        assert_eq!(questions.answer(vec![], |_| {}).get(0, 0), Lookup::NotAsked);
    }
}
