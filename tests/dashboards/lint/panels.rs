//! Rules for panels: their places, sources, texts and units.

use std::collections::{BTreeMap, BTreeSet};

use super::{Context, Fault};
use crate::board::{Board, Datasource, Panel};

/// The columns of Grafana's grid.
const COLUMNS: u32 = 24;

/// Kinds that today's Grafana has, and that we draw pictures of.
const TYPES: &[&str] = &["stat", "timeseries", "table", "bargauge", "gauge", "state-timeline", "text", "alertlist"];

/// What shows values without a unit of the whole panel: words, and tables, whose columns have units of their own.
const WITHOUT_UNIT: &[&str] = &["text", "alertlist", "table"];

/// Ids of Grafana's units, those that our metrics are in.
const UNITS: &[&str] = &[
    "none",
    "short",
    "percent",
    "percentunit",
    "bytes",
    "decbytes",
    "Bps",
    "binBps",
    "s",
    "ms",
    "µs",
    "ns",
    "dtdurations",
    "dateTimeAsIso",
    "dateTimeFromNow",
    "ops",
    "reqps",
    "mps",
    "cps",
    "eps",
    "rps",
    "wps",
    "iops",
    "recps",
    "opm",
    "reqpm",
    "mpm",
    "recpm",
    "string",
    "bool",
    "bool_yes_no",
    "bool_on_off",
    "locale",
];

/// Grafana tells panels apart by it.
pub(super) fn unique_ids(board: &Board, _: &Context<'_>) -> Vec<Fault> {
    let mut seen = BTreeSet::new();
    let all = board.dashboard.panels.iter().flat_map(|panel| std::iter::once(panel).chain(&panel.panels));
    all.filter(|panel| panel.id == 0 || !seen.insert(panel.id))
        .map(|panel| Fault::new(&panel.title, format!("id {} is used twice, or none", panel.id)))
        .collect()
}

/// Nothing overlaps, and every line is full.
pub(super) fn grid(board: &Board, _: &Context<'_>) -> Vec<Fault> {
    let mut faults = full(&board.dashboard.panels);
    for row in &board.dashboard.panels {
        faults.extend(full(&row.panels));
    }
    faults
}

fn full(panels: &[Panel]) -> Vec<Fault> {
    let (mut faults, mut taken) = (Vec::new(), BTreeMap::new());
    for panel in panels {
        let at = panel.grid_pos;
        if at.w == 0 || at.h == 0 || at.x + at.w > COLUMNS {
            faults.push(Fault::new(&panel.title, format!("outside of the grid: {at:?}")));
        }
        let overlaps = (at.y..at.y + at.h)
            .flat_map(|y| (at.x..at.x + at.w).map(move |x| (y, x)))
            .filter_map(|cell| taken.insert(cell, &panel.title));
        let overlaps: BTreeSet<_> = overlaps.collect();
        faults.extend(overlaps.iter().map(|other| Fault::new(&panel.title, format!("it overlaps with {other:?}"))));
    }
    let mut lines: BTreeMap<u32, u32> = BTreeMap::new();
    for (y, _) in taken.keys() {
        *lines.entry(*y).or_default() += 1;
    }
    for panel in panels {
        let line = lines.get(&panel.grid_pos.y).copied().unwrap_or_default();
        let first = panels.iter().find(|other| other.grid_pos.y == panel.grid_pos.y);
        if line < COLUMNS && first.is_some_and(|first| std::ptr::eq(first, panel)) {
            faults.push(Fault::new(&panel.title, format!("its line has {line} of {COLUMNS} columns")));
        }
    }
    faults
}

/// No panels of AngularJS, such as `graph`.
pub(super) fn panel_types(board: &Board, _: &Context<'_>) -> Vec<Fault> {
    let unknown = board.panels().filter(|panel| !TYPES.contains(&panel.kind.as_str()));
    unknown.map(|panel| Fault::new(&panel.title, format!("a panel of type {}", panel.kind))).collect()
}

