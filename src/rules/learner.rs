//! One bean and what is known of it in, samples out; leaves that are new are matched against the rules, and what becomes of
//! them is kept.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Instant;

use super::customizing::bean_labels;
use super::families::{Families, Reserved, Series};
use super::flatten::{Leaf, flatten};
use super::known::{Entry, Kept, Known, Node, OVERHEAD, Path, Slots};
use super::match_string::Place;
use super::matching::{Matcher, is_structural};
use super::model::{Compat, Rules};
use super::outcome::{Matched, Outcome, outcome};
use crate::mbean::{Bean, ObjectName, Value};
use crate::metrics::Labels;

/// What may be kept across scrapes, in bytes: several times what the largest real nodes need, and a bound for what a
/// hostile agent can make of long names.
const MAX_BYTES: usize = 128 << 20;

/// What the labels that are made anew in each scrape may hold, in bytes.
const MAX_LIVE_BYTES: usize = 64 << 20;

/// Looks at beans.
#[derive(Debug)]
pub(super) struct Learner {
    pub(super) rules: Arc<Rules>,
    matcher: Matcher,
    /// Whether any rule makes samples of texts.
    reads_text: bool,
    pub(super) hasher: RandomState,
    pub(super) families: Families,
    paths: HashMap<u64, Arc<Path>>,
    /// Roughly what is kept, with all beans.
    pub(super) bytes: usize,
    scrape: u32,
    learn_until: Option<Instant>,
    pub(super) counts: Counts,
    gave_up_before: u64,
}

/// Of the current scrape.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) pending: usize,
    pub(super) reserved: u64,
    pub(super) over_limit: u64,
    live_bytes: usize,
    /// There is no room to keep more.
    pub(super) full: bool,
}

/// What is needed to look at one bean.
struct Visit<'v> {
    bean: &'v Bean<'v>,
    /// Its number.
    at: u32,
    /// `None` until the first leaf is looked at.
    name: OnceCell<Option<(ObjectName<'v>, Place<'v>)>>,
    labels: Vec<(String, String)>,
    learned: bool,
    out_of_time: bool,
    /// Leaves in rows of tables.
    rows: usize,
    /// Bytes more that are kept of the bean alone, until it is recounted.
    bytes: usize,
}

/// What a rule makes of a leaf, and the object name by which 1.x tells equal series apart.
type Made = (Outcome, Option<Arc<str>>);

/// What an outcome was made into.
enum Placed {
    Nothing,
    Reserved,
    Kept(Kept),
}

impl Learner {
    pub(super) fn new(rules: Arc<Rules>) -> Self {
        Self {
            matcher: Matcher::new(Arc::clone(&rules)),
            reads_text: rules.rules.iter().any(|rule| rule.value.is_some()),
            hasher: RandomState::new(),
            families: Families::new(rules.compat),
            rules,
            paths: HashMap::new(),
            bytes: 0,
            scrape: 0,
            learn_until: None,
            counts: Counts::default(),
            gave_up_before: 0,
        }
    }

    /// Starts a scrape in which new leaves are looked at until then.
    pub(super) fn begin(&mut self, learn_until: Instant) {
        self.scrape = self.scrape.wrapping_add(1);
        self.learn_until = Some(learn_until);
        self.counts = Counts::default();
        self.gave_up_before = self.matcher.gave_up();
        self.families.begin();
    }

    /// Matches given up in this scrape.
    pub(super) fn gave_up(&self) -> u64 {
        self.matcher.gave_up() - self.gave_up_before
    }

    pub(super) fn forget_all(&mut self) {
        self.families = Families::new(self.rules.compat);
        self.paths = HashMap::new();
        self.bytes = 0;
    }

    /// Whether there is room to keep so many bytes more; takes note if not.
    pub(super) fn has_room(&mut self, bytes: usize) -> bool {
        let has_room = self.bytes + bytes <= MAX_BYTES;
        if !has_room {
            self.counts.full = true;
            self.counts.over_limit += 1;
        }
        has_room
    }

