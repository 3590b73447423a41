//! Beans that neither Kafka nor the JDK made: their names and declared types in, how to read them so that nothing is lost
//! and nothing in the broker changes out.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::declared::{Declared, Reading, Types};
use super::request::Read;
use super::type_text::{Told, told_by};
use super::value::is_kafka_domain;
use crate::mbean::{ObjectName, Query};

/// Most beans that are read one by one; with more of them only kinds are told apart.
const MAX_BEANS: usize = 300;

/// Most beans whose types are asked for before one read, some 100 µs each.
const LIST_AT_ONCE: usize = 200;

/// Beans of domains of which nothing is known beforehand.
#[derive(Debug, Clone, Default)]
pub(super) struct Foreign {
    /// All of them; of many only one per kind.
    beans: BTreeMap<Box<str>, Bean>,
    /// Bean of a kind, if there are many.
    kinds: Option<HashMap<Kind, Box<str>>>,
}

#[derive(Debug, Clone, Default)]
struct Bean {
    /// The types have been asked for, whatever the answer was.
    asked: bool,
    /// `None` = not known.
    types: Option<Types>,
    /// Attributes whose text tells more than JSON does, though they declare nothing but `Object`.
    as_text: BTreeSet<Box<str>>,
}

/// Beans that most likely have the same class: domain, sorted keys, and the value of `type`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Kind(Box<str>, Vec<Box<str>>, Option<Box<str>>);

impl Kind {
    fn of(name: &ObjectName<'_>) -> Self {
        let mut keys: Vec<Box<str>> = name.properties.iter().map(|&(key, _)| key.into()).collect();
        keys.sort_unstable();
        Self(name.domain.into(), keys, name.get("type").map(Into::into))
    }
}

/// Whether a domain is neither Kafka's nor the JDK's nor Jolokia's own.
fn is_foreign(bean: &str) -> bool {
    let domain = bean.split(':').next().unwrap_or("");
    let known = ["java.lang", "java.nio", "java.util.logging", "jdk.management.jfr", "JMImplementation", "jolokia"];
    !is_kafka_domain(bean) && !known.contains(&domain) && !domain.starts_with("com.sun.management")
}

impl Foreign {
    /// Takes in the names of all the node's beans; what is known of those that stay is kept.
    pub(super) fn names(&mut self, names: &[Box<str>]) {
        let foreign = || {
            names.iter().filter(|name| is_foreign(name)).filter_map(|name| Some((name, ObjectName::parse(name).ok()?)))
        };
        let mut old = std::mem::take(&mut self.beans);
        let mut keep = |name: &str| (name.into(), old.remove(name).unwrap_or_default());
        if foreign().count() <= MAX_BEANS {
            self.kinds = None;
            self.beans = foreign().map(|(name, _)| keep(name)).collect();
            return;
        }
        let mut kinds = HashMap::new();
        for (name, parsed) in foreign() {
            let room = kinds.len() < MAX_BEANS;
            if let std::collections::hash_map::Entry::Vacant(kind) = kinds.entry(Kind::of(&parsed))
                && room
            {
                kind.insert(name.clone());
            }
        }
        self.beans = kinds.values().map(|name| keep(name)).collect();
        self.kinds = Some(kinds);
    }

    /// Asks for all types again: another process may answer from now on.
    pub(super) fn ask_again(&mut self) {
        self.beans.values_mut().for_each(|bean| bean.asked = false);
    }

    /// Beans whose types are to be asked for next.
    pub(super) fn unasked(&self) -> Vec<Box<str>> {
        self.beans.iter().filter(|(_, bean)| !bean.asked).map(|(name, _)| name.clone()).take(LIST_AT_ONCE).collect()
    }

    /// The types of `bean` have been asked for; `None` until they are told, or if they never are.
    pub(super) fn asked(&mut self, bean: &str, types: Option<Types>) {
        if let Some(bean) = self.beans.get_mut(bean) {
            *bean = Bean { asked: true, types, as_text: std::mem::take(&mut bean.as_text) };
        }
    }

    /// Reads of the texts of those attributes of these beans whose values may tell an open type that they do not declare.
    pub(super) fn untold(&self, beans: &[Box<str>]) -> Vec<Read> {
        let is_untold = |declared: &Declared| {
            matches!(declared, Declared::Composite(None) | Declared::Table(None) | Declared::Object)
        };
        let read = |name: &str| {
            let types = self.beans.get(name)?.types.as_ref()?;
            let attributes = types.iter().filter(|(_, declared)| is_untold(declared));
            let attributes: Vec<String> = attributes.map(|(name, _)| name.to_string()).collect();
            let pattern = name.to_string();
            let attributes = (!attributes.is_empty()).then_some(attributes)?;
            Some(Read { pattern, attributes: Some(attributes), is_name: true, as_text: true, more: false })
        };
        beans.iter().filter_map(|name| read(name)).collect()
    }

