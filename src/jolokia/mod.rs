//! Reading MBeans through Jolokia (1.x and 2.x): bulk requests out, beans into a sink.

mod budget;
mod client;
mod declared;
mod decode;
#[cfg(test)]
mod fake_tests;
mod foreign;
mod http;
mod lift;
mod repair;
mod request;
mod tree;
mod type_text;
mod value;

pub use client::Jolokia;
pub use http::{AgentConfig, JolokiaError, Limits};
