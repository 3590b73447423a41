//! Connections against a scripted broker, for what the real thing cannot be made to do, and against real Kafka.

pub(crate) mod fake;
mod faults;
mod many;
mod real;
mod sasl;
mod security;
pub(crate) mod targets;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use kafka_admin::{AdminError, Broker, ClientConfig, ErrorCode, GroupListing, SecurityConfig};

use crate::{api::ListGroups, connections::Connections};

/// A deadline that is never reached unless something is wrong.
fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

fn within(milliseconds: u64) -> Instant {
    Instant::now() + Duration::from_millis(milliseconds)
}

fn config(bootstrap: &[&str]) -> ClientConfig {
    ClientConfig {
        bootstrap: bootstrap.iter().map(|&server| server.to_owned()).collect(),
        client_id: "kafka-vitals-test".to_owned(),
        security: SecurityConfig::default(),
        properties: Default::default(),
    }
}

/// A broker as metadata tells of it.
fn broker(id: i32, address: &str) -> Broker {
    let (host, port) = address.rsplit_once(':').expect("host:port");
    Broker { id, host: host.to_owned(), port: port.parse().expect("a port"), rack: None }
}

/// Connections that know broker 1 at `address`.
fn connections(address: &str) -> Connections {
    connections_with(address, &[])
}

fn connections_with(address: &str, properties: &[(&str, &str)]) -> Connections {
    let mut config = config(&[address]);
    config.properties = properties.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    connections_of(&config)
}

fn connections_of(config: &ClientConfig) -> Connections {
    let connections = Connections::new(config, &Arc::default()).expect("a valid configuration");
    connections.learn(&[broker(1, &config.bootstrap[0])]);
    connections
}

/// What broker 1 answers to ListGroups.
async fn listed(
    connections: &Connections,
    deadline: Instant,
) -> Result<Result<Vec<GroupListing>, ErrorCode>, AdminError> {
    connections.ask(1, &ListGroups, deadline).await
}

/// The names of the groups that broker 1 lists.
async fn names(connections: &Connections, deadline: Instant) -> Result<Vec<String>, AdminError> {
    let groups = listed(connections, deadline).await?.expect("no error code");
    Ok(groups.iter().map(|group| group.id.to_string()).collect())
}

/// Polls until `check` is true.
async fn eventually<F: Future<Output = bool>>(what: &str, mut check: impl FnMut() -> F) {
    let end = soon();
    while !check().await {
        assert!(Instant::now() < end, "in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
