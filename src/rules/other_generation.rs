//! Loaded rules in, which of them give other names or types under the other generation of jmx_exporter out.

use std::fmt::Write as _;

use super::generation::{RESERVED_SUFFIXES as RESERVED, name_in_1x};
use super::naming::safe_name;
use super::template::Part;
use super::{Compat, Rule, RuleType, Rules, Template};

/// Stands for what a group captures: letters that no ending is made of, so that sanitising leaves them.
const MARK: char = 'Q';

/// What a log line shows of the rules that differ.
const EXAMPLES: usize = 3;

/// How the generations differ for a rules file, as far as the file tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherNames {
    /// How many rules there are.
    pub rules: usize,
    /// Rules whose name differs whatever they match, in the order of the file.
    pub certain: Vec<RenamedRule>,
    /// Numbers, counted from 1, of the rules whose names may differ, depending on what they capture or match.
    pub possible: Vec<usize>,
    /// Numbers of the rules with a type that is untyped under 1.x.
    pub types: Vec<usize>,
}

/// A rule whose name is another one in the other generation. `$1` stands for what the rule captures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenamedRule {
    /// Its number, counted from 1.
    pub rule: usize,
    /// Where it begins in the file.
    pub line: u64,
    /// The name before its samples in 0.x.
    pub v0: String,
    /// The name before its samples in 1.x.
    pub v1: String,
}

impl OtherNames {
    /// Compares the generations for these rules.
    pub fn of(rules: &Rules) -> Self {
        let mut other = Self { rules: rules.rules.len(), certain: Vec::new(), possible: Vec::new(), types: Vec::new() };
        for (at, rule) in rules.rules.iter().enumerate() {
            let number = at + 1;
            if !matches!(rule.rule_type, RuleType::Unknown | RuleType::Gauge | RuleType::Counter) {
                other.types.push(number);
            }
            match &rule.name {
                // Nothing comes of it in either generation.
                Some(name) if name.is_empty() => {}
                // The default format: the name is that of the bean and the attribute.
                None => other.possible.push(number),
                Some(name) => match compare(name, rule, rules) {
                    Verdict::Same => {}
                    Verdict::Depends => other.possible.push(number),
                    Verdict::Other(v0, v1) => other.certain.push(RenamedRule { rule: number, line: rule.line, v0, v1 }),
                },
            }
        }
        other
    }

    /// One line for the log and for `rules check`, seen from the generation in use, of what is certain; `None` if nothing
    /// is. What is merely possible, which beans alone can tell, is in [`possible`](Self::possible).
    pub fn summary(&self, compat: Compat) -> Option<String> {
        let other = compat.other();
        let mut said = Vec::new();
        if !self.certain.is_empty() {
            let shown = self.certain.iter().take(EXAMPLES).map(|renamed| {
                let (here, there) =
                    if compat == Compat::V0 { (&renamed.v0, &renamed.v1) } else { (&renamed.v1, &renamed.v0) };
                format!("rule {}: {here} -> {there}", renamed.rule)
            });
            let examples = shown.collect::<Vec<_>>().join(", ");
            said.push(format!(
                "{} of {} rules would give other names, e.g. {examples}",
                self.certain.len(),
                self.rules
            ));
        }
        if !self.types.is_empty() {
            let verb = if compat == Compat::V0 { "would be untyped" } else { "would have a type of their own" };
            said.push(format!("the families of {} rules {verb}", self.types.len()));
        }
        (!said.is_empty()).then(|| format!("under {} {}", other.as_str(), said.join("; ")))
    }
}

enum Verdict {
    Same,
    Depends,
    Other(String, String),
}

fn compare(name: &Template, rule: &Rule, rules: &Rules) -> Verdict {
    let mut groups = Vec::new();
    let mut raw = String::new();
    for part in name.parts() {
        match part {
            Part::Text(text) => raw.push_str(text),
            Part::Group(group) => {
                groups.push(*group);
                raw.push(MARK);
            }
        }
    }
    // The literal texts decide; upper case would hide an ending from view, and a mark must stay one.
    let lowered = if rules.lowercase_output_name { raw.replace(MARK, "\u{1}").to_lowercase() } else { raw.clone() };
    let name = safe_name(&lowered.replace('\u{1}', &MARK.to_string()), false);
    let is_literal_q = raw.matches(MARK).count() != groups.len();
    if name.is_empty() || is_literal_q && !groups.is_empty() {
        return Verdict::Depends;
    }
    let is_counter = rule.rule_type == RuleType::Counter
        || (rules.infer_counter_type_from_name && name.ends_with("_total") && !name.ends_with(MARK));
    let other = name_in_1x(&name, is_counter);
    if groups.is_empty() {
        return if other == name { Verdict::Same } else { Verdict::Other(name, other) };
    }
    let before_total = other.strip_suffix("_total").unwrap_or(&other);
    // What is left ends in a capture, which may bring an ending along, whole or in part.
    let may_go_on = {
        let last = before_total.rsplit('_').next().unwrap_or_default();
        last.contains(MARK) && {
            let tail = last.rsplit(MARK).next().unwrap_or_default();
            RESERVED.iter().any(|ending| ending.ends_with(tail))
        }
    };
    if other == name {
        return if may_go_on { Verdict::Depends } else { Verdict::Same };
    }
    // A counter that ends in a capture has the ending if the capture does.
    if is_counter && name.ends_with(MARK) {
        return Verdict::Depends;
    }
    Verdict::Other(with_groups(&name, &groups), with_groups(&other, &groups))
}

