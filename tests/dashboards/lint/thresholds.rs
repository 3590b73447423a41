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
            let steps = plain(steps);
            let limited: Vec<&Step> = steps.iter().filter(|step| step.value.is_some()).collect();
            if limited.is_empty() {
                continue;
            }
            // Where no alert says how many are too many, one is more than none.
            let any = limited.iter().all(|step| step.value == Some(1.0)) && limited.len() == 1;
            if any && !about.iter().any(|(_, limits)| limits.iter().any(|limit| limit.above && limit.number == 0.0)) {
                continue;
            }
            let agree = |limits: &[Limit<'_>]| {
                SCALES.iter().any(|scale| expected(limits, *scale, panel.draws_limits()).contains(&steps))
            };
            if !about.iter().any(|(_, limits)| agree(limits)) {
                let names: Vec<_> = about.iter().map(|(alert, _)| alert).collect();
                faults.push(Fault::new(
                    &panel.title,
                    format!("steps {steps:?} are the limit of no alert on what it shows, of {names:?}"),
                ));
            }
        }
    }
    faults
}

/// The steps, with one colour for all that says that nothing is wrong.
fn plain(mut thresholds: Thresholds) -> Vec<Step> {
    for step in &mut thresholds.steps {
        if ["text", "transparent"].contains(&step.color.as_str()) {
            step.color = "green".to_owned();
        }
    }
    thresholds.steps
}

/// The thresholds of the panel and of its columns.
fn thresholds_of(panel: &Panel) -> Vec<Thresholds> {
    let of_columns = panel.field_config.overrides.iter().filter_map(|one| one.get("thresholds"));
    let of_columns = of_columns.filter_map(|value| serde_json::from_value(value.clone()).ok());
    panel.field_config.defaults.thresholds.clone().into_iter().chain(of_columns).collect()
}

/// The steps that show these limits, one way or another.
fn expected(limits: &[Limit<'_>], scale: f64, drawn: bool) -> Vec<Vec<Step>> {
    let mut limits = limits.to_vec();
    limits.sort_by(|one, other| one.number.total_cmp(&other.number));
    let colour = |limit: &Limit<'_>| match limit.severity {
        "critical" => "red",
        "warning" => "orange",
        _ => "yellow",
    };
    let step = |color: &str, value: Option<f64>| Step { color: color.to_owned(), value };
    let good = step("green", None);
    let each = |value: &dyn Fn(f64) -> f64| {
        let steps = limits.iter().map(|limit| step(colour(limit), Some(value(limit.number))));
        std::iter::once(good.clone()).chain(steps).collect::<Vec<_>>()
    };
    if limits.iter().all(|limit| limit.above) {
        // As they are, and for whole numbers, where more than 0 begins at 1.
        vec![each(&|number| number * scale), each(&|number| number.floor() + 1.0)]
    } else {
        let colours = limits.iter().map(colour).chain(["green"]);
        let values = std::iter::once(None).chain(limits.iter().map(|limit| Some(limit.number * scale)));
        let below = colours.zip(values).map(|(color, value)| step(color, value)).collect();
        // A line is drawn where a limit is, in its colour, whatever it is below or above.
        std::iter::once(below).chain(drawn.then(|| each(&|number| number * scale))).collect()
    }
}

fn metrics_of<'q>(queries: impl Iterator<Item = &'q str>) -> BTreeSet<String> {
    let exprs = queries.filter_map(|query| promql::parse(query).ok());
    exprs
        .flat_map(|expr| promql::selectors(&expr).into_iter().flat_map(|selector| selector.metrics).collect::<Vec<_>>())
        .collect()
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
