//! The answer to a bulk request: bytes in, beans straight into the sink, names and version out. Nothing is kept of what
//! the sink does not keep: a read of 40,000 beans costs one pass over the buffer.

use std::borrow::Cow;
use std::fmt;
use std::time::Instant;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::budget::{Budget, MAX_VALUES, MAX_VALUES_OF_BEAN, Spent};
use super::declared::Types;
use super::foreign::Foreign;
use super::lift::{Lifted, from_json, from_text};
use super::request::{BeanItem, Item};
use super::tree::TreeSeed;
use super::value::{Shape, Text, ValueSeed, is_kafka_domain};
use crate::http_client::one_line;
use crate::mbean::{Bean, BeanSink, Value};

/// What an answer held besides beans.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Decoded {
    /// The names of all beans; `None` when not asked for, unchanged, or refused.
    pub(super) names: Option<Vec<Box<str>>>,
    /// When the names were told, in seconds since the epoch by the agent's clock.
    pub(super) names_at: Option<u64>,
    /// The agent's version, such as `2.5.0`.
    pub(super) agent_version: Option<Box<str>>,
    /// Requests of the bulk that the agent answered with an error, and the first of these errors.
    pub(super) failed: Option<(usize, Failure)>,
    /// Beans and attributes whose text tells more than the JSON that came.
    pub(super) ask_for_text: Vec<(Box<str>, Box<str>)>,
    /// Beans of which Jolokia could not make JSON and which may be asked for in another way. They have not reached the sink.
    pub(super) unserialisable: Vec<Box<str>>,
}

/// An error that the agent gave as the answer to one request of a bulk.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// What was asked.
    pub(super) asked: String,
    /// Jolokia's status, as in HTTP.
    pub(super) status: u64,
    /// Its text, cut to a line's length.
    pub(super) error: String,
}

/// Why an answer could not be read to its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum DecodeError {
    /// Not what Jolokia sends.
    Shape(String),
    /// Decoding did not end by the deadline.
    Late,
    /// More than may be read of one answer.
    TooMuch(String),
}

/// Decodes `body`, the answer to `items`. Beans before a fault have reached the sink.
pub(super) fn decode<S: BeanSink>(
    body: &[u8],
    items: &[Item],
    foreign: &Foreign,
    deadline: Instant,
    sink: &mut S,
) -> (Decoded, Result<(), DecodeError>) {
    let (budget, out) = (Budget::new(deadline), Decoded::default());
    let mut decoder = Decoder { items, foreign, budget, sink, attributes: Vec::new(), has_part: false, out };
    let mut json = serde_json::Deserializer::from_slice(body);
    let result = json.deserialize_any(AnswersVisitor(&mut decoder)).and_then(|()| json.end());
    let result = result.map_err(|error| match decoder.budget.spent {
        None => DecodeError::Shape(error.to_string()),
        Some(Spent::Time) => DecodeError::Late,
        Some(Spent::Values) => DecodeError::TooMuch(format!("more than {MAX_VALUES} beans and values in one answer")),
        Some(Spent::OfBean) => DecodeError::TooMuch(format!("more than {MAX_VALUES_OF_BEAN} values in one bean")),
    });
    (decoder.out, result)
}

struct Decoder<'s, 'de, S> {
    items: &'s [Item],
    foreign: &'s Foreign,
    budget: Budget,
    sink: &'s mut S,
    /// Of the bean that is being read.
    attributes: Vec<(Cow<'de, str>, Value<'de>)>,
    /// `attributes` holds a part of a bean, and the next item brings more of it.
    has_part: bool,
    out: Decoded,
}

impl<S: BeanSink> Decoder<'_, '_, S> {
    /// Hands a bean over that was read by its name, when all its parts have been answered.
    fn end_of(&mut self, bean: &BeanItem) {
        self.has_part = bean.more;
        // 2.x tells of a bean that is gone by an error in place of each attribute.
        if !bean.more && !self.attributes.is_empty() {
            self.sink.bean(Bean { name: &bean.name, attributes: &self.attributes });
        }
    }

    /// Whether an answer means that there is no such bean, or none with such an attribute.
    fn is_absence(status: u64, error: Option<&str>) -> bool {
        // 1.x has 400 for what is 404 in 2.x.
        status == 404 || (status == 400 && error.is_some_and(|error| error.contains("No matching attributes")))
    }

