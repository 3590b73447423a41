//! Rules and a leaf of a bean in, the first rule that matches its match string out.

use std::sync::Arc;

use super::candidates::{Candidate, Candidates, Needs, Seen};
use super::match_string::{Place, write_value};
use super::model::{Rule, Rules};
use super::naming::snake_case;
use super::pattern::{Groups, Pattern, literal_is_value_free};
use super::template::{Part, Template};
use crate::mbean::Value;

/// Stands for the value where a rule has `cache: true`.
pub(super) const CACHED_VALUE: &str = "<cache>";

/// After so many matches given up, a rule is not tried any more: each costs tens of milliseconds, and a node has tens of
/// thousands of texts.
const MAX_GIVEN_UP: u64 = 20;

/// Finds the first matching rule. Holds buffers; one per evaluator.
#[derive(Debug)]
pub(super) struct Matcher {
    rules: Arc<Rules>,
    /// The forms of the match string that rules want.
    forms: Vec<Form>,
    /// Per rule: its place in `forms`, and whether its outcome may depend on the digits of a number.
    traits: Vec<(usize, bool)>,
    found: Vec<Candidate>,
    /// Matches given up, per rule.
    gave_up: Vec<u64>,
}

/// A form of the match string, and the rules that look at it.
#[derive(Debug)]
struct Form {
    snake_case: bool,
    cache: bool,
    candidates: Candidates,
    seen: Seen,
    text: String,
}

/// What came of a leaf.
#[derive(Debug)]
pub(super) struct Match<'m> {
    /// The rule, counted from 0, with its groups (`None` for a rule without pattern) and what it matched.
    pub(super) hit: Option<Hit<'m>>,
    /// For a number: another number may have another outcome.
    pub(super) depends_on_number: bool,
}

/// A rule that matches.
#[derive(Debug)]
pub(super) struct Hit<'m> {
    /// Counted from 0.
    pub(super) rule: usize,
    /// `None` for a rule without pattern.
    pub(super) groups: Option<Groups>,
    /// The match string.
    pub(super) text: &'m str,
}

impl Matcher {
    pub(super) fn new(rules: Arc<Rules>) -> Self {
        let mut forms: Vec<(bool, bool)> =
            rules.rules.iter().map(|rule| (rule.attr_name_snake_case, rule.cache)).collect();
        forms.sort_unstable();
        forms.dedup();
        let traits = rules.rules.iter().map(|rule| {
            let form = forms.binary_search(&(rule.attr_name_snake_case, rule.cache)).unwrap_or_default();
            (form, sees_number(rule))
        });
        let traits = traits.collect();
        let form = |&(snake_case, cache): &(bool, bool)| {
            let needs = rules.rules.iter().map(|rule| {
                ((rule.attr_name_snake_case, rule.cache) == (snake_case, cache)).then(|| Needs {
                    literals: rule.pattern.as_ref().map_or(&[], Pattern::required),
                    is_value_free: if cache { |_| true } else { literal_is_value_free },
                })
            });
            Form { snake_case, cache, candidates: Candidates::new(needs), seen: Seen::default(), text: String::new() }
        };
        let forms = forms.iter().map(form).collect();
        let gave_up = vec![0; rules.rules.len()];
        Self { rules, forms, traits, found: Vec::new(), gave_up }
    }

