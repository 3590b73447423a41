//! Tools that no Debian package brings, in `kafka-vitals/tools` of the user's cache folder.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::build::workspace;
use crate::failure::Failure;
use crate::steps;

const CARGO_DENY: &str = "0.20.2";
const PROMETHEUS_CLIENT: &str = "0.26.0";

fn folder() -> Result<PathBuf, Failure> {
    let cache = env::var_os("XDG_CACHE_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
    let home = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let cache = cache.or_else(home).ok_or_else(|| Failure::new("neither XDG_CACHE_HOME nor HOME is set"))?;
    Ok(cache.join("kafka-vitals/tools"))
}

/// A Python environment with prometheus_client, whose OpenMetrics parser judges our pages, and with what the generator of the
/// dashboards is built on. What it was made with stands in a file of it.
pub(crate) fn ensure_python() -> Result<(), Failure> {
    let environment = folder()?.join("python");
    let generator = workspace().join("grafana/generator/requirements.txt");
    let requirements = fs::read_to_string(&generator)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", generator.display())))?;
    let wanted = format!("{requirements}prometheus_client=={PROMETHEUS_CLIENT}\n");
    let installed = environment.join("requirements.txt");
    if fs::read_to_string(&installed).is_ok_and(|found| found == wanted)
        && succeeds(Command::new(environment.join("bin/python")).args(["-c", "import prometheus_client, yaml"]))
    {
        return Ok(());
    }
    println!("Installing prometheus_client and grafana-foundation-sdk for Python into {}", environment.display());
    steps::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment))?;
    steps::run(
        Command::new(environment.join("bin/python"))
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            .arg(format!("prometheus_client=={PROMETHEUS_CLIENT}"))
            .arg("--requirement")
            .arg(&generator),
    )?;
    fs::write(&installed, wanted)
        .map_err(|error| Failure::new(format!("cannot write {}: {error}", installed.display())))
}

/// Python of that environment, in the workspace.
pub(crate) fn python() -> Result<Command, Failure> {
    let mut command = Command::new(folder()?.join("python/bin/python"));
    command.current_dir(workspace()).env("PYTHONDONTWRITEBYTECODE", "1");
    Ok(command)
}

/// cargo-deny, which checks licences and duplicate dependencies.
pub(crate) fn ensure_cargo_deny() -> Result<(), Failure> {
    let folder = folder()?;
    let installed = Command::new(folder.join("bin/cargo-deny")).arg("--version").output();
    if installed.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).trim().ends_with(CARGO_DENY)) {
        return Ok(());
    }
    println!("Installing cargo-deny {CARGO_DENY} into {}; this takes a few minutes, once.", folder.display());
    let mut cargo = crate::build::cargo(&["install", "--locked", "--version", CARGO_DENY, "--root"]);
    steps::run(cargo.arg(&folder).arg("cargo-deny"))
}

/// The installed cargo-deny, in the workspace.
pub(crate) fn cargo_deny(args: &[&str]) -> Result<Command, Failure> {
    let mut command = Command::new(folder()?.join("bin/cargo-deny"));
    command.args(args).current_dir(workspace());
    Ok(command)
}

fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
