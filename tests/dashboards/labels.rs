//! Which labels a query's result has: a tree and what each metric has in; the labels, and those that are asked for and not there, out.

use std::collections::BTreeSet;

use promql_parser::label::{MatchOp, Matcher};
use promql_parser::parser::value::ValueType;
use promql_parser::parser::{self, AggregateExpr, BinaryExpr, Call, Expr, LabelModifier, VectorMatchCardinality};

use crate::metrics::{Metrics, TARGET_LABELS};
use crate::promql::{names, selectors};

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
    let number = |expr: &Expr| matches!(expr.value_type(), ValueType::Scalar);
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

#[test]
fn labels_are_followed_through_aggregations_joins_and_functions() {
    let metrics = Metrics::load(&crate::alerting::Rules::default());
    let cases = [
        ("sum(kafka_consumergroup_lag_sum)", ""),
        ("sum by (topic) (kafka_consumergroup_lag_sum)", "topic"),
        ("topk(3, max by (topic) (kafka_consumergroup_lag_sum))", "topic"),
        ("kafka_consumergroup_lag_sum > 0", "__name__ cluster consumergroup instance job topic"),
        ("rate(kafka_consumergroup_lag_sum[5m])", "cluster consumergroup instance job topic"),
        ("sum without (topic) (kafka_consumergroup_lag_sum)", "cluster consumergroup instance job"),
        ("2 * kafka_brokers", "cluster instance job"),
        ("kafka_brokers / on (cluster) kafka_brokers", "cluster"),
        ("kafka_brokers / ignoring (job) kafka_brokers", "cluster instance"),
        (
            "kafka_consumergroup_members * on (consumergroup) group_left (team) kafka_consumergroup_objective_info",
            "cluster consumergroup instance job team",
        ),
        ("sum by (topic) (kafka_topic_partitions) or sum by (job) (kafka_brokers)", "job topic"),
        ("sum by (topic) (kafka_topic_partitions) and on (topic) kafka_topic_partitions", "topic"),
        (r#"label_replace(sum(kafka_brokers), "new", "$1", "", "")"#, "new"),
        (r#"absent(kafka_brokers{job="a"})"#, "job"),
        (r#"count_values by (topic) ("n", kafka_topic_partitions)"#, "n topic"),
    ];
    for (query, expected) in cases {
        let expr = crate::promql::parse(query).unwrap();
        let mut unknown = Vec::new();
        let found = labels(&expr, &metrics, &mut unknown);
        assert!(unknown.is_empty() && !found.any, "{query}: {unknown:?}");
        assert_eq!(Vec::from_iter(found.names).join(" "), expected, "{query}");
    }
}
