//! Connections against a scripted broker, for what the real thing cannot be made to do, and against real Kafka.

mod fake;
mod faults;
mod real;

use std::time::{Duration, Instant};

use kafka_admin::{AdminError, Broker, ClientConfig, GroupListing, SecurityConfig};

use crate::{api::ListGroups, connections::Connections};

/// A deadline that is never reached unless something is wrong.
fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
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
    let connections = Connections::new(&config(&[address])).expect("a valid configuration");
    connections.learn(&[broker(1, address)]);
    connections
}

/// The groups of broker 1.
async fn groups(connections: &Connections, deadline: Instant) -> Result<Vec<GroupListing>, AdminError> {
    connections.ask(1, &ListGroups, deadline).await.map(|groups| groups.expect("no error code"))
}
