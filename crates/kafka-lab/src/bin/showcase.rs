//! The showcase, to look at by hand: starts it, prints where everything is, and keeps it until this process ends.
//!
//! Output, one line per thing: a name, a blank, its address; `ready` when all of it is there.

use std::{
    io::{Write, stdout},
    path::PathBuf,
    process::ExitCode,
    thread::sleep,
    time::{Duration, Instant},
};

use clap::Parser;
use kafka_lab::{LabError, Result, showcase::Showcase};

/// How often to look whether everything still runs.
const WATCH: Duration = Duration::from_secs(1);

/// Starts three Kafka nodes with traffic and groups in every condition, kafka-vitals in both layouts and a Prometheus that scrapes them, and
/// keeps all of it until this process ends; nothing of it is left then.
#[derive(Parser)]
#[command(name = "kafka-lab-showcase")]
struct Arguments {
    /// The kafka-vitals executable
    #[arg(long, value_name = "PATH")]
    kafka_vitals: String,
    /// The Prometheus executable
    #[arg(long, value_name = "PATH", default_value = "prometheus")]
    prometheus: String,
    /// Files of recording and alerting rules for Prometheus; SIGHUP has it read them again
    #[arg(long, value_name = "FILE", num_args = 1..)]
    rules: Vec<PathBuf>,
    /// How often Prometheus scrapes and evaluates rules
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = humantime::parse_duration)]
    interval: Duration,
    /// Stop a broker for 15 s this often, one after the other
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    restart_every: Option<Duration>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kafka-lab-showcase: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let rules = arguments.rules.iter().map(|file| {
        file.canonicalize().map_err(|source| LabError::Io { what: format!("find {}", file.display()), source })
    });
    let mut showcase = Showcase::builder(&arguments.kafka_vitals)?
        .prometheus(&arguments.prometheus)
        .rules(rules.collect::<Result<Vec<_>>>()?)
        .interval(arguments.interval)
        .start()?;
    say(&addresses(&showcase))?;
    let mut restarted = Instant::now();
    let mut nodes = [3, 1, 2].into_iter().cycle();
    loop {
        sleep(WATCH);
        showcase.check()?;
        if arguments.restart_every.is_some_and(|every| restarted.elapsed() >= every)
            && let Some(node) = nodes.next()
        {
            say(&format!("restarting broker {node}"))?;
            showcase.restart_broker(node)?;
            restarted = Instant::now();
        }
    }
}

fn addresses(showcase: &Showcase) -> String {
    let cluster = showcase.cluster();
    let mut lines = vec![
        format!("prometheus {}", showcase.prometheus().url()),
        format!("prometheus-pid {}", showcase.prometheus().pid()),
        format!("single {}/metrics", showcase.single().url()),
        format!("split {0}/metrics/cluster {0}/sd", showcase.split().url()),
        format!("bootstrap {}", cluster.bootstrap()),
    ];
    lines.extend(
        cluster.nodes().iter().filter_map(|node| Some(format!("jolokia {} {}", node.id(), node.jolokia_url()?))),
    );
    lines.push(format!("folder {}", cluster.lab().folder().display()));
    lines.push("ready".into());
    lines.join("\n")
}

/// Also flushes, for those who read it through a pipe.
fn say(text: &str) -> Result<()> {
    let mut out = stdout().lock();
    let written = writeln!(out, "{text}").and_then(|()| out.flush());
    written.map_err(|source| LabError::Io { what: "write to standard output".into(), source })
}