    fn fail(&mut self, failure: Failure) {
        match &mut self.out.failed {
            Some((count, _)) => *count += 1,
            none => *none = Some((1, failure)),
        }
    }
}

/// The whole answer: an array, one element per request; or a single error, as 1.x answers what it cannot parse.
struct AnswersVisitor<'d, 's, 'de, S>(&'d mut Decoder<'s, 'de, S>);

impl<'de, S: BeanSink> Visitor<'de> for AnswersVisitor<'_, '_, 'de, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of Jolokia answers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut answers: A) -> Result<(), A::Error> {
        let items = self.0.items;
        for (index, item) in items.iter().enumerate() {
            if answers.next_element_seed(AnswerSeed { decoder: self.0, item: Some(item) })?.is_none() {
                return Err(A::Error::custom(format_args!("{index} answers to {} requests", items.len())));
            }
        }
        match answers.next_element::<IgnoredAny>()? {
            Some(_) => Err(A::Error::custom(format_args!("more than {} answers", items.len()))),
            None => Ok(()),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<(), A::Error> {
        AnswerSeed { decoder: self.0, item: None }.visit_map(object)?;
        if self.0.out.failed.is_some() { Ok(()) } else { Err(A::Error::custom("one answer to a bulk request")) }
    }
}

/// One answer. Its fields come in any order, but an answer that is an error has no `value`.
struct AnswerSeed<'d, 's, 'i, 'de, S> {
    decoder: &'d mut Decoder<'s, 'de, S>,
    item: Option<&'i Item>,
}

impl<'de, S: BeanSink> DeserializeSeed<'de> for AnswerSeed<'_, '_, '_, 'de, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: BeanSink> Visitor<'de> for AnswerSeed<'_, '_, '_, 'de, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a Jolokia answer")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let (mut status, mut timestamp, mut error, mut valued) = (None, None, None, false);
        let mut names = None;
        while let Some(Text(key)) = object.next_key()? {
            match (key.as_ref(), self.item) {
                ("status", _) => status = Some(object.next_value::<u64>()?),
                ("timestamp", _) => timestamp = Some(object.next_value::<u64>()?),
                ("error", _) => error = object.next_value::<Option<Text<'_>>>()?,
                ("value", Some(Item::Beans(_))) => {
                    object.next_value_seed(BeansSeed(self.decoder))?;
                    valued = true;
                }
                ("value", Some(Item::Bean(bean))) => {
                    self.decoder.budget.bean()?;
                    if !self.decoder.has_part {
                        self.decoder.attributes.clear();
                    }
                    object.next_value_seed(self.decoder.attributes_of(&bean.name, bean.as_text))?;
                    valued = true;
                }
                ("value", Some(Item::Search)) => {
                    names = Some(object.next_value_seed(NamesSeed(&mut self.decoder.budget))?)
                }
                ("value", Some(Item::Version)) => {
                    self.decoder.out.agent_version = object.next_value::<AgentInfo>()?.agent;
                }
                _ => {
                    object.next_value::<IgnoredAny>()?;
                }
            }
        }
        let absent = status
            .is_some_and(|status| Decoder::<S>::is_absence(status, error.as_ref().map(|Text(text)| text.as_ref())));
        if let Some(Item::Bean(bean)) = self.item {
            if !valued && !self.decoder.has_part {
                self.decoder.attributes.clear();
            }
            // JSON cannot be made of every object.
            if status == Some(500) && !bean.as_text && self.decoder.foreign.has_unclear(&bean.name) {
                self.decoder.out.unserialisable.push(bean.name.as_str().into());
                self.decoder.has_part = bean.more;
                return Ok(());
            }
            self.decoder.end_of(bean);
        }
        match (status, self.item) {
            (Some(200), Some(Item::Search)) => {
                self.decoder.out.names_at = timestamp;
                self.decoder.out.names = names;
            }
            (Some(200), Some(Item::Beans(name) | Item::Bean(BeanItem { name, .. }))) if !valued => {
                return Err(A::Error::custom(format_args!("no value in the answer to a read of {name}")));
            }
            (Some(200), Some(Item::Beans(_) | Item::Bean(_) | Item::Version)) => {}
            (Some(_), Some(Item::Beans(_) | Item::Bean(_))) if absent => {}
            // 404: no bean matches. 304: no bean came or went.
            (Some(304 | 404), Some(Item::Search)) => {}
            // A policy may forbid it, and nothing that is read hangs on it.
            (_, Some(Item::Version)) => {}
            (None, _) => return Err(A::Error::custom("an answer without status")),
            (Some(status), item) => {
                let asked = match item {
                    Some(Item::Beans(name) | Item::Bean(BeanItem { name, .. })) => format!("read of {name}"),
                    Some(Item::Search) => "search for all names".to_owned(),
                    Some(Item::Version | Item::List) | None => "bulk request".to_owned(),
                };
                let error = one_line(&error.map_or(Cow::Borrowed("no reason given"), |Text(text)| text));
                self.decoder.fail(Failure { asked, status, error });
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct AgentInfo {
    agent: Option<Box<str>>,
}

/// The value of a search: an array of names.
struct NamesSeed<'b>(&'b mut Budget);

impl<'de> DeserializeSeed<'de> for NamesSeed<'_> {
    type Value = Vec<Box<str>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for NamesSeed<'_> {
    type Value = Vec<Box<str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of names")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut texts: A) -> Result<Self::Value, A::Error> {
        let mut names = Vec::new();
        while let Some(name) = texts.next_element()? {
            self.0.entry()?;
            names.push(name);
        }
        Ok(names)
    }
}

