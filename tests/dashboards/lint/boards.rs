//! Rules for a dashboard as a whole: its address, its variables, its links.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Context, Fault};
use crate::board::{Board, Variable};
use crate::interpolation::variables;
use crate::labels;
use crate::promql;

/// Grafana takes no longer ones.
const LONGEST_UID: usize = 40;
/// By this one all dashboards of the set link to each other.
const TAG: &str = "kafka-vitals";

/// `uid` is chosen by hand, is the file's name, and nobody else's.
pub(super) fn uid(board: &Board, context: &Context<'_>) -> Vec<Fault> {
    let uid = &board.dashboard.uid;
    let mut faults = Vec::new();
    if *uid != board.file {
        faults.push(Fault::of_board(format!("uid {uid:?} is not the file's name")));
    }
    if uid.len() > LONGEST_UID || !uid.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
        faults.push(Fault::of_board(format!("uid {uid:?} is longer than {LONGEST_UID} or not in lower case")));
    }
    if context.boards.iter().filter(|other| other.dashboard.uid == *uid).count() > 1 {
        faults.push(Fault::of_board(format!("uid {uid:?} is used twice")));
    }
    faults
}

/// Works when it is imported, and when it is provisioned from a file.
pub(super) fn importable(board: &Board, _: &Context<'_>) -> Vec<Fault> {
    let mut faults: Vec<_> = ["__inputs", "__requires", "__elements"]
        .iter()
        .filter(|key| board.raw.get(**key).is_some())
        .map(|key| Fault::of_board(format!("`{key}` is resolved by an import by hand only")))
        .collect();
    if !board.raw.get("id").is_none_or(Value::is_null) {
        faults.push(Fault::of_board("`id` is that of one Grafana's database"));
    }
    if board.raw["schemaVersion"].as_u64().is_none_or(|version| version < 36) {
        faults.push(Fault::of_board("`schemaVersion` is older than Grafana 9"));
    }
    faults
}

/// What comes from a file is changed there.
pub(super) fn uneditable(board: &Board, _: &Context<'_>) -> Vec<Fault> {
    if board.dashboard.editable == Some(false) { Vec::new() } else { vec![Fault::of_board("`editable` is not false")] }
}

/// What all boards of the set share.
pub(super) fn conventions(board: &Board, _: &Context<'_>) -> Vec<Fault> {
    let dashboard = &board.dashboard;
    let mut faults = Vec::new();
    let mut expect = |holds: bool, what: &str| {
        if !holds {
            faults.push(Fault::of_board(what));
        }
    };
    expect(!dashboard.title.is_empty(), "no title");
    expect(!dashboard.description.is_empty(), "no description");
    expect(dashboard.tags.iter().any(|tag| tag == "kafka"), "no tag `kafka`");
    expect(dashboard.tags.iter().any(|tag| tag == TAG), "no tag `kafka-vitals`");
    expect(dashboard.timezone == "browser", "the time zone is not the browser's");
    expect(dashboard.graph_tooltip == 1, "the crosshair is not shared");
    expect(!dashboard.annotations.list.is_empty(), "no annotations");
    faults
}

/// One data source, which is chosen by a variable.
pub(super) fn template_datasource(board: &Board, _: &Context<'_>) -> Vec<Fault> {
    let all: Vec<_> = board.dashboard.templating.list.iter().filter(|variable| variable.kind == "datasource").collect();
    match all.as_slice() {
        [one] if one.name == "datasource" && one.query() == "prometheus" && one.label == "Data source" => Vec::new(),
        _ => vec![Fault::of_board("not one variable `datasource` of type prometheus, labelled Data source")],
    }
}

/// Variables of these can be chosen together, or all of them; others may be one of several.
const OF_SEVERAL: &[&str] = &["cluster", "job", "exporter", "instance", "broker", "topic", "group"];

/// The variables that choose a target, and how each that is filled by a query has to be.
pub(super) fn template_variables(board: &Board, _: &Context<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for name in ["cluster", "job", "exporter"] {
        if board.variable(name).is_none() {
            faults.push(Fault::new(name, "there is no such variable"));
        }
    }
    for variable in board.dashboard.templating.list.iter().filter(|variable| variable.kind != "datasource") {
        let Variable { name, kind, label, multi, include_all, all_value, refresh, .. } = variable;
        let mut expect = |holds: bool, what: &str| {
            if !holds {
                faults.push(Fault::new(name, what));
            }
        };
        expect(label.starts_with(|first: char| first.is_uppercase()), "its label does not begin with a capital letter");
        if kind != "query" {
            // A list of values that is written down needs none of the rest.
            expect(["custom", "interval", "textbox"].contains(&kind.as_str()), "an unexpected type");
            continue;
        }
        let source = variable.datasource.as_ref().and_then(|datasource| datasource.uid.as_deref());
        expect(source == Some("${datasource}"), "its data source is not the chosen one");
        let several = *multi && *include_all;
        expect(several || !OF_SEVERAL.contains(&name.as_str()), "one cannot choose several values and all");
        // `.+` would leave out the series that lack an optional label.
        let all = if ["cluster", "broker"].contains(&name.as_str()) { ".*" } else { ".+" };
        let short = !include_all || all_value.as_deref() == Some(all);
        expect(short, &format!("the value for all is {all_value:?}, not {all:?}"));
        expect(*refresh == 2, "it is not refreshed when the time range changes");
    }
    faults
}

