//! One file per subcommand; `serve` is the default.

mod engine;
pub mod rules;
pub mod serve;
mod watch;
