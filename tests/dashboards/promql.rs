//! Queries as trees: PromQL in; what is selected and within what, and which labels come out.

use std::collections::BTreeSet;
use std::time::Duration;

use promql_parser::label::{MatchOp, Matcher};
use promql_parser::parser::{self, AggregateExpr, BinaryExpr, Call, Expr, LabelModifier, VectorMatchCardinality};

use crate::interpolation::interpolate;
use crate::metrics::{Metrics, TARGET_LABELS};

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

fn names(name: Option<&str>, matchers: &[Matcher]) -> Vec<String> {
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

/// Labels that series may have.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct LabelSet {
    pub(crate) names: BTreeSet<String>,
    /// Any others too: what an alert has depends on its rule.
    pub(crate) any: bool,
}

impl LabelSet {
    pub(crate) fn has(&self, name: &str) -> bool {
        self.any || self.names.contains(name)
    }

    fn with(mut self, name: &str) -> Self {
        self.names.insert(name.to_owned());
        self
    }

    fn without(mut self, gone: &[String]) -> Self {
        self.names.retain(|name| !gone.contains(name));
        self
    }

    fn only(&self, names: &[String]) -> Self {
        Self { names: names.iter().filter(|name| self.has(name)).cloned().collect(), any: false }
    }

    fn and(mut self, other: Self) -> Self {
        self.names.extend(other.names);
        self.any |= other.any;
        self
    }
}

/// The labels that the result of an expression may have, and what is said of labels on the way that do not exist there.
pub(crate) fn labels(expr: &Expr, metrics: &Metrics, unknown: &mut Vec<String>) -> LabelSet {
    match expr {
        Expr::VectorSelector(selector) => of_selector(selector, metrics, unknown),
        Expr::MatrixSelector(matrix) => of_selector(&matrix.vs, metrics, unknown),
        Expr::Subquery(subquery) => labels(&subquery.expr, metrics, unknown),
        Expr::Unary(unary) => labels(&unary.expr, metrics, unknown),
        Expr::Paren(paren) => labels(&paren.expr, metrics, unknown),
        Expr::Aggregate(aggregate) => of_aggregation(aggregate, metrics, unknown),
        Expr::Binary(binary) => of_binary(binary, metrics, unknown),
        Expr::Call(call) => of_call(call, metrics, unknown),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => LabelSet::default(),
    }
}

fn of_selector(selector: &parser::VectorSelector, metrics: &Metrics, unknown: &mut Vec<String>) -> LabelSet {
    let names = names(selector.name.as_deref(), &selector.matchers.matchers);
    let mut all = LabelSet::default();
    for name in &names {
        match metrics.get(name) {
            Some(metric) => all = all.and(metric.labels.clone()),
            None => all.any = true,
        }
    }
    for label in TARGET_LABELS {
        all = all.with(label);
    }
    // Nothing is wrong with what asks for series without a label, such as totals.
    let absent = |matcher: &Matcher| matches!(matcher.op, MatchOp::Equal) && matcher.value.is_empty();
    for matcher in selector.matchers.matchers.iter().filter(|matcher| matcher.name != "__name__" && !absent(matcher)) {
        check(&all, &matcher.name, &format!("{} is selected by", names.join("|")), unknown);
    }
    all.with("__name__")
}

fn check(labels: &LabelSet, name: &str, what: &str, unknown: &mut Vec<String>) {
    if !labels.has(name) {
        unknown.push(format!("{what} `{name}`, a label that is not there"));
    }
}

fn of_aggregation(aggregate: &AggregateExpr, metrics: &Metrics, unknown: &mut Vec<String>) -> LabelSet {
    let inner = labels(&aggregate.expr, metrics, unknown);
    let op = aggregate.op.to_string();
    if let Some(modifier) = &aggregate.modifier {
        for name in &modifier.labels().labels {
            check(&inner, name, &format!("{op} groups by"), unknown);
        }
    }
    if matches!(op.as_str(), "topk" | "bottomk" | "limitk" | "limit_ratio") {
        return inner;
    }
    let outer = match &aggregate.modifier {
        Some(LabelModifier::Include(kept)) => inner.only(&kept.labels),
        Some(LabelModifier::Exclude(gone)) => inner.without(&gone.labels).without(&["__name__".to_owned()]),
        None => LabelSet::default(),
    };
    match (op.as_str(), aggregate.param.as_deref()) {
        ("count_values", Some(Expr::StringLiteral(name))) => outer.with(&name.val),
        _ => outer,
    }
}

