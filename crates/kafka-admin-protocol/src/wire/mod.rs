//! Kafka's primitive types and tagged fields, read from bytes that may hold anything, and the names read so far.

mod names;
mod reader;

pub(crate) use names::{Interner, Names};
pub(crate) use reader::{Malformed, Reader};
