//! `rules explain`: a rules file and match strings or a live bean in, which rule decides on each and what comes of it out.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::arguments::Explain;
use super::why_not::{Miss, why_not};
use super::{Done, Outcome, explained, files, json, live, match_string};
use crate::mbean::{ObjectName, ObjectNamePattern};
use crate::metrics::{Family, MetricType};
use crate::rules::{Dropped, Rule, Rules, Trial, Tried, Verdict};

/// Rules that did not match, as far as they are told of unless all are asked for.
const NEAREST: usize = 3;

/// Rules whose distance is measured to find the nearest; the others lack more texts than these.
const MEASURED: usize = 40;

/// What comes of one match string.
#[derive(Debug, Serialize)]
pub(super) struct Explanation {
    pub(super) match_string: String,
    /// `series`, `dropped`, `no_rule` or `filtered`.
    pub(super) outcome: &'static str,
    /// Why there is no series.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    /// The rule that decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rule: Option<RuleId>,
    pub(super) captures: Vec<Capture>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) series: Option<Series>,
    /// What is different in the other generation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) other_generation: Option<OtherGeneration>,
    pub(super) not_matched: Vec<NotMatched>,
    /// How many more rules were tried before and did not match.
    pub(super) not_matched_more: usize,
}

/// A rule of the file.
#[derive(Debug, Serialize)]
pub(super) struct RuleId {
    /// Counted from 1.
    pub(super) number: usize,
    pub(super) line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pattern: Option<String>,
}

/// What a group captured.
#[derive(Debug, Serialize)]
pub(super) struct Capture {
    pub(super) group: usize,
    /// `None` = the group took no part in the match.
    pub(super) text: Option<String>,
}

/// A series as it is on the page.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Series {
    pub(super) name: String,
    pub(super) labels: BTreeMap<String, String>,
    /// As text, because JSON has no NaN.
    pub(super) value: String,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) help: String,
    /// Name and labels as they are on the page.
    #[serde(skip)]
    pub(super) rendered: String,
}

/// What the other generation makes of it.
#[derive(Debug, Serialize)]
pub(super) struct OtherGeneration {
    pub(super) compat: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) series: Option<Series>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
}

/// A rule that was tried and does not match.
#[derive(Debug, Serialize)]
pub(super) struct NotMatched {
    #[serde(flatten)]
    pub(super) rule: RuleId,
    pub(super) reason: String,
}

/// A file's rules in one generation, ready to be tried.
struct Side {
    rules: Arc<Rules>,
    trial: Trial,
}

impl Side {
    fn new(rules: Rules) -> Self {
        let rules = Arc::new(rules);
        Self { trial: Trial::new(Arc::clone(&rules)), rules }
    }
}

pub(super) async fn run(arguments: &Explain) -> Result<Done, String> {
    let rules = files::load(&arguments.file, arguments.generation.compat)?;
    let compat = rules.compat;
    let mut side = Side::new(rules);
    // A file that the other generation refuses has nothing to be compared with; rules check tells so.
    let mut other = files::load(&arguments.file, Some(compat.other())).ok().map(Side::new);

    let tried = match (&arguments.string, &arguments.bean) {
        (Some(string), _) => {
            let parts = match_string::parse(string)?;
            let try_it =
                |side: &mut Side| vec![side.trial.leaf(&parts.place, &parts.keys, parts.attribute, &parts.value)];
            let tried = try_it(&mut side);
            (tried, other.as_mut().map(try_it))
        }
        (None, bean) => {
            let beans = beans(arguments, bean.as_deref().unwrap_or_default()).await?;
            let try_them =
                |side: &mut Side| beans.iter().flat_map(|bean| side.trial.bean(&bean.bean())).collect::<Vec<_>>();
            let tried = try_them(&mut side);
            (tried, other.as_mut().map(try_them))
        }
    };
    let (tried, others) = tried;
    let mut others = others.unwrap_or_default().into_iter();
    let mut explanations = Vec::new();
    for tried in &tried {
        let other = others.next();
        // Whole beans are long enough without the rules that did not match where one did.
        let misses = match (&arguments.bean, &tried.verdict) {
            _ if arguments.all => usize::MAX,
            (Some(_), Verdict::Rule { .. }) => 0,
            _ => NEAREST,
        };
        explanations.push(explain(&side.rules, tried, other.as_ref(), misses));
    }
    let problems = !explanations.iter().any(|explanation| explanation.series.is_some());
    let text = match arguments.output.json {
        true => json(&explanations)?,
        false => explained::write(&explanations, compat),
    };
    Ok(Done { text, outcome: Outcome::of_problems(problems) })
}

async fn beans(arguments: &Explain, wanted: &str) -> Result<Vec<live::Read>, String> {
    let pattern = ObjectNamePattern::parse(wanted)
        .map_err(|error| format!("--bean: {error}; write it like kafka.server:type=BrokerTopicMetrics,*"))?;
    let (agent, timeout) = arguments.agent.connect()?;
    let is_wanted = |name: &str| ObjectName::parse(name).is_ok_and(|name| pattern.matches(&name));
    let beans = live::beans(&agent, timeout, is_wanted).await?;
    if beans.is_empty() {
        let hint = if wanted.contains('*') { "" } else { "; end it in ,* if the bean has more keys" };
        return Err(format!("--bean: no bean of this broker is {wanted}{hint}"));
    }
    Ok(beans)
}

