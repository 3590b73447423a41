//! `cargo xtask`: runs the demo, the tests and the benchmarks, and installs what they need. It has no dependencies, so
//! that it compiles first and can speak on a bare machine.

#![allow(clippy::print_stdout, reason = "a command-line tool")]

mod apt;
mod build;
mod cache;
mod dashboards;
mod docs;
mod failure;
mod render;
mod showcase;
mod steps;
mod summary;
mod test;
mod tools;

use std::env;
use std::process::ExitCode;

use failure::Failure;
use tools::{KAFKA, NATIVE_BUILD, Tool};

const HELP: &str = "\
Usage: cargo xtask COMMAND

  demo [--for 60s]     start a real Kafka with traffic, kafka-vitals and Prometheus, and show a live table;
                       Ctrl-C ends all of it, --for ends by itself and fails if something did not show
  test [--full]        format, clippy, licences, unit tests, and tests against a real Kafka; --full adds the long ones
  bench scrape [ARG]   measure collections against three brokers, beside the agents that kafka-vitals replaces
  bench rules [ARG]    measure what jmx_exporter rules cost on one node, beside the agents with the same file
  bench scale [ARG]    measure how a collection's cost grows with partitions and groups, up to 100,000 partitions
  bench distance [ARG] count the round trips of a page when every broker is far away
  bench lag [ARG]      measure the search for lag in seconds: rounds of lookups, errors, and what it adds to a collection
  bench peers [ARG]    measure collections beside kminion and kafka_exporter (--kminion PATH --kafka-exporter PATH)
  dashboards           write grafana/dashboards from grafana/generator
  dashboards --render [--prometheus URL] [--for 4m] [--out DIR] [BOARD...]
                       draw the boards with Grafana's components, a PNG each, from live data: those of a Prometheus that
                       runs, or of a real Kafka with traffic that is started for this; see grafana/render/README.md
  docs                 write docs/metrics.md from the catalogue of metrics and the bundled rules

Each command first looks for the tools that it needs. What is missing it installs when run as root on Debian;
otherwise it says what to run.
";

fn main() -> ExitCode {
    let args: Vec<String> = env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect();
    match run(&args.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("cargo xtask: {}", failure.message);
            ExitCode::from(failure.code)
        }
    }
}

fn run(args: &[&str]) -> Result<(), Failure> {
    match args {
        [] => print!("{HELP}"),
        args if args.iter().any(|arg| ["-h", "--help"].contains(arg)) => print!("{HELP}"),
        ["demo", rest @ ..] => demo(rest)?,
        ["test"] => test::run(false)?,
        ["test", "--full"] => test::run(true)?,
        ["bench", what @ ("scrape" | "rules" | "scale" | "distance" | "lag" | "peers"), rest @ ..] => {
            bench(what, rest)?
        }
        ["dashboards"] => dashboards::write()?,
        ["dashboards", "--render", rest @ ..] => render::run(rest)?,
        ["docs"] => docs::write()?,
        _ => return Err(Failure::usage(format!("unknown command `{}`; see `cargo xtask --help`", args.join(" ")))),
    }
    Ok(())
}

/// Builds and becomes the demo. In the dev profile: its dependencies are optimised, it builds in half the time of a
/// release, and the tests find it built already.
fn demo(args: &[&str]) -> Result<(), Failure> {
    tools::ensure(&[NATIVE_BUILD, KAFKA, &[Tool::Prometheus]])?;
    println!("Building kafka-vitals and the demo; the first time this takes a few minutes.");
    let binaries = build::binaries(build::Profile::Dev)?;
    let prometheus = tools::find_in_path("prometheus").ok_or_else(|| Failure::new("prometheus is not in PATH"))?;
    let mut command = binaries.command("kafka-lab-demo");
    command.arg("--kafka-vitals").arg(binaries.path("kafka-vitals")).arg("--prometheus").arg(prometheus).args(args);
    Err(build::become_command(command))
}

/// Builds and becomes a benchmark, in the release profile.
fn bench(what: &str, args: &[&str]) -> Result<(), Failure> {
    tools::ensure(&[NATIVE_BUILD, KAFKA])?;
    println!("Building in the release profile; the first time this takes several minutes.");
    let binaries = build::binaries(build::Profile::Release)?;
    let mut command = binaries.command("kafka-lab-bench");
    command.arg(what).arg("--kafka-vitals").arg(binaries.path("kafka-vitals"));
    let bundled = build::workspace().join("rules/kafka.yaml");
    if what == "rules" && bundled.is_file() {
        command.arg("--rules").arg(bundled);
    }
    command.args(args);
    Err(build::become_command(command))
}
