//! Brokers that are far away: how many round trips a page takes, one after the other. The same page is asked for over a
//! near and a far listener of the same brokers; what is between them is all due to the distance.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kafka_lab::sasl::{self, Mechanism};
use kafka_lab::{Cluster, Lab, Listener, Result, http};

use crate::measure::median;
use crate::print;
use crate::state::State;
use crate::vitals::Vitals;

/// Round trips that a page may take, warm and cold.
const AIMS: [u32; 2] = [6, 12];
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The kafka-vitals executable
    #[arg(long, value_name = "PATH")]
    kafka_vitals: PathBuf,
    /// Milliseconds from a client to a broker and back; 20 is another region, more makes the count more exact
    #[arg(long, value_name = "MS", default_value_t = 100)]
    round_trip: u64,
    /// Measured starts, and warm scrapes of each
    #[arg(long, value_name = "N", default_value_t = 5)]
    rounds: usize,
}

/// How to connect.
#[derive(Clone, Copy)]
struct Way {
    name: &'static str,
    near: Option<Listener>,
    far: Listener,
    flags: &'static [&'static str],
}

const WAYS: [Way; 3] = [
    Way { name: "plain text", near: None, far: Listener::Delayed, flags: &[] },
    Way {
        name: "TLS, PLAIN",
        near: Some(Listener::SaslTls),
        far: Listener::DelayedSaslTls,
        flags: &["--sasl.mechanism=plain"],
    },
    Way {
        name: "TLS, SCRAM-SHA-512",
        near: Some(Listener::SaslTls),
        far: Listener::DelayedSaslTls,
        flags: &["--sasl.mechanism=scram-sha512"],
    },
];

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let program = kafka_lab::Vitals::find(&arguments.kafka_vitals)?;
    let round_trip = Duration::from_millis(arguments.round_trip);
    eprintln!("state A: starting three brokers, {round_trip:?} away, and filling them ...");
    let cluster = Cluster::builder()
        .nodes(3)
        .heap_mib(1000)
        .quick_start(false)
        .property("log.index.size.max.bytes", "65536")
        .sasl(&[Mechanism::Plain, Mechanism::ScramSha512])
        .delayed(round_trip / 2)
        .start()?;
    State::A.fill(cluster.kafka())?;
    print(&format!(
        "State A, {} ms to each broker and back. Seconds, medians of {} starts; round trips = (far - near) / {} ms.\n\n\
         | client | connection | page | near s | far s | round trips | aim |\n|---|---|---|---|---|---|---|",
        arguments.round_trip, arguments.rounds, arguments.round_trip
    ));
    for client in ["protocol", "librdkafka"] {
        for way in WAYS {
            let flags = flags(&cluster, client, way);
            let near = match way.near {
                None => cluster.bootstrap(),
                Some(listener) => cluster.bootstrap_on(listener)?,
            };
            let near = times(cluster.lab(), &program, &near, &flags, arguments.rounds)?;
            let far = times(cluster.lab(), &program, &cluster.bootstrap_on(way.far)?, &flags, arguments.rounds)?;
            for (at, page) in ["warm", "cold"].into_iter().enumerate() {
                let trips = (far[at] - near[at]) / round_trip.as_secs_f64();
                let aim = match client {
                    "protocol" if trips <= f64::from(AIMS[at]) => format!("{}: met", AIMS[at]),
                    "protocol" => format!("{}: **missed**", AIMS[at]),
                    _ => "-".to_owned(),
                };
                print(&format!(
                    "| {client} | {} | {page} | {:.3} | {:.3} | {trips:.1} | {aim} |",
                    way.name, near[at], far[at]
                ));
            }
        }
    }
    Ok(())
}

fn flags(cluster: &Cluster, client: &str, way: Way) -> Vec<String> {
    let mut flags = vec![format!("--kafka.client={client}"), "--refresh.metadata=1h".to_owned()];
    flags.extend(way.flags.iter().map(|flag| (*flag).to_owned()));
    if way.near.is_some() {
        let ca = cluster.certificates().ca.display();
        flags.extend(["--tls.enabled".to_owned(), format!("--tls.ca-file={ca}"), "--sasl.enabled".to_owned()]);
        flags.extend([format!("--sasl.username={}", sasl::USER), format!("--sasl.password={}", sasl::PASSWORD)]);
    }
    flags
}

/// Seconds of a warm and of a cold page.
fn times(lab: &Arc<Lab>, program: &Path, bootstrap: &str, flags: &[String], rounds: usize) -> Result<[f64; 2]> {
    let (mut cold, mut warm) = (Vec::new(), Vec::new());
    for _ in 0..rounds.max(1) {
        let flags = [flags, &[format!("--kafka.server={bootstrap}")]].concat();
        let vitals = Vitals::start(lab, program, &flags)?;
        let scrape = || {
            let started = Instant::now();
            http::get_ok(&format!("{}/metrics/cluster", vitals.url), PATIENCE)?;
            Ok(started.elapsed().as_secs_f64())
        };
        cold.push(scrape()?);
        scrape()?;
        for _ in 0..rounds.max(1) {
            warm.push(scrape()?);
        }
    }
    Ok([median(warm.into_iter()), median(cold.into_iter())])
}
