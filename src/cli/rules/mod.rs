//! `kafka-vitals rules`: tools for people who write or migrate rules. Arguments in, text or JSON on standard output and
//! an exit code out.

mod arguments;
mod check;
mod compare;
mod diff;
mod dump;
mod explain;
mod explained;
mod exposition;
mod files;
mod live;
mod match_string;
mod why_not;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;
use serde::Serialize;

use crate::config::usage_line;
use arguments::{Arguments, Command};

/// What cannot be done ends with this; 1 means that something was found.
const FAILED: u8 = 2;

/// What a tool has to say.
struct Done {
    /// For standard output.
    text: String,
    /// Whether problems or differences were found.
    problems: bool,
}

/// Runs the tool that `arguments` (what follows `rules`) name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let program = OsString::from("kafka-vitals rules");
    let arguments = match Arguments::try_parse_from(std::iter::once(program).chain(arguments)) {
        Ok(arguments) => arguments,
        Err(error) => {
            let is_help = !error.use_stderr() || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
            if is_help {
                // A closed pipe is no error.
                let _ = error.print();
            } else {
                eprintln!("kafka-vitals: {}; see kafka-vitals rules --help", usage_line(&error));
            }
            return if error.use_stderr() { ExitCode::from(FAILED) } else { ExitCode::SUCCESS };
        }
    };
    match dispatch(arguments.command) {
        Ok(Done { text, problems }) => {
            // Whoever reads may stop early, as head does.
            let _ = std::io::stdout().write_all(text.as_bytes());
            if problems { ExitCode::FAILURE } else { ExitCode::SUCCESS }
        }
        Err(error) => {
            eprintln!("kafka-vitals: {error}");
            ExitCode::from(FAILED)
        }
    }
}

fn dispatch(command: Command) -> Result<Done, String> {
    match command {
        Command::Dump(arguments) => wait(dump::run(&arguments)),
        Command::Explain(arguments) => wait(explain::run(&arguments)),
        Command::Check(arguments) => check::run(&arguments),
        Command::Diff(arguments) => wait(diff::run(&arguments)),
    }
}

fn wait<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start threads: {error}"))?;
    runtime.block_on(work)
}

/// `1 rule`, `2 rules`.
fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Pretty-printed, with a line break at the end.
fn json(value: &impl Serialize) -> Result<String, String> {
    serde_json::to_string_pretty(value).map(|text| text + "\n").map_err(|error| format!("cannot write JSON: {error}"))
}
