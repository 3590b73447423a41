//! What a writer writes: families sorted by name, each a list of slices into the collectors' samples. Made by
//! [`merge`](super::merge()).

use std::borrow::Cow;

use super::{Labels, MetricType, Sample};

/// Everything on one page. No sample is copied.
#[derive(Debug)]
pub struct Page<'a> {
    /// In ascending order of name, names unique, none without samples.
    pub families: Vec<PageFamily<'a>>,
    /// Samples left out because an earlier one had the same name and labels.
    pub duplicates: u64,
}

/// One family of a page.
#[derive(Debug)]
pub struct PageFamily<'a> {
    /// Name as in text format 0.0.4.
    pub name: Cow<'a, str>,
    /// Help, unescaped; may be empty.
    pub help: &'a str,
    /// The type that all parts agree on. Only a summary's samples have suffixes.
    pub kind: MetricType,
    /// The samples.
    pub runs: Vec<Run<'a>>,
}

/// Samples that lie side by side in a collector's family and get the same labels added.
#[derive(Debug, Clone)]
pub struct Run<'a> {
    /// Labels that each sample gets besides its own.
    pub added: Labels,
    /// The samples, at least one.
    pub samples: &'a [Sample],
    /// Stands instead of the sample's own labels, where one of them had the name of an added label. Then there is one
    /// sample in this run.
    pub renamed: Option<Labels>,
}

/// One sample as it is to be written.
#[derive(Debug, Clone, Copy)]
pub struct PageSample<'p> {
    /// To append to the family's name.
    pub suffix: &'static str,
    /// Added labels.
    pub added: &'p Labels,
    /// The sample's own labels; none of the added labels' names is among them.
    pub own: &'p Labels,
    /// Value.
    pub value: f64,
}

impl Page<'_> {
    /// The number of samples, which is that of series.
    pub fn series(&self) -> usize {
        self.families.iter().flat_map(|family| &family.runs).map(|run| run.samples.len()).sum()
    }
}

impl PageFamily<'_> {
    /// The samples in order.
    pub fn samples(&self) -> impl Iterator<Item = PageSample<'_>> {
        let summary = self.kind == MetricType::Summary;
        self.runs.iter().flat_map(move |run| {
            run.samples.iter().map(move |sample| PageSample {
                suffix: if summary { sample.suffix.as_str() } else { "" },
                added: &run.added,
                own: run.renamed.as_ref().unwrap_or(&sample.labels),
                value: sample.value,
            })
        })
    }
}