    /// The text of an attribute has been asked for to learn its type.
    pub(super) fn told(&mut self, bean: &str, attribute: &str, text: &str) {
        let Some(Bean { types: Some(types), as_text, .. }) = self.beans.get_mut(bean) else { return };
        let Some(declared) = types.get_mut(attribute) else { return };
        match told_by(text) {
            Some(Told::Type(told)) => *declared = told,
            Some(Told::Text) if *declared == Declared::Object => {
                as_text.insert(attribute.into());
            }
            Some(Told::Text) | None => {}
        }
    }

    /// The text of this attribute tells more than its JSON does.
    pub(super) fn ask_for_text(&mut self, bean: &str, attribute: &str) {
        if let Some(bean) = self.beans.get_mut(bean) {
            bean.as_text.insert(attribute.into());
        }
    }

    /// Whether there are attributes that are read as JSON although anything may come of them.
    pub(super) fn has_unclear(&self, bean: &str) -> bool {
        self.beans.get(bean).is_some_and(|bean| bean.unclear().next().is_some())
    }

    /// JSON could not be made of this bean's attributes: those of which anything may come are asked for as text from now
    /// on.
    pub(super) fn unserialisable(&mut self, bean: &str) {
        if let Some(bean) = self.beans.get_mut(bean) {
            let unclear: Vec<Box<str>> = bean.unclear().cloned().collect();
            bean.as_text.extend(unclear);
        }
    }

    /// The declared types of a bean's attributes, by its name or else its kind.
    pub(super) fn types(&self, bean: &str) -> Option<&Types> {
        if self.beans.is_empty() {
            return None;
        }
        let known = self.beans.get(bean).or_else(|| {
            let kinds = self.kinds.as_ref().filter(|_| is_foreign(bean))?;
            self.beans.get(kinds.get(&Kind::of(&ObjectName::parse(bean).ok()?))?)
        });
        known?.types.as_ref()
    }

    /// The requests that answer `query`: itself, or one or two for each bean of which it is known how to read it.
    pub(super) fn reads(&self, query: &Query) -> Vec<Read> {
        let itself = || vec![Read::of(query)];
        if self.kinds.is_some() || !is_foreign(&query.pattern) {
            return itself();
        }
        if let Some(bean) = self.beans.get(&*query.pattern) {
            return bean.reads(&query.pattern, query);
        }
        let Some(pattern) = Pattern::parse(&query.pattern) else { return itself() };
        let selected: Vec<(&Box<str>, &Bean)> = self.beans.iter().filter(|(name, _)| pattern.selects(name)).collect();
        if selected.is_empty() {
            return itself();
        }
        selected.into_iter().flat_map(|(name, bean)| bean.reads(name, query)).collect()
    }
}

impl Bean {
    fn unclear(&self) -> impl Iterator<Item = &Box<str>> {
        let objects = self.types.iter().flatten().filter(|(_, declared)| **declared == Declared::Object);
        objects.map(|(name, _)| name).filter(|name| !self.as_text.contains(*name))
    }

    fn reads(&self, name: &str, query: &Query) -> Vec<Read> {
        let Some(types) = &self.types else {
            return vec![Read::of(&Query { pattern: name.to_owned(), attributes: query.attributes.clone() })];
        };
        let (mut text, mut json) = (Vec::new(), Vec::new());
        for (attribute, declared) in types {
            if query.attributes.as_ref().is_some_and(|wanted| !wanted.iter().any(|name| **name == **attribute)) {
                continue;
            }
            match declared.reading() {
                Reading::Not => {}
                Reading::Json if !self.as_text.contains(attribute) => json.push(attribute.to_string()),
                Reading::Json | Reading::Text => text.push(attribute.to_string()),
            }
        }
        let read = |attributes, as_text, more| Read {
            pattern: name.to_owned(),
            attributes: Some(attributes),
            is_name: true,
            as_text,
            more,
        };
        let (has_text, has_json) = (!text.is_empty(), !json.is_empty());
        let text = has_text.then(|| read(text, true, has_json));
        let json = has_json.then(|| read(json, false, false));
        text.into_iter().chain(json).collect()
    }
}

/// A pattern of the forms that a plan has: a domain, and keys with a value or `*`.
struct Pattern<'a> {
    domain: &'a str,
    /// `None` as the value = any.
    properties: Vec<(&'a str, Option<&'a str>)>,
    /// Beans may have other keys too.
    open: bool,
}

