//! kafka-vitals: a Kafka cluster's MBeans and consumer lag for Prometheus. The binary is a thin shell around this.

pub mod build_info;
pub mod cli;
pub mod collect;
pub mod config;
pub mod documentation;
pub mod exporter;
mod file_stamp;
pub mod history;
mod http_client;
pub mod jolokia;
pub mod kafka;
pub mod lag;
mod locked;
pub mod logging;
pub mod mbean;
pub mod metrics;
pub mod nodes;
mod oauth;
pub mod objectives;
pub mod rules;
pub mod scrape;
pub mod stats;
pub mod web;
pub mod yaml;
