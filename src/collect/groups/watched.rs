//! What watching has told of groups, as families: time in the state, rebalances, commits that do not move.

use kafka_admin::Cluster;

use crate::config::Level;
use crate::history::GroupHistory;
use crate::kafka::Group;
use crate::metrics::catalogue::groups;
use crate::metrics::{Family, Labels, counter_value};

/// Families under construction.
#[derive(Debug)]
pub(super) struct Watched {
    state_seconds: Family,
    rebalances: Family,
    unmoved: Family,
    /// Of `unmoved`.
    level: Level,
}

impl Watched {
    pub(super) fn new(level: Level) -> Self {
        Self {
            state_seconds: groups::STATE_SECONDS.family(),
            rebalances: groups::REBALANCES.family(),
            unmoved: groups::COMMIT_UNMOVED_SECONDS.family(),
            level,
        }
    }

    /// Adds a group with its `labels`.
    pub(super) fn add(&mut self, cluster: Option<&Cluster>, group: &Group, history: &GroupHistory, labels: &Labels) {
        if let Some(time) = history.in_state {
            self.state_seconds.push(labels.clone(), time.as_secs_f64());
        }
        for (seen, count) in history.rebalances.counts() {
            let labels = [("consumergroup", &*group.id), ("seen", seen.as_str())];
            self.rebalances.push(Labels::new(labels), counter_value(count));
        }
        if self.level == Level::Group {
            let longest = history.longest_unmoved();
            longest.into_iter().for_each(|time| self.unmoved.push(labels.clone(), time.as_secs_f64()));
            return;
        }
        for (topic, time) in &history.unmoved {
            let Some(topic) = cluster.and_then(|cluster| cluster.topics.get(*topic)) else { continue };
            let labels = [("consumergroup", &*group.id), ("topic", &*topic.name)];
            self.unmoved.push(Labels::new(labels), time.as_secs_f64());
        }
    }

    pub(super) fn into_vec(self) -> [Family; 3] {
        [self.state_seconds, self.rebalances, self.unmoved]
    }
}
