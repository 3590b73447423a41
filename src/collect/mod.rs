//! One file per subject: what a source found, as metric families.

pub mod brokers;
pub mod exporter;
pub mod groups;
pub mod jvm;
mod learning;
pub mod node;
pub mod topics;
