//! What is kept of a bean across scrapes: for each of its leaves what becomes of it, so that no rule is tried twice.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::families::Series;
use super::flatten::Leaf;
use super::outcome::Number;

/// What an entry of a map and such costs, roughly, in bytes.
pub(super) const OVERHEAD: usize = 48;

/// From here on leaves are looked up by hash: an odd bean has thousands of attributes.
const INDEXED: usize = 32;

/// Which leaf of a bean: shared by all beans that have the same attributes.
#[derive(Debug)]
pub(super) struct Path {
    keys: Box<[Box<str>]>,
    name: Box<str>,
    row: Box<str>,
}

/// What becomes of a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Node {
    /// The file leaves this attribute out, whatever it holds.
    Excluded,
    /// A number gives no sample.
    Drop,
    /// A number gives a sample of this series (a place in [`Known::series`]).
    Series(u32),
    /// A number gives a sample whose name is reserved.
    Reserved,
    /// A number is looked at anew each time.
    Live,
    /// No text gives a sample, save perhaps one with angle brackets.
    NoText,
    /// The text of this hash gives this outcome, another one may give another.
    Text {
        /// Of the text.
        hash: u64,
        /// A place in [`Known::series`], or none.
        series: Option<u32>,
    },
    /// There was nothing yet.
    Open,
}

/// A leaf and what becomes of it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) path: Arc<Path>,
    pub(super) node: Node,
}

/// A series of a bean.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) series: Series,
    pub(super) number: Number,
}

/// Series that keep their places.
#[derive(Debug, Default)]
pub(super) struct Slots {
    slots: Vec<Option<Kept>>,
    free: Vec<u32>,
}

/// What is kept of a bean.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) name: Box<str>,
    /// The scrape that saw it last.
    pub(super) scrape: u32,
    /// All its leaves have been looked at.
    pub(super) complete: bool,
    /// The customizer that applies to it.
    pub(super) customizer: Option<usize>,
    /// Labels that the customizer gives to all of its samples.
    pub(super) labels: Vec<(String, String)>,
    pub(super) entries: Vec<Entry>,
    /// Of the customizer's extra metrics, in order.
    pub(super) extras: Vec<Node>,
    pub(super) series: Slots,
    /// Entries in rows of tables.
    pub(super) rows: usize,
    /// Bytes that are kept of it alone, as they were counted last.
    pub(super) bytes: usize,
    /// Places in `entries` by hash of the path; `None` while there are few.
    index: Option<Box<FxHashMap<u64, u32>>>,
}

impl Path {
    pub(super) fn of(leaf: &Leaf<'_>) -> Self {
        Self { keys: leaf.keys.iter().map(|&key| key.into()).collect(), name: leaf.name.into(), row: leaf.row.into() }
    }

    pub(super) fn is_of(&self, leaf: &Leaf<'_>) -> bool {
        *self.name == *leaf.name
            && *self.row == *leaf.row
            && self.keys.len() == leaf.keys.len()
            && self.keys.iter().zip(leaf.keys).all(|(key, other)| **key == **other)
    }

    pub(super) fn hash(leaf: &Leaf<'_>, hasher: &RandomState) -> u64 {
        hasher.hash_one((leaf.keys, leaf.name, leaf.row))
    }

    fn own_hash(&self, hasher: &RandomState) -> u64 {
        let keys: Vec<&str> = self.keys.iter().map(|key| &**key).collect();
        hasher.hash_one((keys.as_slice(), &*self.name, &*self.row))
    }

    /// The attribute of the bean.
    pub(super) fn attribute(&self) -> &str {
        self.keys.first().unwrap_or(&self.name)
    }

    pub(super) fn is_in_row(&self) -> bool {
        !self.row.is_empty()
    }

    /// Roughly.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.name.len() + self.row.len() + self.keys.iter().map(|key| key.len() + 16).sum::<usize>()
    }
}

impl Entry {
    /// What an entry of this path costs its bean alone, roughly: other beans have the path as well, unless it is in a row.
    pub(super) fn bytes(path: &Path) -> usize {
        size_of::<Self>() + if path.is_in_row() { path.bytes() } else { 0 }
    }

    /// Whether the leaf gives a sample or may give one.
    pub(super) fn is_wanted(&self) -> bool {
        match self.node {
            Node::Excluded => false,
            // Another row may give one.
            _ if self.path.is_in_row() => true,
            Node::Drop | Node::NoText => false,
            Node::Series(_) | Node::Reserved | Node::Live | Node::Text { .. } | Node::Open => true,
        }
    }
}

impl Kept {
    /// Roughly.
    pub(super) fn bytes(&self) -> usize {
        let object_name = self.series.object_name.as_ref().map_or(0, |name| name.len() + 16);
        size_of::<Self>() + self.series.labels.as_str().len() + object_name
    }
}

impl Known {
    /// A bean of which nothing is known yet.
    pub(super) fn new(name: &str, customizer: Option<usize>) -> Self {
        let mut known = Self { name: name.into(), customizer, ..Self::default() };
        known.bytes = known.own_bytes();
        known
    }

