//! A rule that matched a leaf in, the series that jmx_exporter makes of it out.

use super::java_number::parse_double;
use super::match_string::Place;
use super::matching::Hit;
use super::model::{Rule, Rules};
use super::naming::{safe_label, safe_name, snake_case};
use super::template::Template;
use crate::mbean::Value;
use crate::metrics::MetricType;

/// What a sample of the leaf looks like.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The rule, counted from 0.
    pub rule: usize,
    /// The name as generation 0.x has it.
    pub name: String,
    /// Help.
    pub help: String,
    /// Type.
    pub kind: MetricType,
    /// In the rule's order, no name twice: of those with equal names the first.
    pub labels: Vec<(String, String)>,
    /// Value.
    pub number: Number,
}

/// Where the sample's value comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// The leaf's number times this; of a boolean 1 or 0.
    Times(f64),
    /// This, whatever the leaf's value is.
    Constant(f64),
}

impl Number {
    /// The sample's value; `None` if the leaf is no number and the rule has no value.
    pub fn of(self, value: &Value<'_>) -> Option<f64> {
        let (number, factor) = match (self, value) {
            (Self::Constant(number), _) => return Some(number),
            (Self::Times(_), Value::Bool(truth)) => return Some(f64::from(u8::from(*truth))),
            (Self::Times(factor), Value::Long(number)) => (as_double(*number), factor),
            (Self::Times(factor), Value::Double(number)) => (*number, factor),
            (Self::Times(factor), Value::Float(number)) => (f64::from(*number), factor),
            (Self::Times(_), _) => return None,
        };
        Some(number * factor)
    }
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus' values are f64, and so are the agent's")]
fn as_double(number: i64) -> f64 {
    number as f64
}

/// The leaf that a rule matched.
#[derive(Debug, Clone, Copy)]
pub(super) struct Matched<'l> {
    pub(super) place: &'l Place<'l>,
    pub(super) keys: &'l [&'l str],
    pub(super) name: &'l str,
    pub(super) value: &'l Value<'l>,
    /// Goes before the default help.
    pub(super) description: &'l str,
    /// Labels that all samples of the bean have before their own.
    pub(super) bean_labels: &'l [(String, String)],
}

/// Why a leaf that a rule matches gives no sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dropped {
    /// The rule's name expands to nothing.
    NoName,
    /// The rule's value expands to this, which is no number.
    NoNumber(String),
    /// The leaf is a text, and the rule has no value.
    Text,
    /// The name is one of the exporter's own.
    Reserved,
}

/// What becomes of the leaf.
pub(super) fn outcome(rules: &Rules, hit: &Hit<'_>, leaf: Matched<'_>) -> Result<Outcome, Dropped> {
    // A hit is always one of these rules.
    let rule = rules.rules.get(hit.rule).ok_or(Dropped::NoName)?;
    let expand = |template: &Template| {
        let mut text = String::new();
        if let Some(groups) = &hit.groups {
            template.expand_into(groups, hit.text, &mut text);
        }
        text
    };
    let number = match &rule.value {
        Some(value) => {
            let text = expand(value);
            let number = parse_double(&text).ok_or(Dropped::NoNumber(text))?;
            Number::Constant(number * rule.value_factor)
        }
        None => Number::Times(rule.value_factor),
    };
    number.of(leaf.value).ok_or(Dropped::Text)?;
    let mut labels = Labels(leaf.bean_labels.to_vec());
    let (name, help) = match &rule.name {
        None => {
            for (key, value) in leaf.place.properties.iter().skip(1) {
                labels.add(safe_label(key, rules.lowercase_output_label_names), value.clone().into_owned());
            }
            (default_name(rules, rule, leaf), default_help(leaf))
        }
        Some(name) => {
            let name = safe_name(&expand(name), rules.lowercase_output_name);
            if name.is_empty() {
                return Err(Dropped::NoName);
            }
            for (name, value) in &rule.labels {
                let (name, value) = (expand(name), expand(value));
                if !name.is_empty() && !value.is_empty() {
                    labels.add(safe_label(&name, rules.lowercase_output_label_names), value);
                }
            }
            (name, rule.help.as_ref().map_or_else(|| default_help(leaf), expand))
        }
    };
    let inferred = rules.infer_counter_type_from_name && name.ends_with("_total");
    let kind = if inferred { MetricType::Counter } else { rule.kind };
    Ok(Outcome { rule: hit.rule, name, help, kind, labels: labels.0, number })
}

