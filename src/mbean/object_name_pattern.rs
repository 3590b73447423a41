//! ObjectName patterns: text in, whether a bean's name is meant out, by the rules of `javax.management.ObjectName`
//! (constructor checks, `apply`) and of an MBean server's query.

use std::fmt;

use super::{ObjectName, ObjectNameError};

/// The domain that an MBean server puts in place of an empty one.
const DEFAULT_DOMAIN: &str = "DefaultDomain";

/// A name with or without wildcards: `*` and `?` in the domain and in values, `*` in place of a property for "and any
/// others". Without wildcards it means the one bean of this name. The order of properties does not matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectNamePattern {
    text: String,
    domain: String,
    properties: Vec<(String, String)>,
    /// Other properties may be there too.
    open: bool,
    /// Which values have wildcards.
    wild_values: Vec<bool>,
}

impl ObjectNamePattern {
    /// Parses what Java's `new ObjectName(text)` takes; the empty text means everything.
    ///
    /// # Errors
    /// Java refuses the text, or there is text after a quoted value, which Java forgets to refuse.
    pub fn parse(text: &str) -> Result<Self, ObjectNameError> {
        Self::split(text).map_err(|reason| ObjectNameError { name: text.chars().take(200).collect(), reason })
    }

    fn split(text: &str) -> Result<Self, &'static str> {
        let (domain, mut rest) = if text.is_empty() { ("*", "*") } else { text.split_once(':').ok_or("no colon")? };
        if domain.contains('\n') {
            return Err("newline in the domain");
        }
        let domain = if domain.is_empty() { DEFAULT_DOMAIN } else { domain };
        let mut pattern = Self {
            text: text.to_owned(),
            domain: domain.to_owned(),
            properties: Vec::new(),
            open: false,
            wild_values: Vec::new(),
        };
        if rest.is_empty() {
            return Err("no key properties");
        }
        // A comma after `*` may be the last character, as in Java; after a property it may not.
        while !rest.is_empty() {
            if let Some(after) = rest.strip_prefix('*') {
                if std::mem::replace(&mut pattern.open, true) {
                    return Err("several * in place of properties");
                }
                rest = match after.strip_prefix(',') {
                    Some(more) => more,
                    None if after.is_empty() => after,
                    None => return Err("after * in place of a property only a comma may follow"),
                };
                continue;
            }
            let (key, after) = rest.split_once('=').ok_or("key without value")?;
            if key.is_empty() {
                return Err("empty key");
            }
            if key.contains([',', ':', '*', '?', '\n']) {
                return Err("forbidden character in a key");
            }
            let (length, wild) = value_length(after)?;
            if pattern.properties.iter().any(|(other, _)| other == key) {
                return Err("key given twice");
            }
            let (value, after) = after.split_at(length);
            pattern.properties.push((key.to_owned(), value.to_owned()));
            pattern.wild_values.push(wild);
            rest = match after.strip_prefix(',') {
                Some("") => return Err("comma at the end"),
                Some(more) => more,
                None if after.is_empty() => after,
                None => return Err("text after a quoted value"),
            };
        }
        Ok(pattern)
    }

    /// Whether it has wildcards; if not, it means one bean.
    pub fn is_pattern(&self) -> bool {
        self.open || self.domain.contains(['*', '?']) || self.wild_values.contains(&true)
    }

    /// What the domain must be; may have wildcards.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Whether a bean of this domain can be meant.
    pub fn matches_domain(&self, domain: &str) -> bool {
        let domain = if domain.is_empty() { DEFAULT_DOMAIN } else { domain };
        wildcard_match(domain, &self.domain)
    }

    /// Whether every bean of the domains that it names is meant.
    pub fn means_whole_domains(&self) -> bool {
        self.open && self.properties.is_empty()
    }

    /// Whether other key properties may be there than those that it names.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// The keys that a bean must have, with the values that they must have.
    pub fn properties(&self) -> &[(String, String)] {
        &self.properties
    }

    /// Whether the bean is meant.
    pub fn matches(&self, name: &ObjectName<'_>) -> bool {
        let count_fits = if self.open {
            self.properties.len() <= name.properties.len()
        } else {
            self.properties.len() == name.properties.len()
        };
        count_fits
            && self.matches_domain(name.domain)
            && self.properties.iter().zip(&self.wild_values).all(|((key, wanted), wild)| {
                let value = name.get(key);
                value.is_some_and(|value| if *wild { wildcard_match(value, wanted) } else { value == wanted })
            })
    }
}

impl fmt::Display for ObjectNamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// How long the value is that the text begins with, and whether it has wildcards.
fn value_length(text: &str) -> Result<(usize, bool), &'static str> {
    let mut wild = false;
    if !text.starts_with('"') {
        let length = text.find(',').unwrap_or(text.len());
        if text[..length].contains(['=', ':', '"', '\n']) {
            return Err("forbidden character in a value");
        }
        return Ok((length, text[..length].contains(['*', '?'])));
    }
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok((at + 1, wild)),
            '\\' if matches!(characters.next(), Some((_, '\\' | 'n' | '"' | '?' | '*'))) => {}
            '\\' => return Err("bad escape in a quoted value"),
            '\n' => return Err("newline in a value"),
            '*' | '?' => wild = true,
            _ => {}
        }
    }
    Err("quoted value without end")
}

