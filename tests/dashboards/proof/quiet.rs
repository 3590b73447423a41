//! Queries that may find nothing, each with its reason. Whatever else finds nothing is a fault.

use crate::board::Query;
use crate::promql;

/// Metrics that the scenario has nothing of, by their beginnings: a query of nothing but these, or narrowed down by one, is quiet.
const METRICS: &[(&str, &str)] = &[];

/// Panels of which a query may find nothing.
const PANELS: &[(&str, &[&str], &str)] = &[];

/// Whether a query of a dashboard may find nothing.
pub(super) fn covers(board: &str, query: &Query<'_>) -> bool {
    PANELS.iter().any(|(of, places, _)| *of == board && places.contains(&query.place)) || covers_metrics(query.expr)
}

/// Whether an expression asks for a metric that is not there.
pub(super) fn covers_metrics(expr: &str) -> bool {
    let expr = promql::parse(expr).unwrap();
    let selectors = promql::selectors(&expr);
    let quiet = |metric: &String| METRICS.iter().any(|(beginning, _)| metric.starts_with(beginning));
    selectors.iter().any(|selector| selector.metrics.iter().all(quiet))
}