    /// The first rule that matches the leaf `name` with this value.
    pub(super) fn first(&mut self, place: &Place<'_>, keys: &[&str], name: &str, value: &Value<'_>) -> Match<'_> {
        self.found.clear();
        for form in &mut self.forms {
            form.write(place, keys, name, value);
            form.candidates.find(&form.text, &mut form.seen, &mut self.found);
        }
        self.found.sort_unstable();
        let mut depends_on_number = false;
        for &Candidate { rule, may_match } in &self.found {
            let (form, sees_number) = self.traits[rule];
            depends_on_number |= sees_number;
            if !may_match {
                continue;
            }
            let text = &self.forms[form].text;
            let groups = match &self.rules.rules[rule].pattern {
                None => None,
                Some(_) if self.gave_up[rule] >= MAX_GIVEN_UP => continue,
                Some(pattern) => match pattern.matches(text) {
                    Ok(Some(groups)) => Some(groups),
                    Ok(None) => continue,
                    Err(_) => {
                        self.tell_given_up(rule);
                        self.gave_up[rule] += 1;
                        continue;
                    }
                },
            };
            return Match { hit: Some(Hit { rule, groups, text }), depends_on_number };
        }
        Match { hit: None, depends_on_number }
    }

    fn tell_given_up(&self, rule: usize) {
        let line = self.rules.rules[rule].line;
        let number = rule + 1;
        match self.gave_up[rule] + 1 {
            1 => tracing::warn!(
                rule = number,
                line,
                "the pattern of this rule takes too many steps on some match strings, which count as not matched"
            ),
            MAX_GIVEN_UP => tracing::error!(
                rule = number,
                line,
                "the pattern of this rule takes too many steps again and again: the rule is not tried any more"
            ),
            _ => {}
        }
    }

    /// Whether `text`, the leaf's value, or another text without angle brackets in its place may make a rule match that has
    /// a `value`, without which a text gives no sample. `false` is certain: a literal with an angle bracket that each match
    /// needs is then neither in what stands before the value, nor across its start, nor in `text`. Texts with angle
    /// brackets have to be asked about one by one: see [`is_structural`].
    pub(super) fn text_may_give_a_sample(&self, place: &Place<'_>, keys: &[&str], name: &str, text: &str) -> bool {
        let head = |name: &str| {
            let mut head = String::new();
            place.write_head(keys, name, &mut head);
            head
        };
        let (plain, snake) = (head(name), head(&snake_case(name)));
        self.rules.rules.iter().filter(|rule| rule.value.is_some()).any(|rule| {
            let head = if rule.attr_name_snake_case { &snake } else { &plain };
            let value = if rule.cache { CACHED_VALUE } else { text };
            let whole = format!("{head}{value}");
            let literals = rule.pattern.as_ref().map_or(&[][..], Pattern::required);
            let goes_on_in_value =
                |literal: &str| literal.char_indices().skip(1).any(|(at, _)| head.ends_with(&literal[..at]));
            let mut structural = literals.iter().filter(|literal| is_structural(literal));
            structural.all(|literal| whole.contains(literal.as_str()) || (!rule.cache && goes_on_in_value(literal)))
        })
    }

    /// How many matches were given up so far, because they would have taken too long.
    pub(super) fn gave_up(&self) -> u64 {
        self.gave_up.iter().sum()
    }
}

impl Form {
    fn write(&mut self, place: &Place<'_>, keys: &[&str], name: &str, value: &Value<'_>) {
        self.text.clear();
        if self.snake_case {
            place.write_head(keys, &snake_case(name), &mut self.text);
        } else {
            place.write_head(keys, name, &mut self.text);
        }
        if self.cache {
            self.text.push_str(CACHED_VALUE);
        } else {
            write_value(value, &mut self.text);
        }
    }
}

/// Whether the text has angle brackets: those around names in a match string, and hardly ever of a value.
pub(super) fn is_structural(text: &str) -> bool {
    text.contains(['<', '>'])
}

/// Whether what becomes of a number that the rule is tried on, or hit by, may depend on its digits.
fn sees_number(rule: &Rule) -> bool {
    let Some(pattern) = &rule.pattern else { return false };
    if rule.cache {
        return false;
    }
    // Group 0 is the whole match string.
    let whole = |template: &Template| template.parts().contains(&Part::Group(0));
    let labels = rule.labels.iter().flat_map(|(name, value)| [name, value]);
    pattern.can_see_number() || [&rule.name, &rule.value, &rule.help].into_iter().flatten().chain(labels).any(whole)
}
