//! What attributes are declared to be: the answer to a `list` in, types out. JMX has them, JSON loses them.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Declared types of a bean's attributes that can be read, by name.
pub(super) type Types = BTreeMap<Box<str>, Declared>;

/// What a value is declared to be, as far as that decides what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Declared {
    /// Any `java.lang.Number` but the next two.
    Number,
    /// `double`.
    Double,
    /// `float`.
    Float,
    /// `boolean`.
    Bool,
    /// `java.lang.String`.
    Text,
    /// `java.util.Date`.
    Date,
    /// `java.util.Optional`.
    Optional,
    /// CompositeData, its items if the agent tells them.
    Composite(Option<BTreeMap<Box<str>, Declared>>),
    /// TabularData, index and columns if the agent tells them.
    Table(Option<Table>),
    /// `java.lang.Object`: anything.
    Object,
    /// A class that may be an enum or another number.
    Class,
    /// Nothing that jmx_exporter exports: arrays, collections, ...
    Skip,
}

/// The type of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    /// Index columns in declared order.
    pub(super) index: Vec<Box<str>>,
    /// All columns.
    pub(super) columns: BTreeMap<Box<str>, Declared>,
}

/// How an attribute is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// As what its `toString` gives: tells NaN, infinities and null apart, and calls no other getter of the value.
    Text,
    /// As JSON.
    Json,
    /// Not at all.
    Not,
}

impl Declared {
    /// Of a class by its name, as `MBeanAttributeInfo.getType` gives it.
    pub(super) fn of_class(name: &str) -> Self {
        match name {
            "double" | "java.lang.Double" => Self::Double,
            "float" | "java.lang.Float" => Self::Float,
            "boolean" | "java.lang.Boolean" => Self::Bool,
            "long"
            | "int"
            | "short"
            | "byte"
            | "java.lang.Long"
            | "java.lang.Integer"
            | "java.lang.Short"
            | "java.lang.Byte"
            | "java.lang.Number"
            | "java.math.BigInteger"
            | "java.math.BigDecimal" => Self::Number,
            "java.util.concurrent.atomic.AtomicLong"
            | "java.util.concurrent.atomic.AtomicInteger"
            | "java.util.concurrent.atomic.LongAdder"
            | "java.util.concurrent.atomic.DoubleAdder"
            | "java.util.concurrent.atomic.LongAccumulator"
            | "java.util.concurrent.atomic.DoubleAccumulator" => Self::Number,
            "java.lang.String" => Self::Text,
            "java.util.Date" => Self::Date,
            "java.util.Optional" => Self::Optional,
            "java.lang.Object" => Self::Object,
            "javax.management.openmbean.CompositeData" | "javax.management.openmbean.CompositeDataSupport" => {
                Self::Composite(None)
            }
            "javax.management.openmbean.TabularData" | "javax.management.openmbean.TabularDataSupport" => {
                Self::Table(None)
            }
            "java.util.concurrent.TimeUnit" => Self::Class,
            "char" | "void" | "java.lang.Character" | "java.lang.Class" | "javax.management.ObjectName" => Self::Skip,
            _ if name.starts_with('[') || name.starts_with("java.util.") || name.starts_with("java.time.") => {
                Self::Skip
            }
            _ => Self::Class,
        }
    }

    /// How to ask for an attribute that is declared so.
    pub(super) fn reading(&self) -> Reading {
        match self {
            Self::Number | Self::Double | Self::Float | Self::Bool | Self::Text | Self::Optional | Self::Class => {
                Reading::Text
            }
            Self::Date | Self::Composite(_) | Self::Table(_) | Self::Object => Reading::Json,
            Self::Skip => Reading::Not,
        }
    }
}

/// The types in the answers to a bulk of `list` requests for one bean each, in order; `None` for a bean whose types were
/// not told. The outer `None`: not what Jolokia answers.
pub(super) fn types_of_beans(body: &[u8]) -> Option<Vec<Option<Types>>> {
    let answers: Vec<ListAnswer> = serde_json::from_slice(body).ok()?;
    let types = |answer: ListAnswer| {
        let bean = answer.value.filter(|_| answer.status == 200)?;
        let readable = bean.attr.into_iter().filter(|(_, attribute)| attribute.r != Some(false));
        Some(readable.map(|(name, attribute)| (name, attribute.declared())).collect())
    };
    Some(answers.into_iter().map(types).collect())
}

/// The texts of attributes, by name, in the answers to a bulk of reads, in order.
pub(super) fn texts_of_beans(body: &[u8]) -> Option<Vec<BTreeMap<Box<str>, Box<str>>>> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(default)]
        value: Option<BTreeMap<Box<str>, serde_json::Value>>,
    }
    let answers: Vec<Answer> = serde_json::from_slice(body).ok()?;
    let texts = |answer: Answer| {
        let text =
            |(name, value)| if let serde_json::Value::String(text) = value { Some((name, text.into())) } else { None };
        answer.value.into_iter().flatten().filter_map(text).collect()
    };
    Some(answers.into_iter().map(texts).collect())
}

