//! Rules for queries of panels and annotations.

use std::time::Duration;

use promql_parser::label::{MatchOp, Matcher};
use promql_parser::parser::{AggregateExpr, Expr, LabelModifier};

use super::{Context, Fault};
use crate::board::{Board, Query, legend_labels};
use crate::labels;
use crate::metrics::Origin;
use crate::promql::{self, RATE_INTERVAL, Selector};

/// The matchers that choose the target, by where a metric comes from. All by variables, which have a value for All.
const OF_EXPORTER: &[(&str, &str)] = &[("cluster", "$cluster"), ("job", "$job"), ("instance", "$exporter")];
const OF_NODE: &[(&str, &str)] =
    &[("cluster", "$cluster"), ("job", "$job"), ("instance", "$instance"), ("broker", "$broker")];
const OF_TARGET: &[(&str, &str)] = &[("cluster", "$cluster"), ("job", "$job")];
const OF_RULES: &[(&str, &str)] = &[("cluster", "$cluster")];

/// Runs a rule over all queries that parse.
fn each<'b>(board: &'b Board, mut rule: impl FnMut(&Query<'b>, &Expr) -> Vec<String>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for query in board.queries() {
        if let Ok(expr) = promql::parse(query.expr) {
            faults.extend(rule(&query, &expr).into_iter().map(|what| Fault::new(query.place, what)));
        }
    }
    faults
}

/// Runs a rule over all selectors of all queries that parse.
fn each_selector(board: &Board, mut rule: impl FnMut(&Selector<'_>, &str) -> Option<String>) -> Vec<Fault> {
    each(board, |_, expr| {
        let selectors = promql::selectors(expr);
        let all = selectors.iter().flat_map(|selector| selector.metrics.iter().map(move |metric| (selector, metric)));
        all.filter_map(|(selector, metric)| rule(selector, metric)).collect()
    })
}

/// Every query parses.
pub(super) fn target_promql(board: &Board, _: &Context<'_>) -> Vec<Fault> {
    let failed = board.queries().filter_map(|query| Some((query, promql::parse(query.expr).err()?)));
    failed.map(|(query, error)| Fault::new(query.place, format!("{error}: {}", query.expr))).collect()
}

/// Every metric exists.
pub(super) fn target_metrics(board: &Board, context: &Context<'_>) -> Vec<Fault> {
    each_selector(board, |_, metric| match context.metrics.get(metric) {
        Some(_) => None,
        None => Some(format!("there is no metric {metric:?}")),
    })
}

/// Every label that is selected, grouped or matched by exists where it is.
pub(super) fn target_labels(board: &Board, context: &Context<'_>) -> Vec<Fault> {
    each(board, |_, expr| {
        let mut unknown = Vec::new();
        labels::labels(expr, context.metrics, &mut unknown);
        unknown
    })
}

/// The labels of a legend survive the aggregation.
pub(super) fn target_legend(board: &Board, context: &Context<'_>) -> Vec<Fault> {
    each(board, |query, expr| {
        let labels = labels::labels(expr, context.metrics, &mut Vec::new());
        let gone = legend_labels(query.legend).filter(|label| !labels.has(label));
        gone.map(|label| format!("the legend shows `{label}`, which the result does not have")).collect()
    })
}

fn has(selector: &Selector<'_>, label: &str, variable: &str) -> bool {
    selector.on(label).any(|matcher| matches!(matcher.op, MatchOp::Re(_)) && matcher.value == variable)
}

/// Whether the result of an aggregation still has a label.
fn keeps(aggregate: &AggregateExpr, label: &str) -> bool {
    let chooses = ["topk", "bottomk"].contains(&aggregate.op.to_string().as_str());
    chooses
        || match &aggregate.modifier {
            Some(LabelModifier::Include(kept)) => kept.labels.iter().any(|name| name == label),
            Some(LabelModifier::Exclude(gone)) => !gone.labels.iter().any(|name| name == label),
            None => false,
        }
}

/// Every selector is limited to what is chosen, and variables are always matched by `=~`.
pub(super) fn target_matchers(board: &Board, context: &Context<'_>) -> Vec<Fault> {
    let chooses_nodes = board.variable("instance").is_some();
    each(board, |query, expr| {
        let mut found = Vec::new();
        for selector in promql::selectors(expr) {
            // A number of the cluster as a whole may come from all of its nodes, whichever are chosen, and so may what is marked in all
            // of a board's graphs.
            let of_whole_cluster = query.panel.is_none()
                || !chooses_nodes
                || selector
                    .aggregations()
                    .any(|around| !["instance", "broker"].iter().any(|label| keeps(around, label)));
            for metric in &selector.metrics {
                let wanted: &[_] = match context.metrics.get(metric).map(|metric| metric.origin) {
                    Some(Origin::Cluster) => &[OF_EXPORTER],
                    Some(Origin::Node) if of_whole_cluster => &[OF_NODE, OF_TARGET],
                    Some(Origin::Node) => &[OF_NODE],
                    Some(Origin::Target) => &[OF_TARGET],
                    Some(Origin::Recorded | Origin::Alerts) => &[OF_RULES],
                    None => continue,
                };
                let limited = |to: &&[(&str, &str)]| to.iter().all(|(label, variable)| has(&selector, label, variable));
                if !wanted.iter().any(limited) {
                    found.push(format!("{metric} is not limited to {:?}", wanted[0]));
                }
            }
            let strict = selector.matchers.iter().find(|matcher| {
                matcher.value.contains('$') && !matches!(matcher.op, MatchOp::Re(_) | MatchOp::NotRe(_))
            });
            found.extend(strict.map(|matcher| format!("{matcher} cannot take several values")));
        }
        found
    })
}

/// A window that is longer than any scrape interval, for the one value of a query that draws no graph.
const LONG: Duration = Duration::from_secs(300);

/// Windows of rates fit any scrape interval.
pub(super) fn target_rate_interval(board: &Board, _: &Context<'_>) -> Vec<Fault> {
    each(board, |query, expr| {
        let fault = |selector: &Selector<'_>| {
            let range = selector.range?;
            let fits = range == RATE_INTERVAL || (query.instant && range >= LONG);
            let metrics = selector.metrics.join("|");
            match selector.calls().last()?.func.name {
                "rate" if !fits => Some(format!("rate({metrics}) over a window other than $__rate_interval")),
                "irate" => Some(format!("irate({metrics}) shows two samples and hides the rest")),
                _ => None,
            }
        };
        promql::selectors(expr).iter().filter_map(fault).collect()
    })
}

