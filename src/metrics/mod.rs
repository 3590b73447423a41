//! Families as plain data, and how they become a page.

pub mod catalogue;
mod family;
mod labels;
mod lines;
mod merge;
mod negotiate;
mod numbered;
pub mod openmetrics;
mod page;
pub mod text;

pub use family::{Family, MetricType, Sample, Suffix, count_value, counter_value, offset_value};
pub use labels::Labels;
pub use merge::{Part, merge};
pub use negotiate::{Format, gzip_accepted};
pub use numbered::{Block, Column, NumberedLabels, Table};
pub use page::{OwnLabels, Page, PageFamily, PageSample, Run, Slice};