    pub(super) fn is_over_time(&self) -> bool {
        self.learn_until.is_none_or(|until| Instant::now() >= until)
    }

    /// Adds the bean's samples, and returns whether something new was looked at.
    pub(super) fn visit(&mut self, known: &mut Known, at: u32, bean: &Bean<'_>) -> bool {
        if known.scrape == self.scrape {
            // A bean that comes twice has its series twice.
            self.families.all_may_repeat();
        }
        known.scrape = self.scrape;
        let rules = known.customizer.map(|_| Arc::clone(&self.rules));
        let customizer = rules.as_ref().and_then(|rules| rules.customizers.get(known.customizer?));
        if let Some(customizer) = customizer {
            let labels = bean_labels(customizer, bean.attributes, self.rules.lowercase_output_label_names);
            if labels != known.labels {
                self.forget(known.clear());
                self.recount(known);
                known.labels = labels;
            }
        }
        let labels = std::mem::take(&mut known.labels);
        let mut visit =
            Visit { bean, at, name: OnceCell::new(), labels, learned: false, out_of_time: false, rows: 0, bytes: 0 };
        for (index, extra) in customizer.iter().flat_map(|customizer| &customizer.extra_metrics).enumerate() {
            let leaf = Leaf { keys: &[], name: &extra.name, columns: &[], row: "", value: &extra.value };
            let node = known.extras.get(index).copied();
            let node = self.leaf(&mut known.series, node, &mut visit, &leaf, Some(&extra.description));
            if index == known.extras.len()
                && let Some(node) = node
            {
                known.extras.push(node);
            }
        }
        let mut hint = 0;
        flatten(bean, |leaf| {
            if matches!(leaf.value, Value::String(_)) && !self.reads_text {
                return;
            }
            visit.rows += usize::from(!leaf.row.is_empty());
            let found = known.find(leaf, hint, &self.hasher);
            hint = found.map_or(hint, |at| at + 1);
            let node = found.map(|at| known.entries[at].node);
            let Some(node) = self.leaf(&mut known.series, node, &mut visit, leaf, None) else { return };
            match found {
                Some(at) => known.entries[at].node = node,
                None => {
                    let path = self.path(leaf, &mut visit.bytes);
                    hint = known.push(Entry { path, node }, &self.hasher) + 1;
                }
            }
        });
        // Rows come and go.
        let too_many_rows = known.rows > 2 * visit.rows + 16;
        if too_many_rows {
            self.forget(known.drop_rows());
            // The samples of rows forgotten just now stay, and no series of another bean is compared with them any more.
            self.families.all_may_repeat();
        }
        if visit.learned {
            known.shrink();
        }
        if visit.learned || too_many_rows {
            self.recount(known);
        }
        let was_complete = std::mem::replace(&mut known.complete, !visit.out_of_time);
        self.counts.pending += usize::from(visit.out_of_time);
        known.labels = visit.labels;
        visit.learned || !was_complete
    }

