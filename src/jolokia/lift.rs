//! Values of declared types: JSON and what it is declared to be in, JMX's open types out.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::declared::{Declared, Table};
use super::tree::Tree;
use super::value::{big_integer, is_error_text};
use crate::mbean::Value;

/// Columns of one row of a table, or items of a composite.
type Items<'a> = Vec<(Cow<'a, str>, Value<'a>)>;

/// What a value turned out to be.
#[derive(Debug, PartialEq)]
pub(super) enum Lifted<'a> {
    /// This.
    Value(Value<'a>),
    /// Only its text would tell: null may be NaN, an object may be a number.
    AskForText,
    /// The getter failed.
    Failed,
}

/// An attribute that was read as JSON.
pub(super) fn from_json<'a>(tree: Tree<'a>, declared: &Declared) -> Lifted<'a> {
    match &tree {
        Tree::Map(_) if tree.get(".error").is_some() => return Lifted::Failed,
        Tree::Text(text) if is_error_text(text) => return Lifted::Failed,
        _ => {}
    }
    if *declared == Declared::Object {
        return match tree {
            // A number that JSON cannot hold; one that Jolokia takes for a bean; an Optional.
            Tree::Null => Lifted::AskForText,
            Tree::Map(_) if ["andIncrement", "present"].iter().any(|key| tree.get(key).is_some()) => Lifted::AskForText,
            // Rather a Map or a bean than CompositeData, which would be declared.
            Tree::Map(_) if tree.get("bigint").is_none() => Lifted::Value(Value::Other),
            // 1.x has a text for everything.
            Tree::Text(text) if is_identity(&text) => Lifted::Value(Value::Other),
            _ => Lifted::Value(untyped(tree)),
        };
    }
    Lifted::Value(typed(tree, declared))
}

/// An attribute that was read as text.
pub(super) fn from_text<'a>(tree: Tree<'a>, declared: &Declared) -> Lifted<'a> {
    let text = match tree {
        Tree::Null => return Lifted::Value(Value::Null),
        Tree::Text(text) => text,
        // An agent that gives no text after all.
        other => return from_json(other, declared),
    };
    // The second is 2.x's object as text.
    if is_error_text(&text)
        || (text.starts_with('{') && text.contains("\".error\":true") && text.contains("\"error_type\":"))
    {
        return Lifted::Failed;
    }
    Lifted::Value(match declared {
        Declared::Text => Value::String(text),
        Declared::Number | Declared::Double => number(&text).unwrap_or(Value::String(text)),
        Declared::Float => float(&text).or_else(|| number(&text)).unwrap_or(Value::String(text)),
        Declared::Bool => truth(&text).unwrap_or(Value::String(text)),
        Declared::Optional | Declared::Object | Declared::Class => match optional(&text) {
            Some(None) => Value::Null,
            Some(Some(inner)) => scalar(Cow::Owned(inner.to_owned())),
            None if is_identity(&text) => Value::Other,
            None if *declared == Declared::Class && number(&text).is_none() && !is_identifier(&text) => Value::Other,
            None => scalar(text),
        },
        Declared::Date | Declared::Composite(_) | Declared::Table(_) | Declared::Skip => Value::Other,
    })
}

