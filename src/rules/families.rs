//! The families of one node as they fill up during a scrape: samples in, families under the names and types of a
//! generation out, without duplicate series.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::generation::{base_name, group_name, type_in_0x, type_in_1x};
use super::model::Compat;
use super::outcome::Outcome;
use crate::metrics::{Family, Labels, MetricType, Sample, Suffix};

/// What a family costs besides its texts, roughly.
const GROUP_BYTES: usize = 512;

/// Names that begin so are the exporter's own.
const RESERVED: &str = "kafka_vitals_";

/// The label that generation 1.x tells equal series apart by.
const OBJECT_NAME: &str = "_objectname";

/// All families, and where to find them.
#[derive(Debug, Default)]
pub(super) struct Families {
    compat: Compat,
    groups: Vec<Group>,
    by_name: HashMap<Arc<str>, u32>,
    /// Names of 1.x without suffix, and the type that the samples of this scrape agree on.
    bases: Vec<(Arc<str>, Option<MetricType>)>,
    base_by_name: HashMap<Arc<str>, u32>,
    hasher: RandomState,
    /// In this scrape any two samples may have the same labels.
    all_may_repeat: bool,
}

/// Samples that are shown as one family.
#[derive(Debug)]
struct Group {
    name: Arc<str>,
    /// What rules make samples of it, in no order.
    sources: Vec<Source>,
    samples: Vec<Sample>,
    /// Of which bean each sample is.
    beans: Vec<u32>,
    /// What tells each sample apart from equal ones in 1.x; empty in 0.x.
    object_names: Vec<Arc<str>>,
    /// Hashes of the labels of all series that are kept across scrapes; empty once labels may repeat.
    kept: FxHashSet<u64>,
    /// Series kept across scrapes.
    series: usize,
    /// Two series may have the same labels, in this scrape and all others.
    may_repeat: bool,
}

/// A rule's part in a group.
#[derive(Debug)]
struct Source {
    rule: usize,
    /// The name in 0.x.
    name: Arc<str>,
    kind: MetricType,
    help: Arc<str>,
    /// Index in `bases`.
    base: u32,
    /// Samples in this scrape.
    samples: usize,
}

/// A series as it is kept across scrapes: where it belongs, with which labels.
#[derive(Debug, Clone)]
pub(super) struct Series {
    /// Its family.
    pub(super) at: Place,
    /// Its labels.
    pub(super) labels: Labels,
    /// The match string up to its last colon; in 1.x alone.
    pub(super) object_name: Option<Arc<str>>,
}

/// A family and what it has of one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    group: u32,
    source: u32,
}

/// Why a sample belongs nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reserved;

/// How many series the other generation would name differently.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RenamedSeries {
    /// Series of this scrape.
    pub series: usize,
    /// Names now and there; three at most, in ascending order.
    pub examples: Vec<(String, String)>,
}

/// What became of the samples.
#[derive(Debug, Default)]
pub(super) struct Finished {
    /// Sorted by name, none empty.
    pub(super) families: Vec<Family>,
    /// Samples left out because another one has the same name and labels.
    pub(super) duplicates: usize,
}

impl Families {
    pub(super) fn new(compat: Compat) -> Self {
        Self { compat, ..Self::default() }
    }

    /// The hash that series of these labels have.
    fn hash(&self, labels: &Labels) -> u64 {
        self.hasher.hash_one(labels)
    }

    pub(super) fn len(&self) -> usize {
        self.groups.len()
    }

    /// Families that no series kept across scrapes belongs to.
    pub(super) fn unused(&self) -> usize {
        self.groups.iter().filter(|group| group.series == 0 && group.samples.is_empty()).count()
    }

    /// Drops the samples; what is known of families stays.
    pub(super) fn begin(&mut self) {
        self.all_may_repeat = false;
        for group in &mut self.groups {
            group.samples.clear();
            group.beans.clear();
            group.object_names.clear();
            group.sources.iter_mut().for_each(|source| source.samples = 0);
        }
    }

