//! Topic configurations as families.

use crate::kafka::{Limit, TopicConfig, TopicConfigs};
use crate::metrics::catalogue::{Metric, topic_configs};
use crate::metrics::{Family, Labels, offset_value};

/// A metric and its value, if there is one.
type Column = (Metric, fn(&TopicConfig) -> Option<f64>);

/// `kafka_topic_info` and what is a number of a topic's configuration. What is unknown is absent.
pub fn families(configs: &TopicConfigs) -> Vec<Family> {
    let mut topics: Vec<_> = configs.known.iter().collect();
    topics.sort_unstable_by_key(|(topic, _)| *topic);
    let mut info = topic_configs::INFO.family();
    for (topic, config) in &topics {
        let policy = config.cleanup_policy.map(|policy| policy.to_string());
        let (compression, timestamps) = (config.compression_type.as_deref(), config.message_timestamp_type.as_deref());
        let labels = [
            ("cleanup_policy", policy.as_deref()),
            ("compression_type", compression),
            ("message_timestamp_type", timestamps),
            ("topic", Some(&***topic)),
        ];
        info.push(Labels::new(labels.into_iter().filter_map(|(name, value)| Some((name, value?)))), 1.0);
    }
    let columns: [Column; 6] = [
        (topic_configs::RETENTION_SECONDS, |config| config.retention_ms.map(|limit| limit_value(limit) / 1e3)),
        (topic_configs::RETENTION_BYTES, |config| config.retention_bytes.map(limit_value)),
        (topic_configs::SEGMENT_SECONDS, |config| config.segment_ms.map(|ms| offset_value(ms) / 1e3)),
        (topic_configs::SEGMENT_BYTES, |config| config.segment_bytes.map(offset_value)),
        (topic_configs::MAX_MESSAGE_BYTES, |config| config.max_message_bytes.map(offset_value)),
        (topic_configs::MIN_INSYNC_REPLICAS, |config| config.min_insync_replicas.map(offset_value)),
    ];
    let numbers = columns.into_iter().map(|(metric, value)| {
        let mut family = metric.family();
        for (topic, config) in &topics {
            if let Some(value) = value(config) {
                family.push(Labels::new([("topic", &***topic)]), value);
            }
        }
        family
    });
    [info].into_iter().chain(numbers).collect()
}

fn limit_value(limit: Limit) -> f64 {
    match limit {
        Limit::At(most) => offset_value(most),
        Limit::None => f64::INFINITY,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::kafka::CleanupPolicy;

    #[test]
    fn values_are_in_base_units_without_a_limit_infinite_and_absent_when_unknown() {
        let config = TopicConfig {
            cleanup_policy: Some(CleanupPolicy { compact: true, delete: false }),
            compression_type: Some("producer".to_owned()),
            retention_ms: Some(Limit::At(1500)),
            retention_bytes: Some(Limit::None),
            segment_ms: Some(60_000),
            ..TopicConfig::default()
        };
        let configs = [("b".into(), Arc::new(TopicConfig::default())), ("a".into(), Arc::new(config))];
        let families = families(&TopicConfigs { known: configs.into(), ..TopicConfigs::default() });
        let samples = families.iter().flat_map(|family| {
            family.samples.iter().map(|sample| (format!("{}{{{}}}", family.name, sample.labels.as_str()), sample.value))
        });
        let expected = [
            (r#"kafka_topic_info{cleanup_policy="compact",compression_type="producer",topic="a"}"#, 1.0),
            (r#"kafka_topic_info{topic="b"}"#, 1.0),
            (r#"kafka_topic_retention_seconds{topic="a"}"#, 1.5),
            (r#"kafka_topic_retention_bytes{topic="a"}"#, f64::INFINITY),
            (r#"kafka_topic_segment_seconds{topic="a"}"#, 60.0),
        ];
        assert_eq!(samples.collect::<Vec<_>>(), expected.map(|(series, value)| (series.to_owned(), value)));
    }
}
