//! Lag in seconds: weeks of traffic of different shapes, written to a real broker with the timestamps that they would
//! have. In: the path of kafka-vitals; out: how many rounds of lookups it takes to know how old the first unread record is,
//! cold and as a group goes on, whether that is true, and what the search adds to a collection in state B.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use kafka_lab::{Cluster, Commit, Jolokia, LabError, NewTopic, Record, Result, http};

use crate::measure::{Meter, median};
use crate::state::State;
use crate::vitals::{Vitals, value};
use crate::{print, requests};

/// Median rounds that a search may take, warm and cold.
const AIMS: [f64; 2] = [1.0, 8.0];
const WEEK: i64 = 7 * 86_400;
/// What a group that is followed goes on by from scrape to scrape, in milliseconds of the log's time.
const STEP: i64 = 15_000;
/// How far behind such groups are, in seconds.
const BEHIND: [i64; 4] = [60, 3_600, 86_400, 3 * 86_400];
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The kafka-vitals executable
    #[arg(long, value_name = "PATH")]
    kafka_vitals: PathBuf,
    /// Records in each week
    #[arg(long, value_name = "N", default_value_t = 200_000)]
    records: u32,
    /// Positions in each week at which a search begins without knowing anything
    #[arg(long, value_name = "N", default_value_t = 20)]
    positions: usize,
    /// Scrapes of each group that goes on
    #[arg(long, value_name = "N", default_value_t = 12)]
    steps: usize,
    /// The weeks only, not state B
    #[arg(long)]
    small: bool,
}

/// A shape of traffic: how much of it comes at so many seconds before the end of the week, relative to other seconds.
struct Shape {
    name: &'static str,
    rate: fn(i64) -> f64,
}

const SHAPES: [Shape; 5] = [
    Shape { name: "uniform", rate: |_| 1.0 },
    Shape { name: "daily-cycle", rate: |ago| 1.0 - 0.95 * (seconds(ago) / 86_400.0 * std::f64::consts::TAU).cos() },
    Shape { name: "outage", rate: |ago| if (200_000..300_000).contains(&ago) { 0.0 } else { 1.0 } },
    Shape { name: "bursts", rate: |ago| if ago % 3_600 < 60 { 40.0 } else { 0.01 } },
    Shape { name: "mostly-recent", rate: |ago| 1.0 / (seconds(ago) + 600.0) },
];

/// A topic with a week in it.
struct Week {
    topic: String,
    timestamps: Vec<i64>,
}

/// What one scrape found.
struct Found {
    rounds: f64,
    lookups: f64,
    /// Half-width of the bracket as a part of the age; absent when it was not found.
    precision: Option<f64>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let program = kafka_lab::Vitals::find(&arguments.kafka_vitals)?;
    weeks(arguments, &program)?;
    if !arguments.small {
        state_b(&program)?;
    }
    Ok(())
}

fn weeks(arguments: &Arguments, program: &Path) -> Result<()> {
    eprintln!("starting a broker and writing {} weeks of {} records ...", SHAPES.len(), arguments.records);
    let cluster = Cluster::builder().heap_mib(1000).start()?;
    let weeks: Vec<Week> =
        SHAPES.iter().map(|shape| shape.write(&cluster, arguments.records)).collect::<Result<_>>()?;
    print(
        "Rounds of lookups by timestamp until the age of the first unread record is known to 1 % or a second, and lookups. \
         Every value was compared with the timestamp that was written.\n\n\
         | week | search | searches | rounds, median | most | lookups, median | most | error, median % | aim, rounds |\n\
         |---|---|---|---|---|---|---|---|---|",
    );
    for week in &weeks {
        let cold = cold(&cluster, program, week, arguments.positions)?;
        report(week, "cold", &cold, AIMS[1]);
        let warm = warm(&cluster, program, week, arguments.steps)?;
        report(week, "warm", &warm, AIMS[0]);
    }
    Ok(())
}

