//! Whole calls at a scripted cluster whose leaders and coordinators move while it is asked: which answers come, and by
//! which requests.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod coordinators;
mod leaders;
mod requests;
mod world;

use std::time::{Duration, Instant};

use kafka_admin::{AdminError, ClientConfig, KafkaAdmin, SecurityConfig};

use crate::ProtocolAdmin;
use world::World;

/// A deadline that is never reached unless something is wrong.
fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

/// A client that knows the brokers and the groups of `world`. What it asked for that is not counted.
async fn acquainted(world: &World) -> ProtocolAdmin {
    let admin = stranger(world);
    admin.cluster(soon()).await.expect("metadata");
    admin.list_groups(soon()).await.expect("groups");
    world.asked();
    admin
}

/// A client that knows nothing yet.
fn stranger(world: &World) -> ProtocolAdmin {
    let config = ClientConfig {
        bootstrap: vec![world.bootstrap()],
        client_id: "kafka-vitals-test".to_owned(),
        security: SecurityConfig::default(),
        properties: Default::default(),
    };
    ProtocolAdmin::new(&config).expect("a valid configuration")
}

/// The code that a broker gave.
fn code(error: &AdminError) -> i16 {
    match error {
        AdminError::Broker { code, .. } => code.0,
        other => panic!("no broker's answer: {other}"),
    }
}
