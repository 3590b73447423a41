//! The two states of a cluster that figures are given for.

use kafka_lab::{Commit, Kafka, NewTopic, Result};

/// A state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// 200 topics of 10 partitions, 200 groups with 50 committed offsets each.
    A,
    /// 1,000 topics of 10 partitions, 1,000 groups with 38 committed offsets each.
    B,
}

const PARTITIONS: i32 = 10;

impl State {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
        }
    }

    /// Topic number `topic`.
    pub(crate) fn topic(topic: i32) -> String {
        format!("bench-{topic:04}")
    }

    /// How many topics there are.
    pub(crate) fn topics(self) -> i32 {
        self.contents().topics
    }

    /// The old agent's time grows with the square of its series.
    pub(crate) fn old_agent_rounds(self) -> usize {
        match self {
            Self::A => usize::MAX,
            Self::B => 2,
        }
    }

    /// What there is in it.
    pub(crate) fn contents(self) -> Contents {
        let (topics, groups, commits) = match self {
            Self::A => (200, 200, 50),
            Self::B => (1000, 1000, 38),
        };
        Contents { topics, groups, commits, records: 3 }
    }

    /// Makes topics (one replica), records and commits.
    pub(crate) fn fill(self, kafka: &Kafka) -> Result<()> {
        self.contents().fill(kafka)
    }
}

/// What there is in a cluster.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Contents {
    /// Topics of ten partitions.
    pub(crate) topics: i32,
    pub(crate) groups: usize,
    /// Committed offsets of each group.
    pub(crate) commits: i32,
    /// In each partition.
    pub(crate) records: u32,
}

impl Contents {
    /// Topics to which each group has committed.
    pub(crate) fn topics_of_group(self) -> usize {
        let number = |number: i32| usize::try_from(number).unwrap_or_default();
        number(self.commits).div_ceil(number(PARTITIONS))
    }

    /// Partitions of the topics to which each group has committed.
    pub(crate) fn partitions_of_group(self) -> usize {
        self.topics_of_group() * usize::try_from(PARTITIONS).unwrap_or_default()
    }

    /// Records in all committed partitions together that are not committed, over all groups.
    pub(crate) fn lag(self) -> i64 {
        let commits = i64::from(self.commits) * i64::try_from(self.groups).unwrap_or_default();
        commits * (i64::from(self.records) - self.committed())
    }

    /// Each committed offset.
    fn committed(self) -> i64 {
        i64::from(self.records.min(1))
    }

    /// Makes topics (one replica), records and commits.
    pub(crate) fn fill(self, kafka: &Kafka) -> Result<()> {
        let names: Vec<String> = (0..self.topics).map(State::topic).collect();
        let new: Vec<NewTopic> = names.iter().map(|name| NewTopic::new(name, PARTITIONS)).collect();
        kafka.create_topics(&new)?;
        for name in names.iter().filter(|_| self.records > 0) {
            kafka.fill(name, PARTITIONS, self.records)?;
        }
        let commits: Vec<Commit> = (0..self.groups)
            .map(|group| {
                // Topics that lie apart, so that each group has commits on all brokers.
                let committed: Vec<(&str, i32, i64)> = (0..self.commits)
                    .map(|offset| {
                        let step = usize::try_from(offset / PARTITIONS).unwrap_or_default();
                        let topic = (group * 7 + step * 13) % names.len();
                        (names[topic].as_str(), offset % PARTITIONS, self.committed())
                    })
                    .collect();
                Commit::new(&format!("bench-group-{group:04}"), &committed)
            })
            .collect();
        // Each call has its own time-out.
        commits.chunks(500).try_for_each(|commits| kafka.commit(commits))
    }
}
