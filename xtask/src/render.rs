//! `cargo xtask dashboards --render`: draws the dashboards to PNG with Grafana's own panel components, from a Prometheus that
//! runs or from the showcase. grafana/render does the drawing; Node and Chromium are needed for nothing else.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::build::workspace;
use crate::failure::Failure;
use crate::showcase::Showcase;
use crate::steps;
use crate::tools::{self, KAFKA, NATIVE_BUILD, Tool};

/// How long the showcase runs before the pictures are taken: long enough for a rebalance and for a group to fall behind.
const SHOWCASE: Duration = Duration::from_secs(240);
/// Where the pictures go, in the workspace.
const PICTURES: &str = "target/dashboards";

#[derive(Debug, PartialEq)]
struct Options<'a> {
    prometheus: Option<&'a str>,
    showcase: Duration,
    out: PathBuf,
    /// Boards, and options that grafana/render knows.
    others: Vec<&'a str>,
}

/// Draws the boards that `args` name, or all.
pub(crate) fn run(args: &[&str]) -> Result<(), Failure> {
    let here = env::current_dir().map_err(|error| Failure::new(format!("no current folder: {error}")))?;
    let options = parse(args, &here)?;
    tools::ensure(&[&[Tool::Node, Tool::Npm, Tool::Chromium]])?;
    let folder = workspace().join("grafana/render");
    install(&folder)?;
    test(&folder)?;
    let Some(prometheus) = options.prometheus else {
        tools::ensure(&[NATIVE_BUILD, KAFKA, &[Tool::Prometheus]])?;
        let mut showcase = Showcase::start()?;
        showcase.run_for(options.showcase)?;
        let from = format!("now-{}s", options.showcase.as_secs());
        // The showcase scrapes each broker in both layouts; those who look at boards have one of them.
        let defaults = [&Showcase::SINGLE_PAGE[..], &["--from", &from]].concat();
        return draw(&folder, &showcase.prometheus, &options, &defaults);
    };
    draw(&folder, prometheus, &options, &[])
}

/// `defaults` come first, so that what the caller says wins.
fn draw(folder: &Path, prometheus: &str, options: &Options<'_>, defaults: &[&str]) -> Result<(), Failure> {
    let mut command = npm(folder);
    command.args(["run", "--silent", "render", "--", "--prometheus", prometheus, "--out"]).arg(&options.out);
    command.arg("--dashboards").arg(workspace().join("grafana/dashboards"));
    steps::run(command.args(defaults).args(&options.others))
}

/// The drawing's own tests; quiet unless one fails.
fn test(folder: &Path) -> Result<(), Failure> {
    let mut command = npm(folder);
    command.args(["test", "--silent"]);
    let output = command.output();
    if let Ok(output) = &output
        && !output.status.success()
    {
        eprint!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    }
    steps::check(&command, output.map(|output| output.status))
}

/// Brings the packages of the lock file, unless those that are there came from the same one.
fn install(folder: &Path) -> Result<(), Failure> {
    let lock = folder.join("package-lock.json");
    let installed = folder.join("node_modules/.installed-package-lock.json");
    let wanted = fs::read(&lock).map_err(|error| Failure::new(format!("cannot read {}: {error}", lock.display())))?;
    if fs::read(&installed).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    println!("Installing Grafana's components into {}; 400 MB, once.", folder.join("node_modules").display());
    steps::run(npm(folder).args(["ci", "--loglevel", "error"]))?;
    fs::write(&installed, wanted)
        .map_err(|error| Failure::new(format!("cannot write {}: {error}", installed.display())))
}

fn npm(folder: &Path) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(folder);
    command
}

fn parse<'a>(args: &[&'a str], here: &Path) -> Result<Options<'a>, Failure> {
    let mut options =
        Options { prometheus: None, showcase: SHOWCASE, out: workspace().join(PICTURES), others: Vec::new() };
    let mut has_duration = false;
    let mut args = args.iter().copied();
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| Failure::usage(format!("{arg} needs a value")));
        match arg {
            "--prometheus" => options.prometheus = Some(value()?),
            "--out" => options.out = here.join(value()?),
            "--for" => {
                options.showcase = duration(value()?)?;
                has_duration = true;
            }
            other => options.others.push(other),
        }
    }
    if has_duration && options.prometheus.is_some() {
        return Err(Failure::usage("--for is for the showcase, which --prometheus does without"));
    }
    Ok(options)
}

/// `90s`, `4m` or `1h`.
fn duration(text: &str) -> Result<Duration, Failure> {
    let parsed = text.char_indices().last().and_then(|(at, unit)| {
        let number: u64 = text.get(..at)?.parse().ok()?;
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            _ => return None,
        };
        number.checked_mul(seconds).map(Duration::from_secs)
    });
    parsed.ok_or_else(|| Failure::usage(format!("`{text}` is not a time such as 90s or 4m")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_for_the_showcase_goes_to_the_drawing() {
        let args = ["--render-option", "x", "--out", "pictures", "--for", "90s", "kafka-vitals-groups"];
        let options = parse(&args, Path::new("/here")).unwrap();
        assert_eq!(options.out, Path::new("/here/pictures"));
        assert_eq!(options.showcase, Duration::from_secs(90));
        assert_eq!(options.others, ["--render-option", "x", "kafka-vitals-groups"]);
    }

    #[test]
    fn mistakes_are_told() {
        for args in [&["--for"][..], &["--for", "long"], &["--for", "4"], &["--for", "4m", "--prometheus", "http://x"]]
        {
            assert_eq!(parse(args, Path::new("/")).map_err(|failure| failure.code), Err(2), "{args:?}");
        }
    }
}
