//! The bodies that Jolokia is asked with: queries in, the JSON of one bulk POST out, and what its answers will be.

use serde::Serialize;
use serde_json::{Value, json};

use crate::mbean::{ObjectName, Query};

/// What stands at one place of a bulk request, and so what its answer looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    /// Attributes of all beans that a pattern matches, by bean.
    Beans(String),
    /// Attributes of one bean, which the answer does not name.
    Bean(BeanItem),
    /// The declared types of one bean's attributes.
    List,
    /// The names of all beans.
    Search,
    /// The agent's own version.
    Version,
}

/// A read of one bean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BeanItem {
    pub(super) name: String,
    /// Values come as the texts that their `toString` gives.
    pub(super) as_text: bool,
    /// The next item brings more of the same bean.
    pub(super) more: bool,
}

/// What to ask for in one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Read {
    /// An ObjectName, or a pattern of such.
    pub(super) pattern: String,
    /// Attributes to read; `None` = all.
    pub(super) attributes: Option<Vec<String>>,
    /// `pattern` is a name.
    pub(super) is_name: bool,
    /// Of a name only: values as texts.
    pub(super) as_text: bool,
    /// Of a name only: the next read brings more of the same bean.
    pub(super) more: bool,
}

impl Read {
    /// What a query says.
    pub(super) fn of(query: &Query) -> Self {
        let Query { pattern, attributes } = query.clone();
        // An ObjectName holds no wildcard, so that this tells names from patterns as the JVM does.
        let is_name = ObjectName::parse(&pattern).is_ok();
        Self { pattern, attributes, is_name, as_text: false, more: false }
    }
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
    /// 1 = of an attribute that is asked for by name, the text that its value's `toString` gives: what lies deeper than
    /// this is not looked into.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_depth: Option<u32>,
    /// Items of composites and columns of tables in a `list`, since 2.5.
    #[serde(skip_serializing_if = "Option::is_none")]
    open_types: Option<bool>,
}

/// One bulk POST under construction.
#[derive(Debug, Default)]
pub(super) struct Bulk {
    items: Vec<Item>,
    requests: Vec<Value>,
}

impl Bulk {
    pub(super) fn read(&mut self, read: Read) {
        let config = Options { max_depth: read.as_text.then_some(1), ..options(None) };
        let mut request = json!({"type": "read", "mbean": read.pattern, "config": config});
        if let (Some(attributes), Some(fields)) = (&read.attributes, request.as_object_mut()) {
            // Always an array: to a single text a bare value would be the answer.
            fields.insert("attribute".to_owned(), json!(attributes));
        }
        let Read { pattern, is_name, as_text, more, .. } = read;
        let item = if is_name { Item::Bean(BeanItem { name: pattern, as_text, more }) } else { Item::Beans(pattern) };
        self.push(item, request);
    }

    /// Asks for the declared types of one bean's attributes.
    pub(super) fn list(&mut self, bean: &str) {
        // A bang escapes a slash, and itself.
        let path = bean.replace('!', "!!").replace('/', "!/").replacen(':', "/", 1);
        let config = Options { open_types: Some(true), ..options(None) };
        self.push(Item::List, json!({"type": "list", "path": path, "config": config}));
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
        max_depth: None,
        open_types: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_of_a_bulk_carries_the_options() {
        let mut bulk = Bulk::default();
        bulk.version();
        bulk.read(Read::of(&Query { pattern: "a:*".to_owned(), attributes: Some(vec!["Count".to_owned()]) }));
        bulk.search(Some(17));
        let (body, items) = bulk.build();
        assert_eq!(items, [Item::Version, Item::Beans("a:*".to_owned()), Item::Search]);
        let requests: Vec<Value> = serde_json::from_slice(&body).unwrap();
        assert_eq!(requests[1]["attribute"], json!(["Count"]));
        assert_eq!(requests[2]["config"]["ifModifiedSince"], 17);
        for request in requests {
            assert_eq!(request["config"]["canonicalNaming"], false);
            assert_eq!(request["config"]["ignoreErrors"], true);
            assert_eq!(request["config"].get("maxDepth"), None);
        }
    }

    #[test]
    fn names_are_told_from_patterns() {
        for (pattern, is_name) in [
            ("a:b=c", true),
            (r#"a:b="\*\?""#, true),
            ("a:b=c/d!", true),
            ("a:b=c,*", false),
            ("a:*", false),
            ("a:b=*", false),
            (r#"a:b="x*""#, false),
            ("*:b=c", false),
        ] {
            assert_eq!(Read::of(&Query::all(pattern.to_owned())).is_name, is_name, "{pattern}");
        }
    }

    #[test]
    fn a_bean_is_listed_by_its_path() {
        let mut bulk = Bulk::default();
        bulk.list(r#"a.b:type=x/y!,name="c:d""#);
        let requests: Vec<Value> = serde_json::from_slice(&bulk.build().0).unwrap();
        assert_eq!(requests[0]["path"], r#"a.b/type=x!/y!!,name="c:d""#);
        assert_eq!(requests[0]["config"]["openTypes"], true);
    }
}