fn typed<'a>(tree: Tree<'a>, declared: &Declared) -> Value<'a> {
    match (declared, tree) {
        // What JSON cannot hold. An infinity looks the same.
        (Declared::Double | Declared::Float, Tree::Null) => Value::Double(f64::NAN),
        (_, Tree::Null) => Value::Null,
        (Declared::Skip, _) => Value::Other,
        (Declared::Float, Tree::Long(value)) => Value::Float(value as f32),
        #[expect(clippy::cast_possible_truncation, reason = "a float it was")]
        (Declared::Float, Tree::Double(value)) => Value::Float(value as f32),
        (Declared::Double, Tree::Long(value)) => Value::Double(value as f64),
        (Declared::Date, Tree::Text(text)) => date(&text).map_or(Value::String(text), Value::Double),
        (Declared::Number | Declared::Double | Declared::Float, Tree::Text(text)) => {
            number(&text).unwrap_or(Value::String(text))
        }
        (Declared::Class, Tree::Text(text)) if !is_identifier(&text) => Value::Other,
        (Declared::Composite(types), Tree::Map(items)) => Value::Composite(composite(items, types.as_ref())),
        (Declared::Table(Some(table)), tree @ Tree::Map(_)) => by_index(tree, table),
        (Declared::Table(None), tree @ Tree::Map(_)) => by_guess(tree),
        // An AtomicLong whose text could not be asked for.
        (Declared::Number, tree @ Tree::Map(_)) => match tree.get("plain") {
            Some(Tree::Long(value)) => Value::Long(*value),
            _ => untyped_number(tree),
        },
        (Declared::Optional | Declared::Class | Declared::Text | Declared::Bool, Tree::Map(_)) => Value::Other,
        (_, tree) => untyped(tree),
    }
}

/// What no type is known of: an object counts as CompositeData.
fn untyped(tree: Tree<'_>) -> Value<'_> {
    match tree {
        Tree::Null => Value::Null,
        Tree::Bool(value) => Value::Bool(value),
        Tree::Long(value) => Value::Long(value),
        Tree::Double(value) => Value::Double(value),
        Tree::Text(text) => Value::String(text),
        Tree::List(_) => Value::Other,
        Tree::Map(ref items) if items.len() == 1 && tree.get("bigint").is_some() => untyped_number(tree),
        Tree::Map(_) if tree.get("indexNames").is_some() => by_guess(tree),
        Tree::Map(items) => Value::Composite(composite(items, None)),
    }
}

/// 1.x's `{"bigint": "..."}`.
fn untyped_number(tree: Tree<'_>) -> Value<'_> {
    match tree.get("bigint") {
        Some(Tree::Text(text)) => big_integer(&Value::String(text.clone())).unwrap_or(Value::Other),
        _ => Value::Other,
    }
}

/// Items in ascending order of name.
fn composite<'a>(items: Vec<(Cow<'a, str>, Tree<'a>)>, types: Option<&BTreeMap<Box<str>, Declared>>) -> Items<'a> {
    let typed = |(name, item): (Cow<'a, str>, Tree<'a>)| {
        let value = match types.and_then(|types| types.get(&*name)) {
            Some(declared) => typed(item, declared),
            None => untyped(item),
        };
        (name, value)
    };
    let mut items: Items<'a> = items.into_iter().map(typed).collect();
    items.sort_by(|(a, _), (b, _)| a.cmp(b));
    items
}

/// A table whose type is known.
fn by_index<'a>(tree: Tree<'a>, table: &Table) -> Value<'a> {
    let mut rows = Vec::new();
    let is_key_value =
        table.columns.len() == 2 && table.columns.contains_key("key") && table.columns.contains_key("value");
    match tree {
        Tree::Map(mut items) if is_form_with_index_names(&items) => {
            let values = items.iter().position(|(name, _)| name == "values").map(|at| items.swap_remove(at).1);
            if let Some(Tree::List(values)) = values {
                rows.extend(values.into_iter().filter_map(|row| match row {
                    Tree::Map(items) => Some(composite(items, Some(&table.columns))),
                    _ => None,
                }));
            }
        }
        Tree::Map(items) if is_key_value && *table.index == ["key".into()] => {
            rows = items.into_iter().map(|(key, value)| key_value(key, value, table)).collect();
        }
        tree => leaves(tree, table.index.len(), &mut |key, leaf| match leaf {
            Tree::Map(items) => rows.push(composite(items, Some(&table.columns))),
            // 1.x shows any table of a key and a value so, whatever its index is.
            leaf if is_key_value => rows.push(key_value(key, leaf, table)),
            _ => {}
        }),
    }
    Value::Tabular { index: table.index.iter().map(|name| Cow::Owned(name.to_string())).collect(), rows }
}

