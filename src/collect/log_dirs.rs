//! Log directories as families.

use crate::kafka::{LogDirUse, LogDirs};
use crate::metrics::catalogue::{Metric, log_dirs};
use crate::metrics::{Family, Labels, offset_value};

/// A metric and its value, if there is one.
type Column = (Metric, fn(&LogDirUse) -> Option<f64>);

/// `kafka_log_dir_*`, of topics that are still there: directories are remembered for longer than topics. What is unknown is
/// absent.
pub fn families(dirs: &LogDirs, is_there: impl Fn(&str) -> bool) -> Vec<Family> {
    let mut topics = log_dirs::TOPIC_BYTES.family();
    let columns: [Column; 4] = [
        (log_dirs::TOTAL_BYTES, |dir| dir.total_bytes.map(offset_value)),
        (log_dirs::USABLE_BYTES, |dir| dir.usable_bytes.map(offset_value)),
        (log_dirs::ONLINE, |dir| Some(f64::from(u8::from(dir.is_online)))),
        (log_dirs::FUTURE_BYTES, |dir| dir.future_bytes.map(offset_value)),
    ];
    let mut families = columns.map(|(metric, value)| (metric.family(), value));
    for (broker, dir) in dirs.iter().flat_map(|(broker, dirs)| dirs.iter().map(move |dir| (broker, dir))) {
        let broker = broker.to_string();
        let labels = [("broker", broker.as_str()), ("log_dir", dir.path.as_str())];
        for (family, value) in &mut families {
            if let Some(value) = value(dir) {
                family.push(Labels::new(labels), value);
            }
        }
        for (topic, bytes) in dir.topics.iter().filter(|(topic, _)| is_there(topic)) {
            topics.push(Labels::new(labels.into_iter().chain([("topic", &**topic)])), offset_value(*bytes));
        }
    }
    families.into_iter().map(|(family, _)| family).chain([topics]).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_directory_that_failed_is_offline_and_has_no_sizes_and_a_topic_that_is_gone_takes_none() {
        let dir = |path: &str, is_online| LogDirUse {
            path: path.to_owned(),
            is_online,
            total_bytes: is_online.then_some(100),
            usable_bytes: is_online.then_some(40),
            future_bytes: is_online.then_some(0),
            topics: if is_online { vec![("gone".into(), 5), ("t".into(), 7)] } else { Vec::new() },
        };
        let dirs = [(1, Arc::new(vec![dir("/a", true), dir("/b", false)]))].into();
        let families = families(&dirs, |topic| topic != "gone");
        let samples = families.iter().flat_map(|family| {
            family.samples.iter().map(|sample| (format!("{}{{{}}}", family.name, sample.labels.as_str()), sample.value))
        });
        let expected = [
            (r#"kafka_log_dir_total_bytes{broker="1",log_dir="/a"}"#, 100.0),
            (r#"kafka_log_dir_usable_bytes{broker="1",log_dir="/a"}"#, 40.0),
            (r#"kafka_log_dir_online{broker="1",log_dir="/a"}"#, 1.0),
            (r#"kafka_log_dir_online{broker="1",log_dir="/b"}"#, 0.0),
            (r#"kafka_log_dir_future_bytes{broker="1",log_dir="/a"}"#, 0.0),
            (r#"kafka_log_dir_topic_bytes{broker="1",log_dir="/a",topic="t"}"#, 7.0),
        ];
        assert_eq!(samples.collect::<Vec<_>>(), expected.map(|(series, value)| (series.to_owned(), value)));
    }
}
