//! Beans of one node in, families out, in jmx_exporter's default format. What depends on names alone (family, labels) is
//! worked out once per bean and kept across scrapes.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use super::Rules;
use super::building::Building;
use super::naming::{safe_label, safe_name};
use super::trie::{NodeId, Target, Trie};
use crate::mbean::{Bean, ObjectName, Value, java_double, java_float};
use crate::metrics::{Family, Labels};

/// Beans that vanished are forgotten after this many incomplete scrapes; after a complete one at once.
const FORGET_AFTER: u32 = 30;

/// What the labels of one scrape's table rows may hold, in bytes: each row repeats the key properties of its bean.
const MAX_ROW_BYTES: usize = 64 << 20;

/// Turns the beans of one node into families, scrape after scrape.
#[derive(Debug)]
pub struct Evaluator {
    rules: Arc<Rules>,
    hasher: RandomState,
    cache: Cache,
    scrape: u32,
    seen: usize,
    reserved_dropped: u64,
    over_limit: u64,
    row_bytes: usize,
}

#[derive(Debug, Default)]
struct Cache {
    trie: Trie,
    families: Vec<Building>,
    family_by_name: HashMap<Arc<str>, usize>,
    /// Bean name -> place in `beans`.
    index: HashMap<Arc<str>, u32>,
    beans: Vec<Option<Known>>,
    free: Vec<u32>,
    /// Beans forgotten since the cache was last empty.
    forgotten: usize,
}

/// What is kept of a bean.
#[derive(Debug)]
struct Known {
    name: Arc<str>,
    /// `None` = the name is no ObjectName.
    root: Option<NodeId>,
    labels: Labels,
    labels_hash: u64,
    /// The scrape that saw it last.
    scrape: u32,
}

/// The families of one scrape.
#[derive(Debug, Clone, Default)]
pub struct Evaluation {
    /// Sorted by name, none empty; all untyped.
    pub families: Vec<Family>,
    /// Samples left out because another one has the same name and labels.
    pub duplicates_dropped: u64,
    /// Samples left out because their names begin with `kafka_vitals_`.
    pub reserved_dropped: u64,
    /// Values and table rows left out because all names together were larger than any real node's.
    pub over_limit: u64,
    /// Beans seen.
    pub beans: usize,
}

/// Where the samples of an attribute belong.
struct Series<'a> {
    bean: u32,
    labels: Labels,
    labels_hash: u64,
    /// Key properties with the index columns of the tables around, once a table needed them.
    properties: Option<Vec<(Cow<'a, str>, Cow<'a, str>)>>,
}

impl Evaluator {
    /// An evaluator that has seen nothing.
    pub fn new(rules: Arc<Rules>) -> Self {
        let cache = Cache::default();
        let hasher = RandomState::new();
        Self { rules, hasher, cache, scrape: 0, seen: 0, reserved_dropped: 0, over_limit: 0, row_bytes: 0 }
    }

    /// Starts a scrape; what an abandoned one has left is dropped.
    pub fn begin(&mut self) {
        self.scrape = self.scrape.wrapping_add(1);
        self.seen = 0;
        self.reserved_dropped = 0;
        self.over_limit = 0;
        self.row_bytes = 0;
        self.cache.families.iter_mut().for_each(Building::clear);
    }

    /// Adds the samples of one bean.
    pub fn bean(&mut self, bean: &Bean<'_>) {
        let place = match self.cache.index.get(bean.name) {
            Some(&place) => place,
            None => self.learn(bean.name),
        };
        let Some(known) = self.cache.beans.get_mut(place as usize).and_then(Option::as_mut) else { return };
        known.scrape = self.scrape;
        self.seen += 1;
        let Some(root) = known.root else { return };
        let mut series =
            Series { bean: place, labels: known.labels.clone(), labels_hash: known.labels_hash, properties: None };
        let mut hint = 0;
        for (attribute, value) in bean.attributes {
            hint = self.record(&mut series, root, attribute, value, bean.name, hint);
        }
    }

    /// The families as they are now; the scrape goes on.
    pub fn so_far(&mut self) -> Evaluation {
        self.evaluate(|family, beans| family.so_far(|bean, other| comes_first(beans, bean, other)))
    }

    /// Ends the scrape. `complete` = all beans of the node were read, so that those not seen are gone.
    pub fn finish(&mut self, complete: bool) -> Evaluation {
        let evaluation = self.evaluate(|family, beans| family.finish(|bean, other| comes_first(beans, bean, other)));
        let unused = self.cache.families.len() - evaluation.families.len();
        self.forget(complete, unused);
        evaluation
    }

