//! kafka-vitals: a Kafka cluster's MBeans and consumer lag for Prometheus. The binary is a thin shell around this.

pub mod collect;
pub mod jolokia;
pub mod mbean;
pub mod metrics;
pub mod rules;
