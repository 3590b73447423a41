//! Beans of one node in, families out, as jmx_exporter's agent would show them. What becomes of an attribute depends on
//! names alone, hardly ever on its value: it is worked out once and kept across scrapes.

use std::hash::BuildHasher;
use std::sync::Arc;
use std::time::Instant;

use rustc_hash::{FxHashMap, FxHashSet};

use super::customizing::customizer_of;
use super::families::{Finished, RenamedSeries};
use super::known::{Known, OVERHEAD};
use super::learner::Learner;
use super::model::Rules;
use crate::mbean::{Bean, ObjectName};
use crate::metrics::Family;

/// What a bean that gives nothing costs, roughly.
const NOTHING_BYTES: usize = OVERHEAD / 2;

/// In place of the number of attributes: no attribute can give anything, because the file leaves the bean out.
const NEVER: u32 = u32::MAX;

/// Turns the beans of one node into families, scrape after scrape.
#[derive(Debug)]
pub struct Evaluator {
    learner: Learner,
    /// Hash of a bean's name -> place in `beans`.
    index: FxHashMap<u64, u32>,
    /// `None` where a bean was forgotten.
    beans: Vec<Option<Known>>,
    free: Vec<u32>,
    /// Hashes of the names of beans that give nothing, with the number of attributes that were looked at.
    nothing: FxHashMap<u64, u32>,
    /// Beans seen in this scrape.
    seen: usize,
    /// In `beans`: where the next bean is, if they come in the order in which they came first.
    next: u32,
}

/// The families of one scrape.
#[derive(Debug, Clone, Default)]
pub struct Evaluation {
    /// Sorted by name, none empty.
    pub families: Vec<Family>,
    /// Samples left out because another one has the same name and labels.
    pub duplicates_dropped: u64,
    /// Samples left out because their names begin with `kafka_vitals_`.
    pub reserved_dropped: u64,
    /// Values left out because all names together were larger than any real node's.
    pub over_limit: u64,
    /// Matches that were given up because they took too many steps; these count as not matched.
    pub gave_up: u64,
    /// Beans seen.
    pub beans: usize,
    /// Of these, how many were not looked at to their end, because the time to learn was over.
    pub pending_beans: usize,
    /// What the other generation of jmx_exporter would call these series.
    pub renamed: RenamedSeries,
}

/// What of a bean is worth reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted<'a> {
    /// Never looked at to its end: everything.
    Unknown,
    /// Nothing gives a sample.
    Nothing,
    /// These attributes give or may give a sample, or a label that others need. At least one.
    Attributes(Vec<&'a str>),
}

impl Evaluator {
    /// An evaluator that has seen nothing.
    pub fn new(rules: Arc<Rules>) -> Self {
        let (index, nothing) = (FxHashMap::default(), FxHashMap::default());
        Self { learner: Learner::new(rules), index, beans: Vec::new(), free: Vec::new(), nothing, seen: 0, next: 0 }
    }

    /// Starts a scrape; what an abandoned one has left is dropped. From `learn_until` on nothing new is looked at: what is
    /// known gives samples as ever, the rest waits for the next scrape.
    pub fn begin(&mut self, learn_until: Instant) {
        self.seen = 0;
        self.next = 0;
        self.learner.begin(learn_until);
    }

    /// Adds the samples of one bean: of all its attributes, or of those that [`wanted`](Self::wanted) names.
    pub fn bean(&mut self, bean: &Bean<'_>) {
        self.seen += 1;
        let attributes = u32::try_from(bean.attributes.len()).unwrap_or(u32::MAX);
        let at = match self.is_next(bean.name) {
            Some(at) => at,
            None => {
                let hash = self.hash(bean.name);
                // Kafka's beans may get more attributes while they live.
                if self.nothing.get(&hash).is_some_and(|&looked_at| attributes <= looked_at) {
                    return;
                }
                let Some(at) = self.find(hash).or_else(|| self.admit(hash, bean)) else { return };
                at
            }
        };
        self.next = at.wrapping_add(1);
        let Some(slot) = self.beans.get_mut(at as usize) else { return };
        let Some(known) = slot else { return };
        let learned = self.learner.visit(known, at, bean);
        if learned && known.complete && !known.is_wanted() {
            self.learner.bytes = self.learner.bytes.saturating_sub(known.bytes) + NOTHING_BYTES;
            *slot = None;
            let hash = self.hash(bean.name);
            self.index.remove(&hash);
            self.free.push(at);
            self.nothing.insert(hash, attributes);
        }
    }

    /// The families as they are now; the scrape goes on.
    pub fn so_far(&mut self) -> Evaluation {
        let beans = &self.beans;
        let finished = self.learner.families.so_far(|bean, other| comes_first(beans, bean, other));
        self.evaluation(finished)
    }

    /// Ends the scrape. Nothing is forgotten, unless there is no room for more: then all is.
    pub fn finish(&mut self) -> Evaluation {
        let beans = &self.beans;
        let finished = self.learner.families.finish(|bean, other| comes_first(beans, bean, other));
        let evaluation = self.evaluation(finished);
        if self.learner.counts.full {
            self.forget_all();
        }
        evaluation
    }

