//! TLS and SASL against real Kafka.
