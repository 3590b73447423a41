//! Numbers of a group that add up over its topics: one series per topic, or one per group where that is too many.

use crate::config::Level;
use crate::metrics::catalogue::Metric;
use crate::metrics::{Family, Labels, offset_value};

/// A family under construction.
#[derive(Debug)]
pub(super) struct Sum {
    family: Family,
    level: Level,
    /// Of the group's topics so far, before the first of them absent; within, absent when one of them is.
    total: Option<Option<i64>>,
}

impl Sum {
    pub(super) fn new(metric: Metric, level: Level) -> Self {
        Self { family: metric.family(), level, total: None }
    }

    /// Adds what is known of a topic of the group; `labels` are those of both.
    pub(super) fn add(&mut self, labels: &Labels, value: Option<i64>) {
        if self.level == Level::Group {
            let total = self.total.unwrap_or(Some(0));
            self.total = Some(total.zip(value).map(|(total, value)| total.saturating_add(value)));
        } else if let Some(value) = value {
            self.family.push(labels.clone(), offset_value(value));
        }
    }

    /// Ends the group with these `labels`.
    pub(super) fn end_group(&mut self, labels: &Labels) {
        if let Some(Some(total)) = self.total.take() {
            self.family.push(labels.clone(), offset_value(total));
        }
    }

    pub(super) fn into_family(self) -> Family {
        self.family
    }
}
