//! Real Kafka on one machine, for the tests, the demo and the benchmarks of kafka-vitals.
//!
//! [`Cluster::builder`] starts real brokers from Maven packages, with Jolokia and jmx_exporter agents in them, and can stop, kill, freeze
//! and restart each. [`Kafka`] makes topics, records, groups with committed offsets and live members; [`Traffic`] keeps them moving;
//! [`golden`] is a fixed scenario whose every number is known. [`Prometheus`] runs a real Prometheus, [`Vitals`] a kafka-vitals, and
//! [`showcase`] all of it together. A [`Lab`] is the temporary folder of it all and sees to it that no process outlives this one, however
//! that ends.
//!
//! Linux only: each node has an address of its own in 127.0.0.0/8, and figures come from `/proc`.

mod acl_command;
mod builder;
mod certificates;
mod cluster;
mod distance;
mod error;
mod folder;
pub mod golden;
mod guarded;
pub mod http;
mod jars;
mod java_member;
mod kafka;
mod lab;
mod launch;
mod listener;
mod member;
mod node;
mod ports;
pub mod proc;
mod prometheus;
mod properties;
mod reservations;
pub mod sasl;
pub mod scripted;
mod security;
pub mod showcase;
mod state;
pub mod tools;
mod traffic;
mod vitals;
mod wait;
mod wire;
mod zookeeper;

pub use builder::{ClusterBuilder, NodeSpec};
pub use certificates::{Certificates, Identity};
pub use cluster::Cluster;
pub use distance::RoundTrips;
pub use error::{LabError, Result};
pub use guarded::Guarded;
pub use jars::{Jolokia, KafkaVersion};
pub use java_member::{JavaMember, ShareOf};
pub use kafka::{Kafka, Metadata, Partition};
pub use lab::Lab;
pub use listener::Listener;
pub use member::{GroupProtocol, Member, MemberBuilder};
pub use node::Node;
pub use ports::free_port;
pub use prometheus::{Prometheus, Range, Sample, Series, Target};
pub use security::ClientAuth;
pub use state::{
    acls::{Operation, Resource},
    groups::Group,
    offsets::Commit,
    records::Record,
    topics::NewTopic,
    transactions::Transaction,
};
pub use traffic::{Phase, Traffic};
pub use vitals::Vitals;
pub use wait::wait_until;
