//! The scenario, run once for all tests: a showcase that has been well for a while, then without a broker, then whole again. Prometheus
//! remembers all of it, so that each test asks about the time that it is about.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kafka_lab::showcase::{DOWN, Showcase, TOPICS};
use kafka_lab::{Prometheus, Range, wait_until};
use regex::{Captures, Regex};
use tempfile::TempDir;

use super::truth::{self, Lag};
use crate::alerting;

/// Between two scrapes, and between two evaluations of rules.
pub(crate) const INTERVAL: Duration = Duration::from_secs(3);
/// What rules wait for instead of minutes, in the copy that is evaluated here: three evaluations.
const FOR: &str = "9s";
/// Windows of rules, and limits that are seconds, are this many times shorter there: five minutes are fifteen seconds.
const FASTER: u64 = 20;
/// Long enough for a member to come and go, and for rates of a minute.
const WELL: Duration = Duration::from_secs(75);
/// Until all is as before, once a broker is back.
const RECOVERY: Duration = Duration::from_secs(20);
const PATIENCE: Duration = Duration::from_secs(60);

/// The broker that goes away; the only one with a replica of `audit`.
pub(crate) const BROKER: i32 = 3;

/// A time, and what had been written by then.
#[derive(Debug, Clone)]
pub(crate) struct Moment {
    /// Unix time in seconds.
    pub(crate) time: f64,
    /// Records that Kafka had acknowledged, by topic.
    pub(crate) acknowledged: BTreeMap<&'static str, u64>,
}

/// What happened, and who remembers it.
#[derive(Debug)]
pub(crate) struct World {
    showcase: Showcase,
    /// All targets were scraped, nothing was wrong yet.
    pub(crate) first: Moment,
    /// The end of the good time.
    pub(crate) well: Moment,
    /// Just before the broker was started again.
    pub(crate) down: Moment,
    /// The end.
    pub(crate) back: Moment,
    /// What Kafka itself said about groups that do not move, at the end of the good time.
    pub(crate) lags: Vec<Lag>,
    _rules: TempDir,
}

static WORLD: LazyLock<World> = LazyLock::new(World::run);

/// The scenario, whoever asks first waits for it.
pub(crate) fn world() -> &'static World {
    &WORLD
}

impl World {
    fn run() -> Self {
        let rules = tempfile::tempdir().unwrap();
        let copies = hasty_copies(rules.path());
        let showcase = Showcase::builder(env!("CARGO_BIN_EXE_kafka-vitals"))
            .unwrap()
            .rules(copies)
            .interval(INTERVAL)
            .start()
            .unwrap();
        await_whole(showcase.prometheus());
        let first = moment(&showcase);
        sleep(WELL);
        await_whole(showcase.prometheus());
        let lags = truth::GROUPS_THAT_STAND_STILL
            .map(|(group, topic)| truth::lag(&showcase.cluster().bootstrap(), group, topic));
        let well = moment(&showcase);
        let node = showcase.cluster().node(BROKER).unwrap();
        node.stop().unwrap();
        sleep(DOWN);
        let down = moment(&showcase);
        node.restart().unwrap();
        showcase.cluster().await_ready(PATIENCE).unwrap();
        sleep(RECOVERY);
        await_whole(showcase.prometheus());
        let back = moment(&showcase);
        Self { showcase, first, well, down, back, lags: lags.into(), _rules: rules }
    }

    pub(crate) fn prometheus(&self) -> &Prometheus {
        self.showcase.prometheus()
    }

    /// From the first scrapes to the end.
    pub(crate) fn all_of_it(&self) -> Range {
        Range { start: self.first.time, end: self.back.time, step: INTERVAL }
    }

    /// From one time to another, in points as far apart as scrapes.
    pub(crate) fn between(&self, start: f64, end: f64) -> Range {
        Range { start, end, step: INTERVAL }
    }
}

fn moment(showcase: &Showcase) -> Moment {
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    Moment { time, acknowledged: TOPICS.map(|topic| (topic.name, showcase.records_acknowledged(topic.name))).into() }
}

/// Waits until Prometheus has read all five pages, and all replicas are in sync by them: a machine that is short of CPU may throw
/// followers out now and then.
fn await_whole(prometheus: &Prometheus) {
    let whole = "count(up == 1) == 5 and sum(kafka_server_replicamanager_underreplicatedpartitions) == 0";
    wait_until(PATIENCE, "all targets to be up and all replicas in sync", || {
        let found = prometheus.query(whole).map_err(|error| error.to_string())?;
        if found.is_empty() { Err("they are not") } else { Ok(()) }.map_err(str::to_owned)
    })
    .unwrap();
}

/// The rules as they are, but for time: there are seconds here for what takes minutes.
fn hasty_copies(folder: &Path) -> Vec<PathBuf> {
    let copy = |file: PathBuf| {
        let copy = folder.join(file.file_name().unwrap());
        fs::write(&copy, hasty(&fs::read_to_string(&file).unwrap())).unwrap();
        copy
    };
    alerting::files().into_iter().map(copy).collect()
}

fn hasty(rules: &str) -> String {
    let waits = Regex::new(r"(?m)^(?<key>\s*(?:for|keep_firing_for|interval):).*$").unwrap();
    // And the steps of subqueries.
    let windows = Regex::new(r"(?<before>[\[:])(?<count>\d+)(?<unit>[mhd])\b").unwrap();
    // The only numbers of that size that rules compare with are seconds.
    let seconds = Regex::new(r"(?<comparison>[<>]) (?<count>300|600|900)\b").unwrap();
    let rules = waits.replace_all(rules, format!("$key {FOR}"));
    let rules = windows.replace_all(&rules, |found: &Captures<'_>| {
        let unit = match &found["unit"] {
            "m" => 60,
            "h" => 3600,
            _ => 86_400,
        };
        format!("{}{}s", &found["before"], found["count"].parse::<u64>().unwrap() * unit / FASTER)
    });
    let rules = seconds.replace_all(&rules, |found: &Captures<'_>| {
        format!("{} {}", &found["comparison"], found["count"].parse::<u64>().unwrap() / FASTER)
    });
    rules.into_owned()
}

#[test]
fn a_copy_of_rules_is_hastier_and_else_the_same() {
    let rules = "- alert: A\n  expr: rate(a_total[5m]) > 0.3 and b < 300 or c[1d:15m] > 3000\n  for: 10m\n";
    let copy = "- alert: A\n  expr: rate(a_total[15s]) > 0.3 and b < 15 or c[4320s:45s] > 3000\n  for: 9s\n";
    assert_eq!(hasty(rules), copy);
}
