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

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser as _};
use serde::Serialize;

use crate::config::usage_line;
use arguments::{Arguments, Command};

/// What cannot be done ends with this; 1 means that something was found.
const FAILED: u8 = 2;

/// What a tool has to say.
struct Done {
    /// For standard output.
    text: String,
    outcome: Outcome,
}

/// How it ends, which is the exit code.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// All is well.
    Fine,
    /// Problems or differences were found.
    Problems,
    /// Part of it could not be done, as the text says.
    Failed,
}

impl Outcome {
    fn of_problems(found: bool) -> Self {
        if found { Self::Problems } else { Self::Fine }
    }
}

/// Runs the tool that `arguments` (what follows `rules`) name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let program = OsString::from("kafka-vitals rules");
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let tool = arguments.first().and_then(|tool| tool.to_str()).unwrap_or_default().to_owned();
    let arguments = match Arguments::try_parse_from(std::iter::once(program).chain(arguments)) {
        Ok(arguments) => arguments,
        Err(error) => {
            let is_help = !error.use_stderr() || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
            if is_help {
                // A closed pipe is no error.
                let _ = error.print();
            } else {
                let is_tool = Arguments::command().find_subcommand(&tool).is_some();
                let tool = if is_tool { format!("{tool} ") } else { String::new() };
                eprintln!("kafka-vitals: {}; see kafka-vitals rules {tool}--help", usage_line(&error));
            }
            return if error.use_stderr() { ExitCode::from(FAILED) } else { ExitCode::SUCCESS };
        }
    };
    match dispatch(arguments.command) {
        Ok(Done { text, outcome }) => {
            // Whoever reads may stop early, as head does.
            let _ = std::io::stdout().write_all(text.as_bytes());
            match outcome {
                Outcome::Fine => ExitCode::SUCCESS,
                Outcome::Problems => ExitCode::FAILURE,
                Outcome::Failed => ExitCode::from(FAILED),
            }
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
