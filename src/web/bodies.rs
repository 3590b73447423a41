//! Rendered pages, kept as long as their sources' results may be served again: two Prometheus servers that scrape the
//! same page cost one rendering.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::OnceCell;

use crate::locked::locked;
use crate::metrics::Format;
use crate::stats::PageKind;

/// What makes a body differ from another of the same sources.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct BodyKey {
    pub(super) page: PageKind,
    pub(super) node: String,
    pub(super) format: Format,
    pub(super) gzip: bool,
}

/// A page ready to be sent.
#[derive(Debug, Clone)]
pub(super) struct Rendered {
    pub(super) body: Bytes,
}

/// The bodies kept.
#[derive(Debug)]
pub(super) struct Bodies {
    keep: Duration,
    kept: Arc<Mutex<HashMap<BodyKey, Kept>>>,
}

#[derive(Debug, Clone)]
struct Kept {
    runs: Vec<u64>,
    cell: Arc<OnceCell<Rendered>>,
}

impl Bodies {
    /// Keeps each body for `keep` after it was first asked for.
    pub(super) fn new(keep: Duration) -> Self {
        Self { keep, kept: Arc::default() }
    }

    /// The body kept for `key` if it shows just these `runs`; else what `make` makes. Requests for the same body at the
    /// same time share one making. Without `runs` it is not kept.
    pub(super) async fn get(
        &self,
        key: BodyKey,
        runs: Option<Vec<u64>>,
        make: impl Future<Output = Result<Rendered, String>>,
    ) -> Result<Rendered, String> {
        let Some(runs) = runs.filter(|_| !self.keep.is_zero()) else {
            return make.await;
        };
        let cell = {
            let mut kept = locked(&self.kept);
            match kept.get(&key).filter(|entry| entry.runs == runs) {
                Some(entry) => Arc::clone(&entry.cell),
                None => {
                    let entry = Kept { runs, cell: Arc::default() };
                    let cell = Arc::clone(&entry.cell);
                    self.drop_later(key.clone(), &entry.cell);
                    kept.insert(key, entry);
                    cell
                }
            }
        };
        cell.get_or_try_init(|| make).await.cloned()
    }

    fn drop_later(&self, key: BodyKey, cell: &Arc<OnceCell<Rendered>>) {
        let (keep, kept, cell) = (self.keep, Arc::clone(&self.kept), Arc::clone(cell));
        tokio::spawn(async move {
            tokio::time::sleep(keep).await;
            let mut kept = locked(&kept);
            if kept.get(&key).is_some_and(|entry| Arc::ptr_eq(&entry.cell, &cell)) {
                kept.remove(&key);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(gzip: bool) -> BodyKey {
        BodyKey { page: PageKind::All, node: String::new(), format: Format::Text, gzip }
    }

    async fn body(bodies: &Bodies, gzip: bool, runs: Option<Vec<u64>>, text: &'static str) -> Bytes {
        let make = async { Ok(Rendered { body: Bytes::from_static(text.as_bytes()) }) };
        bodies.get(key(gzip), runs, make).await.unwrap().body
    }

    #[tokio::test]
    async fn the_same_runs_are_rendered_once_per_encoding() {
        let bodies = Bodies::new(Duration::from_secs(60));
        assert_eq!(body(&bodies, false, Some(vec![1, 2]), "a").await, "a");
        assert_eq!(body(&bodies, false, Some(vec![1, 2]), "b").await, "a");
        assert_eq!(body(&bodies, true, Some(vec![1, 2]), "c").await, "c");
        assert_eq!(body(&bodies, false, Some(vec![1, 3]), "d").await, "d");
    }

    #[tokio::test]
    async fn incomplete_pages_and_zero_reuse_keep_nothing() {
        for (keep, runs) in [(60, None), (0, Some(vec![1]))] {
            let bodies = Bodies::new(Duration::from_secs(keep));
            body(&bodies, false, runs.clone(), "a").await;
            assert_eq!(body(&bodies, false, runs, "b").await, "b");
            assert!(bodies.kept.lock().unwrap().is_empty());
        }
    }

    #[tokio::test]
    async fn kept_bodies_go_when_their_time_is_over() {
        let bodies = Bodies::new(Duration::from_millis(20));
        body(&bodies, false, Some(vec![1]), "a").await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(bodies.kept.lock().unwrap().is_empty());
    }
}