    /// Bytes that are kept of a bean of this name of which nothing is known yet, roughly.
    pub(super) fn least_bytes(name: &str) -> usize {
        size_of::<Self>() + name.len() + OVERHEAD
    }

    /// Bytes that are kept of it alone, roughly, counted anew.
    pub(super) fn own_bytes(&self) -> usize {
        let entries = self.entries.iter().map(|entry| Entry::bytes(&entry.path)).sum::<usize>();
        Self::least_bytes(&self.name) + entries + self.series.iter().map(Kept::bytes).sum::<usize>()
    }

    /// Whether the bean gives a sample or may give one.
    pub(super) fn is_wanted(&self) -> bool {
        self.entries.iter().any(Entry::is_wanted) || self.extras_are_wanted()
    }

    /// Whether an extra metric gives a sample.
    pub(super) fn extras_are_wanted(&self) -> bool {
        self.extras.iter().any(|node| !matches!(node, Node::Drop | Node::NoText))
    }

    /// The place of the leaf in `entries`. Beans are read alike each time: `hint`, the place after the one found last, is
    /// nearly always right or a little before it.
    pub(super) fn find(&self, leaf: &Leaf<'_>, hint: usize, hasher: &RandomState) -> Option<usize> {
        let near = self.entries.get(hint..).unwrap_or_default().iter().take(INDEXED);
        if let Some(at) = near.clone().position(|entry| entry.path.is_of(leaf)) {
            return Some(hint + at);
        }
        match &self.index {
            None => self.entries.iter().position(|entry| entry.path.is_of(leaf)),
            Some(index) => {
                let at = *index.get(&Path::hash(leaf, hasher))? as usize;
                self.entries.get(at)?.path.is_of(leaf).then_some(at)
            }
        }
    }

    /// Adds a leaf and returns its place.
    pub(super) fn push(&mut self, entry: Entry, hasher: &RandomState) -> usize {
        let at = self.entries.len();
        self.rows += usize::from(entry.path.is_in_row());
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        if let Some(index) = &mut self.index {
            index.insert(entry.path.own_hash(hasher), place(at));
        }
        self.entries.push(entry);
        if self.index.is_none() && self.entries.len() > INDEXED {
            let places = self.entries.iter().enumerate().map(|(at, entry)| (entry.path.own_hash(hasher), place(at)));
            self.index = Some(Box::new(places.collect()));
        }
        at
    }

    /// Gives back room: most beans have a leaf or two, and there are tens of thousands of them.
    pub(super) fn shrink(&mut self) {
        self.entries.shrink_to_fit();
        self.series.slots.shrink_to_fit();
    }

    /// Takes out the rows of tables, and returns their series.
    pub(super) fn drop_rows(&mut self) -> impl Iterator<Item = Kept> + use<> {
        let mut series = std::mem::take(&mut self.series);
        let entries = std::mem::take(&mut self.entries);
        // The index is rebuilt by the next leaf that is added.
        (self.rows, self.index) = (0, None);
        let kept = &mut self.series;
        let mut moved = |node: &mut Node| {
            if let Some(at) = node.series_mut()
                && let Some(one) = series.take(*at)
            {
                *at = kept.put(one);
            }
        };
        self.extras.iter_mut().for_each(&mut moved);
        for mut entry in entries {
            if !entry.path.is_in_row() {
                moved(&mut entry.node);
                self.entries.push(entry);
            }
        }
        series.slots.into_iter().flatten()
    }

    /// Forgets all leaves, and returns their series.
    pub(super) fn clear(&mut self) -> impl Iterator<Item = Kept> + use<> {
        (self.complete, self.rows, self.index) = (false, 0, None);
        self.entries.clear();
        self.extras.clear();
        std::mem::take(&mut self.series).slots.into_iter().flatten()
    }
}

impl Node {
    /// The place of its series.
    pub(super) fn series(self) -> Option<u32> {
        match self {
            Self::Series(at) => Some(at),
            Self::Text { series, .. } => series,
            _ => None,
        }
    }

    fn series_mut(&mut self) -> Option<&mut u32> {
        match self {
            Self::Series(at) => Some(at),
            Self::Text { series, .. } => series.as_mut(),
            _ => None,
        }
    }
}

impl Slots {
    pub(super) fn get(&self, at: u32) -> Option<&Kept> {
        self.slots.get(at as usize)?.as_ref()
    }

    pub(super) fn take(&mut self, at: u32) -> Option<Kept> {
        let taken = self.slots.get_mut(at as usize)?.take();
        if taken.is_some() {
            self.free.push(at);
        }
        taken
    }

    pub(super) fn put(&mut self, kept: Kept) -> u32 {
        if let Some(at) = self.free.pop()
            && let Some(slot) = self.slots.get_mut(at as usize)
        {
            *slot = Some(kept);
            return at;
        }
        self.slots.push(Some(kept));
        u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
    }

    /// The one at the last place.
    pub(super) fn last(&self) -> Option<&Kept> {
        self.slots.last()?.as_ref()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Kept> {
        self.slots.iter().flatten()
    }
}
