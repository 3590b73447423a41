//! `kafka-vitals check`: what of the exporter's work would succeed. The flags of `serve` in; a report on standard output
//! and an exit code out.

mod advice;
mod gather;
mod grant;
mod observed;
mod probe;
mod report;
mod table;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use clap::{Arg, ArgAction, Command, CommandFactory as _};

use super::engine;
use crate::config::{Config, ConfigError, Flags, Invocation, from_command_line, usage_line};
use report::Report;

/// What keeps anything from being asked ends with this; 1 means that something is denied or failed.
const UNUSABLE: u8 = 2;

const ABOUT: &str = "\
Try everything that the exporter asks of Kafka and of the agents, once, and tell what works.

Takes the flags (and the configuration file) of the exporter itself and makes one real
collection with them: put `check` in front of the flags of a unit file. Listens nowhere.

Shows for each of Kafka's calls and each agent whether it works, what is denied, with the
kafka-acls.sh command that grants it, what the client or the brokers cannot be asked, what
failed otherwise and what to do about it, how long each took, and how many series each page
has. Ends within --scrape.timeout.

Examples:
  kafka-vitals check --kafka.server=broker1:9092 --jolokia.port=8778
  kafka-vitals check --config.file=/etc/kafka-vitals.yml
  kafka-vitals check --json --kafka.server=broker1:9092 | jq -r '.kafka.grants[]'

Exit codes: 0 = all that was asked for works, 1 = something is denied or failed, 2 = nothing
was asked (wrong arguments, or a file that cannot be used).

With --json: good, kafka {bootstrap, client, reason, security, mechanism, principal, calls
[{api, outcome (works, denied, failed, unsupported, untried), seconds, items, denied, failed,
detail}], grants [command]}, agents [{node, url, outcome, seconds, mbeans, detail}], notes,
pages [{path, series}].";

/// Checks by what `arguments` (what follows `check`) say.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let (own, flags): (Vec<OsString>, Vec<OsString>) =
        arguments.into_iter().partition(|argument| ["--json", "--help", "-h"].iter().any(|own| argument == own));
    if own.iter().any(|argument| argument != "--json") {
        let mut command = command();
        let is_long = own.iter().any(|argument| argument == "--help");
        // A closed pipe is no error.
        let _ = if is_long { command.print_long_help() } else { command.print_help() };
        return ExitCode::SUCCESS;
    }
    let config = match from_command_line(std::iter::once(OsString::from("kafka-vitals")).chain(flags)) {
        Ok(Invocation::Check(config) | Invocation::Serve(config)) => config,
        Err(ConfigError::Usage(error)) if !error.use_stderr() => {
            let _ = error.print();
            return ExitCode::SUCCESS;
        }
        Err(ConfigError::Usage(error)) => {
            return unusable(&format!("{}; see kafka-vitals check --help", usage_line(&error)));
        }
        Err(error) => return unusable(&error.to_string()),
    };
    match gather(*config) {
        Ok(report) => shown(&report, !own.is_empty()),
        Err(error) => unusable(&error),
    }
}

/// The flags of the exporter, and one of its own.
fn command() -> Command {
    let json = Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print the report as JSON");
    let about = ABOUT.split_once("\n\n").map_or(ABOUT, |(first, _)| first);
    let command = Flags::command().name("kafka-vitals check").bin_name("kafka-vitals check");
    command.about(about.to_owned()).long_about(ABOUT).arg(json.help_heading("Output"))
}

fn gather(config: Config) -> Result<Report, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start threads: {error}"))?;
    let report = runtime.block_on(gather::gather(config));
    // Dropping it would wait for calls into librdkafka that block until their time is over.
    runtime.shutdown_background();
    report
}

fn shown(report: &Report, as_json: bool) -> ExitCode {
    let text = if as_json {
        match serde_json::to_string_pretty(report) {
            Ok(json) => json + "\n",
            Err(error) => return unusable(&format!("cannot write JSON: {error}")),
        }
    } else {
        table::text(report)
    };
    // Whoever reads may stop early, as head does.
    let _ = std::io::stdout().write_all(text.as_bytes());
    if report.good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn unusable(error: &str) -> ExitCode {
    eprintln!("kafka-vitals: {error}");
    ExitCode::from(UNUSABLE)
}