    /// Takes in one value under `parent` and returns the hint for its next sibling.
    fn record(
        &mut self,
        series: &mut Series<'_>,
        parent: NodeId,
        name: &str,
        value: &Value<'_>,
        bean: &str,
        hint: usize,
    ) -> usize {
        let number = match value {
            Value::Long(number) => *number as f64,
            Value::Double(number) => *number,
            Value::Float(number) => f64::from(*number),
            Value::Bool(truth) => f64::from(u8::from(*truth)),
            Value::Null | Value::String(_) | Value::Other => return hint,
            Value::Composite(items) => {
                let Some((node, at)) = self.cache.trie.child(parent, name, hint) else {
                    self.over_limit += 1;
                    return hint;
                };
                let mut hint = 0;
                for (item, value) in items {
                    hint = self.record(series, node, item, value, bean, hint);
                }
                return at + 1;
            }
            Value::Tabular { index, rows } => {
                for row in rows {
                    self.record_row(series, parent, name, index, row, bean);
                }
                return hint;
            }
        };
        let Some((node, at)) = self.cache.trie.child(parent, name, hint) else {
            self.over_limit += 1;
            return hint;
        };
        match self.target(node) {
            Target::Family(family) => {
                self.cache.families[family].push(series.bean, &series.labels, series.labels_hash, number)
            }
            Target::Reserved | Target::Unknown => self.reserved_dropped += 1,
        }
        at + 1
    }