    /// Forgets the beans that are not among `names`, which are all that the node has.
    pub fn keep_only<'n>(&mut self, names: impl Iterator<Item = &'n str>) {
        let names: FxHashSet<u64> = names.map(|name| self.hash(name)).collect();
        self.forget_nothing(|hash, _| names.contains(&hash));
        let Self { index, beans, free, learner, .. } = self;
        let Learner { families, bytes, .. } = learner;
        index.retain(|hash, at| {
            let stays = names.contains(hash);
            if !stays && let Some(known) = beans.get_mut(*at as usize).and_then(Option::take) {
                known.series.iter().for_each(|kept| families.forget(&kept.series));
                *bytes = bytes.saturating_sub(known.bytes);
                free.push(*at);
            }
            stays
        });
        // Families and paths only grow. Both follow from the beans and are soon there again.
        let families = &self.learner.families;
        if families.unused() > families.len() / 2 + 1000 {
            self.forget_all();
        }
    }

    /// Has those of these beans that gave nothing looked at again when they come next; until then they are
    /// [`Wanted::Unknown`]: an attribute that was null, a text or something else that gives no sample may be a number later.
    /// Beans that the file leaves out by name stay out.
    pub fn try_again<'n>(&mut self, names: impl Iterator<Item = &'n str>) {
        let hashes: FxHashSet<u64> = names.map(|name| self.hash(name)).collect();
        self.forget_nothing(|hash, looked_at| looked_at == NEVER || !hashes.contains(&hash));
    }

    /// What of the bean of this name is worth reading.
    pub fn wanted(&self, bean: &str) -> Wanted<'_> {
        let hash = self.hash(bean);
        if self.nothing.contains_key(&hash) {
            return Wanted::Nothing;
        }
        let known = self.find(hash).and_then(|at| self.beans.get(at as usize)?.as_ref());
        let Some(known) = known.filter(|known| known.complete) else { return Wanted::Unknown };
        let mut wanted: Vec<&str> = Vec::new();
        let mut seen = FxHashSet::default();
        for entry in known.entries.iter().filter(|entry| entry.is_wanted()) {
            let attribute = entry.path.attribute();
            // Leaves of one attribute follow one another, nearly always.
            if wanted.last() != Some(&attribute) && seen.insert(attribute) {
                wanted.push(attribute);
            }
        }
        let customizer = known.customizer.and_then(|at| self.learner.rules.customizers.get(at));
        for attribute in customizer.iter().flat_map(|customizer| &customizer.attributes_as_labels) {
            if seen.insert(attribute) {
                wanted.push(attribute);
            }
        }
        // Extra metrics need the bean to be there, by whichever attribute.
        if wanted.is_empty()
            && let Some(entry) = known.entries.first()
        {
            wanted.push(entry.path.attribute());
        }
        if wanted.is_empty() { Wanted::Unknown } else { Wanted::Attributes(wanted) }
    }

    fn evaluation(&mut self, finished: Finished) -> Evaluation {
        let counts = &self.learner.counts;
        Evaluation {
            families: finished.families,
            duplicates_dropped: finished.duplicates as u64,
            reserved_dropped: counts.reserved,
            over_limit: counts.over_limit,
            gave_up: self.learner.gave_up(),
            beans: self.seen,
            pending_beans: counts.pending,
            renamed: self.learner.families.renamed(),
        }
    }

    /// Of the beans that give nothing, forgets those that need not `stay`, by hash and number of attributes.
    fn forget_nothing(&mut self, stay: impl Fn(u64, u32) -> bool) {
        let before = self.nothing.len();
        self.nothing.retain(|&hash, looked_at| stay(hash, *looked_at));
        let bytes = (before - self.nothing.len()) * NOTHING_BYTES;
        self.learner.bytes = self.learner.bytes.saturating_sub(bytes);
    }

    fn forget_all(&mut self) {
        self.learner.forget_all();
        self.index = FxHashMap::default();
        self.beans = Vec::new();
        self.free = Vec::new();
        self.nothing = FxHashMap::default();
    }

    fn hash(&self, name: &str) -> u64 {
        self.learner.hasher.hash_one(name)
    }

    /// The place after that of the bean that came before, if this bean is there: they come in the same order each time.
    fn is_next(&self, name: &str) -> Option<u32> {
        let known = self.beans.get(self.next as usize)?.as_ref()?;
        (*known.name == *name).then_some(self.next)
    }

    /// Names are told apart by 64 bits of a hash that nobody can foresee.
    fn find(&self, hash: u64) -> Option<u32> {
        self.index.get(&hash).copied()
    }

    /// A place for a bean that is not known, or none if there is nothing to know or no time.
    fn admit(&mut self, hash: u64, bean: &Bean<'_>) -> Option<u32> {
        if self.learner.is_over_time() {
            self.learner.counts.pending += 1;
            return None;
        }
        if !self.learner.has_room(Known::least_bytes(bean.name)) {
            return None;
        }
        if self.nothing.remove(&hash).is_some() {
            self.learner.bytes = self.learner.bytes.saturating_sub(NOTHING_BYTES);
        }
        let Some(name) = ObjectName::parse(bean.name).ok().filter(|name| self.learner.rules.filter.bean(name)) else {
            self.learner.bytes += NOTHING_BYTES;
            self.nothing.insert(hash, NEVER);
            return None;
        };
        let customizer = customizer_of(&self.learner.rules.customizers, &name);
        let known = Known::new(bean.name, customizer);
        self.learner.bytes += known.bytes;
        let at = self.free.pop().unwrap_or_else(|| {
            self.beans.push(None);
            u32::try_from(self.beans.len() - 1).unwrap_or(u32::MAX)
        });
        *self.beans.get_mut(at as usize)? = Some(known);
        self.index.insert(hash, at);
        Some(at)
    }
}

/// Whether the bean at place `bean` comes before the one at `other` in ObjectName order.
fn comes_first(beans: &[Option<Known>], bean: u32, other: u32) -> bool {
    let name = |place: u32| beans.get(place as usize)?.as_ref().map(|known| &*known.name);
    let (Some(bean), Some(other)) = (name(bean), name(other)) else { return false };
    match (ObjectName::parse(bean), ObjectName::parse(other)) {
        (Ok(bean), Ok(other)) => bean < other,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
