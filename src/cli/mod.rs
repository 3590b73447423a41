//! One file per subcommand; `serve` is the default.

pub mod rules;
pub mod serve;
mod watch;
