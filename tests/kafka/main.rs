//! The real binary against real Kafka of two versions with real Jolokia agents: what users see on the pages.
//!
//! All tests of this file share one node per version. On the 4.3.0 node stands the golden scenario, which no test
//! changes: topics and groups of other tests begin with `t-`. Tests on the 3.9.1 node may stop it.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

mod catalogue;
mod changes;
mod charts;
mod clusters;
#[path = "../documented/mod.rs"]
mod documented;
mod golden;
mod groups;
mod inventory;
mod kafka_beans;
#[path = "../formats/lint.rs"]
mod lint;
mod mbeans;
mod outages;
mod selection;
#[path = "../support/mod.rs"]
mod support;
#[path = "../exposition/tools.rs"]
mod tools;
