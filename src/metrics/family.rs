//! A metric family: what every collector returns and every writer reads.

use std::sync::Arc;

use super::{Column, Labels};

/// A family of samples with one name, help text and type.
#[derive(Debug, Clone, PartialEq)]
pub struct Family {
    /// The name as it stands before the samples in text format 0.0.4 (a counter's with its `_total`), valid by
    /// construction: `[a-zA-Z_:][a-zA-Z0-9_:]*`.
    pub name: Arc<str>,
    /// Help, unescaped; may be empty.
    pub help: Arc<str>,
    /// Type.
    pub kind: MetricType,
    /// Samples, no two with the same suffix and labels.
    pub samples: Vec<Sample>,
    /// More samples, of families per partition: they would be too many to be listed. None has the labels of another one.
    pub column: Column,
}

/// One sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// What follows the family's name.
    pub suffix: Suffix,
    /// Labels in their canonical, rendered form.
    pub labels: Labels,
    /// Value.
    pub value: f64,
}

/// Family types that we produce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MetricType {
    /// Never falls but at a restart of what it counts.
    Counter,
    /// Goes up and down.
    Gauge,
    /// `_count` and `_sum`, without quantiles.
    Summary,
    /// `untyped` in text format 0.0.4.
    Unknown,
}

/// What follows a family's name in a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Suffix {
    /// Nothing.
    None,
    /// `_sum` of a summary.
    Sum,
    /// `_count` of a summary.
    Count,
}

impl MetricType {
    /// The type's name in OpenMetrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Summary => "summary",
            Self::Unknown => "unknown",
        }
    }
}

impl Suffix {
    /// The text to append.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Sum => "_sum",
            Self::Count => "_count",
        }
    }
}

impl Family {
    /// An empty family.
    pub fn new(name: impl Into<Arc<str>>, kind: MetricType, help: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), help: help.into(), kind, samples: Vec::new(), column: Column::default() }
    }

    /// The family with these samples besides those listed.
    pub fn with_column(self, column: Column) -> Self {
        Self { column, ..self }
    }

    /// Whether it has no sample.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty() && self.column.is_empty()
    }

    /// The number of its samples.
    pub fn len(&self) -> usize {
        self.samples.len() + self.column.len()
    }

    /// Leaves the first samples, at most so many; how many are gone.
    pub fn truncate(&mut self, samples: usize) -> usize {
        let before = self.len();
        self.samples.truncate(samples);
        self.column.truncate(samples - self.samples.len());
        before - self.len()
    }

    /// Adds a sample without suffix.
    pub fn push(&mut self, labels: Labels, value: f64) {
        self.samples.push(Sample { suffix: Suffix::None, labels, value });
    }
}

/// An offset or a count of records as a sample's value; exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "Prometheus' values are f64; kafka_exporter's are too")]
pub fn offset_value(offset: i64) -> f64 {
    offset as f64
}

/// A number of things as a sample's value.
#[expect(clippy::cast_precision_loss, reason = "counts of brokers, series, files stay far below 2^53")]
pub fn count_value(count: usize) -> f64 {
    count as f64
}

/// A counter as a sample's value.
#[expect(clippy::cast_precision_loss, reason = "Prometheus' values are f64; exact up to 2^53")]
pub fn counter_value(count: u64) -> f64 {
    count as f64
}