impl<'a> Pattern<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (domain, rest) = text.split_once(':')?;
        let (rest, open) = match rest.strip_suffix(",*") {
            Some(rest) => (rest, true),
            None if rest == "*" => ("", true),
            None => (rest, false),
        };
        if domain.contains(['*', '?']) {
            return None;
        }
        // What is left is a name, once the values that stand for any are told apart.
        let any = format!("{domain}:{}", rest.replace("=*", "="));
        let properties = match rest {
            "" => Vec::new(),
            _ => ObjectName::parse(&any).ok()?.properties.iter().map(|(key, value)| (key.len(), value.len())).collect(),
        };
        let mut at = 0;
        let mut split = Vec::new();
        for (key, value) in properties {
            let name = rest.get(at..at + key)?;
            at += key + 1;
            let is_any = rest.get(at..)?.starts_with('*');
            split.push((name, if is_any { None } else { Some(rest.get(at..at + value)?) }));
            at += if is_any { 2 } else { value + 1 };
        }
        Some(Self { domain, properties: split, open })
    }

    fn selects(&self, name: &str) -> bool {
        let Ok(name) = ObjectName::parse(name) else { return false };
        name.domain == self.domain
            && (self.open || name.properties.len() == self.properties.len())
            && self
                .properties
                .iter()
                .all(|&(key, value)| name.get(key).is_some_and(|own| value.is_none_or(|value| value == own)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mbean::Plan;

    fn types(types: &[(&str, Declared)]) -> Option<Types> {
        Some(types.iter().map(|(name, declared)| ((*name).into(), declared.clone())).collect())
    }

    fn foreign(names: &[&str]) -> Foreign {
        let mut foreign = Foreign::default();
        foreign.names(&names.iter().map(|&name| name.into()).collect::<Vec<_>>());
        foreign
    }

    /// `name [attributes]`, with `text` and `more` where it is so.
    fn shown(reads: Vec<Read>) -> Vec<String> {
        let show = |read: Read| {
            let attributes = read.attributes.map_or("*".to_owned(), |names| names.join(","));
            let text = if read.as_text { " text" } else { "" };
            format!("{} [{attributes}]{text}{}", read.pattern, if read.more { " more" } else { "" })
        };
        reads.into_iter().map(show).collect()
    }

    fn query(pattern: &str, attributes: Option<&[&str]>) -> Query {
        let attributes = attributes.map(|names| names.iter().map(|&name| name.to_owned()).collect());
        Query { pattern: pattern.to_owned(), attributes }
    }

    #[test]
    fn scalars_are_read_as_text_structures_as_json_and_the_rest_not_at_all() {
        let mut foreign = foreign(&["lab:type=A", "lab:type=B", "lab:type=C", "kafka.log:a=b", "java.lang:a=b"]);
        assert_eq!(foreign.unasked(), ["lab:type=A".into(), "lab:type=B".into(), "lab:type=C".into()]);
        let of_a =
            [("n", Declared::Number), ("o", Declared::Object), ("s", Declared::Skip), ("t", Declared::Table(None))];
        foreign.asked("lab:type=A", types(&of_a));
        foreign.asked("lab:type=B", types(&[("s", Declared::Skip)]));
        foreign.asked("lab:type=C", None);
        assert!(foreign.unasked().is_empty());
        let all = ["lab:type=A [n] text more", "lab:type=A [o,t]", "lab:type=C [*]"];
        assert_eq!(shown(foreign.reads(&query("lab:*", None))), all);
        assert_eq!(shown(foreign.reads(&query("lab:type=A", Some(&["t", "n"])))), [all[0], "lab:type=A [t]"]);
        assert_eq!(shown(foreign.reads(&query("lab:type=A,*", Some(&["n"])))), ["lab:type=A [n] text"]);
        foreign.ask_for_text("lab:type=A", "o");
        assert_eq!(shown(foreign.reads(&query("lab:type=A", Some(&["o", "t"]))))[0], "lab:type=A [o] text more");
        for itself in ["*:*", "kafka.log:*", "other:*", "lab:type=D,*", "*:type=A"] {
            assert_eq!(shown(foreign.reads(&query(itself, None))), [format!("{itself} [*]")]);
        }
    }

    #[test]
    fn the_text_of_a_value_tells_the_type_that_its_attribute_does_not_declare() {
        let mut foreign = foreign(&["lab:type=A", "lab:type=B"]);
        let unclear = [("n", Declared::Number), ("o", Declared::Object), ("t", Declared::Table(None))];
        foreign.asked("lab:type=A", types(&unclear));
        foreign.asked("lab:type=B", types(&[("n", Declared::Number)]));
        let both = ["lab:type=A".into(), "lab:type=B".into()];
        assert_eq!(shown(foreign.untold(&both)), ["lab:type=A [o,t] text"]);
        let text = "javax.management.openmbean.CompositeDataSupport(compositeType=javax.management.openmbean.CompositeType(\
            name=C,items=((itemName=a,itemType=javax.management.openmbean.SimpleType(name=java.util.Date)))),contents={})";
        foreign.told("lab:type=A", "o", text);
        foreign.told("lab:type=A", "t", "null");
        let composite = Declared::Composite(Some([("a".into(), Declared::Date)].into()));
        let expected = types(&[("n", Declared::Number), ("o", composite), ("t", Declared::Table(None))]);
        assert_eq!(foreign.types("lab:type=A"), expected.as_ref());
    }

    #[test]
    fn what_json_cannot_be_made_of_is_read_as_text_as_long_as_it_may_help() {
        let mut foreign = foreign(&["lab:type=A"]);
        assert!(!foreign.has_unclear("lab:type=A"));
        foreign.asked("lab:type=A", types(&[("o", Declared::Object), ("c", Declared::Composite(None))]));
        assert!(foreign.has_unclear("lab:type=A"));
        foreign.unserialisable("lab:type=A");
        assert_eq!(shown(foreign.reads(&query("lab:*", None))), ["lab:type=A [o] text more", "lab:type=A [c]"]);
        assert!(!foreign.has_unclear("lab:type=A"));
    }

    #[test]
    fn what_is_known_stays_until_the_bean_goes_or_another_process_answers() {
        let mut foreign = foreign(&["lab:type=A", "lab:type=B"]);
        foreign.asked("lab:type=A", types(&[("n", Declared::Number)]));
        foreign.names(&["lab:type=A".into(), "lab:type=C".into()]);
        assert_eq!(foreign.unasked(), ["lab:type=C".into()]);
        assert!(foreign.types("lab:type=A").is_some() && foreign.types("lab:type=B").is_none());
        foreign.ask_again();
        assert_eq!(foreign.unasked().len(), 2);
        assert!(foreign.types("lab:type=A").is_some());
    }

    #[test]
    fn of_very_many_beans_one_of_each_kind_is_asked_for_its_types() {
        let names: Vec<Box<str>> = (0..MAX_BEANS + 1).map(|index| format!("lab:type=A,id={index}").into()).collect();
        let mut foreign = Foreign::default();
        foreign.names(&names);
        assert_eq!(foreign.unasked().len(), 1);
        let listed = foreign.unasked().remove(0);
        foreign.asked(&listed, types(&[("n", Declared::Number)]));
        assert!(foreign.types("lab:id=new,type=A").is_some());
        assert!(foreign.types("lab:id=new,type=B").is_none() && foreign.types("no name").is_none());
        assert_eq!(shown(foreign.reads(&query("lab:*", None))), ["lab:* [*]"]);
        let kinds: Vec<Box<str>> = (0..2 * MAX_BEANS).map(|index| format!("lab:type={index}").into()).collect();
        foreign.names(&kinds);
        assert_eq!((foreign.beans.len(), foreign.unasked().len()), (MAX_BEANS, LIST_AT_ONCE));
    }

    #[test]
    fn patterns_select_as_the_jvm_does() {
        let name = r#"lab:type="a,b=*c",name=x"#.replace('*', r"\*");
        for (pattern, selects) in [
            ("lab:*", true),
            (r#"lab:type="a,b=\*c",*"#, true),
            (r#"lab:name=x,type="a,b=\*c""#, true),
            ("lab:name=*,type=*", true),
            ("lab:name=*,*", true),
            ("lab:type=*,name=y", false),
            ("lab:type=*", false),
            ("lab:other=*,*", false),
            ("other:*", false),
        ] {
            assert_eq!(Pattern::parse(pattern).map(|pattern| pattern.selects(&name)), Some(selects), "{pattern}");
        }
        for unsupported in ["l*:*", "lab:type=a*", "lab:ty*=a", "lab", r#"lab:type="a*""#] {
            assert!(Pattern::parse(unsupported).is_none(), "{unsupported}");
        }
    }

    proptest! {
        #[test]
        fn every_bean_of_a_plan_is_still_read(
            beans in proptest::collection::btree_set(("[ab]", r#"[xy]|"x,=\\\*""#, "[mn]?"), 1..12),
            known in 0..12usize,
        ) {
            let names: Vec<Box<str>> =
                beans.iter().map(|(domain, kind, id)| format!("{domain}:type={kind},id={id}").into()).collect();
            let mut foreign = Foreign::default();
            foreign.names(&names);
            for name in names.iter().take(known) {
                foreign.asked(name, types(&[("n", Declared::Number), ("o", Declared::Object)]));
            }
            let plan = Plan::from_names(names.iter().map(|name| &**name));
            let reads: Vec<Read> =
                plan.essentials.iter().chain(&plan.per_partition).flat_map(|query| foreign.reads(query)).collect();
            for (at, name) in names.iter().enumerate() {
                let of_bean = reads.iter().filter(|read| read.pattern == **name).count();
                prop_assert_eq!(of_bean, if at < known { 2 } else { 1 }, "{} in {:?}", name, reads);
            }
        }
    }
}
