//! Prints docs/metrics.md; `cargo xtask docs` runs it.

use std::io::{self, Write};

fn main() -> io::Result<()> {
    let text = kafka_vitals::documentation::metrics().map_err(io::Error::other)?;
    io::stdout().write_all(text.as_bytes())
}
