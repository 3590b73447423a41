//! Single flight and reuse: however many pages want a source at the same time, it is read once; a complete result is
//! served again for a short while.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

/// One thing that is read as a whole: the cluster, or one node's agent.
#[derive(Debug)]
pub struct Source<T> {
    reuse: Duration,
    latest: Mutex<Option<watch::Receiver<Run<T>>>>,
}

/// The state of one run of a source, as seen by the pages that wait for it.
#[derive(Debug)]
pub struct Run<T> {
    /// Differs from that of every other run of the process.
    pub id: u64,
    /// When it began.
    pub started: Instant,
    /// What there is so far.
    pub value: Option<Arc<T>>,
    /// When it ended; absent while it is under way.
    pub ended: Option<Instant>,
    /// It ended with everything that was wanted: only then it may be served again.
    pub complete: bool,
}

// Not derived: a clone shares the value, so `T` need not be cloneable.
impl<T> Clone for Run<T> {
    fn clone(&self) -> Self {
        Self { value: self.value.clone(), ..*self }
    }
}

impl<T> Run<T> {
    fn new() -> Self {
        static NEXT_ID: AtomicU64 = AtomicU64::new(0);
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        Self { id, started: Instant::now(), value: None, ended: None, complete: false }
    }

    /// A run that could not even begin.
    pub fn failed() -> Self {
        let run = Self::new();
        Self { ended: Some(run.started), ..run }
    }

    /// How long it took, or has taken so far.
    pub fn duration(&self) -> Duration {
        self.ended.map_or_else(|| self.started.elapsed(), |ended| ended - self.started)
    }
}

/// Where a run puts what it has so far, for pages that must leave before it ends.
#[derive(Debug)]
pub struct Progress<T>(watch::Sender<Run<T>>);

impl<T> Progress<T> {
    /// Replaces what there was.
    pub fn publish(&self, value: T) {
        self.0.send_modify(|run| run.value = Some(Arc::new(value)));
    }
}

/// What a run hands over at its end.
#[derive(Debug)]
pub struct Outcome<T> {
    /// The result.
    pub value: T,
    /// Whether it holds everything that was wanted.
    pub complete: bool,
}

impl<T: Send + Sync + 'static> Source<T> {
    /// A complete result may be served again for `reuse` after it ended.
    pub fn new(reuse: Duration) -> Self {
        Self { reuse, latest: Mutex::new(None) }
    }

    /// Joins the run under way, takes the last result if it is complete and young enough, or starts a run; waits until
    /// it ends, at most until `deadline`, and takes what there is by then.
    ///
    /// The run goes on when its first page leaves. A panic in it ends it with what it had published, and is told to
    /// `panicked`.
    pub async fn join<F>(
        &self,
        deadline: Instant,
        start: impl FnOnce(Arc<Progress<T>>) -> F,
        panicked: impl FnOnce(String) + Send + 'static,
    ) -> Run<T>
    where
        F: Future<Output = Outcome<T>> + Send + 'static,
    {
        let mut receiver = {
            let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
            match latest.as_ref().filter(|run| self.is_joinable(&run.borrow())) {
                Some(receiver) => receiver.clone(),
                None => {
                    let (sender, receiver) = watch::channel(Run::new());
                    let progress = Arc::new(Progress(sender));
                    let run = start(Arc::clone(&progress));
                    tokio::spawn(drive(run, progress, panicked));
                    *latest = Some(receiver.clone());
                    receiver
                }
            }
        };
        let wait = receiver.wait_for(|run| run.ended.is_some());
        if let Ok(Ok(run)) = tokio::time::timeout_at(deadline.into(), wait).await {
            return run.clone();
        }
        receiver.borrow().clone()
    }

    fn is_joinable(&self, run: &Run<T>) -> bool {
        run.ended.is_none_or(|ended| run.complete && ended.elapsed() < self.reuse)
    }
}

