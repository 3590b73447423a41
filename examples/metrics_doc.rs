//! Prints docs/metrics.md; `cargo xtask docs` runs it.

use std::io::{self, Write};

fn main() -> io::Result<()> {
    io::stdout().write_all(kafka_vitals::metrics::catalogue::markdown().as_bytes())
}
