//! kafka-vitals beside the exporters whose work it does, on the same brokers in one run: kminion and kafka_exporter, each
//! from a path that is given. The cluster's page only; the MBean side is that of `bench scrape` and `bench rules`.

mod facts;
mod programs;
mod report;
mod rounds;

use std::path::{Path, PathBuf};
use std::time::Duration;

use kafka_lab::{Cluster, Jolokia, LabError, Result};

use crate::print;
use crate::requests;
use crate::state::State;
use facts::Page;
use programs::{Executables, Program};
use report::{Measured, Report};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The kafka-vitals executable
    #[arg(long, value_name = "PATH")]
    kafka_vitals: PathBuf,
    /// A kminion executable; without it its columns are absent
    #[arg(long, value_name = "PATH")]
    kminion: Option<PathBuf>,
    /// A kafka_exporter executable; without it its columns are absent
    #[arg(long, value_name = "PATH")]
    kafka_exporter: Option<PathBuf>,
    /// State A only: 200 topics x 10 partitions, 200 groups x 50 offsets; without it B as well: 1,000 x 10, 1,000 x 38
    #[arg(long)]
    small: bool,
    /// State B only
    #[arg(long, conflicts_with = "small")]
    large: bool,
    /// Rounds in which each program is measured once; one that takes more than 5 s for a scrape gets three
    #[arg(long, value_name = "N", default_value_t = 10)]
    rounds: usize,
    /// Scrapes of each program before that, 15 s apart; memory is what is resident then
    #[arg(long, value_name = "N", default_value_t = 10)]
    warm_up: usize,
    /// Heap of each broker
    #[arg(long, value_name = "MIB", default_value_t = 1500)]
    heap: u32,
}

/// Between two scrapes of a program when it is warmed up: a usual scrape_interval.
const PACE: Duration = Duration::from_secs(15);

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let executables = Executables {
        vitals: kafka_lab::Vitals::find(&arguments.kafka_vitals)?,
        kminion: peer("kminion", arguments.kminion.as_deref())?,
        kafka_exporter: peer("kafka_exporter", arguments.kafka_exporter.as_deref())?,
    };
    for (name, executable) in [("--kminion", &executables.kminion), ("--kafka-exporter", &executables.kafka_exporter)] {
        if executable.is_none() {
            print(&format!("Without {name}=PATH there are no figures of it."));
        }
    }
    let states = [(State::A, !arguments.large), (State::B, !arguments.small)];
    for (state, _) in states.into_iter().filter(|(_, wanted)| *wanted) {
        print(&bench(arguments, &executables, state)?.render());
    }
    print("The MBean side beside the real jmx_exporter agents is what `bench scrape` and `bench rules` measure.");
    Ok(())
}

/// A peer's full path, if it was given.
fn peer(name: &str, path: Option<&Path>) -> Result<Option<PathBuf>> {
    let find = |path: &Path| {
        let what = format!("find {name} at {}", path.display());
        path.canonicalize().map_err(|source| LabError::Io { what, source })
    };
    path.map(find).transpose()
}

fn bench(arguments: &Arguments, executables: &Executables, state: State) -> Result<Report> {
    eprintln!("state {}: starting three brokers and filling them ...", state.name());
    let cluster = Cluster::builder()
        .nodes(3)
        .heap_mib(arguments.heap)
        .quick_start(false)
        .property("log.index.size.max.bytes", "65536")
        // For the brokers' counts of requests; it rests while anything is measured.
        .jolokia(Jolokia::V2_5_0)
        .start()?;
    state.fill(cluster.kafka())?;
    let programs = programs::start(&cluster, executables)?;

    eprintln!("state {}: do all say the same? ...", state.name());
    let (pages, equal) = checked(&programs)?;

    eprintln!("state {}: warming up, {} scrapes of each ...", state.name(), arguments.warm_up);
    rounds::pace(&programs, arguments.warm_up, PACE)?;
    let memory: Vec<_> = programs.iter().map(rounds::memory).collect::<Result<_>>()?;
    let requests: Vec<_> = programs
        .iter()
        .map(|program| requests::during(&cluster, || rounds::page(program).map(drop)))
        .collect::<Result<_>>()?;

    eprintln!("state {}: {} rounds ...", state.name(), arguments.rounds);
    let whole: Vec<usize> = pages.iter().map(|page| page.series).collect();
    let (figures, rest) = rounds::run(&cluster, &programs, &whole, arguments.rounds)?;
    let after: Vec<_> = programs.iter().map(rounds::memory).collect::<Result<_>>()?;
    let measured = figures.into_iter().zip(memory).zip(after).zip(requests).zip(equal);
    let programs = measured.map(|((((figures, memory), after), requests), equal)| Measured {
        figures,
        memory,
        after,
        requests,
        equal,
    });
    Ok(Report { state, rest, programs: programs.collect(), pages })
}

/// kafka_exporter now and then loses the last sample of a page, so peers may try again; we may not.
const TRIES_OF_PEERS: usize = 3;

/// A page of each program, and how many of its values are those of the first one, which is ours.
fn checked(programs: &[Program]) -> Result<(Vec<Page>, Vec<usize>)> {
    let (mut pages, mut equal): (Vec<Page>, Vec<usize>) = (Vec::new(), Vec::new());
    for program in programs {
        let mut tries = if program.who.is_ours() { 1 } else { TRIES_OF_PEERS };
        let (page, count) = loop {
            let page = Page::read(program.who, &rounds::page(program)?)?;
            tries -= 1;
            match facts::compare(pages.first().unwrap_or(&page), &page) {
                Ok(count) => break (page, count),
                Err(error) if tries == 0 => return Err(error),
                Err(error) => eprintln!("{error}; trying again"),
            }
        };
        pages.push(page);
        equal.push(count);
    }
    Ok((pages, equal))
}
