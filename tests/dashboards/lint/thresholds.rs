//! The rule for thresholds: a limit that a panel shows is that of an alert on what the panel shows.

use std::collections::BTreeSet;

use super::{Context, Fault};
use crate::alerting::{Limit, Rule};
use crate::board::{Board, Panel, Step, Thresholds};
use crate::promql;

/// What the values of an alert are multiplied with where a panel shows them in another unit.
const SCALES: [f64; 4] = [1.0, 100.0, 1000.0, 0.001];

pub(super) fn agree_with_alerts(board: &Board, context: &Context<'_>) -> Vec<Fault> {
    let limits = context.rules.limits();
    let mut faults = Vec::new();
    for panel in board.panels() {
        let shown = metrics_of(panel.targets.iter().map(|target| target.expr.as_str()));
        let is_about = |rule: &&Rule| !origins(rule, context).is_disjoint(&shown);
        let alerts: Vec<&Rule> = context.rules.alerts().filter(is_about).collect();
        let names: BTreeSet<&str> = alerts.iter().map(|rule| rule.alert.as_str()).collect();
        // How many there are of what an alert speaks of: one is wrong, or where 1 is well, none.
        let counts = alerts.iter().flat_map(|rule| {
            let bad = colour(rule.severity());
            [one_or_more(bad), vec![step(bad, None), step("green", Some(1.0))]]
        });
        let of_alerts = names
            .iter()
            .filter_map(|name| limits.get(name))
            .flat_map(|limits| SCALES.iter().flat_map(|scale| expected(limits, *scale, panel.draws_limits())));
        let agreeing: Vec<Vec<Step>> = counts.chain(of_alerts).collect();
        for steps in thresholds_of(panel).into_iter().map(plain).filter(|steps| steps.len() > 1) {
            // Where there is no alert at all, one may be more than none.
            let free = names.is_empty() && steps == one_or_more(&steps[1].color);
            if !free && !agreeing.contains(&steps) {
                let what = format!("steps {steps:?} are the limit of no alert on what it shows, of {names:?}");
                faults.push(Fault::new(&panel.title, what));
            }
        }
    }
    faults
}

fn step(color: &str, value: Option<f64>) -> Step {
    Step { color: color.to_owned(), value }
}

fn one_or_more(color: &str) -> Vec<Step> {
    vec![step("green", None), step(color, Some(1.0))]
}

fn colour(severity: &str) -> &'static str {
    match severity {
        "critical" => "red",
        "warning" => "orange",
        _ => "yellow",
    }
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
    let colour = |limit: &Limit<'_>| colour(limit.severity);
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
fn origins(alert: &Rule, context: &Context<'_>) -> BTreeSet<String> {
    let mut all = metrics_of(std::iter::once(alert.expr.as_str()));
    loop {
        let recorded = context.rules.recording().filter(|rule| all.contains(&rule.record));
        let more = metrics_of(recorded.map(|rule| rule.expr.as_str()));
        if more.is_subset(&all) {
            return all;
        }
        all.extend(more);
    }
}
