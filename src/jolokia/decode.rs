//! The answer to a bulk request: bytes in, beans straight into the sink, names and version out. Nothing is kept of what
//! the sink does not keep: a read of 40,000 beans costs one pass over the buffer.

use std::borrow::Cow;
use std::fmt;
use std::time::Instant;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::budget::{Budget, MAX_VALUES, MAX_VALUES_OF_BEAN, Spent};
use super::request::Item;
use super::value::{Shape, Text, ValueSeed, is_kafka_domain};
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
    deadline: Instant,
    sink: &mut S,
) -> (Decoded, Result<(), DecodeError>) {
    let mut decoder = Decoder { items, budget: Budget::new(deadline), sink, out: Decoded::default() };
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

struct Decoder<'s, S> {
    items: &'s [Item],
    budget: Budget,
    sink: &'s mut S,
    out: Decoded,
}

impl<S> Decoder<'_, S> {
    fn fail(&mut self, failure: Failure) {
        match &mut self.out.failed {
            Some((count, _)) => *count += 1,
            none => *none = Some((1, failure)),
        }
    }
}

/// The whole answer: an array, one element per request; or a single error, as 1.x answers what it cannot parse.
struct AnswersVisitor<'d, 's, S>(&'d mut Decoder<'s, S>);

impl<'de, S: BeanSink> Visitor<'de> for AnswersVisitor<'_, '_, S> {
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
struct AnswerSeed<'d, 's, 'i, S> {
    decoder: &'d mut Decoder<'s, S>,
    item: Option<&'i Item>,
}

impl<'de, S: BeanSink> DeserializeSeed<'de> for AnswerSeed<'_, '_, '_, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: BeanSink> Visitor<'de> for AnswerSeed<'_, '_, '_, S> {
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
                ("value", Some(Item::Read(_))) => {
                    object.next_value_seed(BeansSeed(self.decoder))?;
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
        match (status, self.item) {
            (Some(200), Some(Item::Search)) => {
                self.decoder.out.names_at = timestamp;
                self.decoder.out.names = names;
            }
            (Some(200), Some(Item::Read(pattern))) if !valued => {
                return Err(A::Error::custom(format_args!("no value in the answer to a read of {pattern}")));
            }
            // 404: no bean matches. 304: no bean came or went.
            (Some(200 | 404), Some(Item::Read(_) | Item::Version)) | (Some(304 | 404), Some(Item::Search)) => {}
            // A policy may forbid it, and nothing that is read hangs on it.
            (_, Some(Item::Version)) => {}
            (None, _) => return Err(A::Error::custom("an answer without status")),
            (Some(status), item) => {
                let asked = match item {
                    Some(Item::Read(pattern)) => format!("read of {pattern}"),
                    Some(Item::Search) => "search for all names".to_owned(),
                    Some(Item::Version) | None => "bulk request".to_owned(),
                };
                let error = one_line(&error.map_or(Cow::Borrowed("no reason given"), |Text(text)| text));
                self.decoder.fail(Failure { asked, status, error });
            }
        }
        Ok(())
    }
}

/// A text from outside as part of one line: control characters replaced, cut to 300 characters.
pub(super) fn one_line(text: &str) -> String {
    text.chars().take(300).map(|character| if character.is_control() { ' ' } else { character }).collect()
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
struct BeansSeed<'d, 's, S>(&'d mut Decoder<'s, S>);

impl<'de, S: BeanSink> DeserializeSeed<'de> for BeansSeed<'_, '_, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: BeanSink> Visitor<'de> for BeansSeed<'_, '_, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("beans by name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut beans: A) -> Result<(), A::Error> {
        let mut attributes = Vec::new();
        while let Some(Text(name)) = beans.next_key()? {
            self.0.budget.bean()?;
            attributes.clear();
            let seed = AttributesSeed { bean: &name, attributes: &mut attributes, budget: &mut self.0.budget };
            beans.next_value_seed(seed)?;
            self.0.sink.bean(Bean { name: &name, attributes: &attributes });
        }
        Ok(())
    }
}

/// Attribute name -> value.
struct AttributesSeed<'b, 'de> {
    bean: &'b str,
    attributes: &'b mut Vec<(Cow<'de, str>, Value<'de>)>,
    budget: &'b mut Budget,
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
        let kafka = is_kafka_domain(self.bean);
        while let Some(Text(name)) = attributes.next_key()? {
            let shape = Shape::of(self.bean, kafka, &name);
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
        let (decoded, result) = decode(body.as_bytes(), items, Instant::now() + Duration::from_secs(60), &mut sink);
        (sink.0, decoded, result)
    }

    fn reads(patterns: &[&str]) -> Vec<Item> {
        patterns.iter().map(|&pattern| Item::Read(pattern.to_owned())).collect()
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
        let (_, result) = decode(body.as_bytes(), &reads(&["a:*"]), Instant::now(), &mut sink);
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
            let (_, result) = decode(body.as_bytes(), &reads(&["a:*"]), Instant::now() + until, &mut sink);
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
        for (body, item) in [(beans, Item::Read("a:*".to_owned())), (names, Item::Search)] {
            let (_, decoded, result) = run(&body, &[item]);
            assert!(matches!(&result, Err(DecodeError::TooMuch(text)) if text.contains("1000000")), "{result:?}");
            assert_eq!(decoded.names, None);
        }
    }

    proptest! {
        #[test]
        fn decoding_never_panics(body in r#"(\[|\{|\]|\}|"value":|"status":200|"a:b=c":|,|1|null|"x"){0,30}"#) {
            let _ = run(&body, &[Item::Version, Item::Read("a:*".to_owned()), Item::Search]);
        }
    }
}