    /// Where samples of this outcome belong, and how many bytes more are kept for it.
    pub(super) fn place(&mut self, outcome: &Outcome) -> Result<(Place, usize), Reserved> {
        let name = group_name(self.compat, &outcome.name);
        if outcome.name.starts_with(RESERVED) || name.starts_with(RESERVED) {
            return Err(Reserved);
        }
        let mut bytes = 0;
        let group = match self.by_name.get(name) {
            Some(&group) => group,
            None => {
                bytes += GROUP_BYTES + name.len();
                let name: Arc<str> = name.into();
                let group = index(self.groups.len());
                self.by_name.insert(Arc::clone(&name), group);
                self.groups.push(Group::new(name));
                group
            }
        };
        let sources = &mut self.groups[group as usize].sources;
        let known = sources.iter().position(|source| source.rule == outcome.rule && *source.name == *outcome.name);
        let source = match known {
            Some(source) => {
                // Attributes that share a family share its help as well: always the same one, whichever came first.
                if *outcome.help < *sources[source].help {
                    sources[source].help = outcome.help.as_str().into();
                }
                source
            }
            None => {
                bytes += outcome.help.len() + 2 * outcome.name.len() + size_of::<Source>();
                let base = base(&mut self.bases, &mut self.base_by_name, &outcome.name);
                let (rule, kind) = (outcome.rule, outcome.kind);
                let (name, help) = (outcome.name.as_str().into(), outcome.help.as_str().into());
                sources.push(Source { rule, name, kind, help, base, samples: 0 });
                sources.len() - 1
            }
        };
        Ok((Place { group, source: index(source) }, bytes))
    }

    /// Takes note of a series that is kept across scrapes.
    pub(super) fn keep(&mut self, series: &Series) {
        let hash = self.hash(&series.labels);
        let group = &mut self.groups[series.at.group as usize];
        group.series += 1;
        if !group.may_repeat && !group.kept.insert(hash) {
            group.may_repeat();
        }
    }

    /// The opposite of [`keep`](Self::keep).
    pub(super) fn forget(&mut self, series: &Series) {
        let hash = self.hash(&series.labels);
        let group = &mut self.groups[series.at.group as usize];
        group.series = group.series.saturating_sub(1);
        group.kept.remove(&hash);
    }

    /// A sample of a series that may not be kept: its labels may be those of others.
    pub(super) fn may_repeat(&mut self, at: Place) {
        self.groups[at.group as usize].may_repeat();
    }

    /// Labels may repeat everywhere, in this scrape alone.
    pub(super) fn all_may_repeat(&mut self) {
        self.all_may_repeat = true;
    }

    /// Adds a sample of the bean at place `bean`.
    pub(super) fn push(&mut self, bean: u32, series: &Series, value: f64) {
        let group = &mut self.groups[series.at.group as usize];
        group.samples.push(Sample { suffix: Suffix::None, labels: series.labels.clone(), value });
        group.beans.push(bean);
        group.object_names.extend(series.object_name.clone());
        group.sources[series.at.source as usize].samples += 1;
    }

    /// The families as they are now. Of two equal series that stays whose bean `comes_first`; within a bean, the one that
    /// came first.
    pub(super) fn so_far(&self, comes_first: impl Fn(u32, u32) -> bool) -> Finished {
        let filled = self.groups.iter().filter(|group| !group.samples.is_empty());
        self.finished(filled.map(|group| (group, group.samples.clone())), comes_first)
    }

    /// The whole families. Afterwards there are no samples, but what they were is known until [`begin`](Self::begin).
    pub(super) fn finish(&mut self, comes_first: impl Fn(u32, u32) -> bool) -> Finished {
        let taken: Vec<Vec<Sample>> = self.groups.iter_mut().map(Group::take).collect();
        let filled = self.groups.iter().zip(taken).filter(|(_, samples)| !samples.is_empty());
        self.finished(filled, comes_first)
    }

    fn finished<'g>(
        &self,
        groups: impl Iterator<Item = (&'g Group, Vec<Sample>)>,
        comes_first: impl Fn(u32, u32) -> bool,
    ) -> Finished {
        let mut finished = Finished::default();
        for (group, mut samples) in groups {
            let (name, kind) = group.name_and_type(self.compat);
            if group.may_repeat || self.all_may_repeat {
                let mut repeated = self.repeated(&samples, &group.beans, &comes_first);
                if self.compat == Compat::V1 && !repeated.is_empty() {
                    for (sample, object_name) in samples.iter_mut().zip(&group.object_names) {
                        sample.labels = told_apart(&sample.labels, object_name);
                    }
                    repeated = self.repeated(&samples, &group.beans, &comes_first);
                }
                if !repeated.is_empty() {
                    finished.duplicates += repeated.len();
                    let mut at = 0..;
                    samples.retain(|_| at.next().is_none_or(|at: usize| repeated.binary_search(&at).is_err()));
                }
            }
            finished.families.push(Family { samples, ..Family::new(name, kind, group.help()) });
        }
        finished.families.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        finished
    }

