//! Where an attribute's samples go, found without building its name: from the start of the bean's name over attribute and
//! composite items to the family, each step remembered.

use std::collections::HashMap;

/// Index of a node.
pub(super) type NodeId = usize;

/// The paths seen so far. Paths of all beans that start alike (domain and first key property) are shared.
#[derive(Debug, Default)]
pub(super) struct Trie {
    roots: HashMap<Box<str>, NodeId>,
    nodes: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    /// Parts of the family's name so far, joined with underscores, not yet made safe.
    raw_name: Box<str>,
    /// `DOMAIN:KEY=VALUE,attribute=ATTRIBUTE.ITEM`, in the end the family's help text.
    help: Box<str>,
    is_root: bool,
    children: Vec<(Box<str>, NodeId)>,
    target: Target,
}

/// What becomes of the samples of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// Not asked for yet.
    Unknown,
    /// Dropped: the name is kept for the exporter itself.
    Reserved,
    /// Samples of this family.
    Family(usize),
}

impl Trie {
    /// The root for beans whose names begin with `start`, the text up to the end of the first key property.
    pub(super) fn root(&mut self, start: &str, domain: &str, first_value: &str) -> NodeId {
        if let Some(&node) = self.roots.get(start) {
            return node;
        }
        let node = self.add(format!("{domain}_{first_value}"), start.to_owned(), true);
        self.roots.insert(start.into(), node);
        node
    }

    /// The child `name` of `parent`, and its position among the children. Beans of one kind have the same attributes in
    /// the same order: `hint`, the position after the one found last, is nearly always right.
    pub(super) fn child(&mut self, parent: NodeId, name: &str, hint: usize) -> (NodeId, usize) {
        let children = &self.nodes[parent].children;
        if let Some((key, node)) = children.get(hint)
            && **key == *name
        {
            return (*node, hint);
        }
        if let Some(at) = children.iter().position(|(key, _)| **key == *name) {
            return (children[at].1, at);
        }
        let Node { raw_name, help, is_root, .. } = &self.nodes[parent];
        let separator = if *is_root { ",attribute=" } else { "." };
        let node = self.add(format!("{raw_name}_{name}"), format!("{help}{separator}{name}"), false);
        let children = &mut self.nodes[parent].children;
        children.push((name.into(), node));
        (node, children.len() - 1)
    }

    pub(super) fn target(&self, node: NodeId) -> Target {
        self.nodes[node].target
    }

    pub(super) fn set_target(&mut self, node: NodeId, target: Target) {
        self.nodes[node].target = target;
    }

    /// The family's name, not yet made safe, and its help text.
    pub(super) fn describe(&self, node: NodeId) -> (&str, &str) {
        let node = &self.nodes[node];
        (&node.raw_name, &node.help)
    }

    fn add(&mut self, raw_name: String, help: String, is_root: bool) -> NodeId {
        let (raw_name, help) = (raw_name.into(), help.into());
        self.nodes.push(Node { raw_name, help, is_root, children: Vec::new(), target: Target::Unknown });
        self.nodes.len() - 1
    }
}
