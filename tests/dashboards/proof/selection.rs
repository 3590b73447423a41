//! What somebody has chosen at the top of a dashboard: a selection and a dashboard in, its queries with values for variables out.

use kafka_lab::Prometheus;

use crate::board::{Board, Variable};
use crate::interpolation::{Graph, chosen, interpolate};
use crate::lint::variable_selector;

/// Values of variables by name; All of the others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Selection {
    pub(crate) name: &'static str,
    values: &'static [(&'static str, &'static str)],
}

/// The job of the single page.
pub(crate) const SINGLE: Selection = Selection { name: "single page", values: &[("job", "kafka-vitals")] };
/// The cluster of the split pages.
pub(crate) const SPLIT: Selection = Selection { name: "split pages", values: &[("cluster", "split")] };
/// All that Prometheus has.
pub(crate) const ALL: Selection = Selection { name: "all", values: &[] };
/// One of each.
pub(crate) const ONE: Selection = Selection {
    name: "one of each",
    values: &[("job", "kafka-vitals"), ("broker", "1"), ("topic", "orders"), ("group", "billing")],
};

impl Selection {
    /// A query as Grafana would send it.
    pub(crate) fn apply(&self, text: &str, board: &Board, graph: Graph, prometheus: &Prometheus) -> String {
        interpolate(text, |name| {
            let own = graph.builtin(name);
            own.or_else(|| Some(self.value(board.variable(name)?, board, graph, prometheus)))
        })
    }

    fn value(&self, variable: &Variable, board: &Board, graph: Graph, prometheus: &Prometheus) -> String {
        if let Some((_, value)) = self.values.iter().find(|(name, _)| *name == variable.name) {
            return chosen(&[value]);
        }
        match &variable.all_value {
            Some(all) if variable.include_all => all.clone(),
            // One must be chosen: as the dashboard has it, else the first there is, if any.
            _ => {
                let options = self.options(variable, board, graph, prometheus);
                let current = variable.current().filter(|current| options.iter().any(|option| option == current));
                chosen(&[current.or(options.first().map(String::as_str)).unwrap_or_default()])
            }
        }
    }

    /// What the variable offers.
    pub(crate) fn options(
        &self,
        variable: &Variable,
        board: &Board,
        graph: Graph,
        prometheus: &Prometheus,
    ) -> Vec<String> {
        if variable.kind != "query" {
            // `text : value`, or both in one.
            let options = variable.query().split(',').map(|option| option.rsplit(" : ").next().unwrap_or_default());
            return options.map(|option| option.trim().to_owned()).collect();
        }
        let query = self.apply(variable.query(), board, graph, prometheus);
        let selector = variable_selector(&query).unwrap();
        let label = query.trim_end_matches(')').rsplit_once(',').unwrap().1.trim();
        prometheus.label_values(selector, label).unwrap_or_else(|error| panic!("{}: {error}", variable.name))
    }
}