/// Functions that a counter may stand in: what it says is how much it grew.
const OF_COUNTERS: &[&str] = &["rate", "increase", "resets", "changes"];

/// Counters are not shown as they are.
pub(super) fn target_counter_agg(board: &Board, context: &Context<'_>) -> Vec<Fault> {
    each_selector(board, |selector, metric| {
        let counts = context.metrics.get(metric)?.counter;
        // How many series there are does not depend on their values.
        let counted = selector.aggregations().last().is_some_and(|around| around.op.to_string() == "count");
        let grown = selector.calls().any(|call| OF_COUNTERS.contains(&call.func.name));
        (counts && !grown && !counted).then(|| format!("{metric} is a counter, outside of rate or increase"))
    })
}

/// Where a family holds a total beside its parts, one of them is selected.
pub(super) fn target_total(board: &Board, context: &Context<'_>) -> Vec<Fault> {
    each_selector(board, |selector, metric| {
        let label = context.metrics.get(metric)?.total_beside?;
        let both = selector.lets_through(label, "") && selector.lets_through(label, "some");
        both.then(|| format!("{metric} holds a total beside each {label}: say {label}=\"\" or {label}!=\"\""))
    })
}

/// Requests of type Fetch are those of FetchConsumer and FetchFollower together: where types are added up, it is left out.
pub(super) fn target_requests(board: &Board, context: &Context<'_>) -> Vec<Fault> {
    each_selector(board, |selector, metric| {
        let by_request = context.metrics.get(metric)?.labels.names.contains("request");
        let adding = selector.aggregations().filter(|around| ["sum", "avg"].contains(&around.op.to_string().as_str()));
        let added_up = adding.into_iter().any(|around| !keeps(around, "request"));
        let of_one = |matcher: &Matcher| {
            let name = matcher.value.strip_prefix('$');
            name.and_then(|name| board.variable(name)).is_some_and(|variable| !variable.multi)
        };
        let one = selector.on("request").any(of_one);
        let lets_through = |request| !one && selector.lets_through("request", request);
        let twice = lets_through("Fetch") && (lets_through("FetchConsumer") || lets_through("FetchFollower"));
        (by_request && added_up && twice).then(|| {
            format!("{metric} is added up over requests, of which Fetch is those of consumers and followers again")
        })
    })
}

