//! Builds kafka-vitals and the lab's binaries, and finds what was built.

use std::env;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::steps;

/// A cargo profile.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    Dev,
    Release,
}

/// The folder that holds built binaries.
pub(crate) struct Binaries(PathBuf);

/// `cargo` in the workspace.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(workspace());
    command
}

/// The workspace's folder.
pub(crate) fn workspace() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// Builds kafka-vitals and the binaries of the lab.
pub(crate) fn binaries(profile: Profile) -> Result<Binaries, Failure> {
    let mut command = cargo(&["build", "--package", "kafka-vitals", "--package", "kafka-lab", "--bins"]);
    if profile == Profile::Release {
        command.arg("--release");
    }
    steps::run(&mut command)?;
    // xtask itself was built in the dev profile, so that it lies where dev binaries go, whatever the target folder.
    let this = env::current_exe().map_err(|error| Failure::new(format!("cannot find the target folder: {error}")))?;
    let dev = this.parent().ok_or_else(|| Failure::new("cannot find the target folder"))?;
    Ok(Binaries(match profile {
        Profile::Dev => dev.to_path_buf(),
        Profile::Release => dev.with_file_name("release"),
    }))
}

impl Binaries {
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn command(&self, name: &str) -> Command {
        Command::new(self.path(name))
    }
}

/// Replaces this process by `command`: signals reach it directly and its exit code is ours. Returns only if that fails.
pub(crate) fn become_command(mut command: Command) -> Failure {
    let error = command.exec();
    Failure::new(format!("cannot start {}: {error}", Path::new(command.get_program()).display()))
}
