//! Kafka's primitive types and tagged fields, read from bytes that may hold anything.

mod reader;

pub(crate) use reader::{Malformed, Reader};
