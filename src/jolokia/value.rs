//! Attribute values: Jolokia's JSON in, JMX's open types out. Jolokia drops the declared types; what it drops is put back
//! here from what is known of the beans of the JDK and of Kafka.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::budget::Budget;
use crate::mbean::Value;

/// What is known of a value before it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Nothing: an object counts as CompositeData (a Map or a bean serialised as such looks the same).
    Open,
    /// An attribute of a Kafka bean: null stands for NaN, which JSON cannot hold; objects are no open types.
    Kafka,
    /// `LastGcInfo` of a garbage collector: two of its items are tables.
    GcInfo,
    /// A table that Jolokia shows as an object, index column `key` and column `value`, as MXBeans have for a `Map`.
    KeyValueTable,
}

/// Domains of Kafka's own metrics, Yammer's and the sensors', down to their second part.
const KAFKA: [&str; 16] = [
    "admin",
    "cluster",
    "common",
    "connect",
    "consumer",
    "controller",
    "coordinator",
    "log",
    "log4j",
    "network",
    "producer",
    "raft",
    "security",
    "server",
    "streams",
    "utils",
];

/// Whether a bean is in one of Kafka's own domains.
pub(super) fn is_kafka_domain(bean: &str) -> bool {
    let domain = bean.split(':').next().unwrap_or("");
    let second = |rest: &str| KAFKA.contains(&rest.split('.').next().unwrap_or(""));
    domain == "kafka" || domain.strip_prefix("kafka.").is_some_and(second) || domain.starts_with("org.apache.kafka.")
}

impl Shape {
    /// Of an attribute of a bean.
    pub(super) fn of(bean: &str, kafka: bool, attribute: &str) -> Self {
        if kafka {
            return Self::Kafka;
        }
        match attribute {
            "LastGcInfo" if bean.starts_with("java.lang:") => Self::GcInfo,
            "SystemProperties" if bean.starts_with("java.lang:") => Self::KeyValueTable,
            _ => Self::Open,
        }
    }

    fn of_item(self, item: &str) -> Self {
        match (self, item) {
            (Self::GcInfo, "memoryUsageBeforeGc" | "memoryUsageAfterGc") => Self::KeyValueTable,
            _ => Self::Open,
        }
    }
}

/// Reads one value; `None` = the getter failed, and Jolokia put an error in its place.
pub(super) struct ValueSeed<'b>(pub(super) Shape, pub(super) &'b mut Budget);

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = Option<Value<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        self.1.value()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_> {
    type Value = Option<Value<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an attribute's value")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Some(if self.0 == Shape::Kafka { Value::Double(f64::NAN) } else { Value::Null }))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(Value::Bool(value)))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(Value::Long(value)))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(i64::try_from(value).map_or(Value::Double(value as f64), Value::Long)))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Some(Value::Double(value)))
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok((!is_error_text(value)).then_some(Value::String(Cow::Borrowed(value))))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        Ok((!is_error_text(value)).then(|| Value::String(Cow::Owned(value.to_owned()))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Some(Value::Other))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        let (mut failed, mut opaque) = (false, self.0 == Shape::Kafka);
        while let Some(Text(key)) = object.next_key()? {
            match key.as_ref() {
                // In place of the value of a getter that threw: 2.x with the first, both with the second.
                ".error" | "error_type" => failed = true,
                // An ObjectName; the getters of AtomicLong; a table whose index is composite; an Optional.
                "objectName" | "andIncrement" | "indexNames" | "present" => opaque = true,
                "bigint" => {
                    if let Some(number) =
                        object.next_value_seed(ValueSeed(Shape::Open, self.1))?.as_ref().and_then(big_integer)
                    {
                        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                        return Ok(Some(number));
                    }
                    continue;
                }
                _ => {
                    if let Some(value) = object.next_value_seed(ValueSeed(self.0.of_item(&key), self.1))? {
                        items.push((key, value));
                    }
                    continue;
                }
            }
            object.next_value::<IgnoredAny>()?;
        }
        if failed {
            return Ok(None);
        }
        if self.0 == Shape::KeyValueTable {
            let row = |(key, value)| vec![("key".into(), Value::String(key)), ("value".into(), value)];
            let rows = items.into_iter().map(row).collect();
            return Ok(Some(Value::Tabular { index: vec!["key".into()], rows }));
        }
        if opaque {
            return Ok(Some(Value::Other));
        }
        items.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(Some(Value::Composite(items)))
    }
}

/// What Jolokia 1.x puts in place of the value of a getter that threw.
pub(super) fn is_error_text(text: &str) -> bool {
    text.starts_with("ERROR: ") && text.ends_with(')') && text.contains("(class ")
}

