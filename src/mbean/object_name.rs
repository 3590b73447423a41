//! ObjectNames: text in, domain and key properties in creation order out, by the rules of `javax.management.ObjectName`
//! (its class documentation and constructor checks). Only names of beans, no patterns.

use std::cmp::Ordering;
use std::fmt;

/// Longest name that is looked into, in bytes. Kafka puts client ids and principals of up to 32 KiB into names, escaped.
const MAX_LENGTH: usize = 256 << 10;

/// Most key properties of a name that is looked into. Kafka's beans have less than ten.
const MAX_PROPERTIES: usize = 100;

/// The name of an MBean, borrowed from its text. Key properties keep their order; quoted values keep their quotes and
/// escapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectName<'a> {
    /// What stands before the first colon. Empty = the default domain.
    pub domain: &'a str,
    /// Keys and values in the order of the text; at least one, no key twice.
    pub properties: Vec<(&'a str, &'a str)>,
}

/// Why a text is no bean's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an ObjectName: {reason} in {name:?}")]
pub struct ObjectNameError {
    /// The text, cut to 200 characters.
    pub name: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl<'a> ObjectName<'a> {
    /// Parses a bean's name. What this accepts, `new ObjectName(text)` accepts too.
    ///
    /// # Errors
    /// The text is not `domain:key=value,...`, has a key twice, or is a pattern (an unescaped `*` or `?`). Beyond Java's rules: the
    /// text is longer than 256 KiB or has more than 100 key properties, which only a hostile agent makes.
    pub fn parse(text: &'a str) -> Result<Self, ObjectNameError> {
        Self::split(text).map_err(|reason| ObjectNameError { name: text.chars().take(200).collect(), reason })
    }

    fn split(text: &'a str) -> Result<Self, &'static str> {
        if text.len() > MAX_LENGTH {
            return Err("longer than 256 KiB");
        }
        let (domain, mut rest) = text.split_once(':').ok_or("no colon")?;
        if domain.contains(['*', '?', '\n']) {
            return Err("wildcard or newline in the domain");
        }
        let mut properties: Vec<(&str, &str)> = Vec::with_capacity(4);
        loop {
            let (key, after) = rest.split_once('=').ok_or("key without value")?;
            if key.is_empty() {
                return Err("empty key");
            }
            if key.contains([',', ':', '*', '?', '\n']) {
                return Err("forbidden character in a key");
            }
            let length = if after.starts_with('"') { quoted_length(after)? } else { unquoted_length(after)? };
            if properties.len() == MAX_PROPERTIES {
                return Err("more than 100 key properties");
            }
            if properties.iter().any(|&(other, _)| other == key) {
                return Err("key given twice");
            }
            let (value, after) = after.split_at(length);
            properties.push((key, value));
            match after.strip_prefix(',') {
                Some(more) => rest = more,
                None if after.is_empty() => return Ok(Self { domain, properties }),
                None => return Err("text after a quoted value"),
            }
        }
    }

    /// The value of a key property, quotes and escapes kept.
    pub fn get(&self, key: &str) -> Option<&'a str> {
        self.properties.iter().find(|&&(name, _)| name == key).map(|&(_, value)| value)
    }
}

/// The length of a value that starts with a quote, both quotes included.
fn quoted_length(text: &str) -> Result<usize, &'static str> {
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok(at + 1),
            '\\' => match characters.next() {
                Some((_, '\\' | 'n' | '"' | '?' | '*')) => {}
                _ => return Err("bad escape in a quoted value"),
            },
            '*' | '?' => return Err("wildcard in a value"),
            '\n' => return Err("newline in a value"),
            _ => {}
        }
    }
    Err("quoted value without end")
}

fn unquoted_length(text: &str) -> Result<usize, &'static str> {
    let length = text.find(',').unwrap_or(text.len());
    if text[..length].contains(['=', ':', '"', '*', '?', '\n']) {
        return Err("forbidden character in a value");
    }
    Ok(length)
}

impl fmt::Display for ObjectName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.domain)?;
        for (index, (key, value)) in self.properties.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{key}={value}")?;
        }
        Ok(())
    }
}

