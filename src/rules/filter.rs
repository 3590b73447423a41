//! Which beans and attributes count: ObjectName patterns and lists of attributes.

use crate::mbean::ObjectName;

/// `includeObjectNames`, `excludeObjectNames` and the lists of attributes. The default lets everything through.
#[derive(Debug, Clone, Default)]
pub struct Filter {}

impl Filter {
    /// Whether any attribute of the bean may count.
    pub fn bean(&self, _name: &ObjectName<'_>) -> bool {
        true
    }

    /// Whether the attribute of a bean that passed [`bean`](Self::bean) may count.
    pub fn attribute(&self, _name: &ObjectName<'_>, _attribute: &str) -> bool {
        true
    }
}
