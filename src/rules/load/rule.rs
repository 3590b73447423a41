//! The list of rules.

use super::{Loader, MAX_RULES, Scalar};
use crate::metrics::MetricType;
use crate::rules::java_number::parse_double;
use crate::rules::{Compat, Pattern, Rule, RuleType, Template};
use crate::yaml::{Spanned, Yaml};

/// What a rule says, before its templates are checked against its pattern.
#[derive(Default)]
struct Draft<'y> {
    /// Whether there is a pattern, if only one that is wrong.
    has_pattern: bool,
    pattern: Option<Pattern>,
    name: Option<(u64, String)>,
    value: Option<(u64, String)>,
    labels: Option<Labels<'y>>,
    help: Option<(u64, String)>,
}

/// The labels of a rule.
struct Labels<'y> {
    line: u64,
    /// Names as they stand, lines and values, in Java's order of the names.
    labels: Vec<(&'y str, u64, String)>,
}

impl<'t> Loader<'t> {
    pub(super) fn rules(&mut self, line: u64, value: &Spanned<Yaml>) -> Vec<Rule> {
        let items = match &value.value {
            Yaml::List(items) if items.len() <= MAX_RULES => items,
            Yaml::List(items) => {
                self.problem(line, format!("{} rules; at most {MAX_RULES} are read", items.len()));
                return Vec::new();
            }
            Yaml::Null => {
                self.problem(
                    line,
                    "rules is empty, which jmx_exporter fails on; write `rules: []` to export nothing, or leave the key \
                     out to export everything",
                );
                return Vec::new();
            }
            _ => {
                self.problem(line, "rules must be a list of rules, such as `- pattern: .*`");
                return Vec::new();
            }
        };
        let mut rules = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            self.rule = Some(at + 1);
            rules.push(self.rule(item));
        }
        self.rule = None;
        rules
    }

    fn rule(&mut self, item: &Spanned<Yaml>) -> Rule {
        let line = item.referenced.line();
        let mut rule = Rule { line, ..Rule::default() };
        let Yaml::Map(entries) = &item.value else {
            self.problem(line, "a rule must be a map, such as `pattern: .*`");
            return rule;
        };
        let mut draft = Draft::default();
        for (key, line, value) in self.entries(entries) {
            match key {
                "pattern" => {
                    draft.has_pattern = true;
                    draft.pattern = self.pattern(line, value);
                }
                "name" => draft.name = self.text(key, line, value),
                "help" => draft.help = self.text(key, line, value),
                "value" => draft.value = self.value(line, value),
                "valueFactor" => rule.value_factor = self.value_factor(line, value),
                "labels" => draft.labels = self.labels(line, value),
                "type" => (rule.rule_type, rule.kind) = self.rule_type(line, value),
                "attrNameSnakeCase" => rule.attr_name_snake_case = self.boolean(key, line, value),
                "cache" => rule.cache = self.boolean(key, line, value),
                _ => self.unknown_rule_key(key, line),
            }
        }
        self.check(&draft);
        self.fill(&mut rule, draft);
        rule
    }

    /// What must be there with what.
    fn check(&mut self, draft: &Draft<'_>) {
        if draft.name.is_none() {
            let labels = draft.labels.as_ref().map(|labels| ("labels", labels.line));
            let help = draft.help.as_ref().map(|(line, _)| ("help", *line));
            for (key, line) in labels.into_iter().chain(help) {
                self.problem(line, format!("{key} needs a name in the same rule"));
            }
        }
        if draft.has_pattern {
            return;
        }
        if let Some((line, _)) = &draft.name {
            self.problem(*line, "a rule with a name needs a pattern; `.*` matches everything");
        }
        // jmx_exporter loads it and fails at each scrape.
        if let Some((line, _)) = &draft.value {
            self.problem(*line, "a rule with a value needs a pattern; `.*` matches everything");
        }
    }

    fn fill(&mut self, rule: &mut Rule, draft: Draft<'_>) {
        // Groups of a pattern that is wrong cannot be checked, and those of none are told above.
        if draft.has_pattern != draft.pattern.is_some() || !draft.has_pattern {
            return;
        }
        let pattern = draft.pattern.as_ref();
        rule.name = draft.name.and_then(|(line, text)| self.template("name", line, &text, pattern));
        rule.value = draft.value.and_then(|(line, text)| self.template("value", line, &text, pattern));
        rule.help = draft.help.and_then(|(line, text)| self.template("help", line, &text, pattern));
        for (name, line, value) in draft.labels.into_iter().flat_map(|labels| labels.labels) {
            let value = self.template(&format!("label {name:?}"), line, &value, pattern);
            let name = self.template("a label's name", line, name, pattern);
            rule.labels.extend(name.zip(value));
        }
        rule.pattern = draft.pattern;
    }

    fn template(&mut self, what: &str, line: u64, text: &str, pattern: Option<&Pattern>) -> Option<Template> {
        let template = Template::parse(text, pattern);
        template.map_err(|reason| self.problem(line, format!("{what}: {reason}"))).ok()
    }

    fn pattern(&mut self, line: u64, value: &Spanned<Yaml>) -> Option<Pattern> {
        let Some(text) = Scalar::of(value, self.text).and_then(|scalar| scalar.java_text()) else {
            self.problem(line, "pattern must be a text; put it in quotes");
            return None;
        };
        if matches!(value.value, Yaml::Null) {
            self.warn(line, "pattern is empty, which jmx_exporter takes for the word null");
        }
        Pattern::compile(&text).map_err(|error| self.problem(line, format!("pattern: {error}"))).ok()
    }

    /// A text; nothing if the key has no value.
    fn text(&mut self, key: &str, line: u64, value: &Spanned<Yaml>) -> Option<(u64, String)> {
        match Scalar::of(value, self.text) {
            Some(Scalar::Text(text)) => Some((line, text)),
            Some(Scalar::Null) => None,
            Some(other) => {
                self.problem(line, format!("{key} must be a text, but YAML reads {}; put it in quotes", other.what()));
                None
            }
            None => {
                self.problem(line, format!("{key} must be a text, not a list or a map"));
                None
            }
        }
    }

    /// The text of `value`; nothing if it is empty.
    fn value(&mut self, line: u64, value: &Spanned<Yaml>) -> Option<(u64, String)> {
        let Some(text) = Scalar::of(value, self.text).and_then(|scalar| scalar.java_text()) else {
            self.problem(line, "value must be a number or a text such as \"$1\"");
            return None;
        };
        let is_constant = !text.contains(['$', '\\']);
        if is_constant && !text.is_empty() && parse_double(&text).is_none() {
            let text = format!("value {text:?} is no number, so nothing comes of what this rule matches");
            self.warn(line, text);
        }
        (!text.is_empty()).then_some((line, text))
    }

    fn value_factor(&mut self, line: u64, value: &Spanned<Yaml>) -> f64 {
        let text = Scalar::of(value, self.text).and_then(|scalar| scalar.java_text());
        let Some(factor) = text.as_deref().and_then(parse_double) else {
            self.warn(line, "valueFactor is no number and is ignored, as in jmx_exporter");
            return 1.0;
        };
        factor
    }

    fn rule_type(&mut self, line: u64, value: &Spanned<Yaml>) -> (RuleType, MetricType) {
        let nothing = (RuleType::Unknown, MetricType::Unknown);
        let text = match Scalar::of(value, self.text) {
            Some(Scalar::Text(text)) => text,
            // For 0.x that is a failure, for 1.x a rule without type.
            Some(Scalar::Null) if self.compat == Compat::V1 => return nothing,
            _ => {
                self.problem(line, format!("type must be one of {}", type_names()));
                return nothing;
            }
        };
        let known = RuleType::named(&text);
        match (self.compat, known) {
            (_, Some(kind @ (RuleType::Gauge | RuleType::Counter | RuleType::Unknown))) => (kind, kind.metric_type()),
            (Compat::V0, Some(kind)) => (kind, kind.metric_type()),
            (Compat::V0, None) => {
                let shown: String = text.chars().take(60).collect();
                self.problem(line, format!("type {shown:?} is unknown; it must be one of {}", type_names()));
                nothing
            }
            (Compat::V1, _) => {
                let shown: String = text.chars().take(60).collect();
                let text = format!("type {shown:?} means untyped: 1.x honours COUNTER and GAUGE alone, in upper case");
                self.warn(line, text);
                nothing
            }
        }
    }

    fn labels<'y>(&mut self, line: u64, value: &'y Spanned<Yaml>) -> Option<Labels<'y>> {
        let Yaml::Map(entries) = &value.value else {
            self.problem(line, "labels must be a map from names to values");
            return None;
        };
        // Keys that are no texts make the whole map fail in Java.
        for (key, _) in entries {
            if !matches!(Scalar::of_key(key, self.text), Scalar::Text(_)) {
                let reason = format!("the label name {} must be a text; put it in quotes", key.value);
                self.problem(key.referenced.line(), reason);
            }
        }
        let mut labels = Vec::with_capacity(entries.len());
        for (name, line, value) in self.entries(entries) {
            match Scalar::of(value, self.text) {
                Some(Scalar::Text(text)) => labels.push((name, line, text)),
                Some(Scalar::Null) => self.problem(line, format!("label {name:?} has no value; write \"\" for none")),
                Some(other) => {
                    let what = other.what();
                    self.problem(
                        line,
                        format!("label {name:?} must be a text, but YAML reads {what}; put it in quotes"),
                    );
                }
                None => self.problem(line, format!("label {name:?} must be a text, not a list or a map")),
            }
        }
        // Java's order of texts, by units of UTF-16.
        labels.sort_by(|(left, ..), (right, ..)| left.encode_utf16().cmp(right.encode_utf16()));
        Some(Labels { line, labels })
    }
}

/// The types that 0.x accepts.
fn type_names() -> String {
    RuleType::NAMES.map(|(name, _)| name).join(", ")
}
