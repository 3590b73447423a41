//! One file per subcommand; `serve` is the default.

pub mod check;
mod engine;
mod renew;
pub mod rules;
mod security;
pub mod serve;
mod watch;