#[derive(Deserialize)]
struct ListAnswer {
    status: u64,
    #[serde(default)]
    value: Option<BeanInfo>,
}

#[derive(Deserialize)]
struct BeanInfo {
    /// Absent in a bean without attributes.
    #[serde(default)]
    attr: BTreeMap<Box<str>, AttributeInfo>,
}

#[derive(Deserialize)]
struct AttributeInfo {
    #[serde(default)]
    r#type: Box<str>,
    /// With `openTypes`, which Jolokia has had since 2.5.
    #[serde(default, rename = "openType")]
    open_type: Option<OpenType>,
    /// Whether it can be read; 1.x does not say.
    #[serde(default)]
    r: Option<bool>,
}

/// A simple open type is told by its class, any other by an object.
#[derive(Deserialize)]
#[serde(untagged)]
enum OpenType {
    Simple(Box<str>),
    Composite {
        items: BTreeMap<Box<str>, OpenType>,
    },
    Table {
        index: Vec<Box<str>>,
        #[serde(rename = "rowType")]
        row: Box<OpenType>,
    },
    Other {},
}

impl AttributeInfo {
    fn declared(self) -> Declared {
        match self.open_type {
            Some(open) => open.declared(),
            None => Declared::of_class(&self.r#type),
        }
    }
}

impl OpenType {
    fn declared(self) -> Declared {
        match self {
            Self::Simple(class) => Declared::of_class(&class),
            Self::Composite { items } => Declared::Composite(Some(of_items(items))),
            Self::Table { index, row } => match *row {
                Self::Composite { items } => Declared::Table(Some(Table { index, columns: of_items(items) })),
                _ => Declared::Table(None),
            },
            // Arrays.
            Self::Other {} => Declared::Skip,
        }
    }
}

fn of_items(items: BTreeMap<Box<str>, OpenType>) -> BTreeMap<Box<str>, Declared> {
    items.into_iter().map(|(name, item)| (name, item.declared())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_told_by_both_generations() {
        let body = r#"[{"status":200,"value":{"class":"c","attr":{
                "L":{"rw":false,"type":"long","desc":"x"},
                "W":{"r":false,"w":true,"rw":false,"type":"long"},
                "T":{"type":"javax.management.openmbean.TabularData","r":true,"openType":{"kind":"tabular","index":["b","a"],
                    "rowType":{"kind":"composite","type":"R","items":{"a":"java.lang.Float","b":"java.lang.String",
                        "n":{"kind":"composite","items":{"x":"java.lang.Double"}}}}}},
                "A":{"type":"[J","openType":{"kind":"array","elemType":"java.lang.Long","dimension":1}},
                "C":{"type":"javax.management.openmbean.CompositeData"}}}},
            {"status":200,"value":{"class":"none"}},
            {"status":404,"error":"x"},{"status":403,"error":"y"}]"#;
        let types = types_of_beans(body.as_bytes()).unwrap();
        let inner = Declared::Composite(Some(BTreeMap::from([("x".into(), Declared::Double)])));
        let columns =
            BTreeMap::from([("a".into(), Declared::Float), ("b".into(), Declared::Text), ("n".into(), inner)]);
        let first = types[0].as_ref().unwrap();
        assert_eq!(first.keys().map(|name| &**name).collect::<Vec<_>>(), ["A", "C", "L", "T"]);
        assert_eq!(first["L"], Declared::Number);
        assert_eq!(first["A"], Declared::Skip);
        assert_eq!(first["C"], Declared::Composite(None));
        assert_eq!(first["T"], Declared::Table(Some(Table { index: vec!["b".into(), "a".into()], columns })));
        assert_eq!((types[1].as_ref().map(Types::len), types[2].is_none(), types[3].is_none()), (Some(0), true, true));
        assert_eq!(types_of_beans(br#"{"status":400}"#), None);
    }

    #[test]
    fn texts_are_told_in_order() {
        let body = r#"[{"status":200,"value":{"a":"x","b":null,"c":5}},{"status":500,"error":"y"}]"#;
        let texts = texts_of_beans(body.as_bytes()).unwrap();
        assert_eq!(texts, [BTreeMap::from([("a".into(), "x".into())]), BTreeMap::new()]);
    }

    #[test]
    fn classes_are_read_without_a_side_effect() {
        for (class, reading) in [
            ("java.util.concurrent.atomic.AtomicLong", Reading::Text),
            ("java.util.concurrent.TimeUnit", Reading::Text),
            ("com.example.State", Reading::Text),
            ("java.lang.Object", Reading::Json),
            ("java.util.Date", Reading::Json),
            ("java.util.HashMap", Reading::Not),
            ("[Ljava.lang.String;", Reading::Not),
            ("char", Reading::Not),
        ] {
            assert_eq!(Declared::of_class(class).reading(), reading, "{class}");
        }
    }
}
