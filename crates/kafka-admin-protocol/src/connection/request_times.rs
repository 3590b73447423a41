//! How long brokers take to answer. In: one answer at a time; out: sums by broker and API.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use kafka_admin::RequestTime;

use super::slot::BrokerId;

/// Pairs of a broker and an API that are kept: some twenty for each broker that has ever answered.
const MOST: usize = 10_000;

/// See the module. What is kept is kept for good, so that counters never fall.
#[derive(Debug, Default)]
pub(crate) struct RequestTimes(Mutex<BTreeMap<(i32, &'static str), Sum>>);

#[derive(Debug, Default)]
struct Sum {
    answers: u64,
    total: Duration,
}

impl RequestTimes {
    /// All of them, in ascending order of broker and API.
    pub(crate) fn list(&self) -> Vec<RequestTime> {
        let sums = self.sums();
        let time = |(&(broker, api), sum): (&(i32, &'static str), &Sum)| RequestTime {
            broker,
            api,
            answers: sum.answers,
            total: sum.total,
        };
        sums.iter().map(time).collect()
    }

    fn add(&self, broker: i32, api: &'static str, took: Duration) {
        let mut sums = self.sums();
        if sums.len() >= MOST && !sums.contains_key(&(broker, api)) {
            return;
        }
        let sum = sums.entry((broker, api)).or_default();
        sum.answers += 1;
        sum.total = sum.total.saturating_add(took);
    }

    fn sums(&self) -> MutexGuard<'_, BTreeMap<(i32, &'static str), Sum>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where the times of one connection go.
#[derive(Debug)]
pub(super) struct Stopwatch {
    times: Arc<RequestTimes>,
    broker: BrokerId,
}

impl Stopwatch {
    pub(super) fn new(times: &Arc<RequestTimes>, broker: &BrokerId) -> Self {
        Self { times: Arc::clone(times), broker: broker.clone() }
    }

    /// Takes note of an answer, unless nobody knows yet which broker is behind the bootstrap address.
    pub(super) fn answered(&self, api: &'static str, took: Duration) {
        if let Some(broker) = self.broker.get() {
            self.times.add(broker, api, took);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_summed_by_broker_and_api_and_there_is_an_end_to_them() {
        let times = RequestTimes::default();
        let took = Duration::from_millis;
        for (broker, api, milliseconds) in [(2, "B", 1), (1, "B", 10), (1, "A", 100), (1, "B", 1000)] {
            times.add(broker, api, took(milliseconds));
        }
        let time = |broker, api, answers, total| RequestTime { broker, api, answers, total: took(total) };
        assert_eq!(times.list(), [time(1, "A", 1, 100), time(1, "B", 2, 1010), time(2, "B", 1, 1)]);
        (0..).take(2 * MOST).for_each(|broker| times.add(broker, "C", took(1)));
        times.add(2, "B", took(1));
        let list = times.list();
        assert_eq!(list.len(), MOST);
        assert!(list.contains(&time(2, "B", 2, 2)));
    }
}
