//! How the names of the bundled sets differ: the same attributes of MBeans, tried with each set.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::mbean::{Bean, Value};
use crate::rules::{Rules, Trial, Verdict, read};

const SETS: [&str; 4] = ["bundled:kafka", "bundled:strimzi", "bundled:confluent", "bundled:all"];

/// Examples: an MBean and one of its attributes.
const EXAMPLES: [(&str, &str); 14] = [
    ("kafka.server:type=BrokerTopicMetrics,name=MessagesInPerSec", "Count"),
    ("kafka.server:type=BrokerTopicMetrics,name=BytesInPerSec,topic=orders", "Count"),
    ("kafka.server:type=ReplicaManager,name=UnderReplicatedPartitions", "Value"),
    ("kafka.network:type=RequestMetrics,name=TotalTimeMs,request=Produce", "99thPercentile"),
    ("kafka.network:type=RequestMetrics,name=TotalTimeMs,request=Produce", "Count"),
    ("kafka.network:type=RequestMetrics,name=RequestsPerSec,request=Produce,version=11", "Count"),
    ("kafka.network:type=SocketServer,name=NetworkProcessorAvgIdlePercent", "Value"),
    ("kafka.server:type=KafkaRequestHandlerPool,name=RequestHandlerAvgIdlePercent", "MeanRate"),
    ("kafka.server:type=KafkaRequestHandlerPool,name=RequestHandlerAvgIdlePercent", "OneMinuteRate"),
    ("kafka.server:type=socket-server-metrics,listener=PLAINTEXT,networkProcessor=0", "connection-count"),
    ("kafka.server:type=raft-metrics", "high-watermark"),
    ("kafka.server:type=group-coordinator-metrics", "offset-commit-count"),
    ("kafka.controller:type=KafkaController,name=ActiveControllerCount", "Value"),
    ("kafka.log:type=Log,name=Size,topic=orders,partition=0", "Value"),
];

const INTRODUCTION: &str = "
## The other sets

`--jmx.rules=bundled:strimzi`, `bundled:confluent` and `bundled:all` give MBeans the names that the dashboards of Strimzi and Confluent
are made for, or all numbers in jmx_exporter's default format. The dashboards and alerts that come with kafka-vitals are made for
`bundled:kafka`. Examples; `–` is what the set leaves out. `kafka-vitals rules explain` tells it of any other MBean.
";

/// The section on the other sets.
pub(super) fn comparison() -> Result<String, String> {
    let mut text = String::from(INTRODUCTION);
    // Writing to a String cannot fail.
    let _ = write!(text, "\n| MBean | {} |\n|---|---|---|---|---|\n", SETS.map(|set| format!("`{set}`")).join(" | "));
    let load = |set: &str| Rules::load(&read(set)?, set).map_err(|error| error.to_string());
    let mut trials = SETS.iter().map(|set| Ok(Trial::new(Arc::new(load(set)?)))).collect::<Result<Vec<_>, String>>()?;
    for (bean, attribute) in EXAMPLES {
        let cells: Vec<_> = trials.iter_mut().map(|trial| series(trial, bean, attribute)).collect();
        let _ = writeln!(text, "| {bean} {attribute} | {} |", cells.join(" | "));
    }
    Ok(text)
}

/// The series that comes of the attribute.
fn series(trial: &mut Trial, bean: &str, attribute: &str) -> String {
    let attributes = [(Cow::Borrowed(attribute), Value::Long(1))];
    let tried = trial.bean(&Bean { name: bean, attributes: &attributes });
    match tried.first().map(|tried| &tried.verdict) {
        Some(Verdict::Rule { result: Ok(family), .. }) => {
            let labels = family.samples.first().map(|sample| sample.labels.as_str()).unwrap_or_default();
            let labels = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
            format!("`{}{labels}`", family.name)
        }
        _ => "–".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_example_has_a_name_in_one_set_at_least() {
        let text = comparison().unwrap();
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| kafka.")).collect();
        assert_eq!(rows.len(), EXAMPLES.len());
        for row in rows {
            assert!(row.contains("`kafka_"), "{row}");
        }
    }
}
