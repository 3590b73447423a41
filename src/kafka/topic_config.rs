//! Topic configurations: the entries that are worth a series, read from Kafka's text.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use kafka_admin::{ConfigEntry, TopicName};

/// Configurations by topic. A topic whose configuration is not known yet is not in it.
#[derive(Debug, Clone, Default)]
pub struct TopicConfigs {
    /// Those that are known.
    pub known: HashMap<TopicName, Arc<TopicConfig>>,
    /// Topics whose configuration may not, or cannot, be asked for.
    pub refused: HashSet<TopicName>,
    /// Whether nobody wants them.
    pub are_unwanted: bool,
}

impl TopicConfigs {
    /// What is to be supposed of the topic's old records. What is not known, but may yet be: that any of them may be
    /// missing and nobody can tell when the rest goes. What will not be known: Kafka's default.
    pub fn cleanup_policy(&self, topic: &str) -> CleanupPolicy {
        let known = self.known.get(topic).and_then(|config| config.cleanup_policy);
        let supposed = || {
            let is_default = self.are_unwanted || self.refused.contains(topic);
            CleanupPolicy { compact: !is_default, delete: is_default }
        };
        known.unwrap_or_else(supposed)
    }

    /// What is to be supposed of the topic's retention, likewise.
    pub fn retention(&self, topic: &str) -> Retention {
        if !self.cleanup_policy(topic).delete {
            return Retention::Never;
        }
        let limits = self.known.get(topic).map(|config| (config.retention_ms, config.retention_bytes));
        match limits {
            Some((Some(Limit::None), Some(Limit::None))) => Retention::Never,
            Some((Some(Limit::At(milliseconds)), Some(Limit::None))) => Retention::OlderThan(milliseconds),
            _ => Retention::Otherwise,
        }
    }
}

/// One topic's configuration, its own values or those that it inherits. An entry is absent when the brokers do not have
/// it, or when its text is not what Kafka takes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TopicConfig {
    /// `cleanup.policy`.
    pub cleanup_policy: Option<CleanupPolicy>,
    /// `compression.type`.
    pub compression_type: Option<String>,
    /// `message.timestamp.type`.
    pub message_timestamp_type: Option<String>,
    /// `retention.ms`, in milliseconds.
    pub retention_ms: Option<Limit>,
    /// `retention.bytes`, in bytes per partition.
    pub retention_bytes: Option<Limit>,
    /// `segment.ms`, in milliseconds.
    pub segment_ms: Option<i64>,
    /// `segment.bytes`, in bytes.
    pub segment_bytes: Option<i64>,
    /// `max.message.bytes`, in bytes.
    pub max_message_bytes: Option<i64>,
    /// `min.insync.replicas`.
    pub min_insync_replicas: Option<i64>,
}

/// What becomes of old records. Both at once is possible; neither keeps all for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CleanupPolicy {
    /// Of each key the last record is kept: offsets have gaps.
    pub compact: bool,
    /// Segments beyond the retention go.
    pub delete: bool,
}

/// When retention removes what a topic holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// Never, or it is not known yet.
    Never,
    /// When it is older than this, in milliseconds.
    OlderThan(i64),
    /// By size, or by limits that are not known.
    Otherwise,
}

/// A number that may be without limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Up to this, inclusive.
    At(i64),
    /// Kafka's -1.
    None,
}

impl TopicConfig {
    /// The names of the entries that are read.
    pub const ENTRIES: [&str; 9] = [
        "cleanup.policy",
        "compression.type",
        "max.message.bytes",
        "message.timestamp.type",
        "min.insync.replicas",
        "retention.bytes",
        "retention.ms",
        "segment.bytes",
        "segment.ms",
    ];

    /// Reads entries as brokers tell them; others than [`ENTRIES`](Self::ENTRIES) are ignored.
    pub fn of(entries: &[ConfigEntry]) -> Self {
        let mut config = Self::default();
        for entry in entries {
            let Some(value) = entry.value.as_deref() else { continue };
            let number = value.parse::<i64>().ok();
            match entry.name.as_str() {
                "cleanup.policy" => config.cleanup_policy = CleanupPolicy::of(value),
                "compression.type" => config.compression_type = Some(value.to_owned()),
                "message.timestamp.type" => config.message_timestamp_type = Some(value.to_owned()),
                "retention.ms" => config.retention_ms = number.and_then(Limit::of),
                "retention.bytes" => config.retention_bytes = number.and_then(Limit::of),
                "segment.ms" => config.segment_ms = number,
                "segment.bytes" => config.segment_bytes = number,
                "max.message.bytes" => config.max_message_bytes = number,
                "min.insync.replicas" => config.min_insync_replicas = number,
                _ => {}
            }
        }
        config
    }
}

impl CleanupPolicy {
    fn of(text: &str) -> Option<Self> {
        let mut policy = Self::default();
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            match word {
                "compact" => policy.compact = true,
                "delete" => policy.delete = true,
                _ => return None,
            }
        }
        Some(policy)
    }
}

