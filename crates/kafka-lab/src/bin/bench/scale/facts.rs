//! What a cluster's page has to show: numbers in, and whether a page agrees.

use std::collections::HashMap;

use kafka_lab::{LabError, Result};
use serde_json::Value;

/// The numbers.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) topics: usize,
    pub(crate) partitions: usize,
    pub(crate) groups: usize,
    /// Pairs of a group and a topic to which it has committed.
    pub(crate) group_topics: usize,
    /// Committed offsets.
    pub(crate) commits: usize,
    /// Partitions of those topics, over all groups.
    pub(crate) shown: usize,
    /// Records behind, over all groups.
    pub(crate) lag: i64,
}

impl Facts {
    /// As a scripted cluster tells them.
    pub(crate) fn from_json(facts: &Value) -> Result<Self> {
        let number = |name: &str| {
            let value = facts[name].as_u64().and_then(|value| usize::try_from(value).ok());
            value.ok_or_else(|| LabError::Input(format!("the scripted cluster's facts have no {name}: {facts}")))
        };
        Ok(Self {
            topics: number("topics")?,
            partitions: number("partitions")?,
            groups: number("groups")?,
            group_topics: number("group_topics")?,
            commits: number("commits")?,
            shown: number("shown")?,
            lag: i64::try_from(number("lag")?).unwrap_or(i64::MAX),
        })
    }

    /// What the cost is to be linear in.
    pub(crate) fn size(&self) -> usize {
        self.partitions + self.commits
    }

    /// An error when the page is not whole or shows other numbers.
    pub(crate) fn check(&self, page: &str) -> Result<()> {
        let mut series: HashMap<&str, usize> = HashMap::new();
        let (mut failed, mut lag) = (Vec::new(), 0.0);
        for line in page.lines().filter(|line| !line.starts_with('#')) {
            let name = line.split(['{', ' ']).next().unwrap_or_default();
            *series.entry(name).or_default() += 1;
            let value = || line.rsplit(' ').next().and_then(|value| value.parse::<f64>().ok());
            match name {
                "kafka_vitals_collector_success" if value() != Some(1.0) => failed.push(line.to_owned()),
                "kafka_consumergroup_lag_sum" => lag += value().unwrap_or(f64::NAN),
                _ => {}
            }
        }
        let expected = [
            ("kafka_vitals_collector_success", 6),
            ("kafka_topic_partitions", self.topics),
            ("kafka_topic_partition_current_offset", self.partitions),
            ("kafka_topic_partition_oldest_offset", self.partitions),
            ("kafka_topic_partition_leader", self.partitions),
            ("kafka_topic_partition_replicas", self.partitions),
            ("kafka_topic_partition_in_sync_replica", self.partitions),
            ("kafka_consumergroup_members", self.groups),
            ("kafka_consumergroup_current_offset", self.shown),
            ("kafka_consumergroup_lag", self.shown),
            ("kafka_consumergroup_lag_sum", self.group_topics),
        ];
        for (name, expected) in expected {
            let found = series.get(name).copied().unwrap_or(0);
            if found != expected {
                failed.push(format!("{found} series {name} instead of {expected}"));
            }
        }
        #[allow(clippy::cast_precision_loss, reason = "small offsets")]
        let expected = self.lag as f64;
        if lag != expected {
            failed.push(format!("the lags sum up to {lag} instead of {expected}"));
        }
        if failed.is_empty() {
            Ok(())
        } else {
            Err(LabError::Input(format!("the page is wrong: {}", failed.join("; "))))
        }
    }
}
