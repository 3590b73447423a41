//! Topics that were visible and are no longer. Metadata of all topics leaves out those that were deleted as well as those
//! that the principal may not describe any more; ListOffsets tells them apart. In: metadata and answers; out: questions, and
//! the errors of topics that are denied.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kafka_admin::{AdminError, Cluster, ErrorCode, ErrorKind, FoundOffset, OffsetQuery, OffsetSpec, TopicName};

const UNKNOWN_TOPIC_OR_PARTITION: ErrorCode = ErrorCode(3);

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Vanished {
    /// The metadata that was seen last.
    last: Option<Arc<Cluster>>,
    /// Topics that it lacks, with the leader that their first partition had, and since when.
    topics: HashMap<TopicName, (Option<i32>, Instant)>,
}

impl Vanished {
    /// Takes over the newest metadata. One question for each topic that went, as long as nobody has said that it was
    /// deleted; after `forget_after` none any more.
    pub(super) fn questions(
        &mut self,
        cluster: &Arc<Cluster>,
        forget_after: Duration,
        now: Instant,
    ) -> Vec<OffsetQuery> {
        if let Some(last) = self.last.take().filter(|last| !Arc::ptr_eq(last, cluster)) {
            for topic in &last.topics {
                let leader = topic.partitions.first().and_then(|partition| partition.leader);
                self.topics.entry(Arc::clone(&topic.name)).or_insert((leader, now));
            }
            for topic in &cluster.topics {
                self.topics.remove(&topic.name);
            }
        }
        self.last = Some(Arc::clone(cluster));
        self.topics.retain(|_, (_, since)| now.duration_since(*since) < forget_after);
        let ask = |(topic, (leader, _)): (&TopicName, &(Option<i32>, Instant))| OffsetQuery {
            topic: Arc::clone(topic),
            partition: 0,
            spec: OffsetSpec::Latest,
            leader: *leader,
        };
        self.topics.iter().map(ask).collect()
    }

    /// Forgets the topics of which an answer says that they are gone, or there again; each that is denied goes to `denied`.
    /// Returns whether one is there again, so that the next metadata will have it.
    pub(super) fn settle(
        &mut self,
        questions: &[OffsetQuery],
        answers: Vec<Result<FoundOffset, AdminError>>,
        mut denied: impl FnMut(&AdminError),
    ) -> bool {
        let mut is_back = false;
        for (question, answer) in questions.iter().zip(answers) {
            match answer {
                Ok(_) => is_back = true,
                Err(error) if error.kind() == ErrorKind::Authorization => {
                    denied(&error);
                    continue;
                }
                Err(AdminError::Broker { code: UNKNOWN_TOPIC_OR_PARTITION, .. }) => {}
                // Nobody has said anything.
                Err(_) => continue,
            }
            self.topics.remove(&question.topic);
        }
        is_back
    }
}

#[cfg(test)]
mod tests {
    use kafka_admin::{Partition, Topic};

    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn cluster(topics: &[&str]) -> Arc<Cluster> {
        let partition = Partition { id: 0, leader: Some(1), replicas: vec![1], isr: vec![1], error: None };
        let topic =
            |name: &&str| Topic { name: Arc::from(*name), id: None, error: None, partitions: vec![partition.clone()] };
        Arc::new(Cluster { topics: topics.iter().map(topic).collect(), ..Cluster::default() })
    }

    fn asked(vanished: &mut Vanished, cluster: &Arc<Cluster>, now: Instant) -> Vec<OffsetQuery> {
        let mut questions = vanished.questions(cluster, DAY, now);
        questions.sort_by(|a, b| a.topic.cmp(&b.topic));
        questions
    }

    #[test]
    fn a_topic_that_went_is_asked_for_until_it_is_told_to_be_deleted_or_comes_back() {
        let (mut vanished, now) = (Vanished::default(), Instant::now());
        assert!(asked(&mut vanished, &cluster(&["denied", "deleted", "kept", "slow"]), now).is_empty());
        let fewer = cluster(&["kept"]);
        let questions = asked(&mut vanished, &fewer, now);
        let names: Vec<_> = questions.iter().map(|query| (&*query.topic, query.partition, query.leader)).collect();
        assert_eq!(names, [("deleted", 0, Some(1)), ("denied", 0, Some(1)), ("slow", 0, Some(1))]);

        let error =
            |code| Err(AdminError::Broker { call: "ListOffsets", code: ErrorCode(code), message: String::new() });
        let slow = Err(AdminError::Timeout { call: "ListOffsets" });
        let mut denied = 0;
        assert!(!vanished.settle(&questions, vec![error(3), error(29), slow], |_| denied += 1));
        assert_eq!(denied, 1);
        let questions = asked(&mut vanished, &fewer, now);
        assert_eq!(questions.iter().map(|query| &*query.topic).collect::<Vec<_>>(), ["denied", "slow"]);

        let answered = Ok(FoundOffset { offset: Some(3), timestamp: None });
        assert!(vanished.settle(&questions, vec![answered, error(29)], |_| {}));
        assert_eq!(asked(&mut vanished, &fewer, now).len(), 1);
        assert!(asked(&mut vanished, &cluster(&["kept", "slow"]), now).is_empty(), "it is in the metadata again");
    }

    #[test]
    fn a_topic_that_stays_denied_is_forgotten_in_the_end() {
        let (mut vanished, now) = (Vanished::default(), Instant::now());
        asked(&mut vanished, &cluster(&["a"]), now);
        let none = cluster(&[]);
        assert_eq!(asked(&mut vanished, &none, now).len(), 1);
        assert_eq!(asked(&mut vanished, &none, now + DAY / 2).len(), 1);
        assert!(asked(&mut vanished, &none, now + DAY).is_empty());
    }
}
