//! Programs scraped in turn: programs in, the cost of each out.

use std::time::{Duration, Instant};

use kafka_lab::{Cluster, LabError, Result, http, proc};

use super::programs::{Program, Who};
use crate::measure::{SCRAPE_LIMIT, median, series};

/// Scrapes are measured together until they have taken this long: CPU is counted in 1/100 s, too coarse for one.
const BATCH: Duration = Duration::from_secs(2);

/// How long the brokers are watched at rest in each round.
const REST: Duration = Duration::from_secs(2);

/// A program that takes longer for a scrape, in seconds, is measured less often.
const SLOW: f64 = 5.0;

/// So often.
const SLOW_BATCHES: usize = 3;

/// What the scrapes of a batch cost, each.
#[derive(Debug, Clone, Copy)]
struct Batch {
    scrapes: f64,
    wall: f64,
    own_cpu: f64,
    /// With what the brokers use at rest.
    broker_cpu: f64,
    /// Seconds from this batch's first request to its last byte, by scrapes.
    span: f64,
}

/// Medians over batches.
#[derive(Debug, Clone)]
pub(super) struct Figures {
    pub(super) who: Who,
    pub(super) batches: usize,
    pub(super) scrapes: f64,
    /// Seconds from the request to the last byte.
    pub(super) wall: f64,
    /// The first and the third quartile of it.
    pub(super) wall_spread: (f64, f64),
    /// CPU seconds of the program.
    pub(super) own_cpu: f64,
    /// CPU seconds of the brokers, less what they use at rest.
    pub(super) broker_cpu: f64,
    /// Bytes of a page.
    pub(super) size: usize,
    pub(super) series: usize,
}

/// Memory in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Memory {
    pub(super) resident: u64,
    /// The most it ever was.
    pub(super) peak: u64,
}

/// Scrapes every program once in each cycle, as Prometheus does; cycles start `pace` apart, or at once when one takes longer.
/// Brokers and programs are warm then, and the memory of the programs is that of their daily life: kminion keeps what it
/// read for a scrape for two minutes.
pub(super) fn pace(programs: &[Program], cycles: usize, pace: Duration) -> Result<()> {
    for _ in 0..cycles {
        let started = Instant::now();
        for program in programs {
            page(program)?;
        }
        std::thread::sleep(pace.saturating_sub(started.elapsed()));
    }
    Ok(())
}

/// A program's page as text.
pub(super) fn page(program: &Program) -> Result<String> {
    http::get_ok(&program.url, SCRAPE_LIMIT)
}

/// Measures all programs in turn, each round beginning with another one. `whole` has how many series the page of each has:
/// one with fewer is an error, as it is cheap. Also returns the CPU seconds per second of the brokers at rest, the median
/// over the rounds.
pub(super) fn run(
    cluster: &Cluster,
    programs: &[Program],
    whole: &[usize],
    rounds: usize,
) -> Result<(Vec<Figures>, f64)> {
    let mut batches: Vec<Vec<Batch>> = vec![Vec::new(); programs.len()];
    let mut last: Vec<(usize, usize)> = vec![(0, 0); programs.len()];
    let mut rests = Vec::new();
    for round in 0..rounds {
        rests.push(rest(cluster)?);
        for turn in 0..programs.len() {
            let at = (round + turn) % programs.len();
            let is_slow = batches[at].iter().any(|batch| batch.wall > SLOW);
            if !is_slow || batches[at].len() < SLOW_BATCHES {
                let (batch, page) = measure(cluster, &programs[at])?;
                batches[at].push(batch);
                last[at] = (page.len(), series(&page));
                // What a program says about itself may come and go.
                if last[at].1 + whole[at] / 100 < whole[at] {
                    let why = format!("{} series instead of {}", last[at].1, whole[at]);
                    return Err(LabError::Http { url: programs[at].url.clone(), why });
                }
            }
        }
    }
    let rest = median(rests.into_iter());
    let figures = programs.iter().zip(&batches).zip(last);
    let figures =
        figures.map(|((program, batches), (size, series))| figures_of(program.who, batches, rest, size, series));
    Ok((figures.collect(), rest))
}

fn figures_of(who: Who, batches: &[Batch], rest: f64, size: usize, series: usize) -> Figures {
    let mut walls: Vec<f64> = batches.iter().map(|batch| batch.wall).collect();
    walls.sort_by(f64::total_cmp);
    let quartile = |number: usize| walls.get(walls.len() * number / 4).copied().unwrap_or(f64::NAN);
    Figures {
        who,
        batches: batches.len(),
        scrapes: batches.iter().map(|batch| batch.scrapes).sum(),
        wall: median(walls.iter().copied()),
        wall_spread: (quartile(1), quartile(3)),
        own_cpu: median(batches.iter().map(|batch| batch.own_cpu)),
        broker_cpu: median(batches.iter().map(|batch| batch.broker_cpu - rest * batch.span)).max(0.0),
        size,
        series,
    }
}

fn measure(cluster: &Cluster, program: &Program) -> Result<(Batch, String)> {
    let (brokers, own, started) = (broker_cpu(cluster)?, program.process.cpu_seconds()?, Instant::now());
    let (mut scrapes, mut wall) = (0.0, 0.0);
    let page = loop {
        let answer = http::get(&program.url, &[], SCRAPE_LIMIT)?;
        scrapes += 1.0;
        wall += answer.elapsed.as_secs_f64();
        if answer.status != 200 {
            return Err(LabError::Http { url: program.url.clone(), why: format!("status {}", answer.status) });
        }
        if started.elapsed() >= BATCH {
            break answer.text();
        }
    };
    let batch = Batch {
        scrapes,
        wall: wall / scrapes,
        own_cpu: (program.process.cpu_seconds()? - own) / scrapes,
        broker_cpu: (broker_cpu(cluster)? - brokers) / scrapes,
        span: started.elapsed().as_secs_f64() / scrapes,
    };
    Ok((batch, page))
}

/// CPU seconds per second of the brokers while nobody asks.
fn rest(cluster: &Cluster) -> Result<f64> {
    let (started, before) = (Instant::now(), broker_cpu(cluster)?);
    std::thread::sleep(REST);
    Ok((broker_cpu(cluster)? - before) / started.elapsed().as_secs_f64())
}

fn broker_cpu(cluster: &Cluster) -> Result<f64> {
    cluster.nodes().iter().map(kafka_lab::Node::cpu_seconds).sum()
}

/// A program's memory now and at most so far.
pub(super) fn memory(program: &Program) -> Result<Memory> {
    Ok(Memory { resident: program.process.rss_bytes()?, peak: proc::peak_rss_bytes(program.process.pid())? })
}
