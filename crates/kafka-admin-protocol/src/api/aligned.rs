//! Answers in the order asked. In: the keys that were asked for, then keyed items as a broker sends them; out: an item
//! or nothing per key.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// Collects the items of one answer. Brokers answer in the order asked as a rule, but need not: what comes out of order
/// is looked up, what nobody asked for is ignored, and of two items for one key the first counts.
#[derive(Debug)]
pub(crate) struct Aligned<K, T> {
    keys: Vec<K>,
    next: usize,
    /// Where each key stands; made when the first item comes out of order.
    places: Option<HashMap<K, usize>>,
    items: Vec<Option<T>>,
}

impl<K: Clone + Eq + Hash, T> Aligned<K, T> {
    /// `keys` are those asked for, each once.
    pub(crate) fn new(keys: impl IntoIterator<Item = K>) -> Self {
        let keys: Vec<K> = keys.into_iter().collect();
        let items = keys.iter().map(|_| None).collect();
        Self { keys, next: 0, places: None, items }
    }

    /// Puts an item into its place.
    pub(crate) fn put<Q: ?Sized + Eq + Hash>(&mut self, key: &Q, item: T)
    where
        K: Borrow<Q>,
    {
        let place = if self.keys.get(self.next).is_some_and(|next| next.borrow() == key) {
            Some(self.next)
        } else {
            let keys = &self.keys;
            let places = self.places.get_or_insert_with(|| {
                let mut places = HashMap::with_capacity(keys.len());
                for (place, key) in keys.iter().enumerate() {
                    places.entry(key.clone()).or_insert(place);
                }
                places
            });
            places.get(key).copied()
        };
        let Some(place) = place else { return };
        self.next = place + 1;
        if let Some(slot @ None) = self.items.get_mut(place) {
            *slot = Some(item);
        }
    }

    /// One entry per key; `None` where the broker left it out.
    pub(crate) fn finish(self) -> Vec<Option<T>> {
        self.items
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_come_out_in_the_order_asked_whatever_order_they_came_in() {
        for (sent, expected) in [
            (vec!["a", "b", "c"], [Some(0), Some(1), Some(2)]),
            (vec!["c", "a", "b"], [Some(1), Some(2), Some(0)]),
            (vec!["c"], [None, None, Some(0)]),
            (vec!["x", "b", "x", "c"], [None, Some(1), Some(3)]),
            (vec!["a", "a", "b", "a"], [Some(0), Some(2), None]),
            (vec![], [None, None, None]),
        ] {
            let mut aligned = Aligned::new(["a", "b", "c"]);
            for (number, key) in sent.iter().enumerate() {
                aligned.put(*key, number);
            }
            assert_eq!(aligned.finish(), expected, "{sent:?}");
        }
    }
}
