//! Rules and values for tests.

use std::borrow::Cow;
use std::sync::Arc;

use super::model::{Rule, Rules};
use super::pattern::Pattern;
use super::template::Template;
use crate::mbean::Value;
use crate::metrics::MetricType;

pub(super) type Attributes<'a> = Vec<(Cow<'a, str>, Value<'a>)>;

pub(super) fn row<'a>(items: &[(&'a str, Value<'a>)]) -> Attributes<'a> {
    items.iter().map(|(name, value)| ((*name).into(), value.clone())).collect()
}

pub(super) fn composite<'a>(items: &[(&'a str, Value<'a>)]) -> Value<'a> {
    Value::Composite(row(items))
}

pub(super) fn table<'a>(index: &[&'a str], rows: Vec<Attributes<'a>>) -> Value<'a> {
    Value::Tabular { index: index.iter().map(|&column| column.into()).collect(), rows }
}

/// A rule with this pattern alone.
pub(super) fn rule(pattern: &str) -> Rule {
    Rule { pattern: Some(Pattern::compile(pattern).unwrap()), ..Rule::default() }
}

impl Rule {
    fn template(&self, source: &str) -> Template {
        Template::parse(source, self.pattern.as_ref()).unwrap()
    }

    pub(super) fn name(mut self, name: &str) -> Self {
        self.name = Some(self.template(name));
        self
    }

    pub(super) fn value(mut self, value: &str) -> Self {
        self.value = Some(self.template(value));
        self
    }

    pub(super) fn help(mut self, help: &str) -> Self {
        self.help = Some(self.template(help));
        self
    }

    pub(super) fn label(mut self, name: &str, value: &str) -> Self {
        self.labels.push((self.template(name), self.template(value)));
        self.labels.sort_by(|a, b| a.0.source().cmp(b.0.source()));
        self
    }

    pub(super) fn factor(mut self, factor: f64) -> Self {
        self.value_factor = factor;
        self
    }

    pub(super) fn kind(mut self, kind: MetricType) -> Self {
        self.kind = kind;
        self
    }

    pub(super) fn snake(mut self) -> Self {
        self.attr_name_snake_case = true;
        self
    }

    pub(super) fn cached(mut self) -> Self {
        self.cache = true;
        self
    }
}

/// These rules, and names as they are.
pub(super) fn rules(rules: impl IntoIterator<Item = Rule>) -> Arc<Rules> {
    Arc::new(Rules { rules: rules.into_iter().collect(), ..Rules::empty() })
}
