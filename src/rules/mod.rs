//! jmx_exporter's rules: a rules file in, and for beans the families that its agent would show.

mod candidates;
mod customizing;
mod evaluator;
mod families;
mod filter;
mod flatten;
mod generation;
mod java_number;
mod known;
mod learning;
mod load;
mod match_string;
mod matching;
mod model;
mod naming;
mod outcome;
mod pattern;
mod template;
#[cfg(test)]
mod testing;

pub use evaluator::{Evaluation, Evaluator, Wanted};
pub use families::Renamed;
pub use filter::Filter;
pub use flatten::{Column, Leaf, flatten};
pub use load::{Problem, RulesError};
pub use match_string::{Place, write_value};
pub use model::{Compat, ExtraMetric, MetricCustomizer, Rule, RuleType, Rules, Warning};
pub use outcome::{Number, Outcome};
pub use pattern::{Groups, Pattern, PatternError, TooManySteps, literal_is_value_free};
pub use template::{Part, Template};
