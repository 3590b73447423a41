//! The dashboards: what holds for them as they are written, and that each of their queries shows what is true of a real cluster.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

mod alerting;
mod board;
#[path = "../documented/rows.rs"]
mod documented;
mod interpolation;
mod labels;
mod lint;
mod metrics;
mod promql;
mod proof;
