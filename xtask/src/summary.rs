//! Counts what `cargo test` reports, while its output passes through.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use crate::failure::Failure;
use crate::steps;

/// Tests over all test binaries.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Summary {
    /// Runs a `cargo test`, shows its output as it comes and adds up its closing lines.
    pub(crate) fn run(&mut self, command: &mut Command) -> Result<(), Failure> {
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| Failure::new(format!("cannot run cargo test: {error}")))?;
        if let Some(output) = child.stdout.take() {
            let mut shown = std::io::stdout().lock();
            // By bytes: what a test prints need not be UTF-8.
            for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                self.add(&String::from_utf8_lossy(&line));
                // A terminal that went away is no reason to stop counting.
                drop(shown.write_all(&line).and_then(|()| shown.write_all(b"\n")));
            }
        }
        let result = child.wait();
        steps::check(command, result)
    }

    /// Adds a line such as `test result: ok. 20 passed; 1 failed; 0 ignored; ...`; ignores any other.
    fn add(&mut self, line: &str) {
        let Some((_, counts)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")) else {
            return;
        };
        for count in counts.split("; ") {
            match count.split_once(' ') {
                Some((number, "passed")) => self.passed += number.parse().unwrap_or(0),
                Some((number, "failed")) => self.failed += number.parse().unwrap_or(0),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_added_up_and_others_ignored() {
        let mut summary = Summary::default();
        for line in [
            "running 3 tests",
            "test result: ok. 20 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test a_test::of_7 passed; ... ok",
            "test result: FAILED. 2 passed; 1 failed; 4 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "",
        ] {
            summary.add(line);
        }
        assert_eq!(summary, Summary { passed: 22, failed: 1 });
    }
}