    /// One row of a table: index columns become labels, the others samples; a column `value` has no name of its own.
    fn record_row(
        &mut self,
        series: &Series<'_>,
        parent: NodeId,
        name: &str,
        index: &[Cow<'_, str>],
        row: &[(Cow<'_, str>, Value<'_>)],
        bean: &str,
    ) {
        self.row_bytes += bean.len();
        if self.row_bytes > MAX_ROW_BYTES {
            self.over_limit += 1;
            return;
        }
        let mut properties: Vec<(Cow<'_, str>, Cow<'_, str>)> = match &series.properties {
            Some(properties) => properties.clone(),
            None => match ObjectName::parse(bean) {
                Ok(name) => name.properties.iter().map(|&(key, value)| (key.into(), value.into())).collect(),
                Err(_) => return,
            },
        };
        for column in index {
            let Some(text) = row.iter().find(|(key, _)| key == column).and_then(|(_, value)| index_text(value)) else {
                continue;
            };
            let mut key = column.clone().into_owned();
            while properties.iter().any(|(taken, _)| *taken == key) {
                key.push('_');
            }
            properties.push((key.into(), text.into()));
        }
        let labels = self.labels(&properties);
        let labels_hash = self.hasher.hash_one(&labels);
        let mut series = Series { bean: series.bean, labels, labels_hash, properties: Some(properties) };
        for (column, value) in row.iter().filter(|(key, _)| !index.contains(key)) {
            if column.eq_ignore_ascii_case("value") {
                self.record(&mut series, parent, name, value, bean, 0);
            } else {
                let Some((node, _)) = self.cache.trie.child(parent, name, 0) else {
                    self.over_limit += 1;
                    continue;
                };
                self.record(&mut series, node, column, value, bean, 0);
            }
        }
    }

    /// The first key property's value is part of the family's name, the others are labels.
    fn labels(&self, properties: &[(Cow<'_, str>, Cow<'_, str>)]) -> Labels {
        let lowercase = self.rules.lowercase_output_label_names;
        let pairs: Vec<(String, &str)> =
            properties.iter().skip(1).map(|(key, value)| (safe_label(key, lowercase), value.as_ref())).collect();
        Labels::new(pairs.iter().map(|(name, value)| (name.as_str(), *value)))
    }

    fn learn(&mut self, text: &str) -> u32 {
        let (mut root, mut labels) = (None, Labels::none());
        if let Ok(name) = ObjectName::parse(text)
            && let Some(&(key, value)) = name.properties.first()
        {
            let start = &text[..name.domain.len() + key.len() + value.len() + 2];
            root = self.cache.trie.root(start, name.domain, value);
            self.over_limit += u64::from(root.is_none());
            let properties: Vec<_> = name.properties.iter().map(|&(key, value)| (key.into(), value.into())).collect();
            labels = self.labels(&properties);
        }
        let labels_hash = self.hasher.hash_one(&labels);
        let name: Arc<str> = text.into();
        let known = Some(Known { name: name.clone(), root, labels, labels_hash, scrape: self.scrape });
        let cache = &mut self.cache;
        let place = match cache.free.pop() {
            Some(place) => place,
            None => {
                cache.beans.push(None);
                u32::try_from(cache.beans.len() - 1).unwrap_or(u32::MAX)
            }
        };
        if let Some(slot) = cache.beans.get_mut(place as usize) {
            *slot = known;
        }
        cache.index.insert(name, place);
        place
    }

    fn target(&mut self, node: NodeId) -> Target {
        let target = self.cache.trie.target(node);
        if target != Target::Unknown {
            return target;
        }
        let (raw_name, help) = self.cache.trie.describe(node);
        let name = safe_name(raw_name, self.rules.lowercase_output_name);
        let target = if name.starts_with("kafka_vitals_") {
            Target::Reserved
        } else if let Some(&family) = self.cache.family_by_name.get(name.as_str()) {
            Target::Family(family)
        } else {
            let name: Arc<str> = name.into();
            let family = self.cache.families.len();
            let building = Building::new(name.clone(), help.into());
            self.cache.families.push(building);
            self.cache.family_by_name.insert(name, family);
            Target::Family(family)
        };
        self.cache.trie.set_target(node, target);
        target
    }

    fn evaluate(&mut self, take: impl Fn(&mut Building, &[Option<Known>]) -> (Family, usize)) -> Evaluation {
        let mut evaluation = Evaluation {
            beans: self.seen,
            reserved_dropped: self.reserved_dropped,
            over_limit: self.over_limit,
            ..Evaluation::default()
        };
        let Cache { families, beans, .. } = &mut self.cache;
        for building in families.iter_mut().filter(|family| !family.is_empty()) {
            let (family, dropped) = take(building, beans);
            evaluation.duplicates_dropped += dropped as u64;
            evaluation.families.push(family);
        }
        evaluation.families.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        evaluation
    }

    /// Drops what is kept of beans that are gone. `unused` = families that got no sample in this scrape.
    fn forget(&mut self, complete: bool, unused: usize) {
        let Cache { index, beans, free, forgotten, families, .. } = &mut self.cache;
        let scrape = self.scrape;
        if self.seen < index.len() {
            index.retain(|_, &mut place| {
                let Some(slot) = beans.get_mut(place as usize) else { return false };
                let age = slot.as_ref().map_or(u32::MAX, |known| scrape.wrapping_sub(known.scrape));
                let stays = age == 0 || (!complete && age < FORGET_AFTER);
                if !stays {
                    *slot = None;
                    free.push(place);
                    *forgotten += 1;
                }
                stays
            });
        }
        // The trie and the families only grow. Both follow from the beans and are quickly rebuilt: start afresh when much
        // of what they hold may be unused, or when they are full.
        if self.over_limit > 0 || *forgotten > index.len() + 1000 || unused > families.len() / 2 + 1000 {
            self.cache = Cache::default();
        }
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

/// An index column's value as a label value.
fn index_text(value: &Value<'_>) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone().into_owned()),
        Value::Long(number) => Some(number.to_string()),
        Value::Double(number) => Some(java_double(*number)),
        Value::Float(number) => Some(java_float(*number)),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Composite(_) | Value::Tabular { .. } | Value::Other => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Sample;

    type Attributes<'a> = Vec<(Cow<'a, str>, Value<'a>)>;

    fn plain() -> Evaluator {
        Evaluator::new(Arc::new(Rules::empty()))
    }

    fn composite<'a>(items: &[(&'a str, Value<'a>)]) -> Value<'a> {
        Value::Composite(items.iter().map(|(name, value)| ((*name).into(), value.clone())).collect())
    }

    fn row<'a>(items: &[(&'a str, Value<'a>)]) -> Attributes<'a> {
        items.iter().map(|(name, value)| ((*name).into(), value.clone())).collect()
    }

    fn table<'a>(index: &[&'a str], rows: Vec<Attributes<'a>>) -> Value<'a> {
        Value::Tabular { index: index.iter().map(|&column| column.into()).collect(), rows }
    }

    fn add(evaluator: &mut Evaluator, name: &str, attributes: &[(&str, Value<'_>)]) {
        evaluator.bean(&Bean { name, attributes: &row(attributes) });
    }

    fn lines(evaluation: &Evaluation) -> Vec<String> {
        let line = |family: &Family, sample: &Sample| {
            format!("{}{{{}}} {}", family.name, sample.labels.as_str(), sample.value)
        };
        evaluation
            .families
            .iter()
            .flat_map(|family| family.samples.iter().map(move |sample| line(family, sample)))
            .collect()
    }

    fn one(name: &str, attributes: &[(&str, Value<'_>)]) -> Vec<String> {
        let mut evaluator = plain();
        evaluator.begin();
        add(&mut evaluator, name, attributes);
        lines(&evaluator.finish(true))
    }

    #[test]
    fn the_first_property_is_part_of_the_name_and_the_others_are_labels() {
        let value = [("Value", Value::Long(1))];
        for (name, line) in [
            ("kafka.server:type=B,name=M", r#"kafka_server_B_Value{name="M"} 1"#),
            ("lab:zz=1,aa=2,type=Order", r#"lab_1_Value{aa="2",type="Order"} 1"#),
            ("9lab:type=a,name=b", r#"_9lab_a_Value{name="b"} 1"#),
            ("lab.dom-ain:type=9digit,name=x y/z", r#"lab_dom_ain_9digit_Value{name="x y/z"} 1"#),
            (
                r#"kafka.server:type=Produce,user="CN=foo,OU=x",client-id="c 1""#,
                r#"kafka_server_Produce_Value{client_id="\"c 1\"",user="\"CN=foo,OU=x\""} 1"#,
            ),
            ("a:type=b,empty=", r#"a_b_Value{empty=""} 1"#),
        ] {
            assert_eq!(one(name, &value), [line]);
        }
    }

    #[test]
    fn only_numbers_and_booleans_are_exported() {
        let attributes = [
            ("Null", Value::Null),
            ("Text", Value::String("7".into())),
            ("Other", Value::Other),
            ("False", Value::Bool(false)),
            ("NaN", Value::Double(f64::NAN)),
            ("True", Value::Bool(true)),
        ];
        assert_eq!(one("a:type=b", &attributes), ["a_b_False{} 0", "a_b_NaN{} NaN", "a_b_True{} 1"]);
    }

    #[test]
    fn composites_and_tables_are_flattened() {
        let nested = composite(&[("in", composite(&[("alpha", Value::Double(2.5))]))]);
        assert_eq!(one("lab:type=Comp,name=c1", &[("Nest", nested)]), [r#"lab_Comp_Nest_in_alpha{name="c1"} 2.5"#]);
        let simple = || table(&["key"], vec![row(&[("key", Value::String("k1".into())), ("value", Value::Long(1))])]);
        assert_eq!(one("lab:type=Tab,name=t1", &[("Simple", simple())]), [r#"lab_Tab_Simple{key="k1",name="t1"} 1"#]);
        let multi = table(
            &["host", "port"],
            vec![row(&[("hits", Value::Long(3)), ("host", Value::String("h1".into())), ("port", Value::Long(80))])],
        );
        assert_eq!(
            one("lab:type=Tab,name=t1", &[("Multi", multi)]),
            [r#"lab_Tab_Multi_hits{host="h1",name="t1",port="80"} 3"#]
        );
        let outer = table(&["key"], vec![row(&[("key", Value::String("o1".into())), ("value", simple())])]);
        assert_eq!(
            one("lab:type=Tab,name=t1", &[("Nested", outer)]),
            [r#"lab_Tab_Nested{key="o1",key_="k1",name="t1"} 1"#]
        );
        let of_composites = table(
            &["key"],
            vec![row(&[("key", Value::Double(1e10)), ("value", composite(&[("alpha", Value::Long(4))]))])],
        );
        assert_eq!(
            one("lab:type=Tab,name=t1", &[("ValComp", of_composites)]),
            [r#"lab_Tab_ValComp_alpha{key="1.0E10",name="t1"} 4"#]
        );
    }

    #[test]
    fn odd_index_columns_give_valid_labels() {
        let odd = table(
            &["a:b", ""],
            vec![row(&[("", Value::String("e".into())), ("a:b", Value::Long(1)), ("value", Value::Long(5))])],
        );
        assert_eq!(one("lab:type=Tab,name=t", &[("Odd", odd)]), [r#"lab_Tab_Odd{_="e",a_b="1",name="t"} 5"#]);
    }

    #[test]
    fn lower_case_touches_names_and_label_names_but_no_values() {
        let mut evaluator = Evaluator::new(Arc::new(Rules { lowercase_output_label_names: true, ..Rules::default() }));
        evaluator.begin();
        add(&mut evaluator, "K:type=B,clientId=X", &[("OneMinuteRate", Value::Long(1))]);
        assert_eq!(lines(&evaluator.finish(true)), [r#"k_b_oneminuterate{clientid="X"} 1"#]);
    }

    #[test]
    fn of_equal_series_the_first_in_objectname_order_stays_whatever_arrives_first() {
        for reversed in [false, true] {
            let mut evaluator = plain();
            evaluator.begin();
            let mut names = [("d:type=a-b,x=1", 1), ("d:type=a_b,x=1", 2), ("d:type=a_b,x=2", 3)];
            if reversed {
                names.reverse();
            }
            for (name, value) in names {
                add(&mut evaluator, name, &[("V", Value::Long(value))]);
            }
            for evaluation in [evaluator.so_far(), evaluator.finish(true)] {
                let mut lines = lines(&evaluation);
                lines.sort();
                assert_eq!(lines, [r#"d_a_b_V{x="1"} 1"#, r#"d_a_b_V{x="2"} 3"#]);
                assert_eq!(evaluation.duplicates_dropped, 1);
            }
        }
        let mut evaluator = plain();
        evaluator.begin();
        add(&mut evaluator, "d:type=t", &[("a-b", Value::Long(1)), ("a_b", Value::Long(2))]);
        assert_eq!(lines(&evaluator.finish(true)), ["d_t_a_b{} 1"]);
    }

    #[test]
    fn names_of_the_exporter_itself_are_dropped_and_counted() {
        let mut evaluator = plain();
        evaluator.begin();
        add(&mut evaluator, "kafka.vitals:type=x", &[("A", Value::Long(1)), ("B", Value::Long(1))]);
        let evaluation = evaluator.finish(true);
        assert_eq!((evaluation.families.len(), evaluation.reserved_dropped, evaluation.beans), (0, 2, 1));
    }

    #[test]
    fn what_arrived_so_far_is_there_before_the_rest_and_again_with_it() {
        let mut evaluator = plain();
        evaluator.begin();
        add(&mut evaluator, "a:type=b", &[("V", Value::Long(1))]);
        assert_eq!(lines(&evaluator.so_far()), ["a_b_V{} 1"]);
        add(&mut evaluator, "a:type=c", &[("V", Value::Long(2))]);
        assert_eq!(lines(&evaluator.finish(true)), ["a_b_V{} 1", "a_c_V{} 2"]);
        evaluator.begin();
        assert!(lines(&evaluator.finish(false)).is_empty());
    }

    #[test]
    fn names_beyond_all_bounds_are_left_out_and_counted_and_the_next_scrape_is_whole() {
        let mut evaluator = plain();
        evaluator.begin();
        let long = format!("d:type={}", "t".repeat(200_000));
        let attributes: Vec<String> = (0..1000).map(|index| format!("A{index}")).collect();
        let attributes: Vec<_> = attributes.iter().map(|name| (name.as_str(), Value::Long(1))).collect();
        add(&mut evaluator, &long, &attributes);
        let evaluation = evaluator.finish(true);
        assert!((10..900).contains(&evaluation.families.len()), "{}", evaluation.families.len());
        assert_eq!(evaluation.over_limit + u64::try_from(evaluation.families.len()).unwrap(), 1000);
        evaluator.begin();
        add(&mut evaluator, "d:type=t", &attributes);
        let evaluation = evaluator.finish(true);
        assert_eq!((evaluation.over_limit, evaluation.families.len()), (0, 1000));

        evaluator.begin();
        let rows = (0..1000).map(|key| row(&[("key", Value::Long(key)), ("value", Value::Long(1))])).collect();
        add(&mut evaluator, &format!("d:type=t,x={}", "x".repeat(200_000)), &[("T", table(&["key"], rows))]);
        let evaluation = evaluator.finish(true);
        assert!((10..900).contains(&evaluation.families[0].samples.len()));
        assert_eq!(evaluation.over_limit + u64::try_from(evaluation.families[0].samples.len()).unwrap(), 1000);
    }

    #[test]
    fn beans_that_vanished_are_forgotten_and_the_cache_does_not_grow_for_ever() {
        let mut evaluator = plain();
        for scrape in 0..50 {
            evaluator.begin();
            for bean in 0..100 {
                let name = format!("d:type=t{scrape},b={bean}");
                add(&mut evaluator, &name, &[("V", Value::Long(1))]);
            }
            assert_eq!(evaluator.finish(true).beans, 100);
            assert!(evaluator.cache.index.len() <= 100);
            assert!(evaluator.cache.beans.len() <= 200);
            assert!(evaluator.cache.families.len() < 30);
        }
        for scrape in 0..FORGET_AFTER + 1 {
            evaluator.begin();
            assert_eq!(evaluator.finish(false).beans, 0);
            assert_eq!(evaluator.cache.index.is_empty(), scrape + 1 >= FORGET_AFTER);
        }
    }
}