/// What every controller tells of the cluster, all the same. Of the others each tells what is its own.
const OF_THE_CLUSTER: &[&str] = &[
    "kafka_controller_kafkacontroller_activebrokercount",
    "kafka_controller_kafkacontroller_controlledshutdownbrokercount",
    "kafka_controller_kafkacontroller_fencedbrokercount",
    "kafka_controller_kafkacontroller_globalpartitioncount",
    "kafka_controller_kafkacontroller_globaltopiccount",
    "kafka_controller_kafkacontroller_offlinepartitionscount",
    "kafka_controller_kafkacontroller_preferredreplicaimbalancecount",
    "kafka_server_raftmetrics_current_epoch",
    "kafka_server_raftmetrics_current_leader",
    "kafka_server_raftmetrics_number_of_voters",
];

/// Three controllers do not make three times as many offline partitions.
pub(super) fn target_controllers(board: &Board, _: &Context<'_>) -> Vec<Fault> {
    each_selector(board, |selector, metric| {
        let adds = selector.aggregations().any(|around| ["sum", "avg"].contains(&around.op.to_string().as_str()));
        (OF_THE_CLUSTER.contains(&metric) && adds)
            .then(|| format!("{metric} is told by every controller: take the max"))
    })
}

/// Quantiles of nodes make no quantile of the cluster by being averaged.
pub(super) fn target_quantiles(board: &Board, context: &Context<'_>) -> Vec<Fault> {
    each_selector(board, |selector, metric| {
        let has_quantiles = context.metrics.get(metric)?.labels.names.contains("quantile");
        let averages = selector.aggregations().any(|around| ["sum", "avg"].contains(&around.op.to_string().as_str()));
        (has_quantiles && averages).then(|| format!("{metric} are quantiles: take the max, not an average or sum"))
    })
}

/// Labels with as many values as a cluster has topics, groups or clients.
const OPEN_LABELS: &[&str] = &["topic", "consumergroup", "group", "client_id", "host", "partition", "user", "clientId"];

/// Lines for each topic, group or client are those of a bounded number of them.
pub(super) fn target_bounded(board: &Board, context: &Context<'_>) -> Vec<Fault> {
    each(board, |query, expr| {
        let labels = labels::labels(expr, context.metrics, &mut Vec::new());
        let open: Vec<_> = OPEN_LABELS.iter().filter(|label| labels.names.contains(**label)).collect();
        if open.is_empty() || query.panel.is_none() || bounded(expr) {
            return Vec::new();
        }
        vec![format!("a series for each {open:?}, without topk")]
    })
}

/// Whether an expression yields no more series than a `topk` in it says.
fn bounded(expr: &Expr) -> bool {
    match expr {
        Expr::Aggregate(aggregate) => {
            ["topk", "bottomk"].contains(&aggregate.op.to_string().as_str()) || bounded(&aggregate.expr)
        }
        Expr::Binary(binary) => {
            let (left, right) = (bounded(&binary.lhs), bounded(&binary.rhs));
            if binary.op.to_string() == "or" { left && right } else { left || right }
        }
        Expr::Paren(paren) => bounded(&paren.expr),
        Expr::Unary(unary) => bounded(&unary.expr),
        Expr::Subquery(subquery) => bounded(&subquery.expr),
        Expr::Call(call) => call.args.args.iter().any(|argument| bounded(argument)),
        _ => false,
    }
}
