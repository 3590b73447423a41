//! The rule for thresholds: a limit that a panel shows is that of an alert on what the panel shows.

use std::collections::BTreeSet;

use super::{Context, Fault};
use crate::alerting::Limit;
use crate::board::{Board, Panel, Step, Thresholds};
use crate::promql;

/// What the values of an alert are multiplied with where a panel shows them in another unit.
const SCALES: [f64; 4] = [1.0, 100.0, 1000.0, 0.001];

pub(super) fn agree_with_alerts(board: &Board, context: &Context<'_>) -> Vec<Fault> {
    let limits = context.rules.limits();
    let mut faults = Vec::new();
    for panel in board.panels() {
        let shown = metrics_of(panel.targets.iter().map(|target| target.expr.as_str()));
        // An alert of this name may look at a recorded series; what it was recorded from counts.
        let about: Vec<_> = limits.iter().filter(|(alert, _)| !origins(alert, context).is_disjoint(&shown)).collect();
        for steps in thresholds_of(panel) {
            let limited: Vec<&Step> = steps.steps.iter().filter(|step| step.value.is_some()).collect();
            if limited.is_empty() {
                continue;
            }
            // Where no alert says how many are too many, one is more than none.
            let any = limited.iter().all(|step| step.value == Some(1.0)) && limited.len() == 1;
            if any && !about.iter().any(|(_, limits)| limits.iter().any(|limit| limit.above && limit.number == 0.0)) {
                continue;
            }
            let agrees = about.iter().any(|(_, limits)| SCALES.iter().any(|scale| expected(limits, *scale).contains(&steps)));
            if !agrees {
                let names: Vec<_> = about.iter().map(|(alert, _)| alert).collect();
                faults.push(Fault::new(
                    &panel.title,
                    format!("steps {:?} are the limit of no alert on what it shows, of {names:?}", steps.steps),
                ));
            }
        }
    }
    faults
}

/// The thresholds of the panel and of its columns.
fn thresholds_of(panel: &Panel) -> Vec<Thresholds> {
    let of_columns = panel.field_config.overrides.iter().filter_map(|one| one.get("thresholds"));
    let of_columns = of_columns.filter_map(|value| serde_json::from_value(value.clone()).ok());
    panel.field_config.defaults.thresholds.clone().into_iter().chain(of_columns).collect()
}

/// The steps that show these limits: as they are, and for whole numbers, where more than 0 begins at 1.
fn expected(limits: &[Limit<'_>], scale: f64) -> Vec<Thresholds> {
    let mut limits = limits.to_vec();
    limits.sort_by(|one, other| one.number.total_cmp(&other.number));
    let colour = |limit: &Limit<'_>| match limit.severity {
        "critical" => "red",
        "warning" => "orange",
        _ => "yellow",
    };
    let step = |color: &str, value: Option<f64>| Step { color: color.to_owned(), value };
    if limits.iter().all(|limit| limit.above) {
        let steps = |value: &dyn Fn(f64) -> f64| Thresholds {
            steps: [step("green", None)]
                .into_iter()
                .chain(limits.iter().map(|limit| step(colour(limit), Some(value(limit.number)))))
                .collect(),
        };
        vec![steps(&|number| number * scale), steps(&|number| number.floor() + 1.0)]
    } else {
        let colours = limits.iter().map(colour).chain(["green"]);
        let values = std::iter::once(None).chain(limits.iter().map(|limit| Some(limit.number * scale)));
        vec![Thresholds { steps: colours.zip(values).map(|(color, value)| step(color, value)).collect() }]
    }
}

fn metrics_of<'q>(queries: impl Iterator<Item = &'q str>) -> BTreeSet<String> {
    let exprs = queries.filter_map(|query| promql::parse(query).ok());
    exprs.flat_map(|expr| promql::selectors(&expr).into_iter().flat_map(|selector| selector.metrics).collect::<Vec<_>>()).collect()
}

/// The metrics that an alert looks at, through recorded series down to those that are scraped.
fn origins(alert: &str, context: &Context<'_>) -> BTreeSet<String> {
    let of_alert = context.rules.alerts().filter(|rule| rule.alert == alert).map(|rule| rule.expr.as_str());
    let mut all = metrics_of(of_alert);
    loop {
        let recorded = context.rules.recording().filter(|rule| all.contains(&rule.record));
        let more = metrics_of(recorded.map(|rule| rule.expr.as_str()));
        if more.is_subset(&all) {
            return all;
        }
        all.extend(more);
    }
}