async fn drive<T, F>(run: F, progress: Arc<Progress<T>>, panicked: impl FnOnce(String))
where
    T: Send + Sync + 'static,
    F: Future<Output = Outcome<T>> + Send + 'static,
{
    match tokio::spawn(run).await {
        Ok(outcome) => progress.0.send_modify(|run| {
            run.value = Some(Arc::new(outcome.value));
            run.complete = outcome.complete;
            run.ended = Some(Instant::now());
        }),
        Err(error) => {
            panicked(panic_text(error));
            progress.0.send_modify(|run| run.ended = Some(Instant::now()));
        }
    }
}

fn panic_text(error: tokio::task::JoinError) -> String {
    match error.try_into_panic() {
        Ok(payload) => {
            let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
            text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "panicked".to_owned())
        }
        Err(error) => error.to_string(),
    }
}

/// The time by which a page must be ready to be written: Prometheus' time-out less a reserve for rendering and
/// transfer of 10 %, at least 0.5 s, at most half.
pub fn page_deadline(now: Instant, timeout: Duration) -> Instant {
    let reserve = timeout.mul_f64(0.1).max(Duration::from_millis(500)).min(timeout / 2);
    now + (timeout - reserve)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(5)
    }

    async fn join(source: &Source<u32>, runs: &Arc<AtomicU32>, complete: bool) -> Run<u32> {
        let runs = Arc::clone(runs);
        let start = |_: Arc<Progress<u32>>| async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Outcome { value: runs.fetch_add(1, Ordering::SeqCst), complete }
        };
        source.join(soon(), start, |text| unreachable!("{text}")).await
    }

    #[tokio::test]
    async fn concurrent_pages_share_one_run() {
        let (source, runs) = (Source::new(Duration::ZERO), Arc::default());
        let (a, b) = tokio::join!(join(&source, &runs, true), join(&source, &runs, true));
        assert_eq!((a.value, b.value), (Some(Arc::new(0)), Some(Arc::new(0))));
        assert_eq!(runs.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn only_complete_results_are_served_again() {
        for (complete, expected) in [(true, 1), (false, 2)] {
            let (source, runs) = (Source::new(Duration::from_secs(60)), Arc::default());
            join(&source, &runs, complete).await;
            join(&source, &runs, complete).await;
            assert_eq!(runs.load(Ordering::SeqCst), expected, "complete: {complete}");
        }
    }

    #[tokio::test]
    async fn zero_reuse_reads_each_time() {
        let (source, runs) = (Source::new(Duration::ZERO), Arc::default());
        join(&source, &runs, true).await;
        join(&source, &runs, true).await;
        assert_eq!(runs.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn who_must_leave_earlier_takes_what_there_is() {
        let source: Source<u32> = Source::new(Duration::ZERO);
        let start = |progress: Arc<Progress<u32>>| async move {
            progress.publish(1);
            tokio::time::sleep(Duration::from_secs(60)).await;
            Outcome { value: 2, complete: true }
        };
        let run = source.join(Instant::now() + Duration::from_millis(50), start, |text| unreachable!("{text}")).await;
        assert_eq!((run.value, run.ended.is_some(), run.complete), (Some(Arc::new(1)), false, false));
    }

    #[tokio::test]
    async fn a_panic_is_told_and_ends_the_run() {
        let source: Source<u32> = Source::new(Duration::from_secs(60));
        let (told, hear) = std::sync::mpsc::channel();
        let start = |_| async { panic!("broken collector") };
        let run = source.join(soon(), start, move |text| told.send(text).unwrap()).await;
        assert!(run.value.is_none() && run.ended.is_some() && !run.complete);
        assert_eq!(hear.recv().unwrap(), "broken collector");
    }

    #[test]
    fn the_reserve_is_a_tenth_but_at_least_half_a_second_and_at_most_half() {
        let now = Instant::now();
        for (timeout, expected) in [(10.0, 9.0), (5.0, 4.5), (3.0, 2.5), (0.6, 0.3), (60.0, 54.0)] {
            let left = page_deadline(now, Duration::from_secs_f64(timeout)) - now;
            assert!((left.as_secs_f64() - expected).abs() < 1e-9, "{timeout}: {left:?}");
        }
    }
}
