//! How finely series are made, and how many of them: `--series.granularity` and `--series.limit` in, [`Granularity`] and
//! [`SeriesLimits`] out.

use std::collections::BTreeMap;

/// What one series of a family stands for, from coarse to fine. A level has the series of the coarser ones too, where
/// they have names of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A group: all its topics in one.
    Group,
    /// A topic, or a group's part of it.
    Topic,
    /// A partition, or a group's part of it.
    Partition,
}

impl Level {
    /// As the flag spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Topic => "topic",
            Self::Partition => "partition",
        }
    }
}

/// The level of each family of series. The defaults have kafka_exporter's series, and nothing new per partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Granularity {
    /// `kafka_consumergroup_lag`, `_lag_sum` and the other counts of records and partitions beside them.
    pub lag: Level,
    /// `kafka_consumergroup_current_offset` and `_current_offset_sum`.
    pub offset: Level,
    /// `kafka_consumergroup_lag_seconds`.
    pub lag_seconds: Level,
    /// `kafka_consumergroup_assigned_partitions`; topic at most.
    pub assigned_partitions: Level,
    /// `kafka_consumergroup_commit_unmoved_seconds`; topic at most.
    pub commit_unmoved: Level,
    /// `kafka_topic_partition_*`; topic at least.
    pub topic_partition: Level,
}

impl Default for Granularity {
    fn default() -> Self {
        Self {
            lag: Level::Partition,
            offset: Level::Partition,
            lag_seconds: Level::Topic,
            assigned_partitions: Level::Topic,
            commit_unmoved: Level::Topic,
            topic_partition: Level::Partition,
        }
    }
}

/// A family as the flag names it, the levels that it can have, and where its level is kept.
type Family = (&'static str, &'static [Level], fn(&mut Granularity) -> &mut Level);

const FAMILIES: [Family; 6] = {
    use Level::{Group, Partition, Topic};
    [
        ("lag", &[Group, Topic, Partition], |levels| &mut levels.lag),
        ("offset", &[Group, Topic, Partition], |levels| &mut levels.offset),
        ("lag_seconds", &[Group, Topic, Partition], |levels| &mut levels.lag_seconds),
        ("assigned_partitions", &[Group, Topic], |levels| &mut levels.assigned_partitions),
        ("commit_unmoved", &[Group, Topic], |levels| &mut levels.commit_unmoved),
        ("topic_partition", &[Topic, Partition], |levels| &mut levels.topic_partition),
    ]
};

impl Granularity {
    /// The defaults, but for what these `FAMILY=LEVEL` say.
    pub(super) fn parse(items: &[String]) -> Result<Self, String> {
        const FLAG: &str = "--series.granularity";
        let mut levels = Self::default();
        let mut seen = Vec::new();
        for item in items {
            let (family, level) = pair(FLAG, item, "FAMILY=LEVEL, like lag=topic")?;
            let Some((name, possible, place)) = FAMILIES.iter().find(|(name, ..)| *name == family) else {
                let all: Vec<String> =
                    FAMILIES.iter().map(|(name, levels, _)| format!("{name} ({})", or(levels))).collect();
                return Err(format!("{FLAG}: {family:?} is no family of series; there are {}", all.join(", ")));
            };
            let Some(level) = possible.iter().find(|possible| possible.as_str() == level) else {
                return Err(format!("{FLAG}: {name} cannot have the level {level:?}; it is {}", or(possible)));
            };
            if seen.contains(name) {
                return Err(format!("{FLAG}: {name} is given twice"));
            }
            seen.push(name);
            *place(&mut levels) = *level;
        }
        Ok(levels)
    }
}

fn or(levels: &[Level]) -> String {
    levels.iter().map(|level| level.as_str()).collect::<Vec<_>>().join(" or ")
}

/// How many series each metric of the cluster may have on a page; no limit unless one is given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeriesLimits {
    every: Option<usize>,
    of: BTreeMap<String, usize>,
}

impl SeriesLimits {
    /// The limit of the metric with this name, as it stands on the page.
    pub fn of(&self, metric: &str) -> Option<usize> {
        self.of.get(metric).copied().or(self.every)
    }

