//! Types that do not fit, `cache` where the pattern looks at the value, labels of one name.

use super::reach::with_cache;
use super::{Finding, FindingKind, Looked, expand, groups, matches, shown};
use crate::rules::naming::{safe_label, safe_name};
use crate::rules::{Compat, Part, RuleType, Rules, Template};

pub(super) fn check(looked: &[&Looked<'_>], rules: &Rules, findings: &mut Vec<Finding>) {
    for looked in looked {
        let rule = looked.rule;
        if rule.rule_type == RuleType::Counter && rules.compat == Compat::V0 {
            findings.extend(counter_without_total(looked, rules));
        }
        let counts = !looked.samples.is_empty() && looked.samples.iter().all(|sample| sample.contains("><>Count: "));
        if rule.rule_type == RuleType::Gauge && counts {
            let text = "Count of meters and histograms only grows: make the type COUNTER and let the name end in _total, so \
                        that rate() is understood as meant";
            findings.push(looked.finding(FindingKind::Type, text));
        }
        if rule.cache {
            findings.extend(cache(looked));
        }
        findings.extend(equal_labels(looked, rules));
    }
}

fn counter_without_total(looked: &Looked<'_>, rules: &Rules) -> Option<Finding> {
    let template = looked.rule.name.as_ref()?;
    let names: Vec<String> = if template.parts().iter().all(|part| matches!(part, Part::Text(_))) {
        vec![safe_name(template.source(), rules.lowercase_output_name)]
    } else {
        let expanded = looked.samples.iter().filter_map(|sample| {
            let groups = groups(looked.rule, sample)?;
            Some(safe_name(&expand(template, groups.as_ref(), sample), rules.lowercase_output_name))
        });
        expanded.collect()
    };
    if names.is_empty() || names.iter().any(|name| name.is_empty() || name.ends_with("_total")) {
        return None;
    }
    // Without the name, so that what is so of many rules can be said once.
    let text = "a counter whose name does not end in _total: as with jmx_exporter 0.x the TYPE line has _total at the end \
                and the samples have not, which Prometheus takes for untyped; let the name end in _total, or leave the type \
                out";
    Some(looked.finding(FindingKind::Type, text))
}

fn cache(looked: &Looked<'_>) -> Option<Finding> {
    let rule = looked.rule;
    let seen: Vec<String> = looked.samples.iter().map(|sample| with_cache(sample)).collect();
    if !seen.is_empty() && !seen.iter().any(|text| matches(rule, text)) {
        let text = "cache: true puts <cache> in place of the value, so this pattern, which looks at the value, never \
                    matches; remove `cache`, which is not needed here: verdicts are kept anyway";
        return Some(looked.finding(FindingKind::Cache, text));
    }
    let value = rule.value.as_ref()?;
    let (text, groups) = seen.iter().find_map(|text| Some((text, groups(rule, text)?)))?;
    expand(value, groups.as_ref(), text).contains("<cache>").then(|| {
        let text = "cache: true puts <cache> in place of the value, and `value` takes that for a number, so nothing comes of \
                    the rule; remove `cache`, which is not needed here";
        looked.finding(FindingKind::Cache, text)
    })
}

fn equal_labels(looked: &Looked<'_>, rules: &Rules) -> Option<Finding> {
    let names: Vec<_> = looked.rule.labels.iter().map(|(name, _)| (name.source(), label_name(name, rules))).collect();
    let (at, (one, name)) = names
        .iter()
        .enumerate()
        .find(|(at, (_, name))| !name.is_empty() && names[..*at].iter().any(|(_, earlier)| earlier == name))?;
    let (other, _) = names[..at].iter().find(|(_, earlier)| earlier == name)?;
    let text = format!(
        "the labels {} and {} both become {name}: 0.x shows both, which Prometheus refuses, and 1.x fails the scrape; \
         rename one",
        shown(other),
        shown(one)
    );
    Some(looked.finding(FindingKind::Labels, text))
}

/// The label's name; of one with captures its source, as one capture used twice gives one name whatever it is. Empty if
/// there is none.
fn label_name(name: &Template, rules: &Rules) -> String {
    let lowercase = rules.lowercase_output_label_names;
    if name.parts().iter().all(|part| matches!(part, Part::Text(_))) {
        return if name.is_empty() { String::new() } else { safe_label(name.source(), lowercase) };
    }
    name.source().to_owned()
}