    /// In ascending order the samples to leave out: of those with equal labels, all but the one whose bean `comes_first`.
    fn repeated(&self, samples: &[Sample], beans: &[u32], comes_first: &impl Fn(u32, u32) -> bool) -> Vec<usize> {
        let mut repeated = Vec::new();
        let mut order: Vec<(u64, usize)> = samples.iter().map(|sample| self.hash(&sample.labels)).zip(0..).collect();
        order.sort_unstable();
        for run in order.chunk_by(|a, b| a.0 == b.0).filter(|run| run.len() > 1) {
            let mut kept: Vec<usize> = Vec::new();
            for &(_, at) in run {
                match kept.iter_mut().find(|other| samples[**other].labels == samples[at].labels) {
                    None => kept.push(at),
                    Some(other) if comes_first(beans[at], beans[*other]) => {
                        repeated.push(*other);
                        *other = at;
                    }
                    Some(_) => repeated.push(at),
                }
            }
        }
        repeated.sort_unstable();
        repeated
    }

    /// What the other generation would call the series of the scrape that was finished last.
    pub(super) fn renamed(&mut self) -> RenamedSeries {
        self.bases.iter_mut().for_each(|(_, kind)| *kind = None);
        let sources = || self.groups.iter().flat_map(|group| &group.sources).filter(|source| source.samples > 0);
        for source in sources() {
            let (_, kind) = &mut self.bases[source.base as usize];
            *kind = Some(type_in_1x([kind.unwrap_or(source.kind), source.kind]));
        }
        let mut renamed = RenamedSeries::default();
        let mut examples = Vec::new();
        for source in sources() {
            let (base, kind) = &self.bases[source.base as usize];
            let suffix = if *kind == Some(MetricType::Counter) { "_total" } else { "" };
            let same = source.name.strip_suffix(suffix).is_some_and(|rest| *rest == **base);
            if !same {
                renamed.series += source.samples;
                examples.push((&source.name, base, suffix));
            }
        }
        examples.sort_unstable();
        examples.dedup();
        renamed.examples = examples
            .into_iter()
            .take(3)
            .map(|(name, base, suffix)| {
                let (old, new) = (name.to_string(), format!("{base}{suffix}"));
                if self.compat == Compat::V0 { (old, new) } else { (new, old) }
            })
            .collect();
        renamed
    }
}

impl Group {
    fn new(name: Arc<str>) -> Self {
        Self {
            name,
            sources: Vec::new(),
            samples: Vec::new(),
            beans: Vec::new(),
            object_names: Vec::new(),
            kept: FxHashSet::default(),
            series: 0,
            may_repeat: false,
        }
    }

    fn may_repeat(&mut self) {
        self.may_repeat = true;
        // Nothing asks for it any more.
        self.kept = FxHashSet::default();
    }

    /// The samples; room for as many is made for the next scrape.
    fn take(&mut self) -> Vec<Sample> {
        let next = Vec::with_capacity(self.samples.len());
        std::mem::replace(&mut self.samples, next)
    }

    /// The first rule that made samples of this scrape.
    fn leading(&self) -> Option<&Source> {
        self.sources.iter().filter(|source| source.samples > 0).min_by_key(|source| (source.rule, &source.name))
    }

    fn help(&self) -> Arc<str> {
        self.leading().map_or_else(|| Arc::from(""), |source| Arc::clone(&source.help))
    }

    fn name_and_type(&self, compat: Compat) -> (Arc<str>, MetricType) {
        let name = Arc::clone(&self.name);
        match compat {
            Compat::V0 => {
                let kind = self.leading().map_or(MetricType::Unknown, |source| source.kind);
                let kind = type_in_0x(&name, kind);
                (name, kind)
            }
            Compat::V1 => {
                let there = self.sources.iter().filter(|source| source.samples > 0);
                let kind = type_in_1x(there.map(|source| source.kind));
                let name = if kind == MetricType::Counter { format!("{name}_total").into() } else { name };
                (name, kind)
            }
        }
    }
}

fn base(bases: &mut Vec<(Arc<str>, Option<MetricType>)>, by_name: &mut HashMap<Arc<str>, u32>, name: &str) -> u32 {
    let base = base_name(name);
    if let Some(&known) = by_name.get(base) {
        return known;
    }
    let (base, at): (Arc<str>, u32) = (base.into(), index(bases.len()));
    bases.push((Arc::clone(&base), None));
    by_name.insert(base, at);
    at
}

fn told_apart(labels: &Labels, object_name: &str) -> Labels {
    let pairs = labels.pairs();
    // A label of this name that is there already stays.
    let own = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    Labels::new(own.chain([(OBJECT_NAME, object_name)]))
}

fn index(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
impl Families {
    /// How many families are searched for equal series in every scrape.
    pub(super) fn searched(&self) -> usize {
        self.groups.iter().filter(|group| group.may_repeat).count()
    }

    /// How many hashes of labels are kept.
    pub(super) fn hashes(&self) -> usize {
        self.groups.iter().map(|group| group.kept.len()).sum()
    }
}
