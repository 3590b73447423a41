//! kafka-vitals' second engine: [`KafkaAdmin`](kafka_admin::KafkaAdmin) on Kafka's own protocol.
//!
//! A collection asks each broker for everything that it leads or coordinates in one request per kind, so that its cost
//! grows with brokers, not with groups or partitions. Requests are encoded by `kafka-protocol`; answers are read by
//! readers of our own, straight into the types of `kafka-admin`: its decoders reserve memory for whatever length an
//! answer claims (six bytes can ask for 326 GB, which aborts the process), ours for what the bytes at hand can hold.

mod api;
mod connection;
mod connections;
mod properties;
mod sasl;
mod tls;
mod wire;

pub use properties::is_honoured;
