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

use crate::measure::{Cost, Meter, warm_up};
use crate::print;
use crate::vitals::Vitals;
use facts::Facts;
use points::{Collection, Point, Points};

/// Scrapes before those that count: brokers compile what they run often.
const WARM_UP: usize = 15;

/// CPU time is counted in 1/100 s: scrapes that take so long together are measured as one.
const BATCH: Duration = Duration::from_secs(1);

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
    let bench = Bench { program: kafka_lab::Vitals::find(&arguments.kafka_vitals)?, flags, rounds: arguments.rounds };
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

    /// Measures the first collection of the first of two, then steady ones of it and full ones of the other in turn.
    /// `requests` tells how many were sent to Kafka so far.
    fn measure<'m>(
        &self,
        subject: &Subject<'_>,
        meter: impl Fn(&'m Vitals) -> Result<Meter<'m>>,
        requests: impl Fn() -> Result<Option<f64>>,
        started: &'m [Vitals; 2],
        points: &mut Points,
    ) -> Result<()> {
        let sides = [(&started[0], Collection::Steady), (&started[1], Collection::Full)];
        let mut costs = Vec::new();
        for (vitals, collection) in sides {
            let (meter, url) = (meter(vitals)?, page(vitals));
            let before = requests()?;
            let (first, text) = meter.scrapes(&url, Duration::ZERO)?;
            subject.facts.check(&text)?;
            if collection == Collection::Steady {
                points.push(point(subject, vitals, Collection::First, first, difference(requests()?, before))?);
            }
            warm_up(&meter, &url, WARM_UP)?;
            let before = requests()?;
            meter.scrape(&url)?;
            costs.push((meter, difference(requests()?, before), Vec::new()));
        }
        // In turn, so that both see the same machine.
        for _ in 0..self.rounds.max(1) {
            for ((vitals, _), (meter, _, costs)) in sides.iter().zip(&mut costs) {
                let (cost, text) = meter.scrapes(&page(vitals), BATCH)?;
                subject.facts.check(&text)?;
                costs.push(cost);
            }
        }
        for ((vitals, collection), (_, requests, costs)) in sides.into_iter().zip(costs) {
            points.push(point(subject, vitals, collection, Cost::median(&costs), requests)?);
        }
        Ok(())
    }

    /// Two for the same Kafka: one that remembers what does not move for an hour, and one that remembers nothing.
    fn start_both(&self, lab: &Arc<Lab>, bootstrap: &str) -> Result<[Vitals; 2]> {
        Ok([self.start(lab, bootstrap, "1h")?, self.start(lab, bootstrap, "1ms")?])
    }
}

fn page(vitals: &Vitals) -> String {
    format!("{}/metrics/cluster", vitals.url)
}

/// With the memory that it has now.
fn point(
    subject: &Subject<'_>,
    vitals: &Vitals,
    collection: Collection,
    cost: Cost,
    requests: Option<f64>,
) -> Result<Point> {
    let pid = vitals.process.pid();
    Ok(Point::new(subject, collection, cost, requests, proc::rss_bytes(pid)?, proc::peak_rss_bytes(pid)?))
}

fn difference(after: Option<f64>, before: Option<f64>) -> Option<f64> {
    after.zip(before).map(|(after, before)| after - before)
}