/// Everything asks the data source that is chosen.
pub(super) fn panel_datasource(board: &Board, _: &Context<'_>) -> Vec<Fault> {
    let chosen = |source: &Option<Datasource>| {
        source.as_ref().is_some_and(|source| {
            source.kind.as_deref() == Some("prometheus") && source.uid.as_deref() == Some("${datasource}")
        })
    };
    let panels = board
        .panels()
        .filter(|panel| !panel.targets.is_empty())
        .filter(|panel| !chosen(&panel.datasource) || !panel.targets.iter().all(|target| chosen(&target.datasource)));
    let panels = panels.map(|panel| panel.title.as_str());
    let annotations = board.dashboard.annotations.list.iter().filter(|annotation| !chosen(&annotation.datasource));
    let all = panels.chain(annotations.map(|annotation| annotation.name.as_str()));
    all.map(|place| Fault::new(place, "its data source is not `${datasource}`")).collect()
}

/// Every panel says what it shows.
pub(super) fn panel_title_description(board: &Board, _: &Context<'_>) -> Vec<Fault> {
    let silent = board.panels().filter(|panel| panel.title.is_empty() || panel.description.is_empty());
    silent.map(|panel| Fault::new(&panel.title, format!("panel {} has no title or no description", panel.id))).collect()
}

/// Every value has a unit.
pub(super) fn panel_units(board: &Board, _: &Context<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for panel in board.panels() {
        let of_overrides = panel.field_config.overrides.iter().filter_map(|one| one.get("unit"));
        let all = of_overrides.filter_map(|unit| unit.as_str()).chain(panel.field_config.defaults.unit.as_deref());
        faults.extend(
            all.filter(|unit| !known(unit)).map(|unit| Fault::new(&panel.title, format!("there is no unit {unit:?}"))),
        );
        if panel.field_config.defaults.unit.is_none() && !WITHOUT_UNIT.contains(&panel.kind.as_str()) {
            faults.push(Fault::new(&panel.title, "it has no unit"));
        }
        if panel.kind == "table" {
            let has_unit = |column: &str| {
                panel.field_config.overrides.iter().any(|one| one.field() == Some(column) && one.get("unit").is_some())
            };
            let without = value_columns(panel).filter(|column| !has_unit(column));
            faults.extend(without.map(|column| Fault::new(&panel.title, format!("column {column:?} has no unit"))));
        }
    }
    faults
}

/// Units with a text of one's own are written `suffix:text`.
fn known(unit: &str) -> bool {
    UNITS.contains(&unit) || unit.strip_prefix("suffix:").is_some_and(|text| !text.is_empty())
}

/// The headings of a table's columns of values, as its transformations name them.
fn value_columns(panel: &Panel) -> impl Iterator<Item = &str> {
    let names = panel.transformations.iter().filter(|one| one["id"] == "organize");
    let names = names.filter_map(|one| one["options"]["renameByName"].as_object()).flatten();
    names.filter(|(name, _)| name.starts_with("Value")).filter_map(|(_, heading)| heading.as_str())
}

/// A panel without a query shows nothing.
pub(super) fn panel_no_targets(board: &Board, _: &Context<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for panel in board.panels() {
        if panel.targets.is_empty() && !["text", "alertlist"].contains(&panel.kind.as_str()) {
            faults.push(Fault::new(&panel.title, "it has no query"));
        }
        let mut seen = BTreeSet::new();
        for target in &panel.targets {
            if target.expr.is_empty() || target.ref_id.is_empty() || !seen.insert(&target.ref_id) {
                faults.push(Fault::new(&panel.title, format!("query {:?} is empty or there twice", target.ref_id)));
            }
        }
    }
    faults
}

/// What is empty says why, in a word.
pub(super) fn panel_no_value(board: &Board, _: &Context<'_>) -> Vec<Fault> {
    let silent = board.panels().filter(|panel| !["text", "alertlist"].contains(&panel.kind.as_str())).filter(|panel| {
        panel.field_config.defaults.no_value.as_deref().is_none_or(str::is_empty) && panel.kind != "table"
    });
    silent.map(|panel| Fault::new(&panel.title, "it shows nothing, instead of saying that there is nothing")).collect()
}