fn of_binary(binary: &BinaryExpr, metrics: &Metrics, unknown: &mut Vec<String>) -> LabelSet {
    let (left, right) = (labels(&binary.lhs, metrics, unknown), labels(&binary.rhs, metrics, unknown));
    let op = binary.op.to_string();
    let number = |expr: &Expr| matches!(expr.value_type(), parser::value::ValueType::Scalar);
    let filters = binary.op.is_comparison_operator() && !binary.return_bool();
    let unnamed = |labels: LabelSet| if filters { labels } else { labels.without(&["__name__".to_owned()]) };
    if number(&binary.lhs) {
        return unnamed(right);
    }
    if number(&binary.rhs) {
        return unnamed(left);
    }
    let modifier = binary.modifier.as_ref();
    if let Some(matching) = modifier.and_then(|modifier| modifier.matching.as_ref()) {
        for name in &matching.labels().labels {
            for side in [&left, &right] {
                check(side, name, &format!("{op} matches on"), unknown);
            }
        }
    }
    match op.as_str() {
        "and" | "unless" => return left,
        "or" => return left.and(right),
        _ => {}
    }
    let more = |many: LabelSet, one: &LabelSet, brought: &[String], unknown: &mut Vec<String>| {
        brought.iter().fold(many, |labels, name| {
            check(one, name, &format!("{op} takes over"), unknown);
            labels.with(name)
        })
    };
    match modifier.map(|modifier| (&modifier.card, modifier.matching.as_ref())) {
        Some((VectorMatchCardinality::ManyToOne(brought), _)) => unnamed(more(left, &right, &brought.labels, unknown)),
        Some((VectorMatchCardinality::OneToMany(brought), _)) => unnamed(more(right, &left, &brought.labels, unknown)),
        Some((_, Some(LabelModifier::Include(on)))) if !filters => left.only(&on.labels),
        Some((_, Some(LabelModifier::Exclude(ignored)))) if !filters => unnamed(left.without(&ignored.labels)),
        _ => unnamed(left),
    }
}

fn of_call(call: &Call, metrics: &Metrics, unknown: &mut Vec<String>) -> LabelSet {
    let text = |at: usize| match call.args.args.get(at).map(AsRef::as_ref) {
        Some(Expr::StringLiteral(text)) => text.val.clone(),
        _ => String::new(),
    };
    let vectors = call.args.args.iter().filter(|argument| !matches!(***argument, Expr::StringLiteral(_)));
    let inner = vectors.map(|argument| labels(argument, metrics, unknown)).fold(LabelSet::default(), LabelSet::and);
    match call.func.name {
        "label_replace" => {
            // Without a name it sets a label.
            if !text(3).is_empty() {
                check(&inner, &text(3), "label_replace reads", unknown);
            }
            inner.with(&text(1))
        }
        "label_join" => {
            (3..call.args.args.len()).for_each(|at| check(&inner, &text(at), "label_join reads", unknown));
            inner.with(&text(1))
        }
        "absent" | "absent_over_time" => {
            let equal = call.args.args.iter().flat_map(|argument| selectors(argument)).flat_map(|selector| {
                let equal = selector.matchers.iter().filter(|matcher| matches!(matcher.op, MatchOp::Equal));
                equal.map(|matcher| matcher.name.clone()).collect::<Vec<_>>()
            });
            LabelSet { names: equal.collect(), any: false }
        }
        "scalar" | "vector" | "time" | "pi" => LabelSet::default(),
        "histogram_quantile" => inner.without(&["le".to_owned(), "__name__".to_owned()]),
        "last_over_time" | "sort" | "sort_desc" => inner,
        _ => inner.without(&["__name__".to_owned()]),
    }
}