fn explain(rules: &Rules, tried: &Tried, other: Option<&Tried>, misses: usize) -> Explanation {
    let (outcome, reason) = told(&tried.verdict);
    let series = series_of(&tried.verdict);
    let (mut rule, mut captures, mut tried_before) = (None, Vec::new(), rules.rules.len());
    match &tried.verdict {
        Verdict::Rule { rule: at, groups, .. } => {
            tried_before = *at;
            if let Some(hit) = rules.rules.get(*at) {
                let seen = tried.seen_by(hit);
                let count = hit.pattern.as_ref().map_or(0, |pattern| pattern.group_count());
                let text = |group| groups.as_ref()?.text(group, &seen).map(str::to_owned);
                captures = (1..=count).map(|group| Capture { group, text: text(group) }).collect();
                rule = Some(rule_id(*at, hit));
            }
        }
        Verdict::BeanFiltered | Verdict::AttributeFiltered | Verdict::Null => tried_before = 0,
        Verdict::NoRule => {}
    }
    let other_generation = other.and_then(|other| {
        let there = series_of(&other.verdict);
        (there != series).then(|| OtherGeneration {
            compat: rules.compat.other().as_str(),
            reason: told(&other.verdict).1,
            series: there,
        })
    });
    let not_matched = nearest(rules, tried, tried_before, misses);
    Explanation {
        match_string: tried.text(),
        outcome,
        reason,
        rule,
        captures,
        series,
        other_generation,
        not_matched_more: tried_before - not_matched.len(),
        not_matched,
    }
}

/// The rules before `end` that came nearest, in the order of the file.
fn nearest(rules: &Rules, tried: &Tried, end: usize, count: usize) -> Vec<NotMatched> {
    let before = rules.rules.iter().enumerate().take(end);
    let mut before: Vec<(usize, &Rule)> = if count == 0 { Vec::new() } else { before.collect() };
    if before.len() > count {
        // Measuring takes time: first those that lack the fewest of their texts.
        let lacks = |&(_, rule): &(usize, &Rule)| {
            let seen = tried.seen_by(rule);
            let required = rule.pattern.as_ref().map_or(&[][..], |pattern| pattern.required());
            required.iter().filter(|literal| !seen.contains(literal.as_str())).count()
        };
        before.sort_by_cached_key(lacks);
        before.truncate(MEASURED);
    }
    let missed = before.into_iter().filter_map(|(at, rule)| {
        let seen = tried.seen_by(rule);
        let pattern = rule.pattern.as_ref()?;
        let miss = match pattern.matches(&seen) {
            Err(error) => Miss { share: 1.0, reason: format!("counts as not matched: {error}") },
            Ok(_) => why_not(pattern, &seen),
        };
        Some((at, rule, miss))
    });
    let mut missed: Vec<(usize, &Rule, Miss)> = missed.collect();
    missed.sort_by(|(_, _, a), (_, _, b)| b.share.total_cmp(&a.share));
    // What is about something else altogether is not near.
    let nearest = missed.first().map_or(0.0, |(_, _, nearest)| nearest.share);
    if count != usize::MAX {
        missed.retain(|(_, _, miss)| miss.share * 2.0 >= nearest);
    }
    missed.truncate(count);
    missed.sort_by_key(|(at, ..)| *at);
    missed.into_iter().map(|(at, rule, miss)| NotMatched { rule: rule_id(at, rule), reason: miss.reason }).collect()
}

fn rule_id(at: usize, rule: &Rule) -> RuleId {
    let pattern = rule.pattern.as_ref().map(|pattern| pattern.as_java().to_owned());
    RuleId { number: at + 1, line: rule.line, pattern }
}

/// The kind of outcome, and the reason if there is no series.
fn told(verdict: &Verdict) -> (&'static str, Option<String>) {
    let reason = match verdict {
        Verdict::BeanFiltered => "the file's lists of ObjectNames leave this bean out",
        Verdict::AttributeFiltered => "the file's lists of attributes leave this attribute out, or it is never read",
        Verdict::NoRule => "no rule matches",
        Verdict::Null => "it is null at the moment, so that there is nothing to match",
        Verdict::Rule { result, .. } => match result {
            Ok(_) => return ("series", None),
            Err(Dropped::NoName) => "the rule's name expands to nothing: this is how rules drop attributes",
            Err(Dropped::NoNumber(text)) => {
                return ("dropped", Some(format!("the rule's value expands to {text:?}, which is no number")));
            }
            Err(Dropped::Text) => "the attribute is a text, and the rule has no value",
            Err(Dropped::Reserved) => "names that begin with kafka_vitals_ are the exporter's own",
        },
    };
    let outcome = match verdict {
        Verdict::BeanFiltered | Verdict::AttributeFiltered => "filtered",
        Verdict::NoRule => "no_rule",
        Verdict::Null | Verdict::Rule { .. } => "dropped",
    };
    (outcome, Some(reason.to_owned()))
}

fn series_of(verdict: &Verdict) -> Option<Series> {
    match verdict {
        Verdict::Rule { result: Ok(family), .. } => series(family),
        _ => None,
    }
}

fn series(family: &Family) -> Option<Series> {
    let sample = family.samples.first()?;
    let labels = sample.labels.as_str();
    let braces = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
    Some(Series {
        name: family.name.to_string(),
        labels: sample.labels.pairs().into_iter().collect(),
        value: sample.value.to_string(),
        kind: if family.kind == MetricType::Unknown { "untyped" } else { family.kind.as_str() },
        help: family.help.to_string(),
        rendered: format!("{}{braces}", family.name),
    })
}
