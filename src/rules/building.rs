//! One family as it fills up during a scrape: samples in, a family without duplicate series out.

use std::sync::Arc;

use crate::metrics::{Family, Labels, MetricType, Sample, Suffix};

#[derive(Debug)]
pub(super) struct Building {
    name: Arc<str>,
    help: Arc<str>,
    samples: Vec<Sample>,
    /// One per sample, in any order.
    origins: Vec<Origin>,
}

/// Where a sample came from; equal hashes make equal labels likely.
#[derive(Debug, Clone, Copy)]
struct Origin {
    labels_hash: u64,
    sample: u32,
    bean: u32,
}

impl Building {
    pub(super) fn new(name: Arc<str>, help: Arc<str>) -> Self {
        Self { name, help, samples: Vec::new(), origins: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.samples.clear();
        self.origins.clear();
    }

    /// Adds a sample of the bean at place `bean`.
    pub(super) fn push(&mut self, bean: u32, labels: &Labels, labels_hash: u64, value: f64) {
        let sample = u32::try_from(self.samples.len()).unwrap_or(u32::MAX);
        self.origins.push(Origin { labels_hash, sample, bean });
        self.samples.push(Sample { suffix: Suffix::None, labels: labels.clone(), value });
    }

    /// The family as it is now, and how many samples it lacks because of duplicates.
    pub(super) fn so_far(&mut self, comes_first: impl Fn(u32, u32) -> bool) -> (Family, usize) {
        let dropped = self.duplicates(comes_first);
        self.without(self.samples.clone(), dropped)
    }

    /// The whole family, and how many samples it lacks because of duplicates; afterwards this is empty, with room for as
    /// many samples again.
    pub(super) fn finish(&mut self, comes_first: impl Fn(u32, u32) -> bool) -> (Family, usize) {
        let dropped = self.duplicates(comes_first);
        let next = Vec::with_capacity(self.samples.len());
        let samples = std::mem::replace(&mut self.samples, next);
        self.origins.clear();
        self.without(samples, dropped)
    }

    fn without(&self, mut samples: Vec<Sample>, mut dropped: Vec<u32>) -> (Family, usize) {
        if !dropped.is_empty() {
            dropped.sort_unstable();
            let mut at = 0..;
            samples.retain(|_| at.next().is_none_or(|at: u32| dropped.binary_search(&at).is_err()));
        }
        let (name, help) = (self.name.clone(), self.help.clone());
        (Family { name, help, kind: MetricType::Unknown, samples }, dropped.len())
    }

    /// The samples to leave out: of those with equal labels, all but the one whose bean `comes_first` (within a bean: the
    /// one that came first).
    fn duplicates(&mut self, comes_first: impl Fn(u32, u32) -> bool) -> Vec<u32> {
        let mut dropped = Vec::new();
        self.origins.sort_unstable_by_key(|origin| (origin.labels_hash, origin.sample));
        for run in self.origins.chunk_by(|a, b| a.labels_hash == b.labels_hash).filter(|run| run.len() > 1) {
            let mut kept: Vec<Origin> = Vec::new();
            for &origin in run {
                let labels = |origin: Origin| self.samples.get(origin.sample as usize).map(|sample| &sample.labels);
                match kept.iter_mut().find(|other| labels(**other) == labels(origin)) {
                    None => kept.push(origin),
                    Some(other) if comes_first(origin.bean, other.bean) => {
                        dropped.push(other.sample);
                        *other = origin;
                    }
                    Some(_) => dropped.push(origin.sample),
                }
            }
        }
        dropped
    }
}
