//! How long the rules take on the beans of a made-up node with 60,000 values: the first scrape, and those after it.
//! `cargo run --release --example rules_timing`

#![allow(clippy::print_stdout, reason = "a tool")]

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kafka_vitals::mbean::{Bean, Value};
use kafka_vitals::rules::{Evaluator, Rules};

type Beans = Vec<(String, Vec<(Cow<'static, str>, Value<'static>)>)>;

/// 10,000 partitions with 4 beans each, 1,600 meters and 1,200 histograms.
fn node() -> Beans {
    let mut beans = Beans::new();
    for partition in 0..10_000 {
        for name in ["Size", "LogStartOffset", "LogEndOffset", "NumLogSegments"] {
            let (topic, partition) = (partition / 10, partition % 10);
            let bean = format!("kafka.log:type=Log,name={name},topic=orders-{topic},partition={partition}");
            beans.push((bean, vec![("Value".into(), Value::Long(topic))]));
        }
    }
    let texts = |unit| {
        [("EventType", unit), ("RateUnit", "SECONDS")].map(|(name, text)| (name.into(), Value::String(text.into())))
    };
    for meter in 0..1600 {
        let bean = format!("kafka.server:type=BrokerTopicMetrics,name=M{}PerSec,topic=orders-{}", meter % 8, meter / 8);
        let rates = ["OneMinuteRate", "FiveMinuteRate", "FifteenMinuteRate", "MeanRate"];
        let mut attributes = vec![("Count".into(), Value::Long(meter))];
        attributes.extend(rates.map(|rate| (rate.into(), Value::Double(0.5))));
        attributes.extend(texts("bytes"));
        beans.push((bean, attributes));
    }
    for histogram in 0..1200 {
        let bean =
            format!("kafka.network:type=RequestMetrics,name=Time{}Ms,request=Request{}", histogram % 8, histogram / 8);
        let names = ["50th", "75th", "95th", "98th", "99th", "999th"].map(|percent| format!("{percent}Percentile"));
        let mut attributes: Vec<_> = names.into_iter().map(|name| (name.into(), Value::Double(1.5))).collect();
        attributes.extend(["Count", "Max", "Mean", "Min"].map(|name| (name.into(), Value::Double(2.5))));
        beans.push((bean, attributes));
    }
    beans
}

/// 1,990 rules that hit nothing before ten that hit everything.
fn two_thousand() -> String {
    let mut text = "rules:\n".to_owned();
    for rule in 0..1990 {
        let _ = write!(
            text,
            "- pattern: kafka.(\\w+)<type=Kind{rule}, name=(.+)PerSec\\w*, topic=(.+), partition=(.+)><>(Count|Value)\n  name: kafka_$1_{rule}_$2\n  labels: {{topic: $3, partition: $4}}\n"
        );
    }
    for rule in 0..9 {
        let _ = write!(
            text,
            "- pattern: kafka.(\\w+)<type=(.+), name=(.+), (.+)=(.+){rule}, (.+)=(.+)><>(\\w+)\n  name: kafka_$1_$2_$3_$8\n  labels: {{$4: \"$5{rule}\", $6: $7}}\n"
        );
    }
    text.push_str("- pattern: .*\n");
    text
}

const STRIMZI_LIKE: &str = r#"
lowercaseOutputName: true
rules:
- pattern: kafka.server<type=(.+), name=(.+), clientId=(.+), topic=(.+), partition=(.*)><>Value
  name: kafka_server_$1_$2
  type: GAUGE
  labels: {clientId: "$3", topic: "$4", partition: "$5"}
- pattern: kafka.(\w+)<type=(.+), name=(.+)Percent\w*><>MeanRate
  name: kafka_$1_$2_$3_percent
  type: GAUGE
- pattern: kafka.(\w+)<type=(.+), name=(.+)PerSec\w*, (.+)=(.+), (.+)=(.+)><>Count
  name: kafka_$1_$2_$3_total
  type: COUNTER
  labels: {"$4": "$5", "$6": "$7"}
- pattern: kafka.(\w+)<type=(.+), name=(.+)PerSec\w*, (.+)=(.+)><>Count
  name: kafka_$1_$2_$3_total
  type: COUNTER
  labels: {"$4": "$5"}
- pattern: kafka.(\w+)<type=(.+), name=(.+), (.+)=(.+), (.+)=(.+)><>Value
  name: kafka_$1_$2_$3
  type: GAUGE
  labels: {"$4": "$5", "$6": "$7"}
- pattern: kafka.(\w+)<type=(.+), name=(.+), (.+)=(.*)><>(\d+)thPercentile
  name: kafka_$1_$2_$3
  type: GAUGE
  labels: {"$4": "$5", quantile: "0.$6"}
"#;

fn scrape(evaluator: &mut Evaluator, beans: &Beans, learn: Duration) -> (Duration, usize, usize) {
    let start = Instant::now();
    evaluator.begin(start + learn);
    for (name, attributes) in beans {
        evaluator.bean(&Bean { name, attributes });
    }
    let evaluation = evaluator.finish();
    let time = start.elapsed();
    (time, evaluation.families.iter().map(|family| family.samples.len()).sum(), evaluation.pending_beans)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let beans = node();
    let two_thousand = two_thousand();
    for (what, text) in [
        (".*", "rules: [{pattern: .*}]"),
        ("30 percent hit", STRIMZI_LIKE),
        ("2,000 rules", two_thousand.as_str()),
        ("none", "rules: []"),
        (".* sees the value", "rules: [{pattern: '^(.+)<>(.*): (.*)', name: x_$2, labels: {l: $1}}]"),
    ] {
        let start = Instant::now();
        let rules = Arc::new(Rules::load(text, what)?);
        let mut evaluator = Evaluator::new(rules);
        let compiled = start.elapsed();
        let (cold, series, pending) = scrape(&mut evaluator, &beans, Duration::from_secs(600));
        let mut steady: Vec<Duration> =
            (0..11).map(|_| scrape(&mut evaluator, &beans, Duration::from_secs(600)).0).collect();
        steady.sort_unstable();
        println!(
            "{what}: compiled in {compiled:?}, first {cold:?}, then {:?} (best {:?}); {series} series, {pending} beans pending",
            steady[5], steady[0]
        );
    }
    Ok(())
}