/// As Kafka writes it, always in the same order.
impl fmt::Display for CleanupPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.compact, self.delete) {
            (true, true) => "compact,delete",
            (true, false) => "compact",
            (false, true) => "delete",
            (false, false) => "",
        })
    }
}

impl Limit {
    fn of(number: i64) -> Option<Self> {
        match number {
            -1 => Some(Self::None),
            0.. => Some(Self::At(number)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_and_what_is_no_value_of_theirs_is_absent() {
        let entry = |(name, value): (&str, Option<&str>)| ConfigEntry {
            name: name.to_owned(),
            value: value.map(str::to_owned),
            is_default: false,
        };
        let read =
            |entries: &[(&str, Option<&str>)]| TopicConfig::of(&entries.iter().copied().map(entry).collect::<Vec<_>>());
        let whole = read(&[
            ("cleanup.policy", Some("delete")),
            ("compression.type", Some("producer")),
            ("message.timestamp.type", Some("LogAppendTime")),
            ("retention.ms", Some("-1")),
            ("retention.bytes", Some("1000")),
            ("segment.ms", Some("604800000")),
            ("segment.bytes", Some("1073741824")),
            ("max.message.bytes", Some("1048588")),
            ("min.insync.replicas", Some("2")),
            ("unclean.leader.election.enable", Some("true")),
        ]);
        let expected = TopicConfig {
            cleanup_policy: Some(CleanupPolicy { compact: false, delete: true }),
            compression_type: Some("producer".to_owned()),
            message_timestamp_type: Some("LogAppendTime".to_owned()),
            retention_ms: Some(Limit::None),
            retention_bytes: Some(Limit::At(1000)),
            segment_ms: Some(604_800_000),
            segment_bytes: Some(1_073_741_824),
            max_message_bytes: Some(1_048_588),
            min_insync_replicas: Some(2),
        };
        assert_eq!(whole, expected);
        let odd = [("retention.ms", Some("a week")), ("retention.bytes", Some("-2")), ("segment.bytes", None)];
        assert_eq!(read(&odd), TopicConfig::default());
    }

    #[test]
    fn a_policy_that_may_yet_be_known_promises_nothing_and_one_that_will_not_is_the_default() {
        let policy = |compact, delete| CleanupPolicy { compact, delete };
        let config = |cleanup_policy| Arc::new(TopicConfig { cleanup_policy, ..TopicConfig::default() });
        let configs = TopicConfigs {
            known: [("both".into(), config(Some(policy(true, true)))), ("odd".into(), config(None))].into(),
            refused: ["refused".into()].into(),
            are_unwanted: false,
        };
        for (topic, expected) in [
            ("both", policy(true, true)),
            ("odd", policy(true, false)),
            ("new", policy(true, false)),
            ("refused", policy(false, true)),
        ] {
            assert_eq!(configs.cleanup_policy(topic), expected, "{topic}");
        }
        let unwanted = TopicConfigs { are_unwanted: true, ..TopicConfigs::default() };
        assert_eq!(unwanted.cleanup_policy("any"), policy(false, true));
    }

    #[test]
    fn retention_is_by_time_alone_only_where_there_is_no_limit_of_size() {
        let policy = |delete: bool| Some(CleanupPolicy { compact: !delete, delete });
        let at = |limit: i64| Some(if limit < 0 { Limit::None } else { Limit::At(limit) });
        for (delete, milliseconds, bytes, expected) in [
            (true, 1_000, -1, Retention::OlderThan(1_000)),
            (true, -1, -1, Retention::Never),
            (true, 1_000, 5, Retention::Otherwise),
            (true, -1, 5, Retention::Otherwise),
            (false, 1_000, -1, Retention::Never),
        ] {
            let (retention_ms, retention_bytes) = (at(milliseconds), at(bytes));
            let config =
                TopicConfig { cleanup_policy: policy(delete), retention_ms, retention_bytes, ..TopicConfig::default() };
            let configs = TopicConfigs { known: [("t".into(), Arc::new(config))].into(), ..TopicConfigs::default() };
            assert_eq!(configs.retention("t"), expected);
        }
        let refused = TopicConfigs { refused: ["t".into()].into(), ..TopicConfigs::default() };
        assert_eq!(refused.retention("t"), Retention::Otherwise);
        assert_eq!(TopicConfigs::default().retention("t"), Retention::Never, "it may yet be known");
    }

    #[test]
    fn every_order_of_policies_is_shown_the_same() {
        for (text, shown) in [
            ("delete", Some("delete")),
            ("compact", Some("compact")),
            ("delete, compact", Some("compact,delete")),
            ("compact,delete", Some("compact,delete")),
            ("", Some("")),
            ("shred", None),
        ] {
            let policy = CleanupPolicy::of(text).map(|policy| policy.to_string());
            assert_eq!(policy.as_deref(), shown, "{text}");
        }
    }
}
