//! All unsafe code of the project: librdkafka's C admin API behind safe types. In: calls with tokens. Out: plain data,
//! with error codes as the integers that brokers sent.

mod client;
mod configs;
mod event;
mod metadata;
mod options;
mod raw;
mod text;
mod token;

pub(crate) use client::Client;
pub(crate) use event::{Event, Kind, Log, PartitionAnswer};
pub(crate) use options::CallOptions;
