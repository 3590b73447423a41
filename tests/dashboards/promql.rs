//! Queries as trees: PromQL in; what is selected, and within what, out.

use std::time::Duration;

use promql_parser::label::{MatchOp, Matcher};
use promql_parser::parser::{self, AggregateExpr, Call, Expr};

use crate::interpolation::interpolate;

/// Stand for Grafana's own variables in queries that are parsed but not run, so that they are known again.
pub(crate) const RATE_INTERVAL: Duration = Duration::from_secs(7919);
const RANGE: Duration = Duration::from_secs(7907);
const INTERVAL: Duration = Duration::from_secs(7901);

/// Parses a query of a dashboard, whose other variables stay as they are within matchers.
pub(crate) fn parse(query: &str) -> Result<Expr, String> {
    let text = interpolate(query, |name| {
        Some(match name {
            "__rate_interval" => format!("{}s", RATE_INTERVAL.as_secs()),
            "__range" => format!("{}s", RANGE.as_secs()),
            "__range_s" => RANGE.as_secs().to_string(),
            "__interval" => format!("{}s", INTERVAL.as_secs()),
            "__interval_ms" => INTERVAL.as_millis().to_string(),
            _ => return None,
        })
    });
    parser::parse(&text)
}

/// A selector of series, and what it stands in.
#[derive(Debug)]
pub(crate) struct Selector<'e> {
    /// The metrics: one, or those that `__name__=~"a|b"` lists.
    pub(crate) metrics: Vec<String>,
    pub(crate) matchers: &'e [Matcher],
    pub(crate) range: Option<Duration>,
    /// What is around it, the innermost last.
    pub(crate) within: Vec<Around<'e>>,
}

/// An expression around a selector.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Around<'e> {
    Call(&'e Call),
    Aggregate(&'e AggregateExpr),
}

impl Selector<'_> {
    /// The matchers of a label.
    pub(crate) fn on<'s>(&'s self, label: &'s str) -> impl Iterator<Item = &'s Matcher> {
        self.matchers.iter().filter(move |matcher| matcher.name == label)
    }

    /// Whether series with that value of the label are among what it selects. Of a variable nobody knows: it may be any value that
    /// is not empty.
    pub(crate) fn lets_through(&self, label: &str, value: &str) -> bool {
        self.on(label).all(|matcher| {
            let of_variable = matcher.value.contains('$');
            match &matcher.op {
                MatchOp::Equal | MatchOp::Re(_) if of_variable => !value.is_empty(),
                MatchOp::NotEqual | MatchOp::NotRe(_) if of_variable => true,
                _ => matcher.is_match(value),
            }
        })
    }

    /// The functions around it.
    pub(crate) fn calls(&self) -> impl Iterator<Item = &Call> {
        self.within.iter().filter_map(|around| if let Around::Call(call) = around { Some(*call) } else { None })
    }

    /// The aggregations around it.
    pub(crate) fn aggregations(&self) -> impl Iterator<Item = &AggregateExpr> {
        self.within
            .iter()
            .filter_map(|around| if let Around::Aggregate(aggregate) = around { Some(*aggregate) } else { None })
    }
}

/// All selectors of an expression.
pub(crate) fn selectors(expr: &Expr) -> Vec<Selector<'_>> {
    let mut found = Vec::new();
    walk(expr, &mut Vec::new(), &mut found);
    found
}

fn walk<'e>(expr: &'e Expr, within: &mut Vec<Around<'e>>, found: &mut Vec<Selector<'e>>) {
    let selector = |selector: &'e parser::VectorSelector, range, within: &[Around<'e>]| {
        let matchers = selector.matchers.matchers.as_slice();
        Selector { metrics: names(selector.name.as_deref(), matchers), matchers, range, within: within.to_vec() }
    };
    let (around, inner): (_, Vec<&'e Expr>) = match expr {
        Expr::VectorSelector(vector) => return found.push(selector(vector, None, within)),
        Expr::MatrixSelector(matrix) => return found.push(selector(&matrix.vs, Some(matrix.range), within)),
        Expr::Aggregate(aggregate) => (
            Some(Around::Aggregate(aggregate)),
            aggregate.param.as_deref().into_iter().chain([&*aggregate.expr]).collect(),
        ),
        Expr::Call(call) => (Some(Around::Call(call)), call.args.args.iter().map(AsRef::as_ref).collect()),
        Expr::Subquery(subquery) => (None, vec![&subquery.expr]),
        Expr::Binary(binary) => (None, vec![&binary.lhs, &binary.rhs]),
        Expr::Unary(unary) => (None, vec![&unary.expr]),
        Expr::Paren(paren) => (None, vec![&paren.expr]),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => (None, Vec::new()),
    };
    within.extend(around);
    for expr in inner {
        walk(expr, within, found);
    }
    if around.is_some() {
        within.pop();
    }
}

/// The metrics of a selector: its name, or those that a matcher lists.
pub(crate) fn names(name: Option<&str>, matchers: &[Matcher]) -> Vec<String> {
    let listed = matchers.iter().find(|matcher| matcher.name == "__name__").map(|matcher| matcher.value.as_str());
    name.map_or_else(|| words(listed.unwrap_or_default()), |name| vec![name.to_owned()])
}

/// The words of `a|b`, `a(?:b|c)d` and `(a)?b`, regular expressions that are nothing but lists.
pub(crate) fn words(list: &str) -> Vec<String> {
    let Some(start) = list.find('(') else { return list.split('|').map(str::to_owned).collect() };
    let end = start + list[start..].find(')').unwrap_or_else(|| panic!("no list of words: {list}"));
    let optional = list[end + 1..].starts_with('?');
    let (before, after) = (&list[..start], &list[end + 1 + usize::from(optional)..]);
    let inner = list[start + 1..end].trim_start_matches("?:").split('|').chain(optional.then_some(""));
    inner.flat_map(|word| words(&format!("{before}{word}{after}"))).collect()
}
