//! What a writer writes: families sorted by name, each a list of slices into the collectors' samples. Made by
//! [`merge`](super::merge()).

use std::borrow::Cow;
use std::ops::Range;

use super::{Column, Labels, MetricType, NumberedLabels, Sample, Suffix};

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
    pub samples: Slice<'a>,
    /// Stands instead of the sample's own labels, where one of them had the name of an added label. Then there is one
    /// sample in this run.
    pub renamed: Option<Labels>,
}

/// Some of a family's samples that lie side by side.
#[derive(Debug, Clone)]
pub enum Slice<'a> {
    /// Of those listed.
    Listed(&'a [Sample]),
    /// Of its column: those in these rows.
    Rows(&'a Column, Range<usize>),
}

/// One sample as it is to be written.
#[derive(Debug, Clone, Copy)]
pub struct PageSample<'p> {
    /// To append to the family's name.
    pub suffix: &'static str,
    /// Added labels.
    pub added: &'p Labels,
    /// The sample's own labels; none of the added labels' names is among them.
    pub own: OwnLabels<'p>,
    /// Value.
    pub value: f64,
}

/// A sample's own labels.
#[derive(Debug, Clone, Copy)]
pub enum OwnLabels<'p> {
    /// Rendered once for all samples that have them.
    Rendered(&'p Labels),
    /// To be rendered when they are written.
    Numbered(NumberedLabels<'p>),
}

impl<'p> OwnLabels<'p> {
    /// The rendered form.
    pub fn text(self) -> Cow<'p, str> {
        match self {
            Self::Rendered(labels) => Cow::Borrowed(labels.as_str()),
            Self::Numbered(labels) => labels.text(),
        }
    }

    /// Appends the rendered form.
    pub(super) fn append_to(self, out: &mut Vec<u8>) {
        match self {
            Self::Rendered(labels) => out.extend_from_slice(labels.as_str().as_bytes()),
            Self::Numbered(labels) => labels.append_to(out),
        }
    }

    /// Whether there are none.
    pub(super) fn is_empty(self) -> bool {
        matches!(self, Self::Rendered(labels) if labels.as_str().is_empty())
    }
}

/// One sample of a slice.
#[derive(Debug, Clone, Copy)]
pub(super) struct SliceSample<'a> {
    /// Its place, as [`Slice::part`] counts.
    pub(super) at: usize,
    pub(super) suffix: Suffix,
    pub(super) own: OwnLabels<'a>,
    pub(super) value: f64,
}

impl<'a> Slice<'a> {
    /// The number of samples.
    pub fn len(&self) -> usize {
        match self {
            Self::Listed(samples) => samples.len(),
            Self::Rows(column, rows) => column.samples_in(rows),
        }
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The samples between these places.
    pub(super) fn part(&self, places: Range<usize>) -> Self {
        match self {
            Self::Listed(samples) => Self::Listed(&samples[places]),
            Self::Rows(column, _) => Self::Rows(column, places),
        }
    }

    /// All places, some of which may have no sample.
    pub(super) fn places(&self) -> Range<usize> {
        match self {
            Self::Listed(samples) => 0..samples.len(),
            Self::Rows(_, rows) => rows.clone(),
        }
    }

    /// The samples in order.
    pub(super) fn samples(&self) -> impl Iterator<Item = SliceSample<'a>> + use<'a> {
        let (listed, rows) = match self {
            Self::Listed(samples) => (*samples, None),
            Self::Rows(column, rows) => (&[][..], Some(column.samples(rows.clone()))),
        };
        let listed = listed.iter().enumerate().map(|(at, sample)| {
            let own = OwnLabels::Rendered(&sample.labels);
            SliceSample { at, suffix: sample.suffix, own, value: sample.value }
        });
        listed.chain(rows.into_iter().flatten().map(|(at, labels, value)| {
            let own = OwnLabels::Numbered(labels);
            SliceSample { at, suffix: Suffix::None, own, value }
        }))
    }
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
            run.samples.samples().map(move |sample| PageSample {
                suffix: if summary { sample.suffix.as_str() } else { "" },
                added: &run.added,
                own: run.renamed.as_ref().map_or(sample.own, OwnLabels::Rendered),
                value: sample.value,
            })
        })
    }
}
