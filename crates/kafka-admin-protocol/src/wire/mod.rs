//! Kafka's primitive types and tagged fields, read from bytes that may hold anything, the names read so far.

mod names;
mod reader;

pub(crate) use names::{Interner, Names};
pub(crate) use reader::{Malformed, Reader};
