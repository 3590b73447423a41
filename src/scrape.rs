//! Single flight and reuse: however many pages want a source at the same time, it is read once; a complete result is
//! served again for a short while.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::locked::locked;

/// A run gets at least this, however little its first page allows: others may join it.
const SHORTEST_RUN: Duration = Duration::from_secs(2);

/// A run that has not ended this long after its time is given up.
const GRACE: Duration = Duration::from_secs(5);

/// One thing that is read as a whole: the cluster, or one node's agent.
#[derive(Debug)]
pub struct Source<T> {
    reuse: Duration,
    longest: Duration,
    latest: Mutex<Option<watch::Receiver<Run<T>>>>,
}

/// The state of one run of a source, as seen by the pages that wait for it.
#[derive(Debug)]
pub struct Run<T> {
    /// When it began.
    pub started: Instant,
    /// How long it may take.
    pub allowed: Duration,
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
    fn new(allowed: Duration) -> Self {
        Self { started: Instant::now(), allowed, value: None, ended: None, complete: false }
    }

    /// A run that could not even begin.
    pub fn failed() -> Self {
        let run = Self::new(Duration::ZERO);
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
    /// Whether there is anything yet.
    pub fn has_value(&self) -> bool {
        self.0.borrow().value.is_some()
    }

    /// Replaces what there was, unless the run was given up.
    pub fn publish(&self, value: T) {
        self.0.send_if_modified(|run| {
            let is_under_way = run.ended.is_none();
            if is_under_way {
                run.value = Some(Arc::new(value));
            }
            is_under_way
        });
    }
}

/// How a run was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lost {
    /// It panicked, with this text.
    Panicked(String),
    /// It went on and on after its time.
    Stuck,
}

/// What a run hands over at its end.
#[derive(Debug)]
pub struct Outcome<T> {
    /// The result; `None` = what was published last.
    pub value: Option<T>,
    /// Whether it holds everything that was wanted.
    pub complete: bool,
}

impl<T: Send + Sync + 'static> Source<T> {
    /// A complete result may be served again for `reuse` after it ended. No run gets more time than `longest`, because
    /// pages with less of it may have joined.
    pub fn new(reuse: Duration, longest: Duration) -> Self {
        Self { reuse, longest: longest.max(SHORTEST_RUN), latest: Mutex::new(None) }
    }

    /// Joins the run under way, takes the last result if it is complete and young enough, or starts a run; waits until
    /// it ends, at most until `deadline`, and takes what there is by then. A joined run that used up its time in vain is
    /// followed by another one if that would have more time.
    ///
    /// `start` gets the run's own deadline. The run goes on when its first page leaves. A run that is lost ends with
    /// what it had published, and is told to `lost`.
    pub async fn join<F>(
        &self,
        deadline: Instant,
        start: impl Fn(Arc<Progress<T>>, Instant) -> F,
        lost: impl FnOnce(Lost) + Clone + Send + 'static,
    ) -> Run<T>
    where
        F: Future<Output = Outcome<T>> + Send + 'static,
    {
        loop {
            let mut receiver = self.run(deadline, &start, &lost);
            let wait = receiver.wait_for(|run| run.ended.is_some());
            let Ok(Ok(run)) =
                tokio::time::timeout_at(deadline.into(), wait).await.map(|run| run.map(|run| run.clone()))
            else {
                return receiver.borrow().clone();
            };
            let was_cut_short = !run.complete && run.duration() >= run.allowed / 2;
            if !was_cut_short || self.allowed(deadline) <= run.allowed {
                return run;
            }
        }
    }

    /// No page that comes from now on gets a result of earlier runs.
    pub fn forget(&self) {
        *locked(&self.latest) = None;
    }

    /// The run under way or the last one, if it can be joined; else a new one.
    fn run<F>(
        &self,
        deadline: Instant,
        start: impl Fn(Arc<Progress<T>>, Instant) -> F,
        lost: &(impl FnOnce(Lost) + Clone + Send + 'static),
    ) -> watch::Receiver<Run<T>>
    where
        F: Future<Output = Outcome<T>> + Send + 'static,
    {
        let mut latest = locked(&self.latest);
        if let Some(receiver) = latest.as_ref().filter(|run| self.is_joinable(&run.borrow())) {
            return receiver.clone();
        }
        let run = Run::new(self.allowed(deadline));
        let until = run.started + run.allowed;
        let (sender, receiver) = watch::channel(run);
        let progress = Arc::new(Progress(sender));
        tokio::spawn(drive(start(Arc::clone(&progress), until), progress, until, lost.clone()));
        *latest = Some(receiver.clone());
        receiver
    }

    /// The time of a run for a page with this deadline. It ends a little before, so that the page sees its end.
    fn allowed(&self, page: Instant) -> Duration {
        let left = page.saturating_duration_since(Instant::now());
        (left - (left / 20).min(Duration::from_millis(200))).clamp(SHORTEST_RUN, self.longest)
    }

    fn is_joinable(&self, run: &Run<T>) -> bool {
        run.ended.is_none_or(|ended| run.complete && ended.elapsed() < self.reuse)
    }
}

