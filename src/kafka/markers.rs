//! Transaction markers. In: the positions from which on groups have not read; out: those before which only markers stand up
//! to the end, so that nothing is left to read. Markers cannot be told from records without fetching them, so only the few
//! offsets before an end are looked at, each once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use kafka_admin::{AdminError, Cluster, ErrorKind, KafkaAdmin, OffsetRange, TopicName};

use super::{Failures, Part, PartitionOffsets};
use crate::lag::unread::{Unread, Unseen};
use crate::locked::locked;

/// The call.
pub(super) const FETCH: &str = "Fetch";
/// Offsets before an end that are looked at. Each transaction leaves one marker in a partition, and hardly more than a few end
/// there after the last record.
const NEAR: i64 = 8;
/// For how long a topic is not asked for again that may not be read.
const DENIED: Duration = Duration::from_secs(300);

/// What stands between a position and the end of its partition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Rest {
    /// Records, as far as known.
    #[default]
    Records,
    /// Transaction markers and nothing else.
    Markers,
    /// The leader did not tell.
    Unknown,
}

/// What stands between positions near an end and that end.
#[derive(Debug, Clone, Default)]
pub struct Markers(HashMap<Unseen, Rest>);

impl Markers {
    /// From this offset on, which is not before the partition's start.
    pub fn rest(&self, topic: usize, partition: usize, offset: i64) -> Rest {
        let (Ok(topic), Ok(partition)) = (u32::try_from(topic), u32::try_from(partition)) else {
            return Rest::default();
        };
        self.of(&Unseen { topic, partition, offset })
    }

    fn of(&self, position: &Unseen) -> Rest {
        self.0.get(position).copied().unwrap_or_default()
    }
}

/// Asks, and remembers the answers.
#[derive(Debug)]
pub(super) struct MarkerReader {
    admin: Arc<dyn KafkaAdmin>,
    remembered: Mutex<Remembered>,
}

#[derive(Debug, Default)]
struct Remembered {
    /// Of the last collection: whether only markers stand there.
    verdicts: HashMap<Key, bool>,
    /// Topics that may not be read, since when, and what the brokers said.
    denied: HashMap<TopicName, (Instant, AdminError)>,
}

/// Some offsets of one log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    topic_id: u128,
    partition: i32,
    from: i64,
    to: i64,
}

impl MarkerReader {
    pub(super) fn new(admin: Arc<dyn KafkaAdmin>) -> Self {
        Self { admin, remembered: Mutex::default() }
    }

    /// Of the positions in `unread` that are near an end, what stands there. Those that have only markers are taken out of
    /// `unread`.
    pub(super) async fn read(
        &self,
        cluster: &Cluster,
        ends: &PartitionOffsets,
        unread: &mut Unread,
        deadline: Instant,
    ) -> (Markers, Failures) {
        let (mut markers, mut failures) = (Markers::default(), Failures::default());
        if self.admin.unsupported().contains(&FETCH) {
            return (markers, failures);
        }
        failures.asked(FETCH);
        let Remembered { verdicts: before, mut denied } = std::mem::take(&mut *locked(&self.remembered));
        denied.retain(|_, (at, _)| at.elapsed() < DENIED);
        let mut verdicts = HashMap::new();
        let (mut positions, mut asked) = (Vec::new(), Vec::new());
        for position in &unread.positions {
            let Some((key, range)) = near(cluster, ends, *position) else { continue };
            if let Some((key, verdict)) = key.and_then(|key| Some((key, *before.get(&key)?))) {
                markers.learn(*position, verdict);
                verdicts.insert(key, verdict);
            } else if let Some((_, error)) = denied.get(&range.topic) {
                failures.add_denied(Part::Offsets, error);
            } else {
                positions.push((*position, key));
                asked.push(range);
            }
        }
        let answers = match asked.as_slice() {
            [] => Vec::new(),
            asked => self.admin.only_control_records(asked, deadline).await,
        };
        for (((position, key), range), answer) in positions.into_iter().zip(asked).zip(answers) {
            match answer {
                Ok(verdict) => {
                    markers.learn(position, verdict);
                    verdicts.extend(key.map(|key| (key, verdict)));
                }
                Err(error) => {
                    failures.add(Part::Offsets, &error);
                    if error.kind() == ErrorKind::Authorization {
                        denied.insert(range.topic, (Instant::now(), error));
                    } else {
                        markers.0.insert(position, Rest::Unknown);
                    }
                }
            }
        }
        *locked(&self.remembered) = Remembered { verdicts, denied };
        unread.retain(|position| markers.of(position) != Rest::Markers);
        (markers, failures)
    }
}

impl Markers {
    fn learn(&mut self, position: Unseen, has_only_markers: bool) {
        if has_only_markers {
            self.0.insert(position, Rest::Markers);
        }
    }
}

/// The offsets from a position up to its partition's end, if they are few. Without a topic id nothing tells a log from one
/// of a topic that was created again, and there is no key.
fn near(cluster: &Cluster, ends: &PartitionOffsets, position: Unseen) -> Option<(Option<Key>, OffsetRange)> {
    let (topic_at, partition_at) = (position.topic as usize, position.partition as usize);
    let topic = cluster.topics.get(topic_at)?;
    let partition = topic.partitions.get(partition_at)?;
    let (from, to) = (position.offset, ends.get(topic_at, partition_at).known()?);
    let key = topic.id.map(|topic_id| Key { topic_id, partition: partition.id, from, to });
    let range = OffsetRange { topic: topic.name.clone(), partition: partition.id, from, to, leader: partition.leader };
    (to.saturating_sub(from) <= NEAR).then_some((key, range))
}

#[cfg(test)]
mod tests;
