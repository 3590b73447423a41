//! The bodies that Jolokia is asked with: queries in, the JSON of one bulk POST out, and what its answers will be.

use serde::Serialize;
use serde_json::{Value, json};

use crate::mbean::Query;

/// What stands at one place of a bulk request, and so what its answer looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    /// All attributes of all beans that a pattern matches.
    Read(String),
    /// The names of all beans.
    Search,
    /// The agent's own version.
    Version,
}

/// Options of every request. Without `canonicalNaming: false` key properties come sorted and every name made from them
/// would differ from what a JMX client sees; without `ignoreErrors` one failing getter fails its whole pattern.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Options {
    canonical_naming: bool,
    ignore_errors: bool,
    include_stack_trace: bool,
    include_request: bool,
    serialize_exception: bool,
    max_objects: u32,
    max_collection_size: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    if_modified_since: Option<u64>,
}

/// One bulk POST under construction.
#[derive(Debug, Default)]
pub(super) struct Bulk {
    items: Vec<Item>,
    requests: Vec<Value>,
}

impl Bulk {
    pub(super) fn read(&mut self, query: &Query) {
        let mut request = json!({"type": "read", "mbean": query.pattern, "config": options(None)});
        if let (Some(attributes), Some(fields)) = (&query.attributes, request.as_object_mut()) {
            fields.insert("attribute".to_owned(), json!(attributes));
        }
        self.push(Item::Read(query.pattern.clone()), request);
    }

    /// Asks for all names, or for nothing if no bean came or went since `unless_changed_since` (seconds since the epoch
    /// by the agent's clock).
    pub(super) fn search(&mut self, unless_changed_since: Option<u64>) {
        self.push(Item::Search, json!({"type": "search", "mbean": "*:*", "config": options(unless_changed_since)}));
    }

    pub(super) fn version(&mut self) {
        self.push(Item::Version, json!({"type": "version", "config": options(None)}));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The body, and what its answer holds, in order.
    pub(super) fn build(self) -> (Vec<u8>, Vec<Item>) {
        (Value::Array(self.requests).to_string().into_bytes(), self.items)
    }

    fn push(&mut self, item: Item, request: Value) {
        self.items.push(item);
        self.requests.push(request);
    }
}

fn options(if_modified_since: Option<u64>) -> Options {
    Options {
        canonical_naming: false,
        ignore_errors: true,
        include_stack_trace: false,
        include_request: false,
        serialize_exception: false,
        max_objects: 0,
        max_collection_size: 0,
        if_modified_since,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_of_a_bulk_carries_the_options() {
        let mut bulk = Bulk::default();
        bulk.version();
        bulk.read(&Query { pattern: "a:*".to_owned(), attributes: Some(vec!["Count".to_owned()]) });
        bulk.search(Some(17));
        let (body, items) = bulk.build();
        assert_eq!(items, [Item::Version, Item::Read("a:*".to_owned()), Item::Search]);
        let requests: Vec<Value> = serde_json::from_slice(&body).unwrap();
        assert_eq!(requests[1]["attribute"], json!(["Count"]));
        assert_eq!(requests[2]["config"]["ifModifiedSince"], 17);
        for request in requests {
            assert_eq!(request["config"]["canonicalNaming"], false);
            assert_eq!(request["config"]["ignoreErrors"], true);
        }
    }
}
