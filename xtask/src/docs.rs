//! `cargo xtask docs`: writes the documentation that is generated.

use std::fs;

use crate::build::{cargo, workspace};
use crate::failure::Failure;
use crate::steps;
use crate::tools::{self, NATIVE_BUILD};

/// Writes docs/metrics.md.
pub(crate) fn write() -> Result<(), Failure> {
    tools::ensure(&[NATIVE_BUILD])?;
    let mut command = cargo(&["run", "--quiet", "--example", "metrics_doc"]);
    command.stderr(std::process::Stdio::inherit());
    let output =
        command.output().map_err(|error| Failure::new(format!("cannot run cargo for docs/metrics.md: {error}")))?;
    steps::check(&command, Ok(output.status))?;
    let path = workspace().join("docs/metrics.md");
    fs::create_dir_all(workspace().join("docs"))
        .and_then(|()| fs::write(&path, output.stdout))
        .map_err(|error| Failure::new(format!("cannot write docs/metrics.md: {error}")))?;
    println!("docs/metrics.md is up to date");
    Ok(())
}
