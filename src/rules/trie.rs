//! Where an attribute's samples go, found without building its name: from the start of the bean's name over attribute and
//! composite items to the family, each step remembered.

use std::collections::HashMap;

/// From here on children are looked up by hash: an odd bean has thousands of attributes.
const INDEXED: usize = 32;

/// What a trie may hold, in bytes: ten times what the largest real nodes need. Each path repeats the text of the paths
/// before it, so that their number alone would be no bound.
const MAX_BYTES: usize = 64 << 20;

/// What a path and its family cost besides their texts, roughly.
const NODE_BYTES: usize = 512;

/// Index of a node.
pub(super) type NodeId = usize;

/// The paths seen so far. Paths of all beans that start alike (domain and first key property) are shared.
#[derive(Debug, Default)]
pub(super) struct Trie {
    roots: HashMap<Box<str>, NodeId>,
    nodes: Vec<Node>,
    bytes: usize,
}

#[derive(Debug)]
struct Node {
    /// Parts of the family's name so far, joined with underscores, not yet made safe.
    raw_name: Box<str>,
    /// `DOMAIN:KEY=VALUE,attribute=ATTRIBUTE.ITEM`, in the end the family's help text.
    help: Box<str>,
    is_root: bool,
    children: Vec<(Box<str>, NodeId)>,
    /// Positions in `children` by name; `None` while there are few.
    index: Option<HashMap<Box<str>, usize>>,
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
    /// The root for beans whose names begin with `start`, the text up to the end of the first key property. `None` = the
    /// trie is full.
    pub(super) fn root(&mut self, start: &str, domain: &str, first_value: &str) -> Option<NodeId> {
        if let Some(&node) = self.roots.get(start) {
            return Some(node);
        }
        let node = self.add([domain, "_", first_value], [start, "", ""], true)?;
        self.roots.insert(start.into(), node);
        Some(node)
    }

    /// The child `name` of `parent`, and its position among the children. Beans of one kind have the same attributes in
    /// the same order: `hint`, the position after the one found last, is nearly always right. `None` = the trie is full.
    pub(super) fn child(&mut self, parent: NodeId, name: &str, hint: usize) -> Option<(NodeId, usize)> {
        let Node { children, index, .. } = &self.nodes[parent];
        if let Some((key, node)) = children.get(hint)
            && **key == *name
        {
            return Some((*node, hint));
        }
        let found = match index {
            Some(index) => index.get(name).copied(),
            None => children.iter().position(|(key, _)| **key == *name),
        };
        if let Some(at) = found {
            return Some((children[at].1, at));
        }
        let Node { raw_name, help, is_root, .. } = &self.nodes[parent];
        let (raw_name, help) = (raw_name.clone(), help.clone());
        let separator = if *is_root { ",attribute=" } else { "." };
        let node = self.add([&raw_name, "_", name], [&help, separator, name], false)?;
        let Node { children, index, .. } = &mut self.nodes[parent];
        let at = children.len();
        children.push((name.into(), node));
        if let Some(index) = index {
            index.insert(name.into(), at);
        } else if children.len() > INDEXED {
            let places = children.iter().enumerate().map(|(at, (key, _))| (key.clone(), at));
            *index = Some(places.collect());
        }
        Some((node, at))
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

    fn add(&mut self, raw_name: [&str; 3], help: [&str; 3], is_root: bool) -> Option<NodeId> {
        let texts: usize = raw_name.iter().chain(&help).map(|part| part.len()).sum();
        // A family keeps its own name and help.
        let bytes = self.bytes + NODE_BYTES + 2 * texts;
        if bytes > MAX_BYTES {
            return None;
        }
        self.bytes = bytes;
        let (raw_name, help) = (raw_name.concat().into(), help.concat().into());
        let (children, index) = (Vec::new(), None);
        self.nodes.push(Node { raw_name, help, is_root, children, index, target: Target::Unknown });
        Some(self.nodes.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_children_keep_their_places_and_are_found_without_a_walk() {
        let mut trie = Trie::default();
        let root = trie.root("a:b=c", "a", "c").unwrap();
        let names: Vec<String> = (0..20_000).map(|index| format!("x{index}")).collect();
        let start = std::time::Instant::now();
        let first: Vec<_> = names.iter().map(|name| trie.child(root, name, 0).unwrap()).collect();
        // In another order than before, so that no hint helps.
        for (at, name) in names.iter().enumerate().rev() {
            assert_eq!(trie.child(root, name, 0), Some(first[at]));
            assert_eq!(first[at].1, at);
        }
        // A walk along the children takes 400 million comparisons.
        assert!(start.elapsed() < std::time::Duration::from_secs(1), "{:?}", start.elapsed());
        assert_eq!(trie.describe(first[19_999].0), ("a_c_x19999", "a:b=c,attribute=x19999"));
    }

    #[test]
    fn what_a_trie_holds_is_bounded_however_long_the_names_are() {
        let mut trie = Trie::default();
        let root = trie.root("a:b=c", "a", &"c".repeat(100_000)).unwrap();
        let held = (0..10_000).filter(|index| trie.child(root, &index.to_string(), 0).is_some()).count();
        assert!((100..700).contains(&held), "{held}");
        assert!(trie.root("d:e=f", "d", &"f".repeat(1 << 20)).is_none());
        assert!(trie.child(root, "0", 0).is_some(), "what is there stays");
    }
}
