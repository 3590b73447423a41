//! A bean's name and a leaf of it in, the text that patterns are matched against out:
//! `DOMAIN<k1=v1, k2=v2><key1, key2>ATTR: VALUE`.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::flatten::{Column, index_text};
use crate::mbean::{ObjectName, Value, java_double, java_float};

/// A domain and key properties in creation order, those from tables last.
#[derive(Debug, Clone, PartialEq)]
pub struct Place<'p> {
    /// The domain.
    pub domain: &'p str,
    /// Keys and values, no key twice.
    pub properties: Vec<(Cow<'p, str>, Cow<'p, str>)>,
}

impl<'p> Place<'p> {
    /// The place of leaves with these index columns. A column named like a property gets underscores appended until its
    /// name is free; a composite in a column is one property per item, `COLUMN_ITEM`.
    pub fn new(name: &ObjectName<'p>, columns: &[Column<'p>]) -> Self {
        let properties = name.properties.iter().map(|&(key, value)| (key.into(), value.into())).collect();
        let mut place = Self { domain: name.domain, properties };
        for column in columns {
            let mut key = Cow::Borrowed(column.name);
            while place.get(&key).is_some() {
                key.to_mut().push('_');
            }
            match column.value {
                Value::Composite(items) => {
                    for (item, value) in items {
                        if let Some(text) = index_text(value) {
                            place.put(format!("{key}_{item}"), text);
                        }
                    }
                }
                value => {
                    if let Some(text) = index_text(value) {
                        place.properties.push((key, text.into()));
                    }
                }
            }
        }
        place
    }

    /// The value of a key property.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.properties.iter().find(|(name, _)| name == key).map(|(_, value)| &**value)
    }

    /// As Java's maps do: a key that is there keeps its place and gets the new value.
    fn put(&mut self, key: String, value: String) {
        match self.properties.iter_mut().find(|(name, _)| *name == key) {
            Some((_, there)) => *there = value.into(),
            None => self.properties.push((key.into(), value.into())),
        }
    }

    /// Appends the match string up to and with the blank after the colon.
    pub fn write_head(&self, keys: &[&str], name: &str, out: &mut String) {
        out.push_str(self.domain);
        out.push('<');
        for (at, (key, value)) in self.properties.iter().enumerate() {
            out.push_str(if at == 0 { "" } else { ", " });
            out.extend([key, "=", value]);
        }
        out.push_str("><");
        for (at, key) in keys.iter().enumerate() {
            out.push_str(if at == 0 { "" } else { ", " });
            out.push_str(key);
        }
        out.extend([">", name, ": "]);
    }
}

/// Appends the value as Java prints it.
pub fn write_value(value: &Value<'_>, out: &mut String) {
    match value {
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Long(number) => {
            let _ = write!(out, "{number}");
        }
        Value::Double(number) => out.push_str(&java_double(*number)),
        Value::Float(number) => out.push_str(&java_float(*number)),
        Value::String(text) => out.push_str(text),
        Value::Null | Value::Composite(_) | Value::Tabular { .. } | Value::Other => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::composite;
    use super::*;

    fn head(name: &str, columns: &[Column<'_>], keys: &[&str], attribute: &str) -> String {
        let mut out = String::new();
        Place::new(&ObjectName::parse(name).unwrap(), columns).write_head(keys, attribute, &mut out);
        out
    }

    #[test]
    fn properties_and_keys_stand_in_creation_order_with_quotes_and_escapes() {
        for (name, keys, attribute, expected) in [
            (
                "kafka.server:type=BrokerTopicMetrics,name=MessagesInPerSec",
                &[][..],
                "Count",
                "kafka.server<type=BrokerTopicMetrics, name=MessagesInPerSec><>Count: ",
            ),
            ("java.lang:type=Memory", &["HeapMemoryUsage"], "used", "java.lang<type=Memory><HeapMemoryUsage>used: "),
            ("lab:zz=1,aa=2,type=Order", &[], "Value", "lab<zz=1, aa=2, type=Order><>Value: "),
            ("lab:type=Comp,name=c1", &["Nest", "in"], "alpha", "lab<type=Comp, name=c1><Nest, in>alpha: "),
            (
                r#"kafka.server:type=Produce,user="CN=foo,OU=\nx",client-id="c 1""#,
                &[],
                "byte-rate",
                r#"kafka.server<type=Produce, user="CN=foo,OU=\nx", client-id="c 1"><>byte-rate: "#,
            ),
        ] {
            assert_eq!(head(name, &[], keys, attribute), expected);
        }
    }

    #[test]
    fn index_columns_are_properties_under_names_that_are_free() {
        let (one, two) = (Value::Long(1), Value::Double(2.5));
        let column = |name, value| Column { name, value };
        let both = composite(&[("alpha", two.clone()), ("nothing", Value::Null), ("str", Value::String("x".into()))]);
        for (columns, expected) in [
            (vec![column("key", &one)], "lab<name=n, key=1><>T: "),
            (vec![column("key", &one), column("key", &two)], "lab<name=n, key=1, key_=2.5><>T: "),
            (vec![column("name", &one), column("name", &two)], "lab<name=n, name_=1, name__=2.5><>T: "),
            (vec![column("key", &both)], "lab<name=n, key_alpha=2.5, key_str=x><>T: "),
            (vec![column("key_alpha", &one), column("key", &both)], "lab<name=n, key_alpha=2.5, key_str=x><>T: "),
            (vec![column("key", &Value::Null)], "lab<name=n><>T: "),
        ] {
            assert_eq!(head("lab:name=n", &columns, &[], "T"), expected);
        }
    }

    #[test]
    fn values_are_written_as_java_writes_them() {
        for (value, expected) in [
            (Value::Long(-42), "-42"),
            (Value::Double(1e10), "1.0E10"),
            (Value::Double(1_700_000_000.123), "1.700000000123E9"),
            (Value::Double(f64::NAN), "NaN"),
            (Value::Float(0.1), "0.1"),
            (Value::Bool(true), "true"),
            (Value::String("a: b\n".into()), "a: b\n"),
        ] {
            let mut out = String::new();
            write_value(&value, &mut out);
            assert_eq!(out, expected);
        }
    }
}
