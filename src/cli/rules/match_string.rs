//! The text of a match string in, its parts out.

use std::borrow::Cow;

use crate::mbean::{Value, java_double};
use crate::rules::Place;

/// What a match string is made of.
#[derive(Debug, PartialEq)]
pub(super) struct Parts<'t> {
    pub(super) place: Place<'t>,
    pub(super) keys: Vec<&'t str>,
    pub(super) attribute: &'t str,
    /// A long of 1 if none was given.
    pub(super) value: Value<'t>,
}

/// Takes a match string apart; what is put together again from the parts is the same text.
///
/// # Errors
/// It has not the form `DOMAIN<key=value, ...><path, ...>ATTRIBUTE: VALUE`, where the value may be left out.
pub(super) fn parse(text: &str) -> Result<Parts<'_>, String> {
    let wrong = || {
        format!(
            "{text:?} is no match string: write DOMAIN<key=value, ...><path, ...>ATTRIBUTE or \
             DOMAIN<key=value, ...><path, ...>ATTRIBUTE: VALUE, as rules dump prints it"
        )
    };
    let (domain, rest) = text.split_once('<').ok_or_else(wrong)?;
    let (properties, rest) = properties(rest).ok_or_else(wrong)?;
    let rest = rest.strip_prefix("><").ok_or_else(wrong)?;
    let (keys, rest) = rest.split_once('>').ok_or_else(wrong)?;
    let keys: Vec<&str> = if keys.is_empty() { Vec::new() } else { keys.split(", ").collect() };
    let (attribute, value) = match rest.split_once(": ") {
        Some((attribute, value)) => (attribute, typed(value)),
        // The blank is easily lost when a text is copied.
        None => (rest.strip_suffix(':').unwrap_or(rest), Value::Long(1)),
    };
    if attribute.is_empty() {
        return Err(wrong());
    }
    Ok(Parts { place: Place { domain, properties }, keys, attribute, value })
}

type Properties<'t> = Vec<(Cow<'t, str>, Cow<'t, str>)>;

/// The key properties and what follows them, beginning with `><`.
fn properties(mut rest: &str) -> Option<(Properties<'_>, &str)> {
    let mut properties = Vec::new();
    if rest.starts_with("><") {
        return Some((properties, rest));
    }
    loop {
        let (key, after) = rest.split_once('=')?;
        let end = value_end(after)?;
        properties.push((key.into(), after[..end].into()));
        match after[end..].strip_prefix(", ") {
            Some(more) => rest = more,
            None => return Some((properties, &after[end..])),
        }
    }
}

/// Where a value ends: before `><`, or before a comma that another property follows.
fn value_end(text: &str) -> Option<usize> {
    let (mut in_quotes, mut escaped) = (false, false);
    for (at, character) in text.char_indices() {
        let rest = &text[at..];
        if !in_quotes {
            let is_next = |more: &str| more.find(['=', '>', ',']).is_some_and(|end| more[end..].starts_with('='));
            if rest.starts_with("><") || rest.strip_prefix(", ").is_some_and(is_next) {
                return Some(at);
            }
        }
        if character == '"' && !escaped && (at == 0 || in_quotes) {
            in_quotes = !in_quotes;
        }
        escaped = character == '\\' && !escaped;
    }
    None
}

/// The value of the type that Java prints so; anything else is a text.
fn typed(text: &str) -> Value<'_> {
    match text {
        "true" => return Value::Bool(true),
        "false" => return Value::Bool(false),
        "NaN" => return Value::Double(f64::NAN),
        "Infinity" => return Value::Double(f64::INFINITY),
        "-Infinity" => return Value::Double(f64::NEG_INFINITY),
        _ => {}
    }
    if let Ok(number) = text.parse::<i64>()
        && number.to_string() == text
    {
        return Value::Long(number);
    }
    match text.parse::<f64>() {
        Ok(number) if java_double(number) == text => Value::Double(number),
        _ => Value::String(text.into()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rules::write_value;

    fn again(parts: &Parts<'_>) -> String {
        let mut out = String::new();
        parts.place.write_head(&parts.keys, parts.attribute, &mut out);
        write_value(&parts.value, &mut out);
        out
    }

    #[test]
    fn parts_put_together_are_the_same_text() {
        for text in [
            "kafka.server<type=BrokerTopicMetrics, name=MessagesInPerSec><>Count: 42",
            "java.lang<type=Memory><HeapMemoryUsage>used: 1.0E10",
            r#"kafka.server<type=Produce, user="CN=a, OU=\"x\">< y", client-id=c><>byte-rate: NaN"#,
            "lab<type=Tab, key=a:b, c><Multi, in>hits: true",
            "a<b=c, d><>E: some: text",
            "a<><>E: 1.50",
        ] {
            let parts = parse(text).unwrap();
            assert_eq!(again(&parts), text);
        }
        let parts = parse("lab<type=Tab, key=a, b=c><Multi, in>hits: true").unwrap();
        assert_eq!((parts.place.properties.len(), &parts.keys[..], parts.attribute), (3, &["Multi", "in"][..], "hits"));
        assert_eq!(parse("a<b=c><>Count").unwrap().value, Value::Long(1));
        assert_eq!(parse("a<b=c><>Count:").unwrap().attribute, "Count");
        assert_eq!(parse("a<b=c><>Count: 1.50").unwrap().value, Value::String("1.50".into()));
    }

    #[test]
    fn what_has_another_form_is_refused_with_the_form() {
        for text in ["", "a", "kafka.server:type=a,name=b", "a<b=c>Count: 1", "a<b><>Count", "a<b=c><>", "a<b=c><Count"]
        {
            assert!(parse(text).unwrap_err().contains("as rules dump prints it"), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in r#"[a<>=,: "\\é]{0,30}"#) {
            let _ = parse(&text);
        }
    }
}
