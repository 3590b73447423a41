//! A scripted cluster in a process of its own.
//!
//! Output: one line of JSON with `bootstrap`, the address to give to a client, and `control`, the URL of its control
//! port. It serves until this process ends.

use std::io::{Write as _, stdout};
use std::process::ExitCode;
use std::thread::park;

use clap::Parser;
use kafka_lab::scripted::{Scripted, Shape};

/// Plays a Kafka cluster of any size for whoever reads its state; holds no records. The control port answers /counts
/// (requests so far by API), /facts (numbers to be found on a page about it) and /rename (gives all groups new names).
#[derive(Parser)]
#[command(name = "kafka-lab-scripted")]
struct Arguments {
    #[command(flatten)]
    shape: Shape,
}

fn main() -> ExitCode {
    let run = || -> Result<(), Box<dyn std::error::Error>> {
        let scripted = Scripted::start(Arguments::parse().shape)?;
        let line = serde_json::json!({ "bootstrap": scripted.bootstrap(), "control": scripted.control() });
        writeln!(stdout(), "{line}")?;
        loop {
            park();
        }
    };
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kafka-lab-scripted: {error}");
            ExitCode::FAILURE
        }
    }
}