/// What stands `depth` objects below, with its key.
fn leaves<'a>(tree: Tree<'a>, depth: usize, take: &mut impl FnMut(Cow<'a, str>, Tree<'a>)) {
    let Tree::Map(items) = tree else { return };
    for (key, item) in items {
        match depth {
            0 | 1 => take(key, item),
            _ => leaves(item, depth - 1, take),
        }
    }
}

/// A row of which only a key and a value are shown.
fn key_value<'a>(key: Cow<'a, str>, value: Tree<'a>, table: &Table) -> Items<'a> {
    let lift = |column: &str, tree| table.columns.get(column).map_or(Value::Other, |declared| typed(tree, declared));
    let key = match table.columns.get("key") {
        Some(Declared::Text) | None => Value::String(key),
        Some(Declared::Float) => float(&key).unwrap_or(Value::String(key)),
        Some(_) => scalar(key),
    };
    vec![("key".into(), key), ("value".into(), lift("value", value))]
}

/// How Jolokia shows a table whose index is composite.
fn is_form_with_index_names(items: &[(Cow<'_, str>, Tree<'_>)]) -> bool {
    let is = |key: &str| items.iter().any(|(name, value)| name == key && matches!(value, Tree::List(_)));
    items.len() == 2 && is("indexNames") && is("values")
}

/// A table whose type is not known: rows repeat the values of their index columns, which are the keys on the way down. A
/// table that does not is one of a key and a value.
fn by_guess(tree: Tree<'_>) -> Value<'_> {
    let Tree::Map(mut items) = tree else { return Value::Other };
    if is_form_with_index_names(&items) {
        items.sort_by(|(a, _), (b, _)| a.cmp(b));
        let (Some((_, Tree::List(values))), Some((_, Tree::List(names)))) = (items.pop(), items.pop()) else {
            return Value::Other;
        };
        let index = names.iter().filter_map(Tree::key_text).collect();
        let row = |row| if let Tree::Map(items) = row { Some(composite(items, None)) } else { None };
        return Value::Tabular { index, rows: values.into_iter().filter_map(row).collect() };
    }
    let (index, rows) = match index_columns(&items) {
        Some(index) => {
            let mut rows = Vec::new();
            leaves(Tree::Map(items), index.len(), &mut |_, leaf| {
                if let Tree::Map(items) = leaf {
                    rows.push(composite(items, None));
                }
            });
            (index, rows)
        }
        None => {
            let row = |(key, value)| vec![("key".into(), Value::String(key)), ("value".into(), untyped(value))];
            (vec!["key".into()], items.into_iter().map(row).collect())
        }
    };
    Value::Tabular { index, rows }
}

/// The columns that hold, in every row, the keys on the way down to it; the first by name where several do.
fn index_columns<'a>(items: &[(Cow<'a, str>, Tree<'a>)]) -> Option<Vec<Cow<'a, str>>> {
    /// More than any real table's index has.
    const DEEPEST: usize = 5;
    /// More than any real table has, few enough to be compared with all rows.
    const COLUMNS: usize = 100;
    let mut level: Vec<(Vec<&str>, &Tree<'_>)> = items.iter().map(|(key, item)| (vec![&**key], item)).collect();
    for depth in 1..=DEEPEST {
        let mut columns: Vec<Cow<'a, str>> = Vec::new();
        for at in 0..depth {
            let holds = |column: &str| {
                let is_key = |(keys, row): &(Vec<&str>, &Tree<'_>)| {
                    row.get(column).and_then(Tree::key_text).as_deref() == keys.get(at).copied()
                };
                level.iter().all(is_key)
            };
            let Some((_, Tree::Map(first))) = level.first() else { return None };
            if first.len() > COLUMNS {
                return None;
            }
            let mut candidates: Vec<&Cow<'_, str>> =
                first.iter().map(|(name, _)| name).filter(|name| !columns.contains(name) && holds(name)).collect();
            candidates.sort_unstable();
            columns.extend(candidates.first().map(|name| Cow::Owned(name.to_string())));
        }
        if columns.len() == depth {
            return Some(columns);
        }
        let mut next = Vec::new();
        for (keys, item) in level {
            let Tree::Map(items) = item else { return None };
            next.extend(items.iter().map(|(key, item)| ([keys.as_slice(), &[&**key]].concat(), item)));
        }
        level = next;
    }
    None
}

/// A number, a truth value or text, by its looks.
fn scalar(text: Cow<'_, str>) -> Value<'_> {
    number(&text).or_else(|| truth(&text)).unwrap_or(Value::String(text))
}

/// A number as Java writes it; integral ones that do not fit are doubles.
fn number(text: &str) -> Option<Value<'static>> {
    match text {
        "NaN" => Some(Value::Double(f64::NAN)),
        "Infinity" => Some(Value::Double(f64::INFINITY)),
        "-Infinity" => Some(Value::Double(f64::NEG_INFINITY)),
        // Rust would take `inf` and `nan` for numbers.
        _ if text.starts_with(|c: char| c.is_ascii_digit() || c == '-')
            && !text.contains(|c: char| !(c.is_ascii_digit() || "+-.eE".contains(c))) =>
        {
            text.parse().map(Value::Long).or_else(|_| text.parse().map(Value::Double)).ok()
        }
        _ => None,
    }
}

fn float(text: &str) -> Option<Value<'static>> {
    match number(text)? {
        Value::Double(value) if !value.is_finite() => Some(Value::Double(value)),
        Value::Double(_) => text.parse().map(Value::Float).ok(),
        _ => None,
    }
}

fn truth(text: &str) -> Option<Value<'static>> {
    text.parse().map(Value::Bool).ok()
}

