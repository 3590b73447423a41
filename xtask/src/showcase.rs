//! The lab's showcase: a real Kafka with traffic and groups in every condition, kafka-vitals and Prometheus.

use std::fs;
use std::io::{BufRead, BufReader, Lines};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use crate::build::{self, workspace};
use crate::failure::Failure;
use crate::tools;

/// Runs until it is dropped; the lab then ends all that belongs to it.
pub(crate) struct Showcase {
    process: Child,
    /// Kept open, so that it can go on writing.
    output: Lines<BufReader<ChildStdout>>,
    /// Its Prometheus' URL.
    pub(crate) prometheus: String,
}

impl Showcase {
    /// The dashboards' variables that choose the single page, of the two layouts that are scraped: the split pages, and what
    /// rules make of them, have a label `cluster`.
    pub(crate) const SINGLE_PAGE: [&str; 4] = ["--var", "job=kafka-vitals", "--var", "cluster="];

    /// Builds and starts it, with the rules of the repository, and waits until all of it is there.
    pub(crate) fn start() -> Result<Self, Failure> {
        println!("Building kafka-vitals and the showcase; the first time this takes a few minutes.");
        let binaries = build::binaries(build::Profile::Dev)?;
        let prometheus = tools::find_in_path("prometheus").ok_or_else(|| Failure::new("prometheus is not in PATH"))?;
        let mut command = binaries.command("kafka-lab-showcase");
        command.arg("--kafka-vitals").arg(binaries.path("kafka-vitals")).arg("--prometheus").arg(prometheus);
        command.arg("--rules").args(rules()?).stdout(Stdio::piped());
        println!("Starting Kafka, kafka-vitals and Prometheus");
        let mut process =
            command.spawn().map_err(|error| Failure::new(format!("cannot start the showcase: {error}")))?;
        let output = process.stdout.take().ok_or_else(|| Failure::new("the showcase has no output"))?;
        let mut showcase = Self { process, output: BufReader::new(output).lines(), prometheus: String::new() };
        showcase.wait_until_ready()?;
        Ok(showcase)
    }

    /// Lets time pass, for something to be seen on the boards.
    pub(crate) fn run_for(&mut self, duration: Duration) -> Result<(), Failure> {
        println!("{} shows the data; the pictures are taken in {} s", self.prometheus, duration.as_secs());
        let end = Instant::now() + duration;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            self.check()?;
            std::thread::sleep(left.min(Duration::from_secs(1)));
        }
        Ok(())
    }

    /// Reads its lines, a name and an address each, up to `ready`.
    fn wait_until_ready(&mut self) -> Result<(), Failure> {
        for line in self.output.by_ref() {
            let line = line.map_err(|error| Failure::new(format!("cannot read what the showcase says: {error}")))?;
            match line.split_once(' ') {
                Some(("prometheus", url)) => self.prometheus = url.into(),
                None if line == "ready" => return Ok(()),
                _ => {}
            }
        }
        Err(Failure::new("the showcase did not come up; see above"))
    }

    fn check(&mut self) -> Result<(), Failure> {
        match self.process.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(Failure::new(format!("the showcase ended with {status}; see above"))),
            Err(error) => Err(Failure::new(format!("cannot watch the showcase: {error}"))),
        }
    }
}

impl Drop for Showcase {
    fn drop(&mut self) {
        // It has no other way to end, and its lab cleans up whatever becomes of it.
        let ended = self.process.kill().and_then(|()| self.process.wait());
        if let Err(error) = ended {
            eprintln!("cannot end the showcase: {error}");
        }
    }
}

/// The rule files of the repository.
fn rules() -> Result<Vec<PathBuf>, Failure> {
    let folder = workspace().join("prometheus/rules");
    let files = fs::read_dir(&folder)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>())
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", folder.display())))?;
    Ok(files.into_iter().filter(|file| file.extension().is_some_and(|extension| extension == "yml")).collect())
}