/// Searches that know nothing yet, each by a process of its own.
fn cold(cluster: &Cluster, program: &Path, week: &Week, positions: usize) -> Result<Vec<Found>> {
    let last = week.timestamps.len() - 1;
    let mut found = Vec::new();
    for number in 0..positions.max(1) {
        let at = last * number / positions.max(1);
        let group = format!("cold-{number}-{}", week.topic);
        commit(cluster, &group, week, at)?;
        let vitals = start(cluster, program, &group)?;
        found.push(scrape(&vitals, &group, week, at)?);
    }
    Ok(found)
}

/// Groups that go on by [`STEP`] from scrape to scrape; the first scrape of each is not counted.
fn warm(cluster: &Cluster, program: &Path, week: &Week, steps: usize) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    let Some(end) = week.timestamps.last() else { return Ok(found) };
    for behind in BEHIND {
        let group = format!("warm-{behind}-{}", week.topic);
        let vitals = start(cluster, program, &group)?;
        for step in 0..=steps {
            let time = end - behind * 1_000 + STEP * i64::try_from(step).unwrap_or_default();
            let at = week.timestamps.partition_point(|timestamp| *timestamp < time).min(week.timestamps.len() - 1);
            commit(cluster, &group, week, at)?;
            let of_step = scrape(&vitals, &group, week, at)?;
            if step > 0 {
                found.push(of_step);
            }
        }
    }
    Ok(found)
}

fn commit(cluster: &Cluster, group: &str, week: &Week, at: usize) -> Result<()> {
    let offset = i64::try_from(at).unwrap_or(i64::MAX);
    cluster.kafka().commit(&[Commit::new(group, &[(week.topic.as_str(), 0, offset)])])
}

fn start(cluster: &Cluster, program: &Path, group: &str) -> Result<Vitals> {
    let flags = [format!("--kafka.server={}", cluster.bootstrap()), format!("--group.filter=^{group}$")];
    Vitals::start(cluster.lab(), program, &flags)
}

/// One scrape of a group whose first unread record is at `at`; an error if it told an age that is not true.
fn scrape(vitals: &Vitals, group: &str, week: &Week, at: usize) -> Result<Found> {
    let before = now();
    let page = http::get_ok(&format!("{}/metrics/cluster", vitals.url), PATIENCE)?;
    let after = now();
    let labels = format!("{{consumergroup=\"{group}\",topic=\"{}\"}}", week.topic);
    let of_search = |name: &str| {
        let series = format!("kafka_vitals_lag_search_{name}");
        value(&page, &series).ok_or_else(|| LabError::Input(format!("the page has no series {series}")))
    };
    let age = value(&page, &format!("kafka_consumergroup_lag_seconds{labels}"));
    let error = value(&page, &format!("kafka_consumergroup_lag_seconds_error{labels}"));
    let precision = match age.zip(error) {
        Some((age, error)) => {
            let truth = [before, after].map(|now| seconds(now - week.timestamps[at]) / 1_000.0);
            if age - error > truth[1] + 0.002 || age + error < truth[0] - 0.002 {
                return Err(LabError::Input(format!("{group}: {age} s +- {error}, and the truth is {truth:?}")));
            }
            Some(error / age.max(1e-9))
        }
        None => None,
    };
    Ok(Found { rounds: of_search("rounds")?, lookups: of_search("lookups")?, precision })
}

fn report(week: &Week, search: &str, found: &[Found], aim: f64) {
    let of = |figure: &dyn Fn(&Found) -> f64| {
        let all = || found.iter().map(figure);
        (median(all()), all().fold(0.0, f64::max))
    };
    let (rounds, lookups) = (of(&|found| found.rounds), of(&|found| found.lookups));
    let missing = found.iter().filter(|found| found.precision.is_none()).count();
    let error = median(found.iter().filter_map(|found| found.precision)) * 100.0;
    let verdict = if missing > 0 {
        format!("{aim}: **{missing} without an answer**")
    } else if rounds.0 <= aim {
        format!("{aim}: met")
    } else {
        format!("{aim}: **missed**")
    };
    print(&format!(
        "| {} | {search} | {} | {} | {} | {} | {} | {error:.2} | {verdict} |",
        week.topic,
        found.len(),
        rounds.0,
        rounds.1,
        lookups.0,
        lookups.1
    ));
}

