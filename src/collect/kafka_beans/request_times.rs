//! Request times: histograms with their lifetime mean in, sums that never fall out.
//!
//! A histogram of Yammer's metrics 2 (`com.yammer.metrics.core.Histogram`, in all of Kafka 2.8 to 4.3) keeps the sum of all
//! values since its creation, as whole numbers, and shows it only as `Mean` = sum / count. So Count x Mean is the sum, exactly
//! so after rounding. An update raises the count first and the sum later, and the two attributes are read one after the other:
//! under traffic the product can be off by the few requests between, so it is kept from falling.

use std::collections::BTreeMap;

use super::{Attributes, kind_and_name, number};
use crate::mbean::ObjectName;
use crate::metrics::catalogue::kafka_beans::REQUEST_TIMES;
use crate::metrics::{Family, Labels, Sample, Suffix};

/// The beans' names, in the order of the catalogue.
const HISTOGRAMS: [&str; REQUEST_TIMES.len()] = [
    "TotalTimeMs",
    "RequestQueueTimeMs",
    "LocalTimeMs",
    "RemoteTimeMs",
    "ResponseQueueTimeMs",
    "ResponseSendTimeMs",
    "ThrottleTimeMs",
];

/// Most requests that are remembered; Kafka has less than a hundred.
const MAX_REQUESTS: usize = 1000;

/// What a sum may fall by without a restart, at least: the requests between the reads of two attributes.
const MAX_SLACK_MS: f64 = 1000.0;

/// The requests' times, this scrape's and what earlier ones have shown.
#[derive(Debug, Default)]
pub(super) struct RequestTimes {
    requests: BTreeMap<Box<str>, [Time; HISTOGRAMS.len()]>,
}

/// One histogram.
#[derive(Debug, Default, Clone, Copy)]
struct Time {
    /// In this scrape.
    fresh: bool,
    count: f64,
    milliseconds: f64,
}

pub(super) fn needed(name: &ObjectName<'_>) -> Option<&'static [&'static str]> {
    histogram(name).map(|_| ["Count", "Mean"].as_slice())
}

/// The index of the bean's histogram, and the request.
fn histogram<'n>(name: &ObjectName<'n>) -> Option<(usize, &'n str)> {
    let ("RequestMetrics", histogram) = kind_and_name(name, "kafka.network")? else { return None };
    Some((HISTOGRAMS.iter().position(|other| *other == histogram)?, name.get("request")?))
}

impl RequestTimes {
    pub(super) fn begin(&mut self) {
        for times in self.requests.values_mut() {
            times.iter_mut().for_each(|time| time.fresh = false);
        }
    }

    pub(super) fn bean(&mut self, name: &ObjectName<'_>, attributes: Attributes<'_, '_>) {
        let Some((at, request)) = histogram(name) else { return };
        let (Some(count), Some(mean)) = (number(attributes, "Count"), number(attributes, "Mean")) else { return };
        // All requests have their beans from the start: those that never come would be a thousand series of zeros.
        if count < 1.0 || mean < 0.0 || (self.requests.len() >= MAX_REQUESTS && !self.requests.contains_key(request)) {
            return;
        }
        if !self.requests.contains_key(request) {
            self.requests.insert(request.into(), <[Time; HISTOGRAMS.len()]>::default());
        }
        let Some(time) = self.requests.get_mut(request).and_then(|times| times.get_mut(at)) else { return };
        let milliseconds = (count * mean).round();
        // Fewer requests than before, or much less time: the node has been restarted.
        let slack = (time.milliseconds / 100.0).max(MAX_SLACK_MS);
        let is_restarted = count < time.count || milliseconds < time.milliseconds - slack;
        let before = if is_restarted { 0.0 } else { time.milliseconds };
        *time = Time { fresh: true, count, milliseconds: milliseconds.max(before) };
    }

    pub(super) fn families(&self) -> Vec<Family> {
        let mut families: Vec<Family> = REQUEST_TIMES.iter().map(|metric| metric.family()).collect();
        for (request, times) in &self.requests {
            let labels = Labels::new([("request", &**request)]);
            for (family, time) in families.iter_mut().zip(times).filter(|(_, time)| time.fresh) {
                for (suffix, value) in [(Suffix::Sum, time.milliseconds / 1e3), (Suffix::Count, time.count)] {
                    family.samples.push(Sample { suffix, labels: labels.clone(), value });
                }
            }
        }
        families
    }
}

#[cfg(test)]
mod tests {
    use super::super::KafkaBeanFamilies;
    use super::super::tests::scrape;
    use crate::mbean::Value;

    const PRODUCE: &str = "kafka.network:type=RequestMetrics,name=TotalTimeMs,request=Produce";

    fn after(scrapes: &[(i64, f64)]) -> Vec<String> {
        let mut families = KafkaBeanFamilies::default();
        let one = |(count, mean)| [("Count", Value::Long(count)), ("Mean", Value::Double(mean))];
        scrapes.iter().fold(Vec::new(), |_, &read| scrape(&mut families, &[(PRODUCE, &one(read))]))
    }

    fn lines(sum: &str, count: &str) -> Vec<String> {
        let name = "kafka_request_total_time_seconds";
        vec![format!("{name}_count{{request=\"Produce\"}} {count}"), format!("{name}_sum{{request=\"Produce\"}} {sum}")]
    }

    #[test]
    fn the_sum_is_the_mean_of_all_requests_times_their_number() {
        // 10 / 3 is not a finite fraction: the sum of 10 ms comes back all the same.
        assert_eq!(after(&[(3, 10.0 / 3.0)]), lines("0.01", "3"));
        assert_eq!(after(&[(3, 10.0 / 3.0), (4, 5.0)]), lines("0.02", "4"));
    }

    #[test]
    fn a_sum_never_falls_while_the_count_does_not() {
        // One request was counted between the reads of Count and Mean: 20 ms of 5 requests read as 4 x 20 / 5.
        assert_eq!(after(&[(4, 5.0), (4, 20.0 / 5.0)]), lines("0.02", "4"));
        assert_eq!(after(&[(4, 5.0), (4, 4.0), (5, 6.0)]), lines("0.03", "5"));
    }

    #[test]
    fn a_restarted_broker_begins_anew() {
        assert_eq!(after(&[(100, 50.0), (2, 1.0)]), lines("0.002", "2"));
        // Not seen for so long that it has had more requests than before.
        assert_eq!(after(&[(100, 50.0), (200, 1.0)]), lines("0.2", "200"));
    }

    #[test]
    fn requests_that_never_came_or_are_not_in_this_scrape_are_not_shown() {
        assert!(after(&[(0, 0.0)]).is_empty());
        assert!(after(&[(1, f64::NAN)]).is_empty());
        let mut families = KafkaBeanFamilies::default();
        let attributes = [("Count", Value::Long(1)), ("Mean", Value::Double(1.0))];
        assert_eq!(scrape(&mut families, &[(PRODUCE, &attributes)]).len(), 2);
        assert!(scrape(&mut families, &[]).is_empty());
    }
}
