//! What to ask a node for, made from the names of its beans: all beans, each in exactly one query, those that exist per
//! partition apart, so that their flood cannot take the essentials with it.

/// The queries of one read. Empty = nothing known of the node yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Asked first.
    pub essentials: Vec<Query>,
    /// Kinds of beans that exist per partition: asked second.
    pub per_partition: Vec<Query>,
}

/// One pattern read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// An ObjectName or ObjectName pattern.
    pub pattern: String,
    /// Attributes to read; `None` = all.
    pub attributes: Option<Vec<String>>,
}
