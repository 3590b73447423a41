//! Lists of ObjectName patterns and maps from a bean's name to attributes.

use super::{Loader, Scalar};
use crate::mbean::ObjectNamePattern;
use crate::rules::filter::AttributeLists;
use crate::yaml::{Spanned, Yaml};

impl Loader<'_> {
    /// The patterns of `includeObjectNames` and its kind.
    pub(super) fn object_names(&mut self, key: &str, line: u64, value: &Spanned<Yaml>) -> Vec<ObjectNamePattern> {
        let Yaml::List(items) = &value.value else {
            self.problem(line, format!("{key} must be a list of ObjectNames, such as [\"kafka.server:*\"]"));
            return Vec::new();
        };
        items.iter().filter_map(|item| self.object_name(key, item)).collect()
    }

    fn object_name(&mut self, key: &str, item: &Spanned<Yaml>) -> Option<ObjectNamePattern> {
        let line = item.referenced.line();
        let Some(Scalar::Text(text)) = Scalar::of(item, self.text) else {
            self.problem(line, format!("{key} must hold ObjectNames only, such as \"kafka.server:*\""));
            return None;
        };
        self.pattern_of(key, line, &text)
    }

    fn pattern_of(&mut self, key: &str, line: u64, text: &str) -> Option<ObjectNamePattern> {
        let parsed = ObjectNamePattern::parse(text);
        parsed.map_err(|error| self.problem(line, format!("{key}: {error}"))).ok()
    }

    /// The map of `includeObjectNameAttributes` and its kind.
    pub(super) fn attribute_lists(&mut self, key: &str, line: u64, value: &Spanned<Yaml>) -> AttributeLists {
        let mut lists = AttributeLists::default();
        let Yaml::Map(entries) = &value.value else {
            self.problem(line, format!("{key} must be a map from ObjectNames to lists of attributes"));
            return lists;
        };
        for (name, line, attributes) in self.entries(entries) {
            let Some(pattern) = self.pattern_of(key, line, name) else { continue };
            let Some(attributes) = self.attributes(key, line, attributes) else { continue };
            if pattern.is_pattern() {
                let text = format!(
                    "{key}: {name} has wildcards; jmx_exporter compares it as a name, so it never applies. Name each bean"
                );
                self.warn(line, text);
            }
            lists.add(pattern, attributes.into_iter());
        }
        lists
    }

    /// A list of attribute names.
    pub(super) fn attributes(&mut self, key: &str, line: u64, value: &Spanned<Yaml>) -> Option<Vec<String>> {
        let names = match &value.value {
            Yaml::List(items) => items.iter().map(|item| match Scalar::of(item, self.text) {
                Some(Scalar::Text(name)) => Some(name),
                _ => None,
            }),
            _ => {
                self.problem(line, format!("{key} needs a list of attribute names"));
                return None;
            }
        };
        let names: Option<Vec<String>> = names.collect();
        if names.is_none() {
            self.problem(line, format!("{key}: an attribute's name must be a text; put it in quotes"));
        }
        names
    }
}
