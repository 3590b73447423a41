//! One file per subject: what a source found, as metric families.

pub mod access;
pub mod brokers;
pub mod cluster_health;
pub mod exporter;
pub mod groups;
pub mod jvm;
pub mod kafka_beans;
pub mod kafka_requests;
mod learning;
pub mod limits;
pub mod log_dirs;
pub mod node;
pub mod topic_configs;
pub mod topics;
