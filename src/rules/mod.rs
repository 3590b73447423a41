//! jmx_exporter's rules: a rules file in, and for beans the families that its agent would show.

mod bundled;
mod candidates;
mod customizing;
mod evaluator;
mod families;
mod filter;
mod flatten;
mod generation;
mod java_number;
mod known;
mod learner;
mod lint;
mod load;
mod match_string;
mod matching;
mod model;
mod naming;
mod other_generation;
mod outcome;
mod pattern;
mod template;
#[cfg(test)]
mod testing;
mod trial;

pub use bundled::{DEFAULT_SET, read};
pub use evaluator::{Evaluation, Evaluator, Wanted};
pub use families::RenamedSeries;
pub use filter::Filter;
pub use flatten::{Column, Leaf, flatten};
pub use generation::{name_in_1x, type_in_0x};
pub use lint::{Finding, FindingKind, lint};
pub use load::{Problem, RulesError};
pub use match_string::{Place, write_value};
pub use model::{Compat, ExtraMetric, MetricCustomizer, Rule, RuleType, Rules, Warning};
pub(crate) use naming::safe_label;
pub use other_generation::{OtherNames, RenamedRule};
pub use outcome::{Dropped, Number, Outcome};
pub use pattern::{Groups, Pattern, PatternError, TooManySteps, literal_is_value_free};
pub use template::{Part, Template};
pub use trial::{Trial, Tried, Verdict};
