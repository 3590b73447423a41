//! What every dashboard has to obey, without a server: dashboards in, findings out. The rules of Grafana's dashboard-linter, and ours.

mod alerting_rules;
mod boards;
mod breakages;
mod exclusions;
mod panels;
mod queries;
mod thresholds;

use std::collections::BTreeSet;

use crate::alerting::Rules;
use crate::board::{self, Board};
use crate::metrics::Metrics;
pub(crate) use boards::variable_selector;
use exclusions::EXCLUSIONS;

/// What a rule may look at besides the dashboard itself.
#[derive(Debug)]
pub(crate) struct Context<'c> {
    pub(crate) boards: &'c [Board],
    pub(crate) rules: &'c Rules,
    pub(crate) metrics: &'c Metrics,
}

/// Something that a dashboard does not obey.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fault {
    /// A panel's title, an annotation's or a variable's name; empty for the dashboard as a whole.
    place: String,
    what: String,
}

impl Fault {
    fn new(place: &str, what: impl Into<String>) -> Self {
        Self { place: place.to_owned(), what: what.into() }
    }

    fn of_board(what: impl Into<String>) -> Self {
        Self::new("", what)
    }
}

type Check = fn(&Board, &Context<'_>) -> Vec<Fault>;

/// Names are those of dashboard-linter where it has the rule.
const RULES: &[(&str, Check)] = &[
    ("uid", boards::uid),
    ("importable", boards::importable),
    ("uneditable", boards::uneditable),
    ("conventions", boards::conventions),
    ("template-datasource", boards::template_datasource),
    ("template-variables", boards::template_variables),
    ("template-label-promql", boards::template_label_promql),
    ("template-used", boards::template_used),
    ("links", boards::links),
    ("no-zookeeper", boards::no_zookeeper),
    ("unique-ids", panels::unique_ids),
    ("grid", panels::grid),
    ("panel-types", panels::panel_types),
    ("panel-datasource", panels::panel_datasource),
    ("panel-title-description", panels::panel_title_description),
    ("panel-units", panels::panel_units),
    ("panel-no-targets", panels::panel_no_targets),
    ("panel-no-value", panels::panel_no_value),
    ("thresholds", thresholds::agree_with_alerts),
    ("target-promql", queries::target_promql),
    ("target-metrics", queries::target_metrics),
    ("target-labels", queries::target_labels),
    ("target-legend", queries::target_legend),
    ("target-matchers", queries::target_matchers),
    ("target-rate-interval", queries::target_rate_interval),
    ("target-counter-agg", queries::target_counter_agg),
    ("target-total", queries::target_total),
    ("target-requests", queries::target_requests),
    ("target-controllers", queries::target_controllers),
    ("target-quantiles", queries::target_quantiles),
    ("target-bounded", queries::target_bounded),
];

/// What a dashboard does not obey, by rule.
pub(crate) fn faults<'b>(board: &'b Board, context: &'b Context<'_>) -> impl Iterator<Item = (&'static str, Fault)> {
    RULES.iter().flat_map(|(rule, check)| check(board, context).into_iter().map(|fault| (*rule, fault)))
}

#[test]
fn every_dashboard_obeys_every_rule_but_for_the_exclusions_which_are_all_needed() {
    let (boards, rules) = (board::read_all(), Rules::read());
    let metrics = Metrics::load(&rules);
    let context = Context { boards: &boards, rules: &rules, metrics: &metrics };
    let (mut found, mut used) = (Vec::new(), BTreeSet::new());
    for board in &boards {
        for (rule, fault) in faults(board, &context) {
            let excluded = EXCLUSIONS.iter().position(|exclusion| exclusion.covers(rule, &board.file, &fault.place));
            match excluded {
                Some(at) => {
                    used.insert((at, fault.place));
                }
                None => found.push(format!("{} [{}] {rule}: {}", board.file, fault.place, fault.what)),
            }
        }
    }
    assert!(found.is_empty(), "{} faults:\n{}", found.len(), found.join("\n"));
    let places = EXCLUSIONS
        .iter()
        .enumerate()
        .flat_map(|(at, exclusion)| exclusion.places.iter().map(move |place| (at, (*place).to_owned())));
    let idle: Vec<_> =
        places.filter(|place| !used.contains(place)).map(|(at, place)| (place, &EXCLUSIONS[at])).collect();
    assert!(idle.is_empty(), "exclusions of what is no fault: {idle:#?}");
}
