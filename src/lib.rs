//! kafka-vitals: a Kafka cluster's MBeans and consumer lag for Prometheus. The binary is a thin shell around this.

pub mod build_info;
pub mod collect;
pub mod config;
pub mod kafka;
pub mod lag;
pub mod metrics;
pub mod nodes;
pub mod scrape;