    /// Reads `N`, for every metric, and `METRIC=N`; `is_known` tells names that can be limited.
    pub(super) fn parse(items: &[String], is_known: impl Fn(&str) -> bool) -> Result<Self, String> {
        const FLAG: &str = "--series.limit";
        let mut limits = Self::default();
        for item in items {
            let number = |text: &str| {
                text.trim()
                    .parse::<usize>()
                    .map_err(|_| format!("{FLAG}: {text:?} is no number of series; give e.g. 50000"))
            };
            if !item.contains('=') {
                if limits.every.replace(number(item)?).is_some() {
                    return Err(format!("{FLAG}: the limit of every metric is given twice"));
                }
                continue;
            }
            let (metric, limit) = pair(FLAG, item, "N or METRIC=N, like kafka_consumergroup_lag=50000")?;
            if !is_known(metric) {
                return Err(format!(
                    "{FLAG}: {metric:?} is no metric that can be limited; those that begin with kafka_ in \
                     docs/metrics.md's sections on the cluster and on groups are"
                ));
            }
            if limits.of.insert(metric.to_owned(), number(limit)?).is_some() {
                return Err(format!("{FLAG}: {metric} is given twice"));
            }
        }
        Ok(limits)
    }
}

fn pair<'i>(flag: &str, item: &'i str, form: &str) -> Result<(&'i str, &'i str), String> {
    let (key, value) = item.split_once('=').ok_or_else(|| format!("{flag}: {item:?} is not {form}"))?;
    Ok((key.trim(), value.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(items: &[&str]) -> Result<Granularity, String> {
        Granularity::parse(&items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>())
    }

    fn limits(items: &[&str]) -> Result<SeriesLimits, String> {
        let items: Vec<String> = items.iter().map(|item| (*item).to_owned()).collect();
        SeriesLimits::parse(&items, |metric| metric.starts_with("kafka_topic"))
    }

    #[test]
    fn each_family_has_the_level_that_is_given_or_its_default() {
        assert_eq!(levels(&[]), Ok(Granularity::default()));
        let given = levels(&["lag=group", "topic_partition = topic"]).unwrap();
        assert_eq!((given.lag, given.topic_partition, given.offset), (Level::Group, Level::Topic, Level::Partition));
        assert!(Level::Group < Level::Topic && Level::Topic < Level::Partition);
    }

    #[test]
    fn every_default_is_a_level_that_the_family_can_have() {
        for (name, possible, place) in FAMILIES {
            assert!(possible.contains(place(&mut Granularity::default())), "{name}");
        }
    }

    #[test]
    fn a_wrong_family_or_level_is_told_with_what_is_possible() {
        for (items, expected) in [
            (
                &["lags=topic"][..],
                "\"lags\" is no family of series; there are lag (group or topic or partition), offset",
            ),
            (&["topic_partition=group"], "topic_partition cannot have the level \"group\"; it is topic or partition"),
            (&["commit_unmoved=partition"], "it is group or topic"),
            (&["lag=cluster"], "it is group or topic or partition"),
            (&["lag"], "\"lag\" is not FAMILY=LEVEL"),
            (&["lag=topic", "lag=group"], "lag is given twice"),
        ] {
            let error = levels(items).unwrap_err();
            assert!(error.starts_with("--series.granularity: ") && error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_metrics_own_limit_wins_over_that_of_every_metric() {
        let limits = limits(&["100", "kafka_topic_partitions=7"]).unwrap();
        assert_eq!((limits.of("kafka_topic_partitions"), limits.of("kafka_brokers")), (Some(7), Some(100)));
        assert_eq!(SeriesLimits::default().of("kafka_brokers"), None);
    }

    #[test]
    fn limits_that_mean_nothing_are_refused() {
        for (items, expected) in [
            (&["many"][..], "\"many\" is no number of series"),
            (&["kafka_topic_partitions=-1"], "\"-1\" is no number of series"),
            (&["kafka_vitals_nodes=1"], "\"kafka_vitals_nodes\" is no metric that can be limited"),
            (&["1", "2"], "every metric is given twice"),
            (&["kafka_topic_partitions=1", "kafka_topic_partitions=2"], "is given twice"),
        ] {
            let error = limits(items).unwrap_err();
            assert!(error.starts_with("--series.limit: ") && error.contains(expected), "{error}");
        }
    }
}