/// What the search adds where 1,000 groups have lag on 38,000 partitions together.
fn state_b(program: &Path) -> Result<()> {
    eprintln!("state B: starting three brokers and filling them ...");
    let cluster = Cluster::builder()
        .nodes(3)
        .heap_mib(1500)
        .quick_start(false)
        .property("log.index.size.max.bytes", "65536")
        .jolokia(Jolokia::V2_5_0)
        .start()?;
    State::B.fill(cluster.kafka())?;
    let nodes: Vec<i32> = cluster.nodes().iter().map(kafka_lab::Node::id).collect();
    print(
        "\nState B, three brokers, lag everywhere.\n\n\
         | client | collection | wall s | own CPU s | brokers' CPU s | requests | of these ListOffsets | rounds | lookups |\n\
         |---|---|---|---|---|---|---|---|---|",
    );
    for client in ["protocol", "librdkafka"] {
        let flags = [format!("--kafka.server={}", cluster.bootstrap()), format!("--kafka.client={client}")];
        let vitals =
            Vitals::start(cluster.lab(), program, &[&flags[..], &["--refresh.metadata=1h".to_owned()]].concat())?;
        for collection in ["first", "second", "steady"] {
            let url = format!("{}/metrics/cluster", vitals.url);
            let meter = Meter::new(&cluster, &nodes, Some(&vitals.process))?;
            let mut measured = None;
            let asked = requests::during(&cluster, || {
                measured = Some(meter.scrapes(&url, Duration::ZERO)?);
                Ok(())
            })?;
            let Some((cost, page)) = measured else { continue };
            let of_search = |name: &str| value(&page, &format!("kafka_vitals_lag_search_{name}")).unwrap_or(f64::NAN);
            print(&format!(
                "| {client} | {collection} | {:.3} | {:.3} | {:.3} | {} | {} | {} | {} |",
                cost.wall,
                cost.own_cpu.unwrap_or(f64::NAN),
                cost.broker_cpu,
                asked.values().sum::<f64>(),
                asked.get("ListOffsets").copied().unwrap_or_default(),
                of_search("rounds"),
                of_search("lookups"),
            ));
        }
    }
    Ok(())
}

impl Shape {
    /// The timestamps of so many records, ascending, up to now.
    fn timestamps(&self, records: u32) -> Vec<i64> {
        let now = now();
        let total: f64 = (0..WEEK).map(self.rate).sum();
        let (mut due, mut timestamps) = (0.0, Vec::new());
        for ago in (0..WEEK).rev() {
            due += (self.rate)(ago) * f64::from(records) / total;
            let count = due.floor();
            due -= count;
            // Evenly within their second.
            let mut part = 0.0;
            while part < count {
                #[expect(clippy::cast_possible_truncation, reason = "below 1000")]
                let within = (part / count * 1_000.0) as i64;
                timestamps.push(now - (ago + 1) * 1_000 + within);
                part += 1.0;
            }
        }
        timestamps
    }

    fn write(&self, cluster: &Cluster, records: u32) -> Result<Week> {
        let topic = format!("week-{}", self.name);
        let kafka = cluster.kafka();
        kafka.create_topics(&[NewTopic::new(&topic, 1).config("retention.ms", "-1")])?;
        let timestamps = self.timestamps(records);
        kafka.produce(timestamps.iter().map(|at| (topic.as_str(), Record::to_partition(0, "0123456789").at(*at))))?;
        Ok(Week { topic, timestamps })
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[allow(clippy::cast_precision_loss, reason = "times for people")]
fn seconds(number: i64) -> f64 {
    number as f64
}
