//! Calls that wait for their answer, by token. A token goes out with the call and comes back with the answer, also when
//! nobody waits any more: only then it is used again, so that no answer can reach another call.

/// A slab of waiters.
#[derive(Debug)]
pub(crate) struct Pending<T> {
    entries: Vec<Option<T>>,
    free: Vec<usize>,
    closed: bool,
}

impl<T> Default for Pending<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), free: Vec::new(), closed: false }
    }
}

impl<T> Pending<T> {
    /// A token for a waiter; `None` after [`close`](Self::close).
    pub(crate) fn insert(&mut self, waiter: T) -> Option<usize> {
        if self.closed {
            return None;
        }
        if let Some(token) = self.free.pop()
            && let Some(entry) = self.entries.get_mut(token)
        {
            *entry = Some(waiter);
            return Some(token);
        }
        self.entries.push(Some(waiter));
        Some(self.entries.len() - 1)
    }

    /// The waiter of a token, which may be used again from now on.
    pub(crate) fn take(&mut self, token: usize) -> Option<T> {
        let waiter = self.entries.get_mut(token)?.take()?;
        self.free.push(token);
        Some(waiter)
    }

    /// Drops all waiters and refuses new ones.
    pub(crate) fn close(&mut self) {
        self.closed = true;
        self.entries.clear();
        self.free.clear();
    }

    /// Calls under way.
    pub(crate) fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_used_again_only_after_its_answer_came() {
        let mut pending = Pending::default();
        let first = pending.insert("first").unwrap();
        let second = pending.insert("second").unwrap();
        assert_ne!(first, second);
        assert_eq!(pending.take(first), Some("first"));
        assert_eq!(pending.take(first), None, "an answer counts once");
        assert_eq!(pending.insert("third"), Some(first));
        assert_eq!(pending.len(), 2);
        assert_eq!(pending.take(99), None);
        pending.close();
        assert_eq!(pending.take(second), None);
        assert_eq!(pending.insert("fourth"), None);
    }
}
