//! kafka-vitals: a Kafka cluster's MBeans and consumer lag for Prometheus. The binary is a thin shell around this.

pub mod build_info;
pub mod config;
pub mod metrics;