/// The name with `$n` in place of the marks.
fn with_groups(name: &str, groups: &[usize]) -> String {
    let mut numbers = groups.iter();
    let mut shown = String::with_capacity(name.len() + groups.len());
    for character in name.chars() {
        match numbers.as_slice().first().filter(|_| character == MARK) {
            Some(number) => {
                let _ = write!(shown, "${number}");
                numbers.next();
            }
            None => shown.push(character),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    // What the agent 1.0.1 shows for rules with these names and types.
    #[test]
    fn names_of_1x_are_the_agents() {
        for (name, is_counter, expected) in [
            ("a", false, "a"),
            ("b_total", false, "b"),
            ("c_total", true, "c_total"),
            ("d", true, "d_total"),
            ("e_info", true, "e_total"),
            ("f_total_total", true, "f_total"),
            ("_total", false, "total"),
            ("_info", true, "info_total"),
            ("g:h", false, "g:h"),
            ("i:j_total", true, "i:j_total"),
            ("k_total_info", false, "k"),
            ("total", false, "total"),
            ("m_bucket", false, "m"),
            ("n_total_", true, "n_total__total"),
            ("o_sum", false, "o_sum"),
            ("_total_total", false, "total"),
            ("p_created", false, "p"),
        ] {
            assert_eq!(name_in_1x(name, is_counter), expected, "{name}");
        }
    }

    fn other(head: &str, name: &str, kind: &str) -> OtherNames {
        let text = format!("{head}\nrules: [{{pattern: '(.)(.)', name: '{name}', type: {kind}}}]");
        OtherNames::of(&Rules::load(&text, "r.yml").unwrap())
    }

    #[test]
    fn what_the_file_tells_for_certain_is_told_apart_from_what_depends_on_captures() {
        for (head, name, kind, certain, possible) in [
            ("", "a_total", "GAUGE", Some(("a_total", "a")), false),
            ("", "a", "GAUGE", None, false),
            ("", "a_total", "COUNTER", None, false),
            ("", "a", "COUNTER", Some(("a", "a_total")), false),
            ("", "a_Total", "GAUGE", None, false),
            ("lowercaseOutputName: true", "a_Total", "GAUGE", Some(("a_total", "a")), false),
            ("", "a-info", "UNTYPED", Some(("a_info", "a")), false),
            ("", "kafka_$1_$2_total", "GAUGE", Some(("kafka_$1_$2_total", "kafka_$1_$2")), false),
            ("", "kafka_$1_$2_total", "COUNTER", None, true),
            ("", "kafka_$1_x_total", "COUNTER", None, false),
            ("", "kafka_$1_count", "COUNTER", Some(("kafka_$1_count", "kafka_$1_count_total")), false),
            ("", "kafka_$1_count", "GAUGE", None, false),
            ("", "kafka_$1", "GAUGE", None, true),
            ("", "kafka_$1", "COUNTER", None, true),
            ("", "kafka_$1tal", "GAUGE", None, true),
            ("", "kafka_$1seconds", "GAUGE", None, false),
            ("inferCounterTypeFromName: true", "a_total", "GAUGE", None, false),
            ("", "", "GAUGE", None, false),
        ] {
            let found = other(head, name, kind);
            let pair = found.certain.first().map(|renamed| (renamed.v0.as_str(), renamed.v1.as_str()));
            assert_eq!((pair, !found.possible.is_empty()), (certain, possible), "{head} {name} {kind}");
        }
    }

    #[test]
    fn one_line_tells_it_from_the_side_of_the_generation_in_use() {
        let text = "rules:\n- {pattern: a, name: a_total}\n- {pattern: b, name: b, type: COUNTER}\n\
                    - {pattern: '(c)', name: $1}\n- {pattern: d, name: d, type: SUMMARY}\n";
        let rules = Rules::load(text, "r.yml").unwrap();
        assert_eq!(
            OtherNames::of(&rules).summary(Compat::V0).unwrap(),
            "under 1.x 2 of 4 rules would give other names, e.g. rule 1: a_total -> a, rule 2: b -> b_total; \
             the families of 1 rules would be untyped"
        );
        let rules = Rules::load_with("rules: [{pattern: a, name: a_total}]", "r.yml", Some(Compat::V1)).unwrap();
        let summary = OtherNames::of(&rules).summary(rules.compat).unwrap();
        assert_eq!(summary, "under 0.x 1 of 1 rules would give other names, e.g. rule 1: a -> a_total");
        for text in ["rules: [{pattern: a, name: a}]", "rules: [{pattern: '(a)', name: n7_$1}]"] {
            let same = Rules::load(text, "r.yml").unwrap();
            assert_eq!(OtherNames::of(&same).summary(Compat::V0), None, "{text}");
        }
    }
}
