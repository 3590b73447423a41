//! Families as plain data, and how they become a page.

pub mod catalogue;
mod family;
mod labels;

pub use family::{Family, MetricType, Sample, Suffix, offset_value};
pub use labels::Labels;