/// The value of a pattern read: bean name -> attributes.
struct BeansSeed<'d, 's, 'de, S>(&'d mut Decoder<'s, 'de, S>);

impl<'de, S: BeanSink> DeserializeSeed<'de> for BeansSeed<'_, '_, 'de, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: BeanSink> Visitor<'de> for BeansSeed<'_, '_, 'de, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("beans by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut beans: A) -> Result<(), A::Error> {
        while let Some(Text(name)) = beans.next_key()? {
            self.0.budget.bean()?;
            self.0.attributes.clear();
            beans.next_value_seed(self.0.attributes_of(&name, false))?;
            self.0.sink.bean(Bean { name: &name, attributes: &self.0.attributes });
        }
        Ok(())
    }
}

impl<'de, S> Decoder<'_, 'de, S> {
    fn attributes_of<'b>(&'b mut self, bean: &'b str, as_text: bool) -> AttributesSeed<'b, 'de> {
        let kafka = is_kafka_domain(bean);
        let types = if kafka { None } else { self.foreign.types(bean) };
        let Self { attributes, budget, out, .. } = self;
        AttributesSeed { bean, kafka, types, as_text, attributes, budget, ask_for_text: &mut out.ask_for_text }
    }
}

/// Attribute name -> value.
struct AttributesSeed<'b, 'de> {
    bean: &'b str,
    kafka: bool,
    types: Option<&'b Types>,
    as_text: bool,
    attributes: &'b mut Vec<(Cow<'de, str>, Value<'de>)>,
    budget: &'b mut Budget,
    ask_for_text: &'b mut Vec<(Box<str>, Box<str>)>,
}