    /// Adds the leaf's sample, and returns what becomes of it from now on if that is new.
    fn leaf(
        &mut self,
        series: &mut Slots,
        node: Option<Node>,
        visit: &mut Visit<'_>,
        leaf: &Leaf<'_>,
        extra: Option<&str>,
    ) -> Option<Node> {
        let mut text_hash = 0;
        if let Value::String(text) = leaf.value {
            text_hash = self.hasher.hash_one(text);
        }
        match (node, leaf.value) {
            // What is null for once comes back as it was.
            (Some(Node::Excluded), _) | (Some(_), Value::Null) => return None,
            // Texts with angle brackets alone are not covered. What stays: nobody may read this attribute any more, so that
            // such a text is seen only once all is read again.
            (Some(Node::NoText), Value::String(text)) if !is_structural(text) || self.is_over_time() => return None,
            (Some(node @ Node::Text { hash, .. }), Value::String(_)) if hash == text_hash => {
                self.add_kept(visit.at, series, node, leaf.value);
                return None;
            }
            (_, Value::String(_)) => {}
            (Some(node @ Node::Series(_)), _) => {
                self.add_kept(visit.at, series, node, leaf.value);
                return None;
            }
            (Some(Node::Drop), _) => return None,
            (Some(Node::Reserved), _) => {
                self.counts.reserved += 1;
                return None;
            }
            (Some(Node::Live), _) => {
                self.live(visit, leaf, extra);
                return None;
            }
            _ => {}
        }
        // Of a text that changes the next sample is due now; all else can wait.
        if !matches!(node, Some(Node::Text { .. })) && self.is_over_time() {
            visit.out_of_time = true;
            return None;
        }
        if !self.has_room(visit.bytes) {
            return None;
        }
        visit.learned = true;
        if let Some(old) = node.and_then(Node::series).and_then(|at| series.take(at)) {
            self.families.forget(&old.series);
        }
        self.learn(series, visit, leaf, extra, text_hash)
    }

    fn learn(
        &mut self,
        series: &mut Slots,
        visit: &mut Visit<'_>,
        leaf: &Leaf<'_>,
        extra: Option<&str>,
        text_hash: u64,
    ) -> Option<Node> {
        let (name, of_bean) = visit.named()?;
        if extra.is_none() && !self.rules.filter.attribute(name, leaf.attribute()) {
            return Some(Node::Excluded);
        }
        if matches!(leaf.value, Value::Null) {
            return Some(Node::Open);
        }
        let in_row = (!leaf.columns.is_empty()).then(|| Place::new(name, leaf.columns));
        let place = in_row.as_ref().unwrap_or(of_bean);
        let is_text = matches!(leaf.value, Value::String(_));
        if let Value::String(text) = leaf.value
            && !self.matcher.text_may_give_a_sample(place, leaf.keys, leaf.name, text)
        {
            return Some(Node::NoText);
        }
        let (made, depends_on_number) = self.matched(visit, place, leaf, extra);
        if depends_on_number && !is_text {
            self.add_live(visit, made, leaf.value);
            return Some(Node::Live);
        }
        let recent = series.last().map(|kept| kept.series.labels.clone());
        let placed = made.map_or(Placed::Nothing, |(made, object_name)| self.placed(&made, object_name, recent));
        let at = match placed {
            Placed::Nothing => None,
            Placed::Reserved if is_text => None,
            Placed::Reserved => {
                self.counts.reserved += 1;
                return Some(Node::Reserved);
            }
            Placed::Kept(kept) => {
                visit.bytes += kept.bytes();
                self.families.keep(&kept.series);
                self.add(visit.at, &kept, leaf.value);
                Some(series.put(kept))
            }
        };
        Some(match at {
            at if is_text => Node::Text { hash: text_hash, series: at },
            Some(at) => Node::Series(at),
            None => Node::Drop,
        })
    }

    /// A leaf whose outcome may be another for each number.
    fn live(&mut self, visit: &mut Visit<'_>, leaf: &Leaf<'_>, extra: Option<&str>) {
        let Some((name, of_bean)) = visit.named() else { return };
        let in_row = (!leaf.columns.is_empty()).then(|| Place::new(name, leaf.columns));
        let place = in_row.as_ref().unwrap_or(of_bean);
        let (made, _) = self.matched(visit, place, leaf, extra);
        self.add_live(visit, made, leaf.value);
    }

    /// What the rules make of a leaf, and whether another number could have had another fate.
    fn matched(
        &mut self,
        visit: &Visit<'_>,
        place: &Place<'_>,
        leaf: &Leaf<'_>,
        extra: Option<&str>,
    ) -> (Option<Made>, bool) {
        let Leaf { keys, name, value, .. } = *leaf;
        let matched = self.matcher.first(place, keys, name, value);
        let made = matched.hit.as_ref().and_then(|hit| {
            let description = extra.unwrap_or_default();
            let leaf = Matched { place, keys, name, value, description, bean_labels: &visit.labels };
            let made = outcome(&self.rules, hit, leaf).ok()?;
            Some((made, object_name(self.rules.compat, hit.text)))
        });
        (made, matched.depends_on_number)
    }

