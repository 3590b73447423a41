//! The demo: a real Kafka with traffic, kafka-vitals and Prometheus, and a live table of what Prometheus got from it.
//!
//! In: the path of kafka-vitals. Out: addresses, queries to try, and one line of figures every few seconds, all queried from Prometheus.

use std::{
    io::{Write, stdout},
    process::{ExitCode, exit},
    thread::{self, sleep},
    time::{Duration, Instant},
};

use clap::Parser;
use kafka_lab::{
    Cluster, Jolokia, Kafka, LabError, NewTopic, Phase, Prometheus, Result, Traffic, Vitals, tools, wait_until,
};

const TOPIC: &str = "orders";
/// Falls behind and recovers, over and over.
const UNSTEADY: &str = "billing";
/// Keeps up.
const HEALTHY: &str = "shipping";
const RECORDS_PER_SECOND: u32 = 500;
/// Between two lines of the table.
const TICK: Duration = Duration::from_secs(5);

const MESSAGES: &str = r#"sum(rate(kafka_server_brokertopicmetrics_messagesin_total{topic=""}[10s]))"#;
const PRODUCE: &str = r#"max(kafka_network_requestmetrics_totaltimems{quantile="0.99",request="Produce"})"#;
const HEAP: &str = r#"sum(jvm_memory_bytes_used{area="heap"})"#;
const LAG: &str = "sum by (consumergroup) (kafka_consumergroup_lag_sum)";

/// What to look at in Prometheus, with the query.
const TO_TRY: [(&str, &str); 3] = [
    (
        "messages in per second, by topic",
        r#"sum by (topic) (rate(kafka_server_brokertopicmetrics_messagesin_total{topic!=""}[1m]))"#,
    ),
    ("the slowest five requests (p99, ms)", r#"topk(5, kafka_network_requestmetrics_totaltimems{quantile="0.99"})"#),
    ("lag of each group, in records", "kafka_consumergroup_lag_sum"),
];

/// Starts a real Kafka 4.3.0 with traffic, kafka-vitals and Prometheus, and shows what Prometheus sees. Ctrl-C ends all of it.
#[derive(Parser)]
#[command(name = "kafka-lab-demo")]
struct Arguments {
    /// The kafka-vitals executable
    #[arg(long, value_name = "PATH")]
    kafka_vitals: String,
    /// The Prometheus executable
    #[arg(long, value_name = "PATH", default_value = "prometheus")]
    prometheus: String,
    /// End after this time (such as 60s), and fail if a figure did not show
    #[arg(long = "for", value_name = "TIME", value_parser = humantime::parse_duration)]
    limit: Option<Duration>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    end_on_interrupt(arguments.limit.is_some());
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kafka-lab-demo: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Says goodbye on Ctrl-C. All that was started ends with this process anyhow. tokio for the signal: a handler of our own needs unsafe code.
fn end_on_interrupt(unfinished: bool) {
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        if runtime.and_then(|runtime| runtime.block_on(tokio::signal::ctrl_c())).is_ok() {
            eprintln!("\nkafka-lab-demo: ending Kafka, kafka-vitals and Prometheus; their data is removed");
            exit(if unfinished { 130 } else { 0 });
        }
    });
}

fn run(arguments: &Arguments) -> Result<()> {
    // Before Kafka is started for nothing.
    let vitals = Vitals::find(&arguments.kafka_vitals)?;
    let prometheus = tools::find(&arguments.prometheus, "prometheus")?;

    say("starting Kafka 4.3.0 with Jolokia 2.5.0 ...")?;
    let cluster = Cluster::builder().jolokia(Jolokia::V2_5_0).start()?;
    let kafka = cluster.kafka();
    kafka.create_topics(&[NewTopic::new(TOPIC, 6)])?;
    let _traffic = traffic(kafka)?;
    say("starting kafka-vitals and Prometheus ...")?;
    let mut vitals = Vitals::start(cluster.lab(), &vitals, &vitals_arguments(&cluster))?;
    let mut prometheus =
        Prometheus::start_program(cluster.lab(), &prometheus.to_string_lossy(), &configuration(vitals.address()))?;

    say(&format!("\n  Kafka         {}", cluster.bootstrap()))?;
    say(&format!("  kafka-vitals  http://{}/metrics", vitals.address()))?;
    say(&format!("  Prometheus    {}\n\nqueries to try there:\n", prometheus.url()))?;
    for (what, query) in TO_TRY {
        say(&format!("  {what}\n    {query}"))?;
    }
    say("\nCtrl-C ends all of it.\n")?;
    // Prometheus takes its time before the first scrape.
    wait_until(Duration::from_secs(30), "the first scrape", || match prometheus.targets() {
        Ok(targets) if targets.iter().any(|target| target.health != "unknown") => Ok(()),
        Ok(targets) => Err(format!("{targets:?}")),
        Err(error) => Err(error.to_string()),
    })?;
    say(HEAD)?;

    let start = Instant::now();
    let mut seen = Seen::default();
    while arguments.limit.is_none_or(|limit| start.elapsed() < limit) {
        let left = arguments.limit.map_or(TICK, |limit| limit.saturating_sub(start.elapsed()));
        sleep(TICK.min(left));
        vitals.check()?;
        prometheus.check()?;
        let figures = Figures::query(&prometheus)?;
        seen.note(&figures);
        say(&figures.line(start.elapsed()))?;
    }
    let missing = seen.missing();
    if missing.is_empty() {
        say("\nall four figures came through Prometheus")
    } else {
        Err(LabError::Input(format!(
            "no value was seen of: {}; kafka-vitals logged:\n{}",
            missing.join(", "),
            vitals.log_text()
        )))
    }
}