pub(super) fn big_integer(value: &Value<'_>) -> Option<Value<'static>> {
    let Value::String(text) = value else { return None };
    text.parse().map(Value::Long).or_else(|_| text.parse().map(Value::Double)).ok()
}

/// A string, borrowed where its JSON has no escapes. (serde's own `Cow` always copies.)
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

impl<'de> serde::Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(value)))
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(value.to_owned())))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::*;

    fn deserialize(shape: Shape, json: &str) -> serde_json::Result<Option<Value<'_>>> {
        let mut budget = Budget::new(Instant::now() + Duration::from_secs(60));
        budget.bean::<serde_json::Error>()?;
        ValueSeed(shape, &mut budget).deserialize(&mut serde_json::Deserializer::from_str(json))
    }

    fn read(shape: Shape, json: &str) -> Option<Value<'_>> {
        deserialize(shape, json).unwrap()
    }

    #[test]
    fn scalars_keep_their_kind_and_digits() {
        assert_eq!(read(Shape::Open, "9007199254740993"), Some(Value::Long(9_007_199_254_740_993)));
        assert_eq!(read(Shape::Open, "18446744073709551615"), Some(Value::Double(18_446_744_073_709_551_615.0)));
        assert_eq!(read(Shape::Open, "1.0E+10"), Some(Value::Double(1e10)));
        assert_eq!(read(Shape::Open, "true"), Some(Value::Bool(true)));
        assert_eq!(read(Shape::Open, "\"a\\\"b\""), Some(Value::String("a\"b".into())));
        assert_eq!(read(Shape::Open, "{\"bigint\":\"12\"}"), Some(Value::Long(12)));
        assert_eq!(
            read(Shape::Open, "{\"bigint\":\"123456789012345678901\"}"),
            Some(Value::Double(1.2345678901234568e20))
        );
    }

    #[test]
    fn null_is_nan_in_kafkas_domains_only() {
        assert!(matches!(read(Shape::Kafka, "null"), Some(Value::Double(value)) if value.is_nan()));
        assert_eq!(read(Shape::Open, "null"), Some(Value::Null));
        for (bean, kafka) in [
            ("kafka:a=b", true),
            ("kafka.server:a=b", true),
            ("kafka.coordinator.share:a=b", true),
            ("org.apache.kafka.server:a=b", true),
        ]
        .into_iter()
        .chain([("kafkaesque:a=b", false), ("kafka.lab:a=b", false), ("java.lang:a=kafka.x", false)])
        {
            assert_eq!(is_kafka_domain(bean), kafka, "{bean}");
        }
    }

    #[test]
    fn errors_of_both_generations_are_no_values() {
        for json in [
            r#"{"error_type":"java.lang.UnsupportedOperationException",".error":true,"error":"x"}"#,
            r#""ERROR: CollectionUsage threshold is not supported (class java.lang.UnsupportedOperationException)""#,
        ] {
            assert_eq!(read(Shape::Open, json), None, "{json}");
        }
        assert_eq!(read(Shape::Open, "\"ERROR: none\""), Some(Value::String("ERROR: none".into())));
        let Some(Value::Composite(items)) = read(Shape::Open, r#"{"b":{".error":true},"c":1,"a":null}"#) else {
            panic!()
        };
        assert_eq!(items, [("a".into(), Value::Null), ("c".into(), Value::Long(1))]);
    }

    #[test]
    fn what_is_no_open_type_is_other() {
        for json in [
            "[1,[2],{}]",
            r#"{"objectName":"a:b=c"}"#,
            r#"{"andIncrement":1,"plain":2}"#,
            r#"{"present":true,"empty":false}"#,
            r#"{"indexNames":["a"],"values":[]}"#,
        ] {
            assert_eq!(read(Shape::Open, json), Some(Value::Other), "{json}");
        }
        assert_eq!(read(Shape::Kafka, r#"{"a":1}"#), Some(Value::Other));
    }

    #[test]
    fn tables_of_the_jdk_get_their_index_column_back() {
        let json = r#"{"duration":1,"memoryUsageBeforeGc":{"Eden":{"used":7}}}"#;
        let Some(Value::Composite(items)) =
            read(Shape::of("java.lang:name=G1,type=GarbageCollector", false, "LastGcInfo"), json)
        else {
            panic!()
        };
        let usage = Value::Composite(vec![("used".into(), Value::Long(7))]);
        let row = vec![("key".into(), Value::String("Eden".into())), ("value".into(), usage)];
        assert_eq!(
            items[1],
            ("memoryUsageBeforeGc".into(), Value::Tabular { index: vec!["key".into()], rows: vec![row] })
        );
    }

    proptest! {
        #[test]
        fn reading_never_panics(json in r#"[\[\]{}":,0-9a-z.\\-]{0,60}"#) {
            for shape in [Shape::Open, Shape::Kafka, Shape::GcInfo, Shape::KeyValueTable] {
                let _ = deserialize(shape, &json);
            }
        }
    }
}
