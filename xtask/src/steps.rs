//! Named steps, each with its time, and commands that must succeed.

use std::process::{Command, ExitStatus};
use std::time::Instant;

use crate::failure::Failure;

/// Does `work` under a heading and tells how long it took. A failure names the step.
pub(crate) fn step(name: &str, work: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    println!("\n==> {name}");
    let start = Instant::now();
    let mut result = work();
    let seconds = start.elapsed().as_secs_f64();
    match &mut result {
        Ok(()) => println!("    {name}: {seconds:.1} s"),
        Err(failure) => {
            failure.message = format!("{name} failed after {seconds:.1} s: {}", failure.message);
        }
    }
    result
}

/// Runs `command` to its end.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let result = command.status();
    check(command, result)
}

/// Turns a command's end into a failure that names it, unless it succeeded.
pub(crate) fn check(command: &Command, result: std::io::Result<ExitStatus>) -> Result<(), Failure> {
    match result {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::new(format!("`{}` ended with {status}", shown(command)))),
        Err(error) => Err(Failure::new(format!("cannot run `{}`: {error}", shown(command)))),
    }
}

/// The command as one would type it: the program without its folder.
fn shown(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    std::iter::once(name).chain(command.get_args()).map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