async fn drive<T, F>(run: F, progress: Arc<Progress<T>>, until: Instant, lost: impl FnOnce(Lost))
where
    T: Send + Sync + 'static,
    F: Future<Output = Outcome<T>> + Send + 'static,
{
    let mut task = tokio::spawn(run);
    let how = match tokio::time::timeout_at((until + GRACE).into(), &mut task).await {
        Ok(Ok(outcome)) => {
            return progress.0.send_modify(|run| {
                if let Some(value) = outcome.value {
                    run.value = Some(Arc::new(value));
                }
                run.complete = outcome.complete;
                run.ended = Some(Instant::now());
            });
        }
        Ok(Err(error)) => Lost::Panicked(panic_text(error)),
        Err(_) => {
            task.abort();
            Lost::Stuck
        }
    };
    lost(how);
    progress.0.send_modify(|run| run.ended = Some(Instant::now()));
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
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const LONGEST: Duration = Duration::from_secs(60);

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(5)
    }

    async fn join(source: &Source<u32>, runs: &Arc<AtomicU32>, complete: bool) -> Run<u32> {
        let start = |_: Arc<Progress<u32>>, _| {
            let runs = Arc::clone(runs);
            async move {
                tokio::time::sleep(Duration::from_millis(20)).await;
                Outcome { value: Some(runs.fetch_add(1, Ordering::SeqCst)), complete }
            }
        };
        source.join(soon(), start, |lost| unreachable!("{lost:?}")).await
    }

    #[tokio::test]
    async fn concurrent_pages_share_one_run() {
        let (source, runs) = (Source::new(Duration::ZERO, LONGEST), Arc::default());
        let (a, b) = tokio::join!(join(&source, &runs, true), join(&source, &runs, true));
        assert_eq!((a.value, b.value), (Some(Arc::new(0)), Some(Arc::new(0))));
        assert_eq!(runs.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn only_complete_results_are_served_again() {
        for (complete, expected) in [(true, 1), (false, 2)] {
            let (source, runs) = (Source::new(Duration::from_secs(60), LONGEST), Arc::default());
            join(&source, &runs, complete).await;
            join(&source, &runs, complete).await;
            assert_eq!(runs.load(Ordering::SeqCst), expected, "complete: {complete}");
        }
    }

    #[tokio::test]
    async fn a_forgotten_result_is_not_served_again() {
        let (source, runs) = (Source::new(Duration::from_secs(60), LONGEST), Arc::default());
        join(&source, &runs, true).await;
        source.forget();
        join(&source, &runs, true).await;
        assert_eq!(runs.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn zero_reuse_reads_each_time() {
        let (source, runs) = (Source::new(Duration::ZERO, LONGEST), Arc::default());
        join(&source, &runs, true).await;
        join(&source, &runs, true).await;
        assert_eq!(runs.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn who_must_leave_earlier_takes_what_there_is() {
        let source: Source<u32> = Source::new(Duration::ZERO, LONGEST);
        let start = |progress: Arc<Progress<u32>>, _| async move {
            progress.publish(1);
            tokio::time::sleep(Duration::from_secs(60)).await;
            Outcome { value: Some(2), complete: true }
        };
        let run = source.join(Instant::now() + Duration::from_millis(50), start, |lost| unreachable!("{lost:?}")).await;
        assert_eq!((run.value, run.ended.is_some(), run.complete), (Some(Arc::new(1)), false, false));
    }

    #[tokio::test]
    async fn a_run_that_ends_without_a_result_keeps_what_it_had_published() {
        let source: Source<u32> = Source::new(Duration::ZERO, LONGEST);
        let start = |progress: Arc<Progress<u32>>, _| async move {
            progress.publish(1);
            Outcome { value: None, complete: false }
        };
        let run = source.join(soon(), start, |lost| unreachable!("{lost:?}")).await;
        assert_eq!((run.value, run.ended.is_some(), run.complete), (Some(Arc::new(1)), true, false));
    }

    #[tokio::test]
    async fn a_panic_is_told_and_ends_the_run() {
        let source: Source<u32> = Source::new(Duration::from_secs(60), LONGEST);
        let (told, hear) = std::sync::mpsc::channel();
        let start = |_, _| async { panic!("broken collector") };
        let run = source.join(soon(), start, move |lost| told.send(lost).unwrap()).await;
        assert!(run.value.is_none() && run.ended.is_some() && !run.complete);
        assert_eq!(hear.recv().unwrap(), Lost::Panicked("broken collector".to_owned()));
    }

    #[test]
    fn a_run_has_the_time_of_its_first_page_within_bounds() {
        let source: Source<u32> = Source::new(Duration::ZERO, LONGEST);
        for (left, expected) in [(0.05, 2.0), (9.0, 8.8), (3239.0, 60.0)] {
            let allowed = source.allowed(Instant::now() + Duration::from_secs_f64(left)).as_secs_f64();
            assert!((allowed - expected).abs() < 0.1, "{left}: {allowed}");
        }
    }

    #[tokio::test]
    async fn a_page_with_more_time_starts_another_run_after_one_that_was_too_short() {
        let (source, runs): (Source<Duration>, _) = (Source::new(Duration::ZERO, LONGEST), AtomicU32::new(0));
        // Each takes all its time in vain, but for those with more than 2 s.
        let start = |_: Arc<Progress<Duration>>, until: Instant| {
            runs.fetch_add(1, Ordering::SeqCst);
            async move {
                let allowed = until - Instant::now();
                let complete = allowed > Duration::from_secs(3);
                tokio::time::sleep(if complete { Duration::ZERO } else { allowed }).await;
                Outcome { value: Some(allowed), complete }
            }
        };
        let page = |seconds: f64| {
            let deadline = Instant::now() + Duration::from_secs_f64(seconds);
            source.join(deadline, start, |lost| unreachable!("{lost:?}"))
        };
        let (hasty, patient, alike) = tokio::join!(page(0.05), page(9.0), page(2.1));
        assert!(hasty.ended.is_none() && patient.complete && !alike.complete && alike.ended.is_some());
        assert_eq!(runs.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_failure_that_took_no_time_is_not_tried_again() {
        let (source, runs) = (Source::new(Duration::ZERO, LONGEST), Arc::default());
        join(&source, &runs, false).await;
        assert_eq!(runs.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_run_that_never_ends_is_given_up_and_told() {
        let (progress, _) = watch::channel(Run::new(Duration::ZERO));
        let progress = Arc::new(Progress(progress));
        let past = Instant::now().checked_sub(GRACE).unwrap();
        let told = std::sync::OnceLock::new();
        drive(std::future::pending(), Arc::clone(&progress), past, |lost| told.set(lost).unwrap()).await;
        progress.publish(1);
        let run = progress.0.borrow();
        assert!(run.ended.is_some() && !run.complete && run.value.is_none());
        assert_eq!(told.get(), Some(&Lost::Stuck));
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
