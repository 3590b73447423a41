//! Bounded concurrency per broker. In: jobs by the broker that they go to; out: each with its result. A broker that
//! does not answer costs its own jobs and a share of the time, once: its other jobs fail without being sent.

use std::future::Future;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, StreamExt};
use kafka_admin::AdminError;

use crate::error::unreachable;
use crate::shared::remaining;

/// The jobs for one broker.
#[derive(Debug)]
pub(crate) struct Lane<J> {
    /// `None`: librdkafka finds the broker of each.
    pub(crate) broker: Option<i32>,
    pub(crate) jobs: Vec<J>,
}

/// A job with its outcome.
#[derive(Debug)]
pub(crate) struct Done<J, T> {
    pub(crate) broker: Option<i32>,
    pub(crate) job: J,
    pub(crate) result: Result<T, AdminError>,
}

/// Groups jobs by broker, in the order of first mention.
pub(crate) fn lanes<J>(jobs: impl IntoIterator<Item = (Option<i32>, J)>) -> Vec<Lane<J>> {
    let mut lanes: Vec<Lane<J>> = Vec::new();
    for (broker, job) in jobs {
        match lanes.iter_mut().find(|lane| lane.broker == broker) {
            Some(lane) => lane.jobs.push(job),
            None => lanes.push(Lane { broker, jobs: vec![job] }),
        }
    }
    lanes
}

/// How to run jobs.
pub(crate) struct Run<P> {
    /// The call, in Kafka's terms.
    pub(crate) name: &'static str,
    /// Jobs of one broker at a time.
    pub(crate) width: usize,
    pub(crate) deadline: Instant,
    /// For how long to wait for a broker that has not answered in this run.
    pub(crate) patience: P,
}

impl<P: Fn(Option<i32>) -> Duration> Run<P> {
    /// Runs all lanes at once. `call` gets broker, job and the time it may take.
    pub(crate) async fn all<J, T, F>(
        &self,
        lanes: Vec<Lane<J>>,
        call: impl Fn(Option<i32>, J, Duration) -> F,
    ) -> Vec<Done<J, T>>
    where
        F: Future<Output = (J, Result<T, AdminError>)>,
    {
        join_all(lanes.into_iter().map(|lane| self.lane(lane, &call))).await.into_iter().flatten().collect()
    }

    async fn lane<J, T, F>(&self, lane: Lane<J>, call: &impl Fn(Option<i32>, J, Duration) -> F) -> Vec<Done<J, T>>
    where
        F: Future<Output = (J, Result<T, AdminError>)>,
    {
        let Lane { broker, jobs } = lane;
        // One silence of one broker is enough; behind librdkafka's own choice of brokers only a whole round is.
        let mut tries = if broker.is_some() { 1 } else { self.width };
        let mut answered = false;
        let mut given_up: Option<AdminError> = None;
        let mut done = Vec::with_capacity(jobs.len());
        let mut waiting = jobs.into_iter();
        let mut running = FuturesUnordered::new();
        loop {
            while given_up.is_none() && running.len() < self.width {
                let Some(job) = waiting.next() else { break };
                if remaining(self.deadline).is_zero() {
                    let error = AdminError::Timeout { call: self.name };
                    given_up = Some(error.clone());
                    done.push(Done { broker, job, result: Err(error) });
                    break;
                }
                // A broker that has answered once may take all the time there is.
                let time =
                    if answered && broker.is_some() { remaining(self.deadline) } else { (self.patience)(broker) };
                running.push(call(broker, job, time));
            }
            let Some((job, result)) = running.next().await else { break };
            match &result {
                Ok(_) => answered = true,
                Err(error) if !answered && unreachable(error) => {
                    tries = tries.saturating_sub(1);
                    if tries == 0 {
                        given_up = Some(error.clone());
                    }
                }
                Err(_) => {}
            }
            done.push(Done { broker, job, result });
        }
        if let Some(error) = given_up {
            done.extend(waiting.map(|job| Done { broker, job, result: Err(error.clone()) }));
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn of_width(width: usize) -> Run<impl Fn(Option<i32>) -> Duration> {
        let deadline = Instant::now() + Duration::from_secs(5);
        Run { name: "Test", width, deadline, patience: |_| Duration::from_secs(1) }
    }

    #[tokio::test]
    async fn a_silent_broker_is_asked_for_one_round_and_fails_its_own_jobs_only() {
        let sent = Cell::new(0);
        let jobs = (0..100).map(|job| (Some(job % 2), job));
        let done = of_width(4)
            .all(lanes(jobs), |broker, job, _| {
                sent.set(sent.get() + 1);
                async move {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    match broker {
                        Some(0) => (job, Ok(job)),
                        _ => (job, Err(AdminError::Timeout { call: "Test" })),
                    }
                }
            })
            .await;
        assert_eq!(done.len(), 100);
        assert!(done.iter().all(|done| done.result.is_ok() == (done.job % 2 == 0)));
        assert_eq!(sent.get(), 54);
    }

    #[tokio::test]
    async fn no_more_than_the_width_is_under_way_and_an_item_error_stops_nothing() {
        let (running, most) = (Cell::new(0), Cell::new(0));
        let done = of_width(7)
            .all(lanes((0..50).map(|job| (Some(1), job))), |_, job, _| {
                running.set(running.get() + 1);
                most.set(most.get().max(running.get()));
                let running = &running;
                async move {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    running.set(running.get() - 1);
                    let error = AdminError::Client { message: "odd".to_owned() };
                    (job, if job % 2 == 0 { Ok(()) } else { Err(error) })
                }
            })
            .await;
        assert_eq!(most.get(), 7);
        assert_eq!(done.iter().filter(|done| done.result.is_ok()).count(), 25);
    }

    #[tokio::test]
    async fn past_the_deadline_nothing_is_sent() {
        let run = Run { deadline: Instant::now(), ..of_width(2) };
        let done = run.all(lanes([(None, 1), (Some(1), 2)]), |_, job: i32, _| async move { (job, Ok(())) }).await;
        assert!(done.iter().all(|done| matches!(done.result, Err(AdminError::Timeout { call: "Test" }))));
        assert_eq!(done.len(), 2);
    }
}
