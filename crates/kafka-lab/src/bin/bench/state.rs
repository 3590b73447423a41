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

/// Three to each partition of state B.
const RECORDS: u32 = 3;

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
        self.counts().0
    }

    /// The old agent's time grows with the square of its series.
    pub(crate) fn old_agent_rounds(self) -> usize {
        match self {
            Self::A => usize::MAX,
            Self::B => 2,
        }
    }

    fn counts(self) -> (i32, usize, i32) {
        match self {
            Self::A => (200, 200, 50),
            Self::B => (1000, 1000, 38),
        }
    }

    /// Makes topics (one replica), records and commits.
    pub(crate) fn fill(self, kafka: &Kafka) -> Result<()> {
        let (topics, groups, offsets) = self.counts();
        let names: Vec<String> = (0..topics).map(Self::topic).collect();
        let new: Vec<NewTopic> = names.iter().map(|name| NewTopic::new(name, PARTITIONS)).collect();
        kafka.create_topics(&new)?;
        for name in &names {
            kafka.fill(name, PARTITIONS, RECORDS)?;
        }
        let commits: Vec<Commit> = (0..groups)
            .map(|group| {
                // Topics that lie apart, so that each group has commits on all brokers.
                let committed: Vec<(&str, i32, i64)> = (0..offsets)
                    .map(|offset| {
                        let step = usize::try_from(offset / PARTITIONS).unwrap_or_default();
                        let topic = (group * 7 + step * 13) % names.len();
                        (names[topic].as_str(), offset % PARTITIONS, 1)
                    })
                    .collect();
                Commit::new(&format!("bench-group-{group:04}"), &committed)
            })
            .collect();
        kafka.commit(&commits)
    }
}
