//! How the cost of the cluster's page grows: real brokers as far as this machine holds them, then a scripted cluster,
//! then groups whose names come and go.

mod churn;
mod facts;
mod points;
mod real;
mod scripted;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use kafka_lab::{Lab, LabError, Result, proc};

use crate::measure::{Cost, Meter};
use crate::print;
use crate::vitals::{self, Vitals};
use facts::Facts;
use points::{Collection, Point, Points};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The kafka-vitals executable
    #[arg(long, value_name = "PATH")]
    kafka_vitals: PathBuf,
    /// The Kafka client that it is to use (--kafka.client)
    #[arg(long, value_name = "NAME")]
    client: Option<String>,
    /// Leave out 50,000 partitions on real brokers, which take minutes to create
    #[arg(long)]
    quick: bool,
    /// One part only: real, scripted or churn
    #[arg(long, value_name = "PART")]
    only: Option<String>,
    /// Measured batches of scrapes of each size
    #[arg(long, value_name = "N", default_value_t = 5)]
    rounds: usize,
    /// Heap of each real broker
    #[arg(long, value_name = "MIB", default_value_t = 2000)]
    heap: u32,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let all = ["real", "scripted", "churn"];
    let wanted: Vec<&str> = match &arguments.only {
        None => all.to_vec(),
        Some(part) if all.contains(&part.as_str()) => vec![part],
        Some(part) => return Err(LabError::Input(format!("--only: {part:?} is none of real, scripted, churn"))),
    };
    let mut flags = Vec::new();
    if let Some(client) = &arguments.client {
        flags.push(format!("--kafka.client={client}"));
    }
    let bench = Bench { program: vitals::executable(&arguments.kafka_vitals)?, flags, rounds: arguments.rounds };
    let mut points = Points::default();
    for part in wanted {
        match part {
            "real" => real::run(&bench, arguments.quick, arguments.heap, &mut points)?,
            "scripted" => scripted::run(&bench, &mut points)?,
            _ => print(&churn::run(&bench)?),
        }
    }
    print(&points.render());
    Ok(())
}

/// What is the same for all sizes.
struct Bench {
    program: PathBuf,
    /// kafka-vitals' flags besides those that say where Kafka is.
    flags: Vec<String>,
    rounds: usize,
}

/// A cluster to collect from.
struct Subject<'a> {
    lab: &'a Arc<Lab>,
    name: &'static str,
    brokers: i32,
    bootstrap: &'a str,
    facts: Facts,
}

impl Bench {
    /// A kafka-vitals for this Kafka, whose topology and start offsets are at most so old.
    fn start(&self, lab: &Arc<Lab>, bootstrap: &str, refresh: &str) -> Result<Vitals> {
        let mut flags = self.flags.clone();
        flags.push(format!("--kafka.server={bootstrap}"));
        flags.push(format!("--refresh.metadata={refresh}"));
        Vitals::start(lab, &self.program, &flags)
    }

    /// Measures the first collection, steady ones and full ones. `requests` tells how many were sent to Kafka so far.
    fn measure<'m>(
        &self,
        subject: &Subject<'_>,
        meter: impl Fn(&'m Vitals) -> Result<Meter<'m>>,
        requests: impl Fn() -> Result<Option<f64>>,
        started: &'m [Vitals; 2],
        points: &mut Points,
    ) -> Result<()> {
        for (vitals, collection) in started.iter().zip([Collection::Steady, Collection::Full]) {
            let meter = meter(vitals)?;
            let url = format!("{}/metrics/cluster", vitals.url);
            let mut add = |collection, cost: Cost, requests| -> Result<()> {
                let pid = vitals.process.pid();
                let (rss, peak) = (proc::rss_bytes(pid)?, proc::peak_rss_bytes(pid)?);
                points.push(Point::new(subject, collection, cost, requests, rss, peak));
                Ok(())
            };
            let before = requests()?;
            let (first, page) = meter.scrapes(&url, Duration::ZERO)?;
            subject.facts.check(&page)?;
            if collection == Collection::Steady {
                add(Collection::First, first, difference(requests()?, before))?;
            }
            for _ in 0..3 {
                meter.scrape(&url)?;
            }
            let before = requests()?;
            meter.scrape(&url)?;
            let sent = difference(requests()?, before);
            let batches = (0..self.rounds.max(1)).map(|_| {
                let (cost, page) = meter.scrapes(&url, Duration::from_secs(1))?;
                subject.facts.check(&page)?;
                Ok(cost)
            });
            add(collection, Cost::median(&batches.collect::<Result<Vec<_>>>()?), sent)?;
        }
        Ok(())
    }

    /// Two for the same Kafka: one that remembers what does not move for an hour, and one that remembers nothing.
    fn start_both(&self, lab: &Arc<Lab>, bootstrap: &str) -> Result<[Vitals; 2]> {
        Ok([self.start(lab, bootstrap, "1h")?, self.start(lab, bootstrap, "1ms")?])
    }
}

fn difference(after: Option<f64>, before: Option<f64>) -> Option<f64> {
    after.zip(before).map(|(after, before)| after - before)
}
