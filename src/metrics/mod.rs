//! Families as plain data, and how they become a page.

pub mod catalogue;
mod family;
mod labels;
mod lines;
mod merge;
mod negotiate;
pub mod openmetrics;
mod page;
pub mod text;

pub use family::{Family, MetricType, Sample, Suffix, count_value, counter_value, offset_value};
pub use labels::Labels;
pub use merge::{Part, merge};
pub use negotiate::{Format, gzip_accepted};
pub use page::{Page, PageFamily, PageSample, Run};