    fn add_live(&mut self, visit: &Visit<'_>, made: Option<Made>, value: &Value<'_>) {
        let Some((made, object_name)) = made else { return };
        let bytes = made.labels.iter().map(|(name, value)| name.len() + value.len() + 4).sum::<usize>();
        self.counts.live_bytes += bytes + made.name.len();
        if self.counts.live_bytes > MAX_LIVE_BYTES {
            self.counts.over_limit += 1;
            return;
        }
        if !self.has_room(0) {
            return;
        }
        match self.placed(&made, object_name, None) {
            Placed::Nothing => {}
            Placed::Reserved => self.counts.reserved += 1,
            Placed::Kept(kept) => {
                self.families.may_repeat(kept.series.at);
                self.add(visit.at, &kept, value);
            }
        }
    }

    /// The series of an outcome. `recent` are labels that are probably the same.
    fn placed(&mut self, made: &Outcome, object_name: Option<Arc<str>>, recent: Option<Labels>) -> Placed {
        let at = match self.families.place(made) {
            Ok((at, bytes)) => {
                self.bytes += bytes;
                at
            }
            Err(Reserved) => return Placed::Reserved,
        };
        let labels = Labels::new(made.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let labels = recent.filter(|recent| *recent == labels).unwrap_or(labels);
        let series = Series { at, labels, object_name };
        Placed::Kept(Kept { series, number: made.number })
    }

    fn add_kept(&mut self, bean: u32, series: &Slots, node: Node, value: &Value<'_>) {
        if let Some(kept) = node.series().and_then(|at| series.get(at)) {
            self.add(bean, kept, value);
        }
    }

    fn add(&mut self, bean: u32, kept: &Kept, value: &Value<'_>) {
        if let Some(number) = kept.number.of(value) {
            self.families.push(bean, &kept.series, number);
        }
    }

    /// Brings the bytes up to what is kept of the bean now: what has replaced something else adds nothing for ever.
    fn recount(&mut self, known: &mut Known) {
        let bytes = known.own_bytes();
        self.bytes = self.bytes.saturating_sub(known.bytes) + bytes;
        known.bytes = bytes;
    }

    fn forget(&mut self, series: impl Iterator<Item = Kept>) {
        series.for_each(|kept| self.families.forget(&kept.series));
    }

    /// The path of a leaf; shared, except for rows of tables, by all beans that have it.
    fn path(&mut self, leaf: &Leaf<'_>, bytes: &mut usize) -> Arc<Path> {
        let hash = Path::hash(leaf, &self.hasher);
        if leaf.row.is_empty()
            && let Some(path) = self.paths.get(&hash).filter(|path| path.is_of(leaf))
        {
            *bytes += Entry::bytes(path);
            return Arc::clone(path);
        }
        let path = Arc::new(Path::of(leaf));
        if leaf.row.is_empty() {
            self.bytes += path.bytes() + OVERHEAD;
            self.paths.insert(hash, Arc::clone(&path));
        }
        *bytes += Entry::bytes(&path);
        path
    }
}

impl<'v> Visit<'v> {
    /// The bean's name in parts, taken apart at the first use. `None` does not happen: what is no name is not admitted.
    fn named(&self) -> Option<&(ObjectName<'v>, Place<'v>)> {
        let parse = || {
            let name = ObjectName::parse(self.bean.name).ok()?;
            let place = Place::new(&name, &[]);
            Some((name, place))
        };
        self.name.get_or_init(parse).as_ref()
    }
}

/// What 1.x tells equal series apart by: the match string up to its last colon.
fn object_name(compat: Compat, text: &str) -> Option<Arc<str>> {
    (compat == Compat::V1).then(|| text[..text.rfind(':').unwrap_or(text.len())].into())
}
