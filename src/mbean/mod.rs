//! The MBean model, independent of how a bean was read: names with ordered key properties, typed values, Java's text
//! form of numbers, and the transport seam.

mod java_text;
mod object_name;
mod object_name_pattern;
mod plan;
mod transport;
mod value;

pub use java_text::{java_double, java_float};
pub use object_name::{ObjectName, ObjectNameError};
pub use object_name_pattern::ObjectNamePattern;
pub use plan::{Ask, Plan, Query};
pub use transport::{Answer, Bean, BeanSink, ReadError, ReadErrorKind, Transport};
pub use value::Value;