/// Also flushes, for those who read it through a pipe.
fn say(line: &str) -> Result<()> {
    let mut out = stdout().lock();
    let written = writeln!(out, "{line}").and_then(|()| out.flush());
    written.map_err(|source| LabError::Io { what: "write to standard output".into(), source })
}

fn traffic(kafka: &Kafka) -> Result<Traffic> {
    let phase = |seconds, records_per_second| Phase { duration: Duration::from_secs(seconds), records_per_second };
    let mut traffic = Traffic::produce(kafka, TOPIC, RECORDS_PER_SECOND)?;
    traffic.consume(kafka, HEALTHY, TOPIC, &[phase(60, None)])?;
    traffic.consume(
        kafka,
        UNSTEADY,
        TOPIC,
        &[phase(5, None), phase(20, Some(RECORDS_PER_SECOND / 5)), phase(10, None)],
    )?;
    Ok(traffic)
}

/// Scraped every 2 s here, faster than one should: by default it would show the same figures two or three times.
fn vitals_arguments(cluster: &Cluster) -> [String; 3] {
    [
        format!("--kafka.server={}", cluster.bootstrap()),
        format!("--jolokia.port={}", cluster.jolokia_port()),
        "--scrape.reuse=0s".into(),
    ]
}

fn configuration(vitals: &str) -> String {
    format!(
        "global: {{scrape_interval: 2s, scrape_timeout: 2s}}\n\
         scrape_configs:\n\
         - job_name: kafka\n  static_configs: [{{targets: ['{vitals}']}}]\n"
    )
}

/// One line of the table; `None` where Prometheus has no number yet.
#[derive(Debug, Default)]
struct Figures {
    messages_per_second: Option<f64>,
    produce_ms: Option<f64>,
    heap_bytes: Option<f64>,
    lags: [Option<f64>; 2],
}

const HEAD: &str = "    time  messages in/s  produce p99  heap used  lag billing  lag shipping";

impl Figures {
    fn query(prometheus: &Prometheus) -> Result<Self> {
        let number = |value: f64| value.is_finite().then_some(value);
        let single = |query| Ok(prometheus.query(query)?.first().and_then(|sample| number(sample.value)));
        let lags = prometheus.query(LAG)?;
        let lag = |group: &str| {
            let sample =
                lags.iter().find(|sample| sample.labels.get("consumergroup").is_some_and(|name| name == group));
            sample.and_then(|sample| number(sample.value))
        };
        Ok(Self {
            messages_per_second: single(MESSAGES)?,
            produce_ms: single(PRODUCE)?,
            heap_bytes: single(HEAP)?,
            lags: [lag(UNSTEADY), lag(HEALTHY)],
        })
    }

    fn line(&self, elapsed: Duration) -> String {
        let show = |value: Option<f64>, decimals: usize, unit: &str| match value {
            Some(value) => format!("{value:.decimals$}{unit}"),
            None => "-".into(),
        };
        format!(
            "{:>8}  {:>13}  {:>11}  {:>9}  {:>11}  {:>12}",
            format!("{} s", elapsed.as_secs()),
            show(self.messages_per_second, 0, ""),
            show(self.produce_ms, 1, " ms"),
            show(self.heap_bytes.map(|bytes| bytes / f64::from(1 << 20)), 0, " MiB"),
            show(self.lags[0], 0, ""),
            show(self.lags[1], 0, ""),
        )
    }
}

/// Which of the four figures showed a value that can be true under this traffic.
#[derive(Debug, Default)]
struct Seen {
    messages: bool,
    produce: bool,
    heap: bool,
    lags: [bool; 2],
}

impl Seen {
    fn note(&mut self, figures: &Figures) {
        let positive = |value: Option<f64>| value.is_some_and(|value| value > 0.0);
        self.messages |= positive(figures.messages_per_second);
        self.produce |= positive(figures.produce_ms);
        self.heap |= positive(figures.heap_bytes);
        for (seen, lag) in self.lags.iter_mut().zip(figures.lags) {
            // A group that keeps up may have none.
            *seen |= lag.is_some_and(|lag| lag >= 0.0);
        }
    }

    fn missing(&self) -> Vec<&'static str> {
        let all = [
            (self.messages, "messages in per second"),
            (self.produce, "p99 of produce requests"),
            (self.heap, "heap used"),
            (self.lags[0], "lag of group billing"),
            (self.lags[1], "lag of group shipping"),
        ];
        all.into_iter().filter(|(seen, _)| !seen).map(|(_, name)| name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stands_under_its_head_and_shows_what_is_missing_as_a_dash() {
        let figures =
            Figures { messages_per_second: Some(499.7), heap_bytes: Some(209_715_200.0), ..Figures::default() };
        let line = figures.line(Duration::from_secs(5));
        assert_eq!(line.len(), HEAD.len());
        assert_eq!(line.split_whitespace().collect::<Vec<_>>(), ["5", "s", "500", "-", "200", "MiB", "-", "-"]);
    }

    #[test]
    fn what_never_showed_is_named() {
        let mut seen = Seen::default();
        seen.note(&Figures { messages_per_second: Some(0.0), lags: [None, Some(0.0)], ..Figures::default() });
        seen.note(&Figures { produce_ms: Some(2.0), ..Figures::default() });
        assert_eq!(seen.missing(), ["messages in per second", "heap used", "lag of group billing"]);
    }
}
