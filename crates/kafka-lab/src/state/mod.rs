//! What can be put into a cluster, and how to see that it is there: topics, records, committed offsets, groups, ACLs.

pub(crate) mod acls;
pub(crate) mod groups;
pub(crate) mod offsets;
pub(crate) mod records;
pub(crate) mod topics;
pub(crate) mod users;