impl PartialOrd for ObjectName<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The order of `ObjectName.compareTo`: domain, then the value of `type`, then the properties sorted by key. Names that
/// differ only in the order of their properties are told apart last, so that the order agrees with `==`.
impl Ord for ObjectName<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let canonical = |name: &Self| {
            let mut sorted = name.properties.clone();
            sorted.sort_unstable();
            sorted
        };
        self.domain
            .cmp(other.domain)
            .then_with(|| self.get("type").unwrap_or("").cmp(other.get("type").unwrap_or("")))
            .then_with(|| canonical(self).cmp(&canonical(other)))
            .then_with(|| self.properties.cmp(&other.properties))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn key_properties_keep_their_order_and_their_quotes() {
        let name =
            ObjectName::parse(r#"kafka.server:type=Produce,user="CN=a,OU=\"x\\",client-id="c 1",empty="#).unwrap();
        assert_eq!(name.domain, "kafka.server");
        assert_eq!(
            name.properties,
            [("type", "Produce"), ("user", r#""CN=a,OU=\"x\\""#), ("client-id", "\"c 1\""), ("empty", "")]
        );
        assert_eq!(name.get("type"), Some("Produce"));
        assert_eq!(name.get("none"), None);
    }

    #[test]
    fn what_java_refuses_is_refused() {
        for text in [
            "",
            "a",
            "a:",
            "a:b",
            "a:=c",
            "a:b=c,",
            "a:b=c,b=d",
            "a*:b=c",
            "a:b=*",
            "a:b=c,*",
            "a:*",
            "a:b=\"c",
            "a:b=\"c\"d",
            "a:b=\"\\x\"",
            "a:b=c\"d",
            "a:b=c=d",
            "a:b=c:d",
            "a:b?=c",
            "a:b=\"?\"",
            "a\n:b=c",
            "a:b=c\n",
            "a:b=\"\n\"",
        ] {
            assert!(ObjectName::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn names_that_would_cost_too_much_are_refused() {
        let name = |count: usize| format!("a:{}", (0..count).map(|k| format!("k{k}=v")).collect::<Vec<_>>().join(","));
        assert_eq!(ObjectName::parse(&name(MAX_PROPERTIES)).unwrap().properties.len(), 100);
        assert_eq!(ObjectName::parse(&name(MAX_PROPERTIES + 1)).unwrap_err().reason, "more than 100 key properties");
        assert!(ObjectName::parse(&format!("a:b={}", "c".repeat(MAX_LENGTH))).is_err());
    }

    #[test]
    fn order_is_domain_then_type_then_canonical_properties() {
        let sorted = ["a:type=a,z=1", "a:type=b,a=2", "a:a=2,type=c", "a:type=c,b=1", "b:k=v"];
        let mut names: Vec<_> = sorted.iter().rev().map(|text| ObjectName::parse(text).unwrap()).collect();
        names.sort();
        assert_eq!(names.iter().map(ToString::to_string).collect::<Vec<_>>(), sorted);
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_printing_gives_the_text_back(text in r#"[a-z:=,"\\*?é \n]{0,30}|\PC*"#) {
            if let Ok(name) = ObjectName::parse(&text) {
                prop_assert_eq!(name.to_string(), text);
            }
        }

        #[test]
        fn every_well_formed_name_parses(
            domain in "[^:*?\n]{0,8}",
            properties in proptest::collection::btree_map("[^,=:*?\n]{1,6}", r#"[^,=:"*?\n]{0,6}|"([^"\\*?\n]|\\[\\n"?*]){0,6}""#, 1..5),
        ) {
            let body: Vec<String> = properties.iter().map(|(key, value)| format!("{key}={value}")).collect();
            let text = format!("{domain}:{}", body.join(","));
            let name = ObjectName::parse(&text).unwrap();
            prop_assert_eq!(name.domain, domain.as_str());
            prop_assert_eq!(name.properties.len(), properties.len());
            for (key, value) in &properties {
                prop_assert_eq!(name.get(key), Some(value.as_str()));
            }
        }
    }
}
