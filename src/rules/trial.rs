//! A bean or a single leaf in, what the rules make of it and why out: for people who write rules. It matches, expands and
//! names with the evaluator's own functions, for one leaf at a time and without anything kept.

use std::sync::Arc;

use super::customizing::{bean_labels, customizer_of};
use super::families::{Families, Series};
use super::flatten::{Leaf, flatten};
use super::match_string::{Place, write_value};
use super::matching::{CACHED_VALUE, Hit, Matcher};
use super::model::{Rule, Rules};
use super::naming::snake_case;
use super::outcome::{Dropped, Matched, outcome};
use super::pattern::Groups;
use crate::mbean::{Bean, ObjectName, Value};
use crate::metrics::{Family, Labels};

/// Tries rules on leaves.
#[derive(Debug)]
pub struct Trial {
    rules: Arc<Rules>,
    matcher: Matcher,
}

/// What becomes of a leaf.
#[derive(Debug)]
pub struct Tried {
    head: String,
    snake_head: String,
    value: String,
    /// What came of it.
    pub verdict: Verdict,
}

/// What came of a leaf.
#[derive(Debug)]
pub enum Verdict {
    /// The lists of ObjectNames leave the bean out.
    BeanFiltered,
    /// The lists of attributes leave it out.
    AttributeFiltered,
    /// Its value is null, so that there is nothing to match.
    Null,
    /// No rule matches.
    NoRule,
    /// This rule decides.
    Rule {
        /// Counted from 0.
        rule: usize,
        /// `None` for a rule without pattern. They are places in [`Tried::seen_by`] of the rule.
        groups: Option<Groups>,
        /// A family of one sample, as the page has it if no other sample gets into its way; or why there is none.
        result: Result<Family, Dropped>,
    },
}

impl Tried {
    /// The match string.
    pub fn text(&self) -> String {
        format!("{}{}", self.head, self.value)
    }

    /// The match string as the rule's pattern sees it.
    pub fn seen_by(&self, rule: &Rule) -> String {
        let head = if rule.attr_name_snake_case { &self.snake_head } else { &self.head };
        format!("{head}{}", if rule.cache { CACHED_VALUE } else { &self.value })
    }
}

impl Trial {
    /// A trial of these rules.
    pub fn new(rules: Arc<Rules>) -> Self {
        Self { matcher: Matcher::new(Arc::clone(&rules)), rules }
    }

    /// What becomes of all leaves of a bean, in the order of its attributes, extra metrics of a customizer first. Empty if
    /// its name is no ObjectName.
    pub fn bean(&mut self, bean: &Bean<'_>) -> Vec<Tried> {
        let Ok(name) = ObjectName::parse(bean.name) else { return Vec::new() };
        let rules = Arc::clone(&self.rules);
        let customizer = customizer_of(&rules.customizers, &name).and_then(|at| rules.customizers.get(at));
        let lowercase = rules.lowercase_output_label_names;
        let labels = customizer.map(|customizer| bean_labels(customizer, bean.attributes, lowercase));
        let labels = labels.unwrap_or_default();
        let is_read = rules.filter.bean(&name);
        let mut tried = Vec::new();
        for extra in customizer.iter().flat_map(|customizer| &customizer.extra_metrics) {
            let place = Place::new(&name, &[]);
            let (name, value, description) = (&*extra.name, &extra.value, &*extra.description);
            let leaf = Matched { place: &place, keys: &[], name, value, description, bean_labels: &labels };
            let verdict = if is_read { self.verdict(leaf) } else { Verdict::BeanFiltered };
            tried.push(Tried::new(leaf, verdict));
        }
        flatten(bean, |leaf: &Leaf<'_>| {
            let place = Place::new(&name, leaf.columns);
            let matched = Matched {
                place: &place,
                keys: leaf.keys,
                name: leaf.name,
                value: leaf.value,
                description: "",
                bean_labels: &labels,
            };
            let verdict = if !is_read {
                Verdict::BeanFiltered
            } else if !rules.filter.attribute(&name, leaf.attribute()) {
                Verdict::AttributeFiltered
            } else {
                self.verdict(matched)
            };
            tried.push(Tried::new(matched, verdict));
        });
        tried
    }

    /// What becomes of a leaf that is known by its match string alone. Index columns of tables count as key properties of
    /// its bean.
    pub fn leaf(&mut self, place: &Place<'_>, keys: &[&str], name: &str, value: &Value<'_>) -> Tried {
        let leaf = Matched { place, keys, name, value, description: "", bean_labels: &[] };
        let pairs = place.properties.iter().map(|(key, value)| (&**key, &**value)).collect();
        let (bean, filter) = (ObjectName { domain: place.domain, properties: pairs }, &self.rules.filter);
        let verdict = if !filter.bean(&bean) {
            Verdict::BeanFiltered
        } else if !filter.attribute(&bean, keys.first().copied().unwrap_or(name)) {
            Verdict::AttributeFiltered
        } else {
            self.verdict(leaf)
        };
        Tried::new(leaf, verdict)
    }

    fn verdict(&mut self, leaf: Matched<'_>) -> Verdict {
        if matches!(leaf.value, Value::Null) {
            return Verdict::Null;
        }
        let rules = Arc::clone(&self.rules);
        let Some(hit) = self.matcher.first(leaf.place, leaf.keys, leaf.name, leaf.value).hit else {
            return Verdict::NoRule;
        };
        let result = family(&rules, &hit, leaf);
        let Hit { rule, groups, .. } = hit;
        Verdict::Rule { rule, groups, result }
    }
}

impl Tried {
    fn new(leaf: Matched<'_>, verdict: Verdict) -> Self {
        let head = |name: &str| {
            let mut head = String::new();
            leaf.place.write_head(leaf.keys, name, &mut head);
            head
        };
        let mut value = String::new();
        write_value(leaf.value, &mut value);
        Self { head: head(leaf.name), snake_head: head(&snake_case(leaf.name)), value, verdict }
    }
}

/// The family that the leaf alone gives.
fn family(rules: &Rules, hit: &Hit<'_>, leaf: Matched<'_>) -> Result<Family, Dropped> {
    let outcome = outcome(rules, hit, leaf)?;
    let value = outcome.number.of(leaf.value).ok_or(Dropped::Text)?;
    let mut families = Families::new(rules.compat);
    families.begin();
    let (at, _) = families.place(&outcome).map_err(|_| Dropped::Reserved)?;
    let labels = Labels::new(outcome.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let series = Series { at, labels_hash: families.hash(&labels), labels, object_name: None };
    families.push(0, &series, value);
    families.finish(|_, _| false).families.pop().ok_or(Dropped::Reserved)
}
