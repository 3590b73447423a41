//! Replacement templates, as `java.util.regex.Matcher.appendReplacement` expands them: `$1`, `${name}`, `\$`.

use super::pattern::{Groups, Pattern};

/// A template checked against the pattern whose groups it names, so that expanding it cannot fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    source: String,
    parts: Vec<Part>,
}

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text as it is.
    Text(String),
    /// The text of a group; nothing if it took no part.
    Group(usize),
}

impl Template {
    /// Reads a template for `pattern`; without a pattern no group exists but 0.
    ///
    /// # Errors
    /// A group that the pattern does not have, `$` or `\` at the end, `$` before anything but a digit or `{`.
    pub fn parse(source: &str, pattern: Option<&Pattern>) -> Result<Self, String> {
        let count = pattern.map_or(0, Pattern::group_count);
        let mut parts = Vec::new();
        let mut text = String::new();
        let mut rest = source.chars().peekable();
        while let Some(character) = rest.next() {
            let group = match character {
                '\\' => {
                    text.push(rest.next().ok_or("a backslash at the end has nothing to escape; write \\\\ for one")?);
                    continue;
                }
                '$' => match rest.next() {
                    Some('{') => {
                        let name: String = rest.by_ref().take_while(|&character| character != '}').collect();
                        pattern
                            .and_then(|pattern| pattern.group_number(&name))
                            .ok_or_else(|| format!("${{{name}}}: the pattern has no group of this name"))?
                    }
                    Some(digit) if digit.is_ascii_digit() => {
                        let mut group = digit as usize - '0' as usize;
                        if group > count {
                            return Err(format!("${group}: the pattern has {count} group(s)"));
                        }
                        // Further digits belong to the number only as long as such a group exists.
                        while let Some(next) = rest.peek().and_then(|next| next.to_digit(10)) {
                            let longer = group * 10 + next as usize;
                            if longer > count {
                                break;
                            }
                            group = longer;
                            rest.next();
                        }
                        group
                    }
                    _ => {
                        return Err("a $ must be followed by a group's number or {name}; write \\$ for a dollar".into());
                    }
                },
                _ => {
                    text.push(character);
                    continue;
                }
            };
            if !text.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut text)));
            }
            parts.push(Part::Group(group));
        }
        if !text.is_empty() {
            parts.push(Part::Text(text));
        }
        Ok(Self { source: source.to_owned(), parts })
    }

    /// As it stands in the file.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Its pieces in order, none empty.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Whether it is the empty text.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Appends the expansion for a match of `matched` to `out`.
    pub fn expand_into(&self, groups: &Groups, matched: &str, out: &mut String) {
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Group(group) => out.push_str(groups.text(*group, matched).unwrap_or_default()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(pattern: &str, template: &str, text: &str) -> Result<String, String> {
        let pattern = Pattern::compile(pattern).unwrap();
        let template = Template::parse(template, Some(&pattern))?;
        let groups = pattern.matches(text).unwrap().unwrap();
        let mut out = String::new();
        template.expand_into(&groups, text, &mut out);
        Ok(out)
    }

    #[test]
    fn groups_are_put_in_as_java_does() {
        for (pattern, template, expanded) in [
            ("(a)(b)", "x_$1_$2y", "x_a_by"),
            ("(a)", "$12", "a2"),
            ("(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)", "$10|$11|$101", "j|a1|j1"),
            ("(a)|(z)", "[$2]", "[]"),
            ("(?<first>a)", "${first}b", "ab"),
            ("a", "\\$1\\\\", "$1\\"),
            ("c", "$0", "abcdefghij"),
            ("a", "", ""),
        ] {
            assert_eq!(expand(pattern, template, "abcdefghij").unwrap(), expanded, "{template}");
        }
    }

    #[test]
    fn what_java_would_fail_on_at_each_scrape_is_refused() {
        for (template, part) in [
            ("$2", "has 1 group(s)"),
            ("a$", "followed by"),
            ("$x", "followed by"),
            ("a\\", "backslash"),
            ("${b}", "${b}"),
        ] {
            assert!(expand("(a)", template, "a").unwrap_err().contains(part), "{template}");
        }
        assert!(Template::parse("$1", None).unwrap_err().contains("has 0 group(s)"));
    }
}
