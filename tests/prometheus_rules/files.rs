//! The files under test, and running a program on them.

use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) const ALERTS: &str = "prometheus/rules/alerts.yml";
pub(crate) const RECORDING: &str = "prometheus/rules/recording.yml";
pub(crate) const ALERTMANAGER: &str = "prometheus/alertmanager.yml";
const TESTS: &str = "prometheus/tests";

pub(crate) fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

pub(crate) fn text(file: &str) -> String {
    std::fs::read_to_string(path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// promtool's tests, in order.
pub(crate) fn tests() -> Vec<PathBuf> {
    let folder = std::fs::read_dir(path(TESTS)).unwrap();
    let mut files: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Runs it to its end; what it says is the failure.
pub(crate) fn succeeds(command: &mut Command) {
    let program = command.get_program().to_owned();
    let output = command.output().unwrap_or_else(|error| {
        panic!("{}: {error}: `apt-get install prometheus`, or run `cargo xtask test`", program.display())
    });
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(output.status.success(), "{said}");
}
