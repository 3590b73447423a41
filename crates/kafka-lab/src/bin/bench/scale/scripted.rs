//! A scripted cluster of 60 brokers in a process of its own, up to 100,000 partitions and 300,000 committed offsets.

use std::env;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use kafka_lab::{Guarded, Lab, LabError, Result, http};
use serde_json::Value;

use super::{Bench, Subject, facts::Facts, points::Points};
use crate::measure::Meter;

pub(crate) const NAME: &str = "scripted";

const BROKERS: i32 = 60;

/// Topics of ten partitions, and groups of 60 committed offsets.
const SIZES: [(usize, usize); 3] = [(100, 50), (1000, 500), (10_000, 5000)];

pub(crate) fn run(bench: &Bench, points: &mut Points) -> Result<()> {
    let lab = Lab::new()?;
    for (topics, groups) in SIZES {
        eprintln!("{BROKERS} scripted brokers with {topics} topics of ten partitions and {groups} groups ...");
        let scripted = Scripted::start(&lab, BROKERS, topics, groups, 60)?;
        let subject = Subject {
            lab: &lab,
            name: NAME,
            brokers: BROKERS,
            bootstrap: &scripted.bootstrap,
            facts: scripted.facts()?,
        };
        let vitals = bench.start_both(&lab, subject.bootstrap)?;
        let requests = || scripted.requests().map(Some);
        bench.measure(&subject, |vitals| Ok(Meter::of_exporter(&vitals.process)), requests, &vitals, points)?;
    }
    Ok(())
}

/// A scripted cluster.
pub(crate) struct Scripted {
    _process: Guarded,
    pub(crate) bootstrap: String,
    control: String,
}

impl Scripted {
    /// Starts one with topics of ten partitions and groups of so many committed offsets.
    pub(crate) fn start(lab: &Arc<Lab>, brokers: i32, topics: usize, groups: usize, commits: usize) -> Result<Self> {
        let this = env::current_exe().map_err(|source| LabError::Io { what: "find this program".into(), source })?;
        let mut command = Command::new(this.with_file_name("kafka-lab-scripted"));
        command.arg(format!("--brokers={brokers}")).arg(format!("--topics={topics}"));
        command.arg(format!("--groups={groups}")).arg(format!("--commits={commits}"));
        let mut process = lab.spawn_guarded(&command, Stdio::piped(), Stdio::inherit())?;
        let mut line = String::new();
        if let Some(out) = process.take_stdout() {
            let read = BufReader::new(out).read_line(&mut line);
            read.map_err(|source| LabError::Io { what: "read from kafka-lab-scripted".into(), source })?;
        }
        let told: Value = serde_json::from_str(&line)
            .map_err(|error| LabError::Input(format!("kafka-lab-scripted did not start ({error}): {line:?}")))?;
        let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
        Ok(Self { _process: process, bootstrap: text("bootstrap"), control: text("control") })
    }

    pub(crate) fn facts(&self) -> Result<Facts> {
        Facts::from_json(&self.ask("facts")?)
    }

    /// Requests of all kinds so far.
    pub(crate) fn requests(&self) -> Result<f64> {
        let counts = self.ask("counts")?;
        Ok(counts.as_object().into_iter().flatten().filter_map(|(_, count)| count.as_f64()).sum())
    }

    /// Gives all groups new names.
    pub(crate) fn rename(&self) -> Result<()> {
        self.ask("rename").map(drop)
    }

    fn ask(&self, what: &str) -> Result<Value> {
        let url = format!("{}/{what}", self.control);
        let answer = http::get_ok(&url, Duration::from_secs(10))?;
        serde_json::from_str(&answer).map_err(|error| LabError::Http { url, why: error.to_string() })
    }
}
