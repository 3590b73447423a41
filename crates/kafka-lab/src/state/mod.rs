//! What can be put into a cluster, and how to see that it is there: topics, records, committed offsets, groups, ACLs.

pub(crate) mod acls;
mod alterations;
pub(crate) mod groups;
pub(crate) mod offsets;
mod read;
pub(crate) mod records;
mod silent_member;
pub(crate) mod topics;
pub(crate) mod transactions;
pub(crate) mod users;
