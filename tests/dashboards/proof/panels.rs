//! Every query of every panel, annotation and variable, with every selection: no error, data, no more series than one can read, and the
//! labels that legends and tables speak of.

use std::collections::{BTreeMap, BTreeSet};

use kafka_lab::Prometheus;

use super::quiet;
use super::selection::{ALL, ONE, SINGLE, SPLIT, Selection};
use super::world::{INTERVAL, World, world};
use crate::board::{self, Board, Panel, Query, legend_labels};
use crate::interpolation::Graph;

/// More lines than this nobody can read, and docs/dashboards.md promises no more.
const MOST_LINES: usize = 20;
/// More rows than this nobody reads.
const MOST_ROWS: usize = 100;

/// How many series a query of a panel may yield.
pub(super) fn most_series(panel: Option<&Panel>) -> usize {
    if panel.is_some_and(|panel| panel.kind == "table") { MOST_ROWS } else { MOST_LINES }
}

/// A graph of the scenario.
pub(super) fn graph(world: &World) -> Graph {
    let range = world.all_of_it();
    Graph { range: std::time::Duration::from_secs_f64(range.end - range.start), step: INTERVAL, scrape: INTERVAL }
}

/// What came of a query: the labels of its series.
#[derive(Debug, Default)]
struct Answer {
    series: usize,
    labels: BTreeSet<String>,
}

/// Runs it over all of the scenario, or where it is for one value at a time, while the broker is down and at the end.
fn ask(prometheus: &Prometheus, world: &World, query: &Query<'_>, text: &str) -> kafka_lab::Result<Answer> {
    let mut answer = Answer::default();
    let mut add = |found: Vec<BTreeMap<String, String>>| {
        answer.series = answer.series.max(found.len());
        answer.labels.extend(found.into_iter().flatten().filter(|(_, value)| !value.is_empty()).map(|(name, _)| name));
    };
    if query.instant {
        for moment in [&world.down, &world.back] {
            let samples = prometheus.query_at(text, moment.time)?;
            add(samples.into_iter().filter(|sample| !sample.value.is_nan()).map(|sample| sample.labels).collect());
        }
    } else {
        let series = prometheus.query_range(text, world.all_of_it())?;
        let numbers = |points: &[(f64, f64)]| points.iter().any(|(_, value)| !value.is_nan());
        add(series.into_iter().filter(|series| numbers(&series.points)).map(|series| series.labels).collect());
    }
    Ok(answer)
}

#[test]
fn every_query_answers_in_both_layouts_with_data_few_series_and_the_labels_that_are_shown() {
    let world = world();
    let (graph, prometheus) = (graph(world), world.prometheus());
    let mut faults = Vec::new();
    let mut asked = 0;
    for board in &board::read_all() {
        let mut labels_of_panels: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for query in board.queries() {
            let mut fault = |what: String| faults.push(format!("{} [{}] {what}", board.file, query.place));
            let (mut labels, mut empty) = (BTreeSet::new(), Vec::new());
            for selection in [SINGLE, SPLIT, ALL, ONE] {
                let text = selection.apply(query.expr, board, graph, prometheus);
                asked += 1;
                let answer = match ask(prometheus, world, &query, &text) {
                    Ok(answer) => answer,
                    Err(error) => {
                        fault(format!("{}: {error}\n    {text}", selection.name));
                        continue;
                    }
                };
                let most = most_series(query.panel);
                if answer.series > most {
                    fault(format!("{}: {} series, more than {most}\n    {text}", selection.name, answer.series));
                }
                if answer.series == 0 && selection.name != ONE.name && !quiet::covers(board, &query) {
                    empty.push((selection.name, text));
                }
                labels.extend(answer.labels);
            }
            if let Some((_, text)) = empty.first() {
                let names: Vec<_> = empty.iter().map(|(name, _)| *name).collect();
                fault(format!("{}: nothing\n    {text}", names.join(", ")));
            }
            if !labels.is_empty() {
                let gone = legend_labels(query.legend).filter(|label| !labels.contains(*label));
                gone.for_each(|label| fault(format!("the legend shows `{label}`, of {labels:?}")));
            }
            labels_of_panels.entry(query.place).or_default().extend(labels);
        }
        faults.extend(columns_without_label(board, &labels_of_panels));
    }
    assert!(faults.is_empty(), "{} faults of {asked} queries:\n{}", faults.len(), faults.join("\n"));
}

/// Columns of tables that are named for a label that no query of the panel has.
fn columns_without_label(board: &Board, labels: &BTreeMap<&str, BTreeSet<String>>) -> Vec<String> {
    let mut faults = Vec::new();
    for panel in board.panels() {
        let Some(labels) = labels.get(panel.title.as_str()).filter(|labels| !labels.is_empty()) else { continue };
        let organized = panel.transformations.iter().filter(|one| one["id"] == "organize");
        let columns = organized.filter_map(|one| one["options"]["renameByName"].as_object()).flatten();
        for (column, _) in columns.filter(|(column, _)| !column.starts_with("Value") && *column != "Time") {
            if !labels.contains(column) && !quiet::covers_column(board, &panel.title, column) {
                faults
                    .push(format!("{} [{}] there is a column for `{column}`, of {labels:?}", board.file, panel.title));
            }
        }
    }
    faults
}

#[test]
fn every_variable_offers_values_in_both_layouts_but_for_labels_that_only_one_has() {
    let world = world();
    let (graph, prometheus) = (graph(world), world.prometheus());
    let mut faults = Vec::new();
    for board in &board::read_all() {
        for variable in board.dashboard.templating.list.iter().filter(|variable| variable.kind == "query") {
            let offers = |selection: Selection| !selection.options(variable, board, graph, prometheus).is_empty();
            let expected = match variable.name.as_str() {
                "cluster" => [false, true, true],
                "broker" => [true, false, true],
                _ => [true; 3],
            };
            let found = [SINGLE, SPLIT, ALL].map(offers);
            // Of all that Prometheus has, whatever else is chosen: a variable that does not depend on the job offers the same.
            if found != expected && !(variable.name == "cluster" && found == [true; 3]) {
                faults.push(format!("{} [{}] {found:?}, not {expected:?}", board.file, variable.name));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
