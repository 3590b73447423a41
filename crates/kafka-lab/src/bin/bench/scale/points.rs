//! What was measured at each size, as a table with the growth and the aims.

use std::fmt::Write as _;

use super::Subject;
use crate::measure::Cost;

/// Which collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Collection {
    /// The process's first: it connects to all brokers.
    First,
    /// What does not move is remembered.
    Steady,
    /// Nothing is remembered.
    Full,
}

/// One size.
#[derive(Debug)]
pub(crate) struct Point {
    cluster: &'static str,
    brokers: i32,
    partitions: usize,
    groups: usize,
    commits: usize,
    size: usize,
    collection: Collection,
    cost: Cost,
    requests: Option<f64>,
    rss: u64,
    peak: u64,
}

impl Point {
    /// Requests of one collection; resident bytes after it, and the most there were since the process started.
    pub(crate) fn new(
        subject: &Subject<'_>,
        collection: Collection,
        cost: Cost,
        requests: Option<f64>,
        rss: u64,
        peak: u64,
    ) -> Self {
        let facts = &subject.facts;
        Self {
            cluster: subject.name,
            brokers: subject.brokers,
            partitions: facts.partitions,
            groups: facts.groups,
            commits: facts.commits,
            size: facts.size(),
            collection,
            cost,
            requests,
            rss,
            peak,
        }
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Points(Vec<Point>);

impl Points {
    pub(crate) fn push(&mut self, point: Point) {
        self.0.push(point);
    }

    /// Tables in Markdown; nothing without points.
    pub(crate) fn render(&self) -> String {
        if self.0.is_empty() {
            return String::new();
        }
        let mut text = String::from(
            "\n| cluster | brokers | partitions | groups | commits | collection | wall s | own CPU s | brokers' CPU s | \
             requests | RSS MB | peak RSS MB | page MB | series |\n\
             |---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
        );
        for point in &self.0 {
            let is_real = point.cluster == super::real::NAME;
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} | {} | {:.3} | {:.3} | {} | {} | {:.0} | {:.0} | {:.1} | {} |",
                point.cluster,
                point.brokers,
                point.partitions,
                point.groups,
                point.commits,
                point.collection.name(),
                point.cost.wall,
                point.cost.own_cpu.unwrap_or(f64::NAN),
                if is_real { format!("{:.3}", point.cost.broker_cpu) } else { "-".into() },
                point.requests.map_or_else(|| "-".into(), |requests| format!("{requests:.0}")),
                megabytes(point.rss),
                megabytes(point.peak),
                megabytes(point.cost.size as u64),
                point.cost.series
            );
        }
        self.growth(&mut text);
        self.aims(&mut text);
        text
    }

    fn growth(&self, text: &mut String) {
        text.push_str(
            "\nGrowth: the slope of log(cost) over log(partitions + commits); 1 is linear, more would be worse.\n\n\
             | cluster | collection | sizes | wall | own CPU | brokers' CPU | RSS |\n|---|---|---|---|---|---|---|\n",
        );
        for cluster in [super::real::NAME, super::scripted::NAME] {
            for collection in [Collection::Steady, Collection::Full] {
                let points: Vec<&Point> =
                    self.0.iter().filter(|point| point.cluster == cluster && point.collection == collection).collect();
                if points.len() < 2 {
                    continue;
                }
                let slope = |cost: &dyn Fn(&Point) -> f64| {
                    let slope = exponent(points.iter().map(|point| (count(point.size), cost(point))));
                    slope.map_or_else(|| "-".into(), |slope| format!("{slope:.2}"))
                };
                let _ = writeln!(
                    text,
                    "| {cluster} | {} | {} | {} | {} | {} | {} |",
                    collection.name(),
                    points.len(),
                    slope(&|point| point.cost.wall),
                    slope(&|point| point.cost.own_cpu.unwrap_or(f64::NAN)),
                    slope(&|point| point.cost.broker_cpu),
                    slope(&|point| megabytes(point.rss)),
                );
            }
        }
    }

    /// What the largest scripted cluster may cost.
    fn aims(&self, text: &mut String) {
        let scripted = self.0.iter().filter(|point| point.cluster == super::scripted::NAME);
        let Some(largest) = scripted.clone().map(|point| point.size).max() else { return };
        let of_largest: Vec<&Point> = scripted.filter(|point| point.size == largest).collect();
        let most = |cost: &dyn Fn(&Point) -> f64| of_largest.iter().map(|point| cost(point)).fold(0.0, f64::max);
        let steady = of_largest.iter().find(|point| point.collection == Collection::Steady);
        let requests = steady.and_then(|point| point.requests).unwrap_or(f64::NAN);
        let verdict = |met: bool| if met { "met" } else { "**missed**" };
        let (wall, peak) = (most(&|point| point.cost.wall), most(&|point| megabytes(point.peak)));
        let _ = writeln!(
            text,
            "\nAims for the largest scripted cluster: any collection under 10 s: {wall:.2} s, {}; at most 400 requests in \
             a steady one: {requests:.0}, {}; never more than 500 MB: {peak:.0} MB, {}.",
            verdict(wall < 10.0),
            verdict(requests <= 400.0),
            verdict(peak <= 500.0),
        );
    }
}

impl Collection {
    fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Steady => "steady",
            Self::Full => "full",
        }
    }
}

/// The slope of the line through the logarithms of both that has the least squares; `None` when a cost is not above 0.
fn exponent(points: impl Iterator<Item = (f64, f64)>) -> Option<f64> {
    let points: Vec<(f64, f64)> = points.map(|(size, cost)| (size.ln(), cost.ln())).collect();
    let number = count(points.len());
    let mean = |of: &dyn Fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / number;
    let (x, y) = (mean(&|point| point.0), mean(&|point| point.1));
    let covariance: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    let variance: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    Some(covariance / variance).filter(|slope| slope.is_finite())
}

#[allow(clippy::cast_precision_loss, reason = "counts for people")]
fn count(count: usize) -> f64 {
    count as f64
}

#[allow(clippy::cast_precision_loss, reason = "sizes for people")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponent_of_a_power_is_its_exponent() {
        for power in [0.5, 1.0, 2.0] {
            let points = [10.0, 100.0, 5000.0].map(|size: f64| (size, 3.0 * size.powf(power)));
            assert!((exponent(points.into_iter()).unwrap() - power).abs() < 1e-9);
        }
        assert_eq!(exponent([(10.0, 0.0), (100.0, 1.0)].into_iter()), None);
        assert_eq!(exponent([(10.0, 1.0)].into_iter()), None);
    }
}
