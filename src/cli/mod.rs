//! One file per subcommand; `serve` is the default.

mod engine;
pub mod rules;
mod security;
pub mod serve;
mod watch;
