//! jmx_exporter's rules: a rules file in, and for beans the families that its agent would show. Of the rule language
//! there is the default format (the rule `.*`) with the global options of naming.

mod building;
mod evaluator;
mod load;
mod naming;
mod trie;

pub use evaluator::{Evaluation, Evaluator};
pub use load::RulesError;

/// The rules for the beans of all nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Family names in lower case.
    pub lowercase_output_name: bool,
    /// Label names in lower case.
    pub lowercase_output_label_names: bool,
}

impl Default for Rules {
    /// Every attribute in the default format, family names in lower case.
    fn default() -> Self {
        Self { lowercase_output_name: true, lowercase_output_label_names: false }
    }
}
