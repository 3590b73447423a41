//! One file per subcommand; `serve` is the default.

pub mod serve;
mod watch;