struct Labels(Vec<(String, String)>);

impl Labels {
    fn add(&mut self, name: String, value: String) {
        if self.0.iter().all(|(there, _)| *there != name) {
            self.0.push((name, value));
        }
    }
}

/// Domain, value of the first key property, keys and name, joined with underscores.
fn default_name(rules: &Rules, rule: &Rule, leaf: Matched<'_>) -> String {
    let mut name = leaf.place.domain.to_owned();
    let first = leaf.place.properties.first().map(|(_, value)| &**value);
    for part in first.into_iter().chain(leaf.keys.iter().copied()) {
        name.extend(["_", part]);
    }
    name.push('_');
    name.push_str(&if rule.attr_name_snake_case { snake_case(leaf.name) } else { leaf.name.to_owned() });
    safe_name(&name, rules.lowercase_output_name)
}

fn default_help(leaf: Matched<'_>) -> String {
    let Matched { place, name, description, .. } = leaf;
    let (of_name, of_type) = (place.get("name").unwrap_or("null"), place.get("type").unwrap_or("null"));
    let blank = if description.is_empty() || description == name { "" } else { " " };
    let description = if blank.is_empty() { "" } else { description };
    format!("{description}{blank}{}:name={of_name},type={of_type},attribute={name}", place.domain)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::matching::Matcher;
    use super::super::testing::{rule, rules};
    use super::*;
    use crate::mbean::ObjectName;

    /// The outcome for attribute `attribute` of `bean`, as `name{labels} value # help`.
    fn series(rules: Arc<Rules>, bean: &str, attribute: &str, value: Value<'_>) -> Option<String> {
        let place = Place::new(&ObjectName::parse(bean).unwrap(), &[]);
        let mut matcher = Matcher::new(Arc::clone(&rules));
        let matched = matcher.first(&place, &[], attribute, &value);
        let leaf = Matched {
            place: &place,
            keys: &[],
            name: attribute,
            value: &value,
            description: "",
            bean_labels: &[("bean".to_owned(), "l".to_owned())],
        };
        let made = outcome(&rules, &matched.hit?, leaf).ok()?;
        let labels: Vec<String> = made.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        Some(format!("{}{{{}}} {} # {}", made.name, labels.join(","), made.number.of(&value)?, made.help))
    }

    const BEAN: &str = "d.e:type=T,name=N,clientId=x y";

    #[test]
    fn without_a_name_the_default_format_is_used_with_properties_in_order() {
        let value = || Value::Long(2);
        let help = "# d.e:name=N,type=T,attribute=fooBar";
        let labels = "bean=l,name=N,clientId=x y";
        assert_eq!(
            series(rules([Rule::default()]), BEAN, "fooBar", value()).unwrap(),
            format!("d_e_T_fooBar{{{labels}}} 2 {help}")
        );
        let snake = series(rules([rule("foo_bar").snake().factor(0.5)]), BEAN, "fooBar", value());
        assert_eq!(snake.unwrap(), format!("d_e_T_foo_bar{{{labels}}} 1 {help}"));
        let lower = Rules { lowercase_output_name: true, lowercase_output_label_names: true, ..Rules::empty() };
        let lower = series(Arc::new(lower), BEAN, "fooBar", value());
        assert_eq!(lower.unwrap(), format!("d_e_t_foobar{{bean=l,name=N,clientid=x y}} 2 {help}"));
        let other = series(rules([Rule::default()]), "9:zz=1,empty=", "V", value());
        assert_eq!(other.unwrap(), "_9_1_V{bean=l,empty=} 2 # 9:name=null,type=null,attribute=V");
    }

    #[test]
    fn templates_make_the_series() {
        let base = || rule(r"d.e<type=(\w+), name=(\w+), (.+)=(.+)><>(\w+): ").name("$1:$2_$5").help("Help of $2.");
        for (rule, expected) in [
            (base(), Some("T:N_V{bean=l} 2 # Help of N.")),
            (base().label("$3", "$4").label("b", "$2"), Some("T:N_V{bean=l,clientId=x y,b=N} 2 # Help of N.")),
            (base().label("a-b", "").label("", "x").label("a:c", "1"), Some("T:N_V{bean=l,a_c=1} 2 # Help of N.")),
            (base().label("a-b", "1").label("a_b", "2"), Some("T:N_V{bean=l,a_b=1} 2 # Help of N.")),
            (base().label("bean", "mine"), Some("T:N_V{bean=l} 2 # Help of N.")),
            (base().factor(10.0), Some("T:N_V{bean=l} 20 # Help of N.")),
            (base().value(" 0x1p2 ").factor(0.5), Some("T:N_V{bean=l} 2 # Help of N.")),
            (base().value("$2"), None),
            (base().name(""), None),
            (base().name("9 -_ a"), Some("_9_a{bean=l} 2 # Help of N.")),
        ] {
            assert_eq!(series(rules([rule]), BEAN, "V", Value::Long(2)).as_deref(), expected);
        }
    }

    #[test]
    fn booleans_have_no_factor_and_texts_no_number_of_their_own() {
        let rule = || rule(r"><>V: (\w+)").name("x").factor(3.0);
        for (rule, value, expected) in [
            (rule(), Value::Bool(true), Some(1.0)),
            (rule(), Value::Bool(false), Some(0.0)),
            (rule(), Value::Float(0.5), Some(1.5)),
            (rule(), Value::Double(f64::INFINITY), Some(f64::INFINITY)),
            (rule(), Value::String("7".into()), None),
            (rule().value("$1"), Value::String("7".into()), Some(21.0)),
            (rule().value("$1"), Value::String("seven".into()), None),
            (rule().value("$1"), Value::Bool(true), None),
            (rule().value("1"), Value::Bool(true), Some(3.0)),
        ] {
            let made = series(rules([rule]), BEAN, "V", value);
            let number = made.map(|made| made.split(' ').nth(1).unwrap().parse::<f64>().unwrap());
            assert_eq!(number, expected);
        }
    }

    #[test]
    fn the_type_may_follow_from_the_name() {
        let of = |infer, name: &str| {
            let rules = Rules {
                infer_counter_type_from_name: infer,
                rules: vec![rule("V").name(name).kind(MetricType::Gauge)],
                ..Rules::empty()
            };
            let place = Place::new(&ObjectName::parse(BEAN).unwrap(), &[]);
            let value = Value::Long(1);
            let rules = Arc::new(rules);
            let mut matcher = Matcher::new(Arc::clone(&rules));
            let hit = matcher.first(&place, &[], "V", &value).hit.unwrap();
            let leaf =
                Matched { place: &place, keys: &[], name: "V", value: &value, description: "", bean_labels: &[] };
            outcome(&rules, &hit, leaf).unwrap().kind
        };
        assert_eq!(of(true, "x_total"), MetricType::Counter);
        assert_eq!(of(true, "x_totals"), MetricType::Gauge);
        assert_eq!(of(false, "x_total"), MetricType::Gauge);
    }

    #[test]
    fn a_description_that_says_more_than_the_name_goes_before_the_help() {
        let place = Place::new(&ObjectName::parse("d:type=T").unwrap(), &[]);
        let help = |description| {
            default_help(Matched {
                place: &place,
                keys: &[],
                name: "V",
                value: &Value::Null,
                description,
                bean_labels: &[],
            })
        };
        assert_eq!(help("V"), "d:name=null,type=T,attribute=V");
        assert_eq!(help("More."), "More. d:name=null,type=T,attribute=V");
    }
}