/// Whether the text is meant by a pattern with `*` and `?`. As in Java a backslash is a character like any other: in a
/// value that has a wildcard an escaped one is a wildcard too, after the backslash.
pub(crate) fn wildcard_match(text: &str, pattern: &str) -> bool {
    let (mut text_rest, mut pattern_rest) = (text.chars(), pattern.chars());
    // After a mismatch the last `*` takes one character more.
    let mut retry: Option<(std::str::Chars<'_>, std::str::Chars<'_>)> = None;
    loop {
        let mut next = pattern_rest.clone();
        match next.next() {
            Some('*') => {
                pattern_rest = next;
                retry = Some((text_rest.clone(), pattern_rest.clone()));
                continue;
            }
            Some(wanted) => {
                let mut after = text_rest.clone();
                if after.next().is_some_and(|character| wanted == '?' || wanted == character) {
                    (text_rest, pattern_rest) = (after, next);
                    continue;
                }
            }
            None if text_rest.as_str().is_empty() => return true,
            None => {}
        }
        let Some((text_from, pattern_from)) = &mut retry else { return false };
        if text_from.next().is_none() {
            return false;
        }
        (text_rest, pattern_rest) = (text_from.clone(), pattern_from.clone());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, name: &str) -> bool {
        ObjectNamePattern::parse(pattern).unwrap().matches(&ObjectName::parse(name).unwrap())
    }

    // The outcomes of these tables are those of ObjectName.apply and of the constructor on JDK 17.
    #[test]
    fn patterns_mean_what_they_mean_to_java() {
        for (pattern, name, expected) in [
            ("kafka.consumer:type=*,id=*", "kafka.consumer:type=app-info,id=1", true),
            ("kafka.consumer:type=*,id=*", "kafka.consumer:id=1,type=app-info", true),
            ("kafka.consumer:type=*,id=*", "kafka.consumer:type=a,id=1,client-id=c", false),
            ("kafka.consumer:type=*,id=*", "kafka.consumer:type=a,client-id=c", false),
            ("kafka.consumer:type=*,id=*,*", "kafka.consumer:type=a,id=1,client-id=c", true),
            ("d:k=a*,j=b", "d:j=b,k=ax", true),
            ("d:k=a*,j=b", "d:j=b,k=ax,z=1", false),
            ("d:k=a*,j=b,*", "d:j=b,k=ax,z=1", true),
            ("d:*", "d:j=b", true),
            ("d:*,", "d:j=b", true),
            ("d:k=v,*,", "d:k=v", true),
            ("d:*,k=v", "d:k=v", true),
            ("d:*,k=v", "d:k=w", false),
            ("*:k=v", "d:k=v", true),
            ("*:k=v", "d:k=v,z=1", false),
            ("*:k=v,*", "d:k=v,z=1", true),
            ("d?:k=v", "d1:k=v", true),
            ("d?:k=v", "d:k=v", false),
            ("d:k=\"x*\"", "d:k=xy", false),
            ("d:k=\"x*\"", "d:k=\"xy\"", true),
            ("d:k=*", "d:k=\"q\"", true),
            ("d:k=*", "d:k=", true),
            ("d:k=", "d:k=", true),
            ("d:k=\"a\\*b*\"", "d:k=\"a\\*bX\"", true),
            ("d:k=\"a\\*b*\"", "d:k=\"a\\\\xbX\"", true),
            ("d:k=\"a\\*b\"", "d:k=\"a\\*b\"", true),
            ("d:k=\"a\\*b\"", "d:k=\"a\\\\xb\"", false),
            ("d:k=\"a\\?b*\"", "d:k=\"a\\nbc\"", true),
            ("", "d:k=v", true),
            (":k=v", "d:k=v", false),
            (":k=v", "DefaultDomain:k=v", true),
            ("*:*", ":k=v", true),
            ("a=b:c=d", "a=b:c=d", true),
            ("kafka.*:*", "kafka:k=v", false),
            ("kafka*:*", "kafka.log:k=v", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn what_java_refuses_is_refused() {
        for text in [
            "a",
            "a:",
            "a:b",
            "a:=c",
            "a:b=c,",
            "a:b=c,b=d",
            "a:*,*",
            "a:*x",
            "a:b=\"c",
            "a:b=\"c\"d",
            "a:b=\"\\x\"",
            "a:b=c\"d",
            "a:b=c=d",
            "a:b=c:d",
            "a:b?=c",
            "a\n:b=c",
            "a:b=c\n",
            "a:b=\"\n\"",
            "a:b=c,,d=e",
            "a:,b=c",
            "a:b=c,*x=1",
            "a:b=c, *",
            "a:b=c,* ",
            // Java takes this one, and drops the x.
            "a:b=\"c\"xe=f",
        ] {
            assert!(ObjectNamePattern::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn many_stars_cost_no_exponential_time() {
        assert!(!wildcard_match(&"a".repeat(5_000), &("*a".repeat(200) + "b")));
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in r#"[a-z:=,"\\*?é \n]{0,30}|\PC*"#) {
            let _ = ObjectNamePattern::parse(&text);
        }

        #[test]
        fn a_name_without_wildcards_means_itself_in_any_order(
            properties in proptest::collection::btree_map("[a-z]{1,6}", r#"[a-z]{0,6}|"([^"\\*?\n]|\\[\\n"?*]){0,6}""#, 1..5),
        ) {
            let mut body: Vec<String> = properties.iter().map(|(key, value)| format!("{key}={value}")).collect();
            let pattern = ObjectNamePattern::parse(&format!("d:{}", body.join(","))).unwrap();
            body.reverse();
            let text = format!("d:{}", body.join(","));
            prop_assert!(!pattern.is_pattern());
            prop_assert!(pattern.matches(&ObjectName::parse(&text).unwrap()));
        }

        #[test]
        fn wildcards_match_as_the_same_regular_expression_does(text in "[ab]{0,8}", pattern in "[ab*?]{0,8}") {
            let regex = pattern.replace('*', ".*").replace('?', ".");
            let regex = regex::Regex::new(&format!("^{regex}$")).unwrap();
            prop_assert_eq!(wildcard_match(&text, &pattern), regex.is_match(&text));
        }
    }
}
