//! One file per subject: what a source found, as metric families.

pub mod brokers;
pub mod exporter;
pub mod groups;
pub mod jvm;
pub mod kafka_beans;
mod lag_seconds;
mod learning;
pub mod limits;
pub mod node;
pub mod topics;