/// What is in the text of an `Optional`; `Some(None)` = nothing.
fn optional(text: &str) -> Option<Option<&str>> {
    match text {
        "Optional.empty" => Some(None),
        _ => text.strip_prefix("Optional[").and_then(|rest| rest.strip_suffix(']')).map(Some),
    }
}

/// Whether it is what `Object.toString` gives: a class and a hash code.
fn is_identity(text: &str) -> bool {
    text.rsplit_once('@').is_some_and(|(class, hash)| {
        let is_class = |c: char| c.is_alphanumeric() || "._$/[;".contains(c);
        !hash.is_empty()
            && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
            && class.chars().all(is_class)
            && class.contains('.')
    })
}

/// Whether it could be the name of an enum constant.
fn is_identifier(text: &str) -> bool {
    !text.starts_with(|c: char| c.is_ascii_digit())
        && !text.is_empty()
        && text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$')
}

/// Seconds since the epoch of `2023-11-14T22:13:20.123Z`, with or without fraction, `Z` or an offset such as `+01:00`: how
/// Jolokia writes a `Date`.
fn date(text: &str) -> Option<f64> {
    let (day, time) = text.split_once('T')?;
    let at = time.find(['Z', '+', '-'])?;
    let (time, zone) = time.split_at(at);
    let numbers = |text: &str, by: char| text.split(by).map(|part| part.parse().ok()).collect::<Option<Vec<i64>>>();
    let [year, month, day @ 1..=31] = numbers(day, '-')?[..] else { return None };
    let (time, milliseconds) = match time.split_once('.') {
        Some((time, fraction)) if fraction.len() == 3 => (time, fraction.parse::<i64>().ok()?),
        Some(_) => return None,
        None => (time, 0),
    };
    let [hour, minute, second] = numbers(time, ':')?[..] else { return None };
    let offset = match zone.split_at(1) {
        ("Z", "") => 0,
        (sign, zone) => {
            let [hours, minutes] = match numbers(zone, ':')?[..] {
                [hours, minutes] => [hours, minutes],
                [both @ 0..=9999] if zone.len() == 4 => [both / 100, both % 100],
                _ => return None,
            };
            (hours * 60 + minutes) * if sign == "-" { -60 } else { 60 }
        }
    };
    let in_range = (0..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second)
        && offset.abs() < 100_000;
    // Days since the epoch in the Gregorian calendar, years beginning in March (Howard Hinnant, "chrono-compatible
    // low-level date algorithms").
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + (153 * month + 2) / 5 + day - 1 - 719_468;
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset;
    // As jmx_exporter does: milliseconds divided by a thousand.
    in_range.then(|| (seconds * 1000 + milliseconds) as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;
    use serde::de::DeserializeSeed;

    use super::super::budget::Budget;
    use super::super::tree::TreeSeed;
    use super::*;

    fn tree(json: &str) -> serde_json::Result<Tree<'_>> {
        let mut budget = Budget::new(Instant::now() + Duration::from_secs(60));
        budget.bean::<serde_json::Error>()?;
        TreeSeed(&mut budget).deserialize(&mut serde_json::Deserializer::from_str(json))
    }

    fn json(json: &str, declared: &Declared) -> Lifted<'static> {
        owned(from_json(tree(json).unwrap(), declared))
    }

    fn text(text: &str, declared: &Declared) -> Lifted<'static> {
        owned(from_text(Tree::Text(text.into()), declared))
    }

    fn owned(lifted: Lifted<'_>) -> Lifted<'static> {
        fn all(items: Items<'_>) -> Items<'static> {
            items.into_iter().map(|(name, value)| (Cow::Owned(name.into_owned()), own(value))).collect()
        }
        fn own(value: Value<'_>) -> Value<'static> {
            match value {
                Value::String(text) => Value::String(Cow::Owned(text.into_owned())),
                Value::Composite(items) => Value::Composite(all(items)),
                Value::Tabular { index, rows } => Value::Tabular {
                    index: index.into_iter().map(|name| Cow::Owned(name.into_owned())).collect(),
                    rows: rows.into_iter().map(all).collect(),
                },
                Value::Null => Value::Null,
                Value::Bool(value) => Value::Bool(value),
                Value::Long(value) => Value::Long(value),
                Value::Double(value) => Value::Double(value),
                Value::Float(value) => Value::Float(value),
                Value::Other => Value::Other,
            }
        }
        match lifted {
            Lifted::Value(value) => Lifted::Value(own(value)),
            Lifted::AskForText => Lifted::AskForText,
            Lifted::Failed => Lifted::Failed,
        }
    }

    /// `{:?}` makes NaN equal to itself and -0.0 another than 0.0.
    #[track_caller]
    fn is(lifted: Lifted<'_>, value: Value<'_>) {
        assert_eq!(format!("{lifted:?}"), format!("{:?}", Lifted::Value(value)));
    }

    fn table(index: &[&str], columns: &[(&str, Declared)]) -> Declared {
        let columns = columns.iter().map(|(name, declared)| ((*name).into(), declared.clone())).collect();
        Declared::Table(Some(Table { index: index.iter().map(|&name| name.into()).collect(), columns }))
    }

    /// A table as `index: row; row`, a row as `column=value`.
    fn shown(lifted: &Lifted<'_>) -> String {
        let Lifted::Value(Value::Tabular { index, rows }) = lifted else { return format!("{lifted:?}") };
        let row =
            |row: &Items<'_>| row.iter().map(|(name, value)| format!("{name}={value:?}")).collect::<Vec<_>>().join(",");
        format!("{}: {}", index.join(","), rows.iter().map(row).collect::<Vec<_>>().join("; "))
    }

    #[test]
    fn text_gives_numbers_that_json_cannot_hold() {
        is(text("NaN", &Declared::Double), Value::Double(f64::NAN));
        is(text("-Infinity", &Declared::Object), Value::Double(f64::NEG_INFINITY));
        is(text("-0.0", &Declared::Double), Value::Double(-0.0));
        is(text("1.0E-7", &Declared::Double), Value::Double(1e-7));
        is(text("0.1", &Declared::Float), Value::Float(0.1));
        is(text("Infinity", &Declared::Float), Value::Double(f64::INFINITY));
        is(text("42", &Declared::Number), Value::Long(42));
        is(text("1180591620717411303424", &Declared::Number), Value::Double(1_180_591_620_717_411_303_424.0));
        is(text("12345678901234567890.125", &Declared::Number), Value::Double(12_345_678_901_234_567_000.0));
        is(from_text(Tree::Null, &Declared::Double), Value::Null);
        assert_eq!(json("null", &Declared::Object), Lifted::AskForText);
    }

    #[test]
    fn what_declares_a_type_and_has_another_is_what_it_is() {
        is(text("3", &Declared::Double), Value::Long(3));
        is(text("1.2.3", &Declared::Double), Value::String("1.2.3".into()));
        is(text("inf", &Declared::Double), Value::String("inf".into()));
        is(text("9", &Declared::Class), Value::Long(9));
    }

    #[test]
    fn text_that_is_text_stays_text() {
        for any in ["12.5", "NaN", "true", "", "Optional[5]", "a: b"] {
            is(text(any, &Declared::Text), Value::String(any.into()));
        }
        is(text("SECONDS", &Declared::Class), Value::String("SECONDS".into()));
        for object in ["lab.X@1f", "[1]", "{a=1}", "class x", ""] {
            is(text(object, &Declared::Class), Value::Other);
        }
        is(text("lab.X$$Lambda$1/0x7f@1f962844", &Declared::Object), Value::Other);
        is(text("user@example.com", &Declared::Object), Value::String("user@example.com".into()));
    }

    #[test]
    fn an_optional_is_what_is_in_it() {
        is(text("Optional[5]", &Declared::Optional), Value::Long(5));
        is(text("Optional[0.5]", &Declared::Object), Value::Double(0.5));
        is(text("Optional[seven]", &Declared::Optional), Value::String("seven".into()));
        is(text("Optional.empty", &Declared::Optional), Value::Null);
        assert_eq!(json(r#"{"present":true}"#, &Declared::Object), Lifted::AskForText);
    }

    #[test]
    fn failed_getters_are_told_in_every_way() {
        assert_eq!(text("ERROR: x (class java.lang.E)", &Declared::Text), Lifted::Failed);
        let object = r#"{"error_type":"E",".error":true,"error":"x"}"#;
        assert_eq!(text(object, &Declared::Number), Lifted::Failed);
        assert_eq!(json(object, &Declared::Composite(None)), Lifted::Failed);
    }

    #[test]
    fn objects_are_composites_only_where_they_are_declared_so() {
        let object = r#"{"present":1,"andIncrement":{"objectName":"x"}}"#;
        let inner = Value::Composite(vec![("objectName".into(), Value::String("x".into()))]);
        let items = vec![("andIncrement".into(), inner), ("present".into(), Value::Long(1))];
        is(json(object, &Declared::Composite(None)), Value::Composite(items));
        is(json(r#"{"a":1}"#, &Declared::Object), Value::Other);
        is(json(r#"{"bigint":"12"}"#, &Declared::Object), Value::Long(12));
        is(json("[1]", &Declared::Object), Value::Other);
    }

    #[test]
    fn items_have_their_declared_types() {
        let types = [("d", Declared::Double), ("f", Declared::Float), ("n", Declared::Double), ("t", Declared::Date)];
        let types = types.into_iter().map(|(name, declared)| (name.into(), declared)).collect();
        let items = vec![
            ("d".into(), Value::Double(1.0)),
            ("f".into(), Value::Float(0.1)),
            ("n".into(), Value::Double(f64::NAN)),
            ("t".into(), Value::Double(1_700_000_000.123)),
        ];
        let object = r#"{"t":"2023-11-14T22:13:20.123Z","n":null,"f":0.1,"d":1}"#;
        is(json(object, &Declared::Composite(Some(types))), Value::Composite(items));
    }

    #[test]
    fn a_table_of_a_known_type_keeps_its_index() {
        let hosts =
            table(&["host", "port"], &[("host", Declared::Text), ("port", Declared::Number), ("n", Declared::Float)]);
        let found = json(r#"{"h":{"80":{"n":1,"port":80,"host":"h"},"81":{"n":2,"port":81,"host":"h"}}}"#, &hosts);
        let expected =
            r#"host,port: host=String("h"),n=Float(1.0),port=Long(80); host=String("h"),n=Float(2.0),port=Long(81)"#;
        assert_eq!(shown(&found), expected);
        let map = table(&["key"], &[("key", Declared::Number), ("value", Declared::Text)]);
        assert_eq!(shown(&json(r#"{"7":"x"}"#, &map)), r#"key: key=Long(7),value=String("x")"#);
        let by_value = table(&["value"], &[("key", Declared::Number), ("value", Declared::Text)]);
        for form in [r#"{"14":"v"}"#, r#"{"v":{"key":14,"value":"v"}}"#] {
            assert_eq!(shown(&json(form, &by_value)), r#"value: key=Long(14),value=String("v")"#);
        }
        let composite = r#"{"indexNames":["key"],"values":[{"key":{"a":1},"value":2}]}"#;
        let row = r#"key: key=Composite([("a", Long(1))]),value=Long(2)"#;
        let columns = [("key", Declared::Composite(None)), ("value", Declared::Number)];
        assert_eq!(shown(&json(composite, &table(&["key"], &columns))), row);
        assert_eq!(shown(&json(composite, &Declared::Table(None))), row);
        assert_eq!(shown(&json("{}", &map)), "key: ");
    }

    #[test]
    fn the_index_of_a_table_of_an_unknown_type_is_found_in_its_rows() {
        let guess = |text: &str| shown(&json(text, &Declared::Table(None)));
        let hosts = r#"{"h":{"1":{"port":1,"n":1,"host":"h"},"2":{"port":2,"n":1,"host":"h"}}}"#;
        let expected = r#"host,port: host=String("h"),n=Long(1),port=Long(1); host=String("h"),n=Long(1),port=Long(2)"#;
        assert_eq!(guess(hosts), expected);
        assert_eq!(guess(r#"{"0.1":{"f":0.1,"x":true}}"#), "f: f=Double(0.1),x=Bool(true)");
        assert_eq!(guess(r#"{"k":1}"#), r#"key: key=String("k"),value=Long(1)"#);
        assert_eq!(guess(r#"{"k":{"a":1}}"#), r#"key: key=String("k"),value=Composite([("a", Long(1))])"#);
    }

    #[test]
    fn dates_of_both_generations_are_seconds() {
        for (text, seconds) in [
            ("2023-11-14T22:13:20.123Z", Some(1_700_000_000.123)),
            ("2023-11-14T22:13:20Z", Some(1_700_000_000.0)),
            ("2023-11-15T00:13:20+02:00", Some(1_700_000_000.0)),
            ("2023-11-14T18:43:20-0330", Some(1_700_000_000.0)),
            ("1970-01-01T00:00:00Z", Some(0.0)),
            ("2000-02-29T00:00:00Z", Some(951_782_400.0)),
            ("1969-12-31T23:59:59.500Z", Some(-0.5)),
            ("2023-11-14T22:13:20", None),
            ("2023-13-14T22:13:20Z", None),
            ("running", None),
            ("T", None),
        ] {
            assert_eq!(date(text), seconds, "{text}");
        }
    }

    proptest! {
        #[test]
        fn lifting_never_panics(value in r#"[\[\]{}":,0-9a-z.\\-]{0,60}|\{"indexNames":\[("a",?)?\],"values":\[\{?"#, word in "\\PC{0,30}") {
            let table = table(&["a", "b"], &[("a", Declared::Number), ("c", Declared::Date)]);
            let types = [Declared::Number, Declared::Double, Declared::Float, Declared::Date, Declared::Object, Declared::Class,
                Declared::Optional, Declared::Composite(None), Declared::Table(None), table];
            for declared in types {
                if let Ok(tree) = tree(&value) {
                    from_json(tree.clone(), &declared);
                    from_text(tree, &declared);
                }
                from_text(Tree::Text(word.as_str().into()), &declared);
            }
            date(&word);
        }
    }
}
