//! Limits on series. In: families; out: the same with no more series than they may have, and what was left out.

use crate::config::SeriesLimits;
use crate::metrics::catalogue::exporter;
use crate::metrics::{Family, Labels, count_value};

/// Leaves the first series of each family, which are in ascending order of their labels: what is kept is the same at each
/// scrape as long as nothing comes or goes. Returned is how many are gone, for every family that has a limit.
pub fn apply(families: &mut [Family], limits: &SeriesLimits) -> Family {
    let mut dropped = exporter::SERIES_DROPPED.family();
    // What tells of the exporter itself is never too much.
    for family in families.iter_mut().filter(|family| !family.name.starts_with("kafka_vitals_")) {
        if let Some(limit) = limits.of(&family.name) {
            let gone = family.truncate(limit);
            dropped.push(Labels::new([("family", &*family.name)]), count_value(gone));
        }
    }
    dropped
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::config::{Invocation, from_command_line};
    use crate::metrics::{MetricType, Table};

    #[test]
    fn what_is_beyond_a_limit_goes_and_is_counted_for_its_family() {
        let flags = ["kafka-vitals", "--kafka.server=h:1", "--series.limit=2,kafka_topic_partition_leader=1"];
        let Invocation::Serve(config) = from_command_line(flags.map(OsString::from)).unwrap() else {
            panic!("not asked for")
        };
        let mut listed = Family::new("kafka_topic_partitions", MetricType::Gauge, "");
        ["a", "b", "c"].iter().for_each(|topic| listed.push(Labels::new([("topic", *topic)]), 1.0));
        let mut table: Table<1> = Table::new("partition", 0);
        let mut block = table.block([("topic", "a")]);
        (0..5).for_each(|id| block.push(id, [Some(1.0)]));
        let [column] = table.into_columns();
        let leaders = Family::new("kafka_topic_partition_leader", MetricType::Gauge, "").with_column(column);
        let few = Family::new("kafka_brokers", MetricType::Gauge, "");

        let mut families = [listed, leaders, few];
        let dropped = apply(&mut families, &config.limits);
        assert_eq!(families.iter().map(Family::len).collect::<Vec<_>>(), [2, 1, 0]);
        assert_eq!(families[0].samples[1].labels.as_str(), r#"topic="b""#);
        let dropped: Vec<_> = dropped.samples.iter().map(|one| (one.labels.as_str(), one.value)).collect();
        let label = [
            r#"family="kafka_topic_partitions""#,
            r#"family="kafka_topic_partition_leader""#,
            r#"family="kafka_brokers""#,
        ];
        assert_eq!(dropped, [(label[0], 1.0), (label[1], 4.0), (label[2], 0.0)]);
        assert!(apply(&mut families, &SeriesLimits::default()).is_empty());
    }
}