impl<'de> DeserializeSeed<'de> for AttributesSeed<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for AttributesSeed<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("attributes by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut attributes: A) -> Result<(), A::Error> {
        while let Some(Text(name)) = attributes.next_key()? {
            if let Some(declared) = self.types.and_then(|types| types.get(&*name)) {
                let tree = attributes.next_value_seed(TreeSeed(self.budget))?;
                match if self.as_text { from_text(tree, declared) } else { from_json(tree, declared) } {
                    Lifted::Value(value) => self.attributes.push((name, value)),
                    Lifted::AskForText => {
                        self.ask_for_text.push((self.bean.into(), (*name).into()));
                        // Null may be something else next time, and so remains wanted.
                        self.attributes.push((name, Value::Null));
                    }
                    Lifted::Failed => {}
                }
                continue;
            }
            let shape = Shape::of(self.bean, self.kafka, &name);
            if let Some(value) = attributes.next_value_seed(ValueSeed(shape, self.budget))? {
                self.attributes.push((name, value));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    #[derive(Default)]
    struct Names(Vec<String>);

    impl BeanSink for Names {
        fn bean(&mut self, bean: Bean<'_>) {
            let attributes: Vec<&str> = bean.attributes.iter().map(|(name, _)| name.as_ref()).collect();
            self.0.push(format!("{} {}", bean.name, attributes.join(",")));
        }

        fn essentials_complete(&mut self) {}
    }

    fn run(body: &str, items: &[Item]) -> (Vec<String>, Decoded, Result<(), DecodeError>) {
        let mut sink = Names::default();
        let deadline = Instant::now() + Duration::from_secs(60);
        let (decoded, result) = decode(body.as_bytes(), items, &Foreign::default(), deadline, &mut sink);
        (sink.0, decoded, result)
    }

    fn reads(patterns: &[&str]) -> Vec<Item> {
        patterns.iter().map(|&pattern| Item::Beans(pattern.to_owned())).collect()
    }

    fn bean(name: &str, more: bool) -> Item {
        Item::Bean(BeanItem { name: name.to_owned(), as_text: false, more })
    }

    #[test]
    fn beans_of_all_queries_arrive_and_failed_getters_are_left_out() {
        let body = r#"[{"request":{"type":"read"},"value":{"a:b=\"c,d\"":{"X":1,"Y":{".error":true}}},"status":200,"timestamp":5},
            {"status":404,"error":"none","error_type":"javax.management.InstanceNotFoundException"},
            {"timestamp":5,"status":200,"value":{"e:f=g":{"Z":[1]}}}]"#;
        let (beans, decoded, result) = run(body, &reads(&["a:*", "none:*", "e:*"]));
        assert_eq!(beans, ["a:b=\"c,d\" X", "e:f=g Z"]);
        assert_eq!((decoded, result), (Decoded::default(), Ok(())));
    }

    #[test]
    fn a_bean_read_by_its_name_arrives_once_with_all_its_parts() {
        let body = r#"[{"status":200,"value":{"X":1}},{"status":200,"value":{"Y":2}},{"status":200,"value":{"Z":3}},
            {"status":200,"value":{"V":3}},{"status":403,"error":"no"},{"status":404,"error":"gone"}]"#;
        let items = [
            bean("a:b=c", true),
            bean("a:b=c", false),
            bean("a:b=d", false),
            bean("a:b=e", true),
            bean("a:b=e", false),
            bean("a:b=f", false),
        ];
        let (beans, decoded, result) = run(body, &items);
        assert_eq!((beans, result), (["a:b=c X,Y", "a:b=d Z", "a:b=e V"].map(str::to_owned).to_vec(), Ok(())));
        assert_eq!(decoded.failed.map(|(count, failure)| (count, failure.status)), Some((1, 403)));
    }

    #[test]
    fn a_bean_or_attribute_that_is_not_there_is_no_error() {
        let gone = r#"{"error_type":"javax.management.InstanceNotFoundException",".error":true,"error":"a:b=c"}"#;
        let body = format!(
            r#"[{{"status":200,"value":{{"X":{gone}}}}},{{"status":404,"error":"x"}},{{"status":404,"error":"x"}},
            {{"status":400,"error":"java.lang.IllegalArgumentException : No matching attributes [X] found on MBeans [a:b=c]"}}]"#
        );
        let items =
            [bean("a:b=c", false), bean("a:b=d", false), Item::Beans("a:*".to_owned()), Item::Beans("b:*".to_owned())];
        assert_eq!(run(&body, &items), (Vec::new(), Decoded::default(), Ok(())));
    }

    #[test]
    fn a_failed_query_is_named_and_costs_nothing_else() {
        let body = r#"[{"status":403,"error":"No access\nallowed"},{"status":400,"error":null},{"status":200,"value":{"e:f=g":{}}}]"#;
        let (beans, decoded, result) = run(body, &reads(&["a:*", "b:*", "e:*"]));
        assert_eq!((beans.len(), result), (1, Ok(())));
        let (count, failure) = decoded.failed.unwrap();
        assert_eq!(count, 2);
        assert_eq!(
            failure,
            Failure { asked: "read of a:*".to_owned(), status: 403, error: "No access allowed".to_owned() }
        );
    }

    #[test]
    fn names_and_version_are_told_unless_unchanged_or_forbidden() {
        let items = [Item::Version, Item::Search];
        let body = r#"[{"value":{"agent":"2.4.2","protocol":"8.1"},"status":200},{"value":["a:b=c"],"status":200,"timestamp":7}]"#;
        let (_, decoded, _) = run(body, &items);
        assert_eq!(decoded.agent_version.as_deref(), Some("2.4.2"));
        assert_eq!((decoded.names, decoded.names_at), (Some(vec!["a:b=c".into()]), Some(7)));
        let (_, decoded, result) = run(r#"[{"status":403,"error":"x"},{"status":304,"timestamp":9}]"#, &items);
        assert_eq!((decoded, result), (Decoded::default(), Ok(())));
    }

    #[test]
    fn a_single_error_in_place_of_the_array_is_the_agents_error() {
        let (_, decoded, result) = run(r#"{"error_type":"x","error":"Invalid","status":400}"#, &reads(&["a:*"]));
        assert_eq!(result, Ok(()));
        assert_eq!(decoded.failed.unwrap().1.status, 400);
    }

    #[test]
    fn what_jolokia_never_sends_is_refused_after_the_beans_before_it() {
        let good = r#"{"status":200,"value":{"a:b=c":{}}}"#;
        for body in [
            "".to_owned(),
            "null".to_owned(),
            format!("[{good}"),
            format!("[{good}]"),
            format!("[{good},{good},{good}]"),
            format!("[{good},{good}]x"),
            format!(r#"[{good},{{"status":200}}]"#),
            format!(r#"[{good},{{}}]"#),
            format!(r#"[{good},{{"status":200,"value":7}}]"#),
            format!(r#"[{good},{{"status":200,"value":{{"a:b=d":7}}}}]"#),
            format!("[{good},{}", "[".repeat(100_000)),
        ] {
            let (beans, _, result) = run(&body, &reads(&["a:*", "b:*"]));
            assert!(matches!(result, Err(DecodeError::Shape(_))), "{}", &body[..body.len().min(80)]);
            assert_eq!(beans.is_empty(), !body.starts_with('['));
        }
    }

    #[test]
    fn decoding_stops_at_the_deadline() {
        let beans: Vec<String> = (0..600).map(|index| format!(r#""a:b={index}":{{}}"#)).collect();
        let body = format!(r#"[{{"status":200,"value":{{{}}}}}]"#, beans.join(","));
        let mut sink = Names::default();
        let (_, result) = decode(body.as_bytes(), &reads(&["a:*"]), &Foreign::default(), Instant::now(), &mut sink);
        assert_eq!(result, Err(DecodeError::Late));
        assert!(sink.0.len() < 256, "{}", sink.0.len());
    }

    #[test]
    fn one_bean_with_a_flood_of_values_is_cut_off_at_the_deadline_or_the_limit() {
        let items = |count: u32| (0..count).map(|index| format!(r#""a{index}":1"#)).collect::<Vec<_>>().join(",");
        let read = |attributes: &str, until: Duration| {
            let body = format!(
                r#"[{{"status":200,"value":{{"java.lang:type=x":{{}},"java.lang:type=y":{{{attributes}}}}}}}]"#
            );
            let mut sink = Names::default();
            let deadline = Instant::now() + until;
            let (_, result) = decode(body.as_bytes(), &reads(&["a:*"]), &Foreign::default(), deadline, &mut sink);
            (sink.0.len(), result)
        };
        let long = Duration::from_secs(60);
        assert_eq!(read(&items(MAX_VALUES_OF_BEAN), long), (2, Ok(())));
        assert_eq!(read(&items(MAX_VALUES_OF_BEAN), Duration::ZERO).1, Err(DecodeError::Late));
        let many = items(MAX_VALUES_OF_BEAN + 1);
        for attributes in [many.clone(), format!(r#""C":{{{many}}}"#), format!(r#""SystemProperties":{{{many}}}"#)] {
            let (beans, result) = read(&attributes, long);
            assert!(matches!(&result, Err(DecodeError::TooMuch(text)) if text.contains("10000")), "{result:?}");
            assert_eq!(beans, 1);
        }
    }

    #[test]
    fn more_beans_or_names_than_any_node_has_are_refused() {
        let count = MAX_VALUES as usize + 1;
        let beans = format!(r#"[{{"status":200,"value":{{{}}}}}]"#, vec![r#""b":{}"#; count].join(","));
        let names = format!(r#"[{{"status":200,"value":[{}]}}]"#, vec![r#""b""#; count].join(","));
        for (body, item) in [(beans, Item::Beans("a:*".to_owned())), (names, Item::Search)] {
            let (_, decoded, result) = run(&body, &[item]);
            assert!(matches!(&result, Err(DecodeError::TooMuch(text)) if text.contains("1000000")), "{result:?}");
            assert_eq!(decoded.names, None);
        }
    }

    proptest! {
        #[test]
        fn decoding_never_panics(body in r#"(\[|\{|\]|\}|"value":|"status":200|"a:b=c":|,|1|null|"x"){0,30}"#) {
            let _ = run(&body, &[Item::Version, bean("a:b=c", true), Item::Beans("a:*".to_owned()), Item::Search]);
        }
    }
}
