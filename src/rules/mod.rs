//! jmx_exporter's rules: a rules file in, and for beans the families that its agent would show.

mod building;
mod evaluator;
mod filter;
mod java_number;
mod load;
mod model;
mod naming;
mod pattern;
mod template;
mod trie;

pub use evaluator::{Evaluation, Evaluator};
pub use filter::Filter;
pub use load::{Problem, RulesError};
pub use model::{Compat, ExtraMetric, MetricCustomizer, Rule, RuleType, Rules, Warning};
pub use pattern::{Groups, Pattern, PatternError, TooManySteps};
pub use template::{Part, Template};