/// The PromQL in a variable's query, if it is one that Grafana knows: `label_values(...)` or `query_result(...)`.
pub(crate) fn variable_selector(query: &str) -> Result<&str, String> {
    let inner = |function: &str| query.strip_prefix(function)?.strip_prefix('(')?.strip_suffix(')');
    if let Some(inner) = inner("label_values") {
        return Ok(inner.rsplit_once(',').map_or("", |(selector, _)| selector));
    }
    inner("query_result").ok_or_else(|| format!("neither label_values nor query_result: {query}"))
}

/// Variables are filled by queries that parse, of metrics that are there as soon as there is a cluster.
pub(super) fn template_label_promql(board: &Board, context: &Context<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for variable in board.dashboard.templating.list.iter().filter(|variable| variable.kind == "query") {
        let mut fault = |what: String| faults.push(Fault::new(&variable.name, what));
        let selector = match variable_selector(variable.query()) {
            Ok("") => {
                fault("it looks at all series there are".to_owned());
                continue;
            }
            Ok(selector) => selector,
            Err(error) => {
                fault(error);
                continue;
            }
        };
        let expr = match promql::parse(selector) {
            Ok(expr) => expr,
            Err(error) => {
                fault(format!("{error}: {selector}"));
                continue;
            }
        };
        let mut unknown = Vec::new();
        let labels = labels::labels(&expr, context.metrics, &mut unknown);
        unknown.into_iter().for_each(&mut fault);
        let label = variable.query().trim_end_matches(')').rsplit_once(',').map_or("", |(_, label)| label.trim());
        if variable.query().starts_with("label_values") && !labels.has(label) {
            fault(format!("`{label}` is no label of {selector}"));
        }
        for selector in promql::selectors(&expr) {
            for metric in &selector.metrics {
                match context.metrics.get(metric) {
                    None => fault(format!("there is no metric {metric}")),
                    Some(_) if metric.starts_with("kafka_consumergroup_") && metric.contains("lag") => {
                        fault(format!("{metric} is not there before a group has committed"));
                    }
                    Some(_) => {}
                }
            }
        }
    }
    faults
}

/// What is used is defined, what is defined is used.
pub(super) fn template_used(board: &Board, _: &Context<'_>) -> Vec<Fault> {
    let mut texts = Vec::new();
    all_texts(&board.raw, &mut texts);
    // Grafana fills in those of fields (`${__data.fields.x}`) and of links (`${__url_time_range}`) itself.
    let used: BTreeSet<&str> =
        texts.iter().flat_map(|text| variables(text)).filter(|name| !name.starts_with("__")).collect();
    let defined: BTreeSet<&str> =
        board.dashboard.templating.list.iter().map(|variable| variable.name.as_str()).collect();
    // References of regular expressions in transformations.
    let reference = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
    let undefined = used.difference(&defined).filter(|name| !reference(name));
    let unused = defined.difference(&used);
    let undefined = undefined.map(|name| Fault::new(name, "used, but not defined"));
    undefined.chain(unused.map(|name| Fault::new(name, "defined, but not used"))).collect()
}

fn all_texts<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(values) => values.iter().for_each(|value| all_texts(value, found)),
        Value::Object(entries) => entries.values().for_each(|value| all_texts(value, found)),
        _ => {}
    }
}

/// All links lead to dashboards of the set, with variables that these have.
pub(super) fn links(board: &Board, context: &Context<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let by_tag = board.dashboard.links.iter().any(|link| {
        let tags = link["tags"].as_array();
        link["type"] == "dashboards"
            && tags.is_some_and(|tags| tags.iter().any(|tag| tag == TAG))
            && link["keepTime"] == true
            && link["includeVars"] == true
    });
    if !by_tag {
        faults.push(Fault::of_board("no link to the other boards by their tag that keeps time and variables"));
    }
    let mut texts = Vec::new();
    all_texts(&board.raw, &mut texts);
    for text in texts {
        for after in text.split("/d/").skip(1) {
            let (uid, rest) = after.split_at(after.find(['?', '/', ' ', ')', '"']).unwrap_or(after.len()));
            let Some(target) = context.boards.iter().find(|other| other.dashboard.uid == uid) else {
                faults.push(Fault::of_board(format!("a link to {uid:?}, which is no dashboard")));
                continue;
            };
            for parameter in rest.split("var-").skip(1) {
                let name = parameter.split(['=', '&']).next().unwrap_or_default();
                if target.variable(name).is_none() {
                    faults.push(Fault::of_board(format!("a link to {uid} with `{name}`, which is no variable there")));
                }
            }
        }
    }
    faults
}

/// Kafka 4 has none.
pub(super) fn no_zookeeper(board: &Board, _: &Context<'_>) -> Vec<Fault> {
    let mentioned = board.raw.to_string().to_lowercase().contains("zookeeper");
    if mentioned { vec![Fault::of_board("it mentions ZooKeeper")] } else { Vec::new() }
}
